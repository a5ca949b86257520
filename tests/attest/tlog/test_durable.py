"""Files that are whole or absent: what the system refuses is said, with the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assaymark.attest.tlog.durable import DurableFolder, lock
from assaymark.attest.tlog.refusal import LogBusyError
from assaymark.errors import InputError


def test_a_file_and_its_folders(scratch: Path) -> None:
    """A file is put with the folders above it; each change is announced before it happens."""
    steps: list[str] = []
    folder = DurableFolder(scratch, steps.append)

    folder.put("a/b", b"data")
    folder.settle()
    folder.remove("a/b")
    folder.remove("a")
    folder.remove("a")
    folder.settle()

    assert not any(scratch.iterdir())
    assert steps == [
        "folder a",
        "create a/b",
        "write a/b",
        "flush a/b",
        "rename a/b",
        "settle .",
        "settle a",
        "remove a/b",
        "remove a",
        "remove a",
        "settle .",
    ]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda folder: folder.put("file/b", b""), "cannot write `{}/file/b`: file exists"),
        (lambda folder: folder.put("full", b""), "cannot write `{}/full`: is a directory"),
        (lambda folder: folder.remove("full"), "cannot remove `{}/full`: directory not empty"),
    ],
)
def test_what_the_system_refuses(
    scratch: Path, act: Callable[[DurableFolder], None], message: str
) -> None:
    """What cannot be done is named with its file and reason."""
    (scratch / "file").write_bytes(b"x")
    (scratch / "full").mkdir()
    (scratch / "full" / "x").write_bytes(b"x")

    with pytest.raises(InputError) as caught:
        act(DurableFolder(scratch))

    assert caught.value.message == message.format(scratch)
    assert (scratch / "file").read_bytes() == b"x"


def test_a_folder_that_does_not_settle(scratch: Path) -> None:
    """Where the disk refuses to keep a folder, the writer does not go on."""

    def on_step(name: str) -> None:
        if name.startswith("settle"):
            raise OSError(5, "Input/output error")

    folder = DurableFolder(scratch, on_step)
    folder.put("a", b"")

    with pytest.raises(InputError) as caught:
        folder.settle()
    assert caught.value.message == f"cannot write `{scratch}`: input/output error"


def test_a_lock_is_held_by_one(scratch: Path) -> None:
    """A second holder is refused while the first has it, and not afterwards."""
    path = scratch / "lock"
    with (
        lock(path, timeout=0),
        pytest.raises(LogBusyError) as caught,
        lock(path, timeout=0),
    ):
        pass

    assert caught.value.message == f"another process holds `{path}`"
    with lock(path, timeout=0):
        assert path.exists()
