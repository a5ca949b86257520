from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.errors import InputError, UsageError
from assaymark.inputs.manifests.draft import MAX_LISTED, draft_manifest

from .reading import read

DIGEST = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


def test_what_can_be_known_is_filled_in(tmp_path: Path) -> None:
    """Files, and what documents state; the rest is asked for. It is a manifest from the start."""
    (tmp_path / "a b.csv").write_text("a")
    (tmp_path / "README.md").write_text(
        "---\nlicense: cc-by-4.0\npretty_name: 'My \"data\"'\n---\n"
    )

    draft = draft_manifest(str(tmp_path))

    assert set(draft.files) == {"assaymark.yaml"}
    text = draft.files["assaymark.yaml"]
    assert text.startswith(
        'apiVersion: assaymark/v1\nkind: Manifest\nname: "My \\"data\\""\nlicence: ["cc-by-4.0"]\n'
        "# url:                          # where it is published\n"
    )
    assert text.endswith(f'files:\n  - {{path: "a b.csv", sha256: "{DIGEST}", size: 1}}\n')
    found = read(text, "assaymark.yaml")
    assert found.problems == ()
    assert [(each.path, each.size) for each in found.files] == [("a b.csv", 1)]


def test_many_files_are_listed_beside_it(tmp_path: Path) -> None:
    """In a form that other tools check, too."""
    for number in range(MAX_LISTED + 1):
        (tmp_path / f"{number}.txt").write_text("a")

    draft = draft_manifest(str(tmp_path))

    assert draft.listed == MAX_LISTED + 1
    assert "files:\n" not in draft.files["assaymark.yaml"]
    sums = read(draft.files["SHA256SUMS"], "SHA256SUMS")
    assert len(sums.files) == MAX_LISTED + 1
    assert {each.digests for each in sums.files} == {(("sha256", DIGEST),)}
    assert read(draft.files["assaymark.yaml"], "assaymark.yaml").problems == ()


def test_nothing_is_known(tmp_path: Path) -> None:
    """A licence is asked for, never made up."""
    (tmp_path / "a.csv").write_text("a")

    text = draft_manifest(str(tmp_path)).files["assaymark.yaml"]

    assert "# licence:                      # SPDX expression, such as CC-BY-4.0\n" in text
    assert f'name: "{tmp_path.name}"\n' in text


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """Said, with the next step."""
    path = tmp_path / "a.csv"
    path.write_text("a")

    with pytest.raises(UsageError) as caught:
        draft_manifest(str(path))

    assert caught.value.message == f"`{path}` is not a folder"


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """It would vouch for what is not there."""
    (tmp_path / "a").symlink_to("/etc/hostname")

    with pytest.raises(InputError) as caught:
        draft_manifest(str(tmp_path))

    assert caught.value.message == f"`{tmp_path}/a` is a symbolic link"


def test_a_licence_in_two_spellings_is_drafted_once(tmp_path: Path) -> None:
    """And a text that nobody recognised is no licence that could be written down."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "rows.jsonl").write_text('{"text": "x"}\n')
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / "LICENSES").mkdir()
    (folder / "a.license").write_text("SPDX-License-Identifier: MIT\n")
    (folder / "LICENSE").write_text("SPDX-License-Identifier: MIT\n")
    (folder / "COPYING").write_text("Do as you like.\n")

    text = draft_manifest(str(folder)).files["assaymark.yaml"]

    assert '\nlicence: ["MIT"]\n' in text
