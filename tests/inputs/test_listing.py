from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assaymark.errors import InputError
from assaymark.inputs.listing import list_files
from assaymark.inputs.locations import shown_location
from assaymark.inputs.open import open_source
from assaymark.model.subject import SubjectKind

from .conftest import Write


def names(location: str | Path) -> list[str]:
    """The names of the files that a location leads to."""
    return [each.name for each in list_files(str(location)).files]


def refused(location: str | Path) -> tuple[str, str | None]:
    """Message and hint of the refusal."""
    with pytest.raises(InputError) as raised:
        list_files(str(location))
    return raised.value.message, raised.value.hint


def test_a_directory_is_all_its_files(write: Write, tmp_path: Path) -> None:
    """In code point order of their POSIX paths, hidden ones too, but for git's at the top."""
    for name in (
        "b/x",
        "b-c",
        "a",
        ".hidden",
        ".git/config",
        ".gitignore",
        ".github/x",
        ".gitattributes",
        "b/.gitignore",
        "b/.git/y",
    ):
        write(name, "x")
    (tmp_path / "empty").mkdir()

    found = list_files(str(tmp_path))

    assert names(tmp_path) == [".hidden", "a", "b-c", "b/.git/y", "b/.gitignore", "b/x"]
    assert not found.is_single
    assert found.name == str(tmp_path)


def test_a_pattern_names_files_relative_to_its_fixed_part(write: Write, tmp_path: Path) -> None:
    """Directories that match are no files; `**` goes into them; hidden files ask for their dot."""
    for name in ("d/a.txt", "d/b.md", "d/e/c.txt", "d/.hidden.txt"):
        write(name, "x")

    assert names(f"{tmp_path}/d/*") == ["a.txt", "b.md"]
    assert names(f"{tmp_path}/d/**/*.txt") == ["a.txt", "e/c.txt"]
    assert names(f"{tmp_path}/*/a.txt") == ["d/a.txt"]
    assert names(f"{tmp_path}/d/[ab].*") == ["a.txt", "b.md"]
    assert names(f"{tmp_path}/d/.h*") == [".hidden.txt"]


def test_a_pattern_is_relative_to_where_one_stands(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As is a path."""
    write("a.txt", "x")
    write("d/b.txt", "x")
    monkeypatch.chdir(tmp_path)

    assert names("*.txt") == ["a.txt"]
    assert names("d*/b.txt") == ["d/b.txt"]
    assert names("**/*.txt") == ["a.txt", "d/b.txt"]
    assert names("d") == ["b.txt"]
    assert names("a.txt") == ["a.txt"]
    assert names(f"file://{tmp_path}/a.txt") == [f"{tmp_path}/a.txt"]


def test_a_file_called_like_a_pattern_is_that_file(write: Write) -> None:
    """What exists is meant."""
    path = write("a[1].txt", "x")

    assert names(path) == [str(path)]


def test_what_does_not_exist_is_an_error(tmp_path: Path) -> None:
    """A path, and a pattern that matches nothing."""
    assert refused(tmp_path / "none.txt") == (
        f"`{tmp_path}/none.txt` does not exist",
        "check the path",
    )
    assert refused(f"{tmp_path}/*.txt") == (
        f"no file matches `{tmp_path}/*.txt`",
        "quote the pattern so that the shell leaves it alone",
    )
    assert refused("a\0b") == ("the path holds a NUL character", None)


def test_a_directory_without_files_is_an_error(tmp_path: Path) -> None:
    """It has no digest."""
    (tmp_path / "d" / "e").mkdir(parents=True)

    assert refused(tmp_path / "d") == (f"the directory `{tmp_path}/d` holds no files", None)


@pytest.mark.parametrize("target", ["file", "folder", "nowhere"])
@pytest.mark.parametrize("pattern", ["", "/*", "/**"])
def test_a_symbolic_link_in_a_subject_is_an_error(
    write: Write, tmp_path: Path, target: str, pattern: str
) -> None:
    """What it leads to can change while the digest stays."""
    write("file", "x")
    write("folder/x", "x")
    write("d/real", "x")
    (tmp_path / "d" / "link").symlink_to(tmp_path / target)

    message, hint = refused(f"{tmp_path}/d{pattern}")

    assert message == f"`{tmp_path}/d/link` is a symbolic link"
    assert hint == "put a copy in its place, for example with `cp -L`"


def test_a_pattern_does_not_lead_through_a_link(write: Write, tmp_path: Path) -> None:
    """Though the last step is a file."""
    write("folder/x.txt", "x")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "link").symlink_to(tmp_path / "folder")

    assert refused(f"{tmp_path}/d/*/x.txt")[0] == f"`{tmp_path}/d/link` is a symbolic link"


def test_a_link_that_the_user_named_is_followed(write: Write, tmp_path: Path) -> None:
    """It names the file; what counts is the file's bytes."""
    path = write("a.txt", "x")
    (tmp_path / "link.txt").symlink_to(path)

    assert names(tmp_path / "link.txt") == [str(tmp_path / "link.txt")]


def test_sockets_and_pipes_in_a_directory_are_an_error(tmp_path: Path, write: Write) -> None:
    """They have no bytes of their own."""
    write("d/a.txt", "x")
    os.mkfifo(tmp_path / "d" / "pipe")

    assert refused(tmp_path / "d") == (
        f"`{tmp_path}/d/pipe` is neither a file nor a directory",
        "take it out of the directory",
    )
    (tmp_path / "d" / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(os.path.relpath(tmp_path / "d" / "s"))
    assert refused(tmp_path / "d")[0] == f"`{tmp_path}/d/s` is neither a file nor a directory"


def test_file_names_that_are_no_utf8_are_an_error(tmp_path: Path) -> None:
    """They could not stand in a report."""
    (tmp_path / "d").mkdir()
    bad = os.fsencode(tmp_path) + b"/d/caf\xe9.txt"
    Path(os.fsdecode(bad)).touch()
    wanted = ("the file name `{}caf\\xe9.txt` is not UTF-8", "rename the file")

    assert refused(tmp_path / "d") == (wanted[0].format(""), wanted[1])
    assert refused(os.fsdecode(bad)) == (wanted[0].format(f"{tmp_path}/d/"), wanted[1])


@contextmanager
def nobody() -> Iterator[None]:
    """Be a user who owns nothing; root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("closed", ["d", "d/e", "d/e/x.txt"])
def test_permission_denied_is_an_error(closed: str) -> None:
    """With the path that could not be entered or read, wherever on the way that is."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        top.chmod(0o755)
        (top / "d" / "e").mkdir(parents=True)
        (top / "d" / "e" / "x.txt").write_text("x\n")
        (top / closed).chmod(0)
        try:
            with nobody(), pytest.raises(InputError) as raised:
                list(open_source(str(top / "d"), kind=SubjectKind.DATASET).batches())
        finally:
            (top / closed).chmod(0o700)

    shown = "e/x.txt" if closed == "d/e/x.txt" else str(top / closed)
    assert raised.value.message == f"`{shown}` cannot be read: permission denied"
    assert raised.value.hint == "check who may read the file"


def test_a_directory_that_can_be_listed_and_not_entered_is_an_error() -> None:
    """Its names are known, its files are not."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        top.chmod(0o755)
        (top / "d").mkdir()
        (top / "d" / "x.txt").write_text("x\n")
        (top / "d").chmod(0o444)
        try:
            with nobody():
                message, _ = refused(top / "d")
        finally:
            (top / "d").chmod(0o700)

    assert message == f"`{top}/d/x.txt` cannot be read: permission denied"


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("data/a.txt", "data/a.txt"),
        ("https://user:secret@h.example/a.csv?token=secret#secret", "https://h.example/a.csv"),
        ("https://h.example?token=secret", "https://h.example"),
        ("ftp://user:secret@h.example/a@b.csv", "ftp://h.example/a@b.csv"),
        ("s3://bucket/a?b.csv", "s3://bucket/a?b.csv"),
        ("hf://datasets/org/name@main/a.csv", "hf://datasets/org/name@main/a.csv"),
    ],
)
def test_a_location_is_shown_without_secrets(location: str, shown: str) -> None:
    """Names go into signed reports."""
    assert shown_location(location) == shown
