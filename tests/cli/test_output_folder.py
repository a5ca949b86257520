"""`--out` is whole or untouched."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.cli.output_folder import BUNDLE, EVIDENCE, OutputFolder
from assaymark.errors import UsageError


def names(folder: Path) -> list[str]:
    """Return everything below `folder`."""
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*"))


def test_published_files_are_all_there(tmp_path) -> None:
    """What was written lies in the folder, the report last, and nothing beside it."""
    with OutputFolder(tmp_path / "a" / "out") as out:
        out.write(BUNDLE, b"b")
        out.write(EVIDENCE, b"e")
        made = out.publish()

    assert [each.name for each in made] == [EVIDENCE, BUNDLE]
    assert names(tmp_path) == ["a", "a/out", f"a/out/{EVIDENCE}", f"a/out/{BUNDLE}"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_after_an_error(tmp_path, error) -> None:
    """A run that ends early leaves the world as it was."""

    def half_a_run() -> None:
        with OutputFolder(tmp_path / "out") as out:
            out.write(EVIDENCE, b"half")
            raise error

    with pytest.raises(error):
        half_a_run()

    assert names(tmp_path) == []


def test_an_earlier_report_is_replaced_whole(tmp_path) -> None:
    """No file of the earlier report stays, and nobody else's file goes."""
    target = tmp_path / "out"
    target.mkdir()
    for name in (EVIDENCE, BUNDLE, "report.md", "notes.txt"):
        (target / name).write_text("old")

    with OutputFolder(target) as out:
        out.write(EVIDENCE, b"new")
        out.publish()

    assert names(target) == [EVIDENCE, "notes.txt"]
    assert (target / EVIDENCE).read_text() == "new"


def test_a_strangers_folder_is_refused(tmp_path) -> None:
    """A folder that holds something else is not written into."""
    (tmp_path / "thesis.txt").write_text("x")

    with pytest.raises(UsageError) as caught:
        OutputFolder(tmp_path)

    assert caught.value.message == f"`{tmp_path}` holds files and no earlier report"
    assert caught.value.hint == "name a new or empty folder with `--out`"


def test_a_file_is_refused(tmp_path) -> None:
    """`--out` names a folder."""
    path = tmp_path / "out"
    path.write_text("x")

    with pytest.raises(UsageError) as caught:
        OutputFolder(path)

    assert caught.value.message == f"`{path}` is not a folder"
