"""Restoring from a vault where nothing can be written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from assaymark.errors import InputError, KeyFileError, UsageError
from assaymark.redaction.keys import Secret
from assaymark.redaction.vault import Vault

SECRET = Secret(bytes(range(32)))
_NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path
        path.chmod(0o755)


@pytest.fixture
def no_writing(folder: Path) -> Callable[[], AbstractContextManager[None]]:
    """Take the right to write to the folder and its files away for a while, from root as well."""

    @contextmanager
    def without() -> Iterator[None]:
        for each in folder.iterdir():
            each.chmod(0o444)
        folder.chmod(0o555)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(_NOBODY)
        try:
            yield
        finally:
            if is_root:
                os.seteuid(0)

    return without


def made(path: Path) -> str:
    """Make a vault that knows one person; return the pseudonym."""
    with Vault(path, SECRET) as vault:
        (pseudonym,) = vault.issue("PERSON", ["Jo Doe"])
    return pseudonym


def test_restores_where_nothing_can_be_written(
    folder: Path, no_writing: Callable[[], AbstractContextManager[None]]
) -> None:
    """Neither to the vault nor beside it, as on a medium that is mounted so."""
    pseudonym = made(folder / "people.vault")

    with no_writing(), Vault(folder / "people.vault", SECRET, read_only=True) as vault:
        restored = vault.restore(f"by {pseudonym}")

    assert restored == "by Jo Doe"
    assert [each.name for each in folder.iterdir()] == ["people.vault"]


def test_writing_says_what_it_needs(
    folder: Path, no_writing: Callable[[], AbstractContextManager[None]]
) -> None:
    """SQLite's own words do not name the cause."""
    made(folder / "v")

    with no_writing(), pytest.raises(InputError) as raised:
        Vault(folder / "v", SECRET)

    assert raised.value.hint == (
        "its folder cannot be written to; only `restore` and `vault show` do without"
    )


def test_restoring_changes_no_byte(tmp_path: Path) -> None:
    """Also where it could; nothing stays beside the vault."""
    path = tmp_path / "odd ?#%.vault"
    pseudonym = made(path)
    before = (path.read_bytes(), path.stat().st_mtime_ns)

    with Vault(path, SECRET, read_only=True) as vault:
        restored = vault.restore(pseudonym)
        with pytest.raises(InputError) as raised:
            vault.issue("PERSON", ["Ann Doe"])

    assert restored == "Jo Doe"
    assert raised.value.message == (
        f"the vault `{path}` cannot be used: attempt to write a readonly database"
    )
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_sees_what_is_being_written(tmp_path: Path) -> None:
    """A reader beside a writer has what was committed, though it stands in the log still."""
    path = tmp_path / "v"
    with Vault(path, SECRET) as writer:
        (pseudonym,) = writer.issue("PERSON", ["Jo Doe"])

        with Vault(path, SECRET, read_only=True) as reader:
            assert reader.restore(pseudonym) == "Jo Doe"


def test_unfinished_writes_are_said(
    folder: Path, no_writing: Callable[[], AbstractContextManager[None]]
) -> None:
    """A copy with its log needs a place where the log can be brought in."""
    path = folder / "copy"
    with tempfile.TemporaryDirectory() as name, Vault(Path(name) / "v", SECRET) as writer:
        writer.issue("PERSON", ["Jo Doe"])
        shutil.copy(Path(name) / "v", path)
        shutil.copy(Path(name) / "v-wal", folder / "copy-wal")

    with no_writing(), pytest.raises(InputError) as raised:
        Vault(path, SECRET, read_only=True)

    assert raised.value.message == (
        f"the vault `{path}` has unfinished writes, and its folder cannot be written to"
    )
    assert raised.value.hint == "finish them where it can: `assaymark vault purge` does"


def test_another_key_and_other_files_are_refused(tmp_path: Path) -> None:
    """As where it is written to; an empty file is no vault, and none is made."""
    made(tmp_path / "v")
    (tmp_path / "empty").touch()

    with pytest.raises(KeyFileError, match="was made with another key"):
        Vault(tmp_path / "v", Secret(bytes(32)), read_only=True)
    with pytest.raises(UsageError, match="is no vault"):
        Vault(tmp_path / "empty", SECRET, read_only=True)
    with pytest.raises(InputError, match="no such file"):
        Vault(tmp_path / "none", SECRET, read_only=True)

    assert sorted(each.name for each in tmp_path.iterdir()) == ["empty", "v"]
