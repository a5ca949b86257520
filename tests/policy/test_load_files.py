"""Where files of a policy are found, and which may extend which."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from assaymark.contracts.catalog import Catalog
from assaymark.errors import PolicyError
from assaymark.policy.load import MAX_EXTENDS, MAX_FILES, load_policy, parse_policy
from assaymark.policy.policy import Policy

from .conftest import HEAD, TODAY
from .test_load import ONE

Parse = Callable[..., Policy]
Errors = Callable[..., str]


class TestWhereFilesAreFound:
    """Paths, packs, and what a policy may not reach."""

    def test_a_path_is_loaded_and_named_by_its_last_part(
        self, catalog: Catalog, tmp_path: Path
    ) -> None:
        """Where a policy lies on somebody's disk is nobody's business, so no report names it."""
        path = tmp_path / "team.yaml"
        path.write_text(HEAD + ONE)

        policy = load_policy(str(path), catalog, today=TODAY)

        assert policy.files[0].name == "team.yaml"
        assert policy.requirements[0].origin == "team.yaml:5"

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("absent.yaml", "does not exist"),
            ("folder", "is a folder"),
            ("pipe", "is not a regular file"),
            ("a\0b", "does not exist"),
            ("x" * 300, "cannot be read: file name too long"),
        ],
    )
    def test_what_cannot_be_read_is_said(
        self, catalog: Catalog, tmp_path: Path, name: str, reason: str
    ) -> None:
        """A missing file, a folder and a pipe are answered, none of them waited for."""
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "pipe")
        location = str(tmp_path / name)

        with pytest.raises(PolicyError) as caught:
            load_policy(location, catalog)

        head = caught.value.message.splitlines()[0]
        assert head.startswith(location.replace("\0", "\ufffd") + ": error[unreadable]: `")
        assert head.endswith(f"` {reason}")

    def test_unreadable_file_is_said(
        self, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The system's reason is passed on."""
        path = tmp_path / "secret.yaml"
        path.write_text(HEAD + ONE)

        def refuse(*_: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
        with pytest.raises(PolicyError) as caught:
            load_policy(str(path), catalog)

        assert caught.value.message == (
            f"{path}: error[unreadable]: `{path}` cannot be read: permission denied"
        )

    def test_unknown_pack_offers_the_nearest(self, catalog: Catalog) -> None:
        """A slip in the name of a pack is corrected."""
        with pytest.raises(PolicyError) as caught:
            load_policy("pack:baselin", catalog)

        assert caught.value.message == (
            "pack:baselin: error[unreadable]: there is no pack `baselin`\n"
            " = hint: did you mean `baseline`?"
        )

    def test_parents_are_found_beside_and_below(self, catalog: Catalog, tmp_path: Path) -> None:
        """A parent's own parents are relative to it."""
        (tmp_path / "org").mkdir()
        (tmp_path / "team.yaml").write_text(HEAD + "extends: [./org/unit.yaml]\n")
        (tmp_path / "org" / "unit.yaml").write_text(HEAD + "extends: [base.yaml, ../top.yaml]\n")
        (tmp_path / "org" / "base.yaml").write_text(HEAD + ONE)
        (tmp_path / "top.yaml").write_text(HEAD + ONE.replace("no-cards", "no-cards-either"))

        policy = load_policy(str(tmp_path / "team.yaml"), catalog, today=TODAY)

        assert [each.name for each in policy.files] == [
            "team.yaml",
            "org/unit.yaml",
            "org/base.yaml",
            "top.yaml",
        ]
        assert [each.origin for each in policy.requirements] == ["org/base.yaml:5", "top.yaml:5"]

    def test_a_reference_that_is_no_path_is_said(self, catalog: Catalog, tmp_path: Path) -> None:
        """What the system would not take as a path is answered too."""
        (tmp_path / "team.yaml").write_text(HEAD + 'extends: ["a\\0b"]\n')

        with pytest.raises(PolicyError) as caught:
            load_policy(str(tmp_path / "team.yaml"), catalog, today=TODAY)

        assert caught.value.message.splitlines()[0] == (
            f"{tmp_path}/team.yaml:4:11: error[unknown-parent]: `a\ufffdb` is no path"
        )

    @pytest.mark.parametrize("reference", ["../secret.yaml", "/etc/passwd", "link.yaml"])
    def test_parents_cannot_escape(self, catalog: Catalog, tmp_path: Path, reference: str) -> None:
        """Neither dots, nor an absolute path, nor a link reads a file outside of the folder."""
        folder = tmp_path / "policies"
        folder.mkdir()
        (tmp_path / "secret.yaml").write_text("password: hunter2\n")
        (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
        (folder / "team.yaml").write_text(HEAD + f"extends: [{reference}]\n" + ONE)

        with pytest.raises(PolicyError) as caught:
            load_policy(str(folder / "team.yaml"), catalog, today=TODAY)

        assert caught.value.message == dedent(
            f"""\
            {folder}/team.yaml:4:11: error[unknown-parent]: `{reference}` lies outside of the policy's folder
              |
            4 | extends: [{reference}]
              |           {"^" * len(reference)}
              = hint: keep parents beside or below the policy that is loaded"""
        )

    def test_missing_parent_is_said_at_its_entry(self, catalog: Catalog, tmp_path: Path) -> None:
        """The entry of `extends` is underlined; the rest of the file is still checked."""
        (tmp_path / "team.yaml").write_text(
            HEAD + "extends: [base.yaml, pack:basline]\nconfidence: 2\n"
        )

        with pytest.raises(PolicyError) as caught:
            load_policy(str(tmp_path / "team.yaml"), catalog, today=TODAY)

        heads = [each for each in caught.value.message.splitlines() if "error[" in each]
        assert heads == [
            f"{tmp_path}/team.yaml:4:11: error[unknown-parent]: `{tmp_path}/base.yaml` does not exist",
            f"{tmp_path}/team.yaml:4:22: error[unknown-parent]: there is no pack `basline`",
            f"{tmp_path}/team.yaml:5:13: error[out-of-range]: expected less than 1, got the number `2`",
        ]

    def test_only_packs_are_found_in_memory(self, catalog: Catalog) -> None:
        """A policy without a folder has no neighbours."""
        with pytest.raises(PolicyError) as caught:
            parse_policy(
                (HEAD + "extends: [x.yaml]\n" + ONE).encode(), "mine", catalog, today=TODAY
            )

        assert caught.value.message.splitlines()[0] == (
            "mine:4:11: error[unknown-parent]: `x.yaml` cannot be found from `mine`"
        )


class TestFamilies:
    """What may extend what."""

    def test_cycle_is_said_with_its_way(self, errors: Errors) -> None:
        """A policy that extends itself, over however many steps, is told how."""
        a = HEAD + "extends: [./b.yaml]\n"
        b = HEAD + "extends: [./team.yaml]\n"

        found = errors(a, b=b, team=a)

        assert found == dedent(
            """\
            b.yaml:4:11: error[cycle]: `./team.yaml` extends this file in turn
              |
            4 | extends: [./team.yaml]
              |           ^^^^^^^^^^^
              = hint: the way is team.yaml → b.yaml → team.yaml"""
        )

    def test_mistakes_of_parents_are_shown_after_the_files_own(self, errors: Errors) -> None:
        """All files are checked, the user's own first."""
        found = errors(
            HEAD + "extends: [base.yaml]\nconfidence: x\n", base=HEAD + "confidence: y\n" + ONE
        )

        assert [each for each in found.splitlines() if "error[" in each] == [
            "team.yaml:5:13: error[wrong-type]: expected a number, got the text `x`",
            "base.yaml:4:13: error[wrong-type]: expected a number, got the text `y`",
        ]

    def test_a_parent_that_is_no_document_is_one_mistake(self, errors: Errors) -> None:
        """What might stand in the broken parent is not called missing."""
        child = HEAD + "extends: [base.yaml]\nrequirements:\n  - {id: no-cards, at_most: 0}\n"

        found = errors(child, base="[")

        assert [each.split(": ")[1] for each in found.splitlines() if "error[" in each] == [
            "error[yaml]"
        ]

    def test_a_parent_is_read_once(self, parse: Parse) -> None:
        """Two ways to one parent merge it once and list it once."""
        middle = HEAD + "extends: [base.yaml]\n"

        policy = parse(
            HEAD + "extends: [left.yaml, right.yaml]\n",
            left=middle,
            right=middle,
            base=HEAD + ONE,
        )

        assert [each.name for each in policy.files] == [
            "team.yaml",
            "left.yaml",
            "base.yaml",
            "right.yaml",
        ]
        assert len(policy.requirements) == 1

    def test_an_entry_twice_is_an_error(self, errors: Errors) -> None:
        """Saying it twice is not meant."""
        found = errors(HEAD + "extends: [base.yaml, base.yaml]\n", base=HEAD + ONE)

        assert found.splitlines()[0] == (
            "team.yaml:4:22: error[duplicate-id]: `base.yaml` stands here twice"
        )

    def test_levels_are_bounded(self, errors: Errors) -> None:
        """A long chain ends with an answer, not with the stack."""
        parents = {f"p{i}": HEAD + f"extends: [p{i + 1}.yaml]\n" for i in range(MAX_EXTENDS + 5)}

        found = errors(HEAD + "extends: [p0.yaml]\n", **parents)

        assert f"policies extend each other over more than {MAX_EXTENDS} levels" in found

    def test_files_are_bounded(self, errors: Errors) -> None:
        """A wide family ends with an answer too."""
        names = [f"p{i}" for i in range(MAX_FILES + 5)]
        entries = ", ".join(f"{each}.yaml" for each in names)

        found = errors(HEAD + f"extends: [{entries}]\n", **dict.fromkeys(names, HEAD + ONE))

        assert f"a policy is made of at most {MAX_FILES} files" in found
