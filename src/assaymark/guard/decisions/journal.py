"""
The journal in front of a decision log: what was acknowledged and stands under no checkpoint yet.

A checkpoint costs a dozen flushes, a line in a journal costs one. So entries are acknowledged when they are
in the journal, and sealed into the log a moment later. The journal is a folder of segments, each called by
the index of its first entry.

* What `append` returned from outlives a crash, in the order in which it was appended.
* What it failed with was not acknowledged. Writing goes on in a new segment, whose name says where: what lies
  in the one before from that index on was never acknowledged, and does not count.
* A record that is torn ends its segment. It is an error only where something acknowledged is missing then.

tests/guard/decisions/test_journal.py; test_crash.py kills real writers.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from assaymark.attest.tlog.durable import flush_folder, read_file
from assaymark.attest.tlog.refusal import LogError, Reason
from assaymark.attest.tlog.tiles import MAX_ENTRY
from assaymark.errors import InputError

JOURNAL = "journal"
MAX_SEGMENT = 1024 * 1024 * 1024  # bytes; a reader's bound, far above what a writer fills

_NAME = re.compile(r"[0-9]{19}")
_SIZE = 4  # bytes; the length in front of a record
_SUM = 8  # bytes of a hash over index and entry
_HEAD = _SIZE + _SUM


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a journal holds beyond the log."""

    entries: tuple[bytes, ...]
    """From the first index that the log does not have."""

    torn: int
    """Bytes at the end of the last segment that are no whole record: nobody was told that they are there."""


class Journal:
    """The writer's side. For one thread at a time; the holder of the log's lock is the only writer.

    Args:
        folder: Where the segments lie; made where it is missing.
        index: Of the next entry.
    """

    def __init__(self, folder: Path, index: int) -> None:
        self._folder = folder
        self._index = index
        self._descriptor: int | None = None
        self._end = 0
        try:
            folder.mkdir(exist_ok=True)
            flush_folder(folder.parent)
        except OSError as error:
            raise _unusable(folder, error) from None

    @property
    def index(self) -> int:
        """Of the entry that comes next."""
        return self._index

    def append(self, entries: Sequence[bytes]) -> None:
        """Add `entries`; on return they outlive a crash.

        Raises:
            InputError: The system does not let us write. None of them counts.
        """
        data = b"".join(_record(self._index + n, each) for n, each in enumerate(entries))
        try:
            if self._descriptor is None:
                self._descriptor = self._begin()
            _write(self._descriptor, data, self._end)
            os.fdatasync(self._descriptor)
        except OSError as error:
            self._abandon()
            raise _unusable(self._folder, error) from None
        except BaseException:
            self._abandon()
            raise
        self._end += len(data)
        self._index += len(entries)

    def rotate(self) -> None:
        """End the segment, so that it can be removed once its entries are in the log."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor, self._end = None, 0

    def remove_below(self, size: int) -> None:
        """Remove the segments whose entries are all in a log of `size` entries.

        Raises:
            InputError: The system does not let us.
        """
        firsts = sorted(_segments(self._folder))
        for first, following in itertools.zip_longest(firsts, firsts[1:]):
            is_open = following is None and self._descriptor is not None
            end = self._index if following is None else following
            if end <= size and not is_open:
                try:
                    (self._folder / _name(first)).unlink(missing_ok=True)
                except OSError as error:
                    raise _unusable(self._folder, error) from None

    def _begin(self) -> int:
        path = self._folder / _name(self._index)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._descriptor, self._end = descriptor, 0
        flush_folder(self._folder)
        return descriptor

    def _abandon(self) -> None:
        """Go on in another file: after a failed flush nobody knows what of this one is on the disk."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._end)
        self.rotate()


def read_waiting(folder: Path, size: int) -> Waiting:
    """Read what the journal in `folder` holds beyond a log of `size` entries.

    Raises:
        LogError: Entries that were acknowledged are missing.
        InputError: A file cannot be read.
    """
    firsts = sorted(_segments(folder))
    entries: list[bytes] = []
    torn = 0
    for first, end in itertools.zip_longest(firsts, firsts[1:]):
        reached = size + len(entries)
        data = read_file(folder / _name(first), limit=MAX_SEGMENT) or b""
        if first > reached:
            raise LogError(
                Reason.CONTENT,
                f"the journal `{folder}` begins at entry {first}, and the log ends at {reached}: "
                f"{first - reached} acknowledged entries are missing",
                hint="restore the directory from a copy",
            )
        found, torn = _records(data, first)
        kept = found if end is None else found[: end - first]
        entries += kept[max(reached - first, 0) :]
    return Waiting(entries=tuple(entries), torn=torn)


def _records(data: bytes, first: int) -> tuple[list[bytes], int]:
    """Return the entries of a segment, and how many bytes after them are none."""
    entries: list[bytes] = []
    at = 0
    while len(data) - at >= _HEAD:
        start = at + _HEAD
        end = start + int.from_bytes(data[at : at + _SIZE], "big")
        entry = data[start:end]
        if end > len(data) or end - start > MAX_ENTRY or end == start:
            break
        if data[at + _SIZE : start] != _sum(first + len(entries), entry):
            break
        entries.append(entry)
        at = end
    return entries, len(data) - at


def _record(index: int, entry: bytes) -> bytes:
    return len(entry).to_bytes(_SIZE, "big") + _sum(index, entry) + entry


def _sum(index: int, entry: bytes) -> bytes:
    return hashlib.sha256(index.to_bytes(8, "big") + entry).digest()[:_SUM]


def _segments(folder: Path) -> Iterator[int]:
    if folder.is_dir():
        yield from (int(each.name) for each in folder.iterdir() if _NAME.fullmatch(each.name))


def _name(index: int) -> str:
    return f"{index:019}"


def _write(descriptor: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, at)
        view, at = view[written:], at + written


def _unusable(path: Path, error: OSError) -> InputError:
    reason = (error.strerror or type(error).__name__).lower()
    return InputError(f"cannot write `{path}`: {reason}")
