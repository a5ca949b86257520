"""What was acknowledged is read back; what was not is nowhere in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.attest.tlog.refusal import LogError
from assaymark.errors import InputError
from assaymark.guard.decisions.journal import Journal, read_waiting

ENTRIES = [b"first", b"second", b"third"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a journal lies."""
    return tmp_path / "journal"


def only_segment(folder: Path) -> Path:
    """The one file of a journal."""
    (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize("size", [7, 8, 9, 10])
def test_what_the_log_has_is_skipped(folder: Path, size: int) -> None:
    """Entries wait from where the log ends, however much of the journal is in the log already."""
    Journal(folder, 7).append(ENTRIES)

    assert read_waiting(folder, size).entries == tuple(ENTRIES[size - 7 :])


@pytest.mark.parametrize("cut", range(len(b"third") + 12))
def test_a_torn_end_is_dropped_and_counted(folder: Path, cut: int) -> None:
    """A record that a crash cut anywhere was never acknowledged; those before it were."""
    Journal(folder, 0).append(ENTRIES)
    path = only_segment(folder)
    whole = path.read_bytes()
    third = len(whole) - len(b"third") - 12
    path.write_bytes(whole[: third + cut])

    waiting = read_waiting(folder, 0)

    assert waiting.entries == (b"first", b"second")
    assert waiting.torn == cut


def test_a_changed_record_ends_its_segment(folder: Path) -> None:
    """A record whose sum does not fit is none, and neither is what follows."""
    Journal(folder, 0).append(ENTRIES)
    path = only_segment(folder)
    path.write_bytes(path.read_bytes().replace(b"second", b"seconD"))

    assert read_waiting(folder, 0).entries == (b"first",)


def test_a_missing_segment_is_an_error(folder: Path) -> None:
    """Between the log and the journal nothing may be missing: it was acknowledged."""
    Journal(folder, 5).append(ENTRIES)

    with pytest.raises(LogError) as raised:
        read_waiting(folder, 3)

    assert raised.value.message == (
        f"the journal `{folder}` begins at entry 5, and the log ends at 3: "
        "2 acknowledged entries are missing"
    )


def test_segments_are_read_in_order(folder: Path) -> None:
    """After a rotation entries go on in another file."""
    journal = Journal(folder, 0)
    journal.append(ENTRIES[:2])
    journal.rotate()
    journal.append(ENTRIES[2:])

    assert read_waiting(folder, 0).entries == tuple(ENTRIES)
    assert len(list(folder.iterdir())) == 2


def test_what_was_not_acknowledged_does_not_count(folder: Path) -> None:
    """Of a segment that was given up, entries from where the next one begins were never acknowledged."""
    Journal(folder, 0).append([*ENTRIES, b"given up"])
    Journal(folder, 3).append([b"in its place"])

    assert read_waiting(folder, 0).entries == (*ENTRIES, b"in its place")


def test_only_what_is_in_the_log_is_removed(folder: Path) -> None:
    """A segment stays until all of it is in the log, and the open one stays always."""
    journal = Journal(folder, 0)
    journal.append(ENTRIES)
    journal.rotate()
    journal.append([b"fourth"])

    journal.remove_below(2)
    assert len(list(folder.iterdir())) == 2
    journal.remove_below(4)
    assert only_segment(folder).name == f"{3:019}"
    journal.rotate()
    journal.remove_below(4)
    assert list(folder.iterdir()) == []


def test_a_write_that_fails_leaves_nothing_that_counts(folder: Path) -> None:
    """After an error the same entries can be written again, and stand there once."""
    journal = Journal(folder, 0)
    journal.append(ENTRIES[:1])
    path = only_segment(folder)
    held, (_, descriptor) = path.read_bytes(), (None, journal._descriptor)
    assert descriptor is not None
    with Path("/dev/full").open("wb") as full:
        import os

        os.dup2(full.fileno(), descriptor)

    with pytest.raises(InputError) as raised:
        journal.append(ENTRIES[1:])
    journal.append(ENTRIES[1:])

    assert raised.value.message == f"cannot write `{folder}`: no space left on device"
    assert path.read_bytes() == held
    assert read_waiting(folder, 0).entries == tuple(ENTRIES)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in the way is an error about that file."""
    (tmp_path / "journal").write_bytes(b"")

    with pytest.raises(InputError, match="cannot write"):
        Journal(tmp_path / "journal", 0)
