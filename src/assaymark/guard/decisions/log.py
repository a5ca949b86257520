"""
A decision log at work: many requests, one writer, and nothing acknowledged that a crash takes back.

    with DecisionLog.open(root, signer) as log:
        index = await log.add(entry)

* An entry is acknowledged when it is in the journal, flushed. Entries that come while a flush is under way
  share the next one, so a slow disk makes groups larger and not requests fewer.
* A moment later entries are sealed: appended to the transparency log in the same directory, under a signed
  checkpoint. What a crash leaves unsealed is sealed when the log is opened again.
* Nothing is dropped. Whoever cannot be served waits; beyond a bound, or where the disk takes nothing, the
  caller is told, and the entry counts nowhere.
* All waiting is by the monotonic clock: a clock that jumps changes what entries say and nothing else.

tests/guard/decisions/test_log.py, test_crash.py and test_full_disk.py hold these.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.attest.tlog.directory import LogDirectory
from assaymark.attest.tlog.tiles import MAX_ENTRY
from assaymark.errors import AssaymarkError, InputError
from assaymark.guard.decisions.journal import JOURNAL, Journal, read_waiting
from assaymark.guard.decisions.state import LogState, OnCommit, UnloggedError

if TYPE_CHECKING:
    from assaymark.attest.keys import Signer
    from assaymark.attest.tlog.heads import HeadStore
    from assaymark.attest.tlog.note import NoteKey

_MOST_BATCH = 4 * 1024 * 1024  # bytes that share one flush
_MOST_WAITING = 16 * 1024 * 1024  # bytes that nobody has been told about yet
_MOST_UNSEALED = 256 * 1024 * 1024  # bytes in the journal
_SEAL_AT = 4096  # entries; so many are not kept waiting for the next second
_RETRY = 1.0  # seconds between two tries to seal after one that failed


@dataclass(frozen=True, slots=True)
class _Asked:
    entry: bytes
    done: Future[int]


class DecisionLog:
    """A log opened for writing. Made by `open`, good until the end of its `with`; for any thread or task.

    Args:
        log: The transparency log, opened.
        journal: In front of it.
        seal_every: Seconds between two checkpoints, where there is something to seal.
        on_commit: Told of every flush.
    """

    def __init__(
        self,
        log: LogDirectory,
        journal: Journal,
        *,
        seal_every: float = 1.0,
        on_commit: OnCommit | None = None,
    ) -> None:
        self._log, self._journal = log, journal
        self._seal_every = seal_every
        self._on_commit = on_commit
        self._sealed = journal.index
        self._changed = threading.Condition()
        self._queue: deque[_Asked] = deque()
        self._queued = 0  # bytes
        self._is_open = True
        self._journalled = threading.Condition()
        """Guards the journal and what follows."""
        self._unsealed: list[bytes] = []
        self._unsealed_bytes = 0
        self._faults: dict[str, str] = {}
        self._writer = threading.Thread(target=self._write, name="assaymark-log", daemon=True)
        self._sealer = threading.Thread(target=self._seal_on, name="assaymark-seal", daemon=True)

    @classmethod
    @contextmanager
    def open(
        cls,
        root: Path,
        signer: Signer,
        *,
        heads: HeadStore | None = None,
        timeout: float = 0.0,
        seal_every: float = 1.0,
        on_commit: OnCommit | None = None,
    ) -> Iterator[DecisionLog]:
        """Open the log at `root`, and seal first what a crash left in its journal.

        Args:
            root: The directory, which `LogDirectory.create` made.
            signer: The key of the log.
            heads: The writer's own memory; see `LogDirectory.open`.
            timeout: Seconds to wait for another writer; 0 to be refused at once.
            seal_every: Seconds between two checkpoints.
            on_commit: Told of every flush.

        Raises:
            UsageError: There is no log.
            LogBusyError: Another process writes.
            LogError: The checkpoint is not of this key, the files contradict it, the log was set back, or
                acknowledged entries are missing.
            InputError: The system does not let us read or write.
        """
        with LogDirectory.open(root, signer, heads=heads, timeout=timeout) as log:
            folder = root / JOURNAL
            left = read_waiting(folder, log.checkpoint.checkpoint.size)
            size = log.append(left.entries).stop
            journal = Journal(folder, size)
            journal.remove_below(size)
            opened = cls(log, journal, seal_every=seal_every, on_commit=on_commit)
            opened._writer.start()
            opened._sealer.start()
            try:
                yield opened
            finally:
                opened._close()

    @property
    def key(self) -> NoteKey:
        """The key that readers need."""
        return self._log.key

    @property
    def state(self) -> LogState:
        """How the log stands."""
        with self._changed, self._journalled:
            return LogState(
                size=self._journal.index,
                sealed=self._sealed,
                waiting=len(self._queue),
                fault=self._faults.get("write"),
                seal_fault=self._faults.get("seal"),
            )

    def submit(self, entry: bytes) -> Future[int]:
        """Ask for an entry; the result is its index, once it outlives a crash.

        Raises:
            UnloggedError: Too much waits already, or the log is closed. Through the result: the system does
                not let us write.
        """
        if not 0 < len(entry) <= MAX_ENTRY:
            raise UnloggedError(
                f"an entry has {len(entry):,} bytes; a log takes 1 to {MAX_ENTRY:,}"
            )
        asked = _Asked(entry, Future())
        with self._changed:
            if not self._is_open:
                raise UnloggedError("the decision log is closed")
            if self._queued + len(entry) > _MOST_WAITING or self._unsealed_bytes > _MOST_UNSEALED:
                raise UnloggedError("the decision log does not keep up")
            self._queue.append(asked)
            self._queued += len(entry)
            self._changed.notify_all()
        return asked.done

    async def add(self, entry: bytes, *, patience: float = 5.0) -> int:
        """Add an entry, and return its index once it outlives a crash.

        Args:
            entry: At most 65,535 bytes.
            patience: Seconds to wait.

        Raises:
            UnloggedError: It is not in the log; or, where the disk hangs, nobody knows whether it will be.
        """
        done = self.submit(entry)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(done), patience)
        except TimeoutError:
            raise UnloggedError(f"the decision log took longer than {patience:g} s") from None

    # -- the writer's thread

    def _write(self) -> None:
        while batch := self._next_batch():
            live = [each for each in batch if each.done.set_running_or_notify_cancel()]
            if live:
                self._commit(live)

    def _next_batch(self) -> list[_Asked]:
        """Wait for entries; none once the log is closed and all are written."""
        with self._changed:
            while not self._queue and self._is_open:
                self._changed.wait()
            batch: list[_Asked] = []
            size = 0
            while self._queue and (not batch or size + len(self._queue[0].entry) <= _MOST_BATCH):
                batch.append(self._queue.popleft())
                size += len(batch[-1].entry)
            self._queued -= size
            return batch

    def _commit(self, batch: list[_Asked]) -> None:
        entries = [each.entry for each in batch]
        began = time.monotonic()
        with self._journalled:
            first = self._journal.index
            try:
                self._journal.append(entries)
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told, and the next is tried
                self._faults["write"] = reason = _reason(error)
                for each in batch:
                    each.done.set_exception(UnloggedError(reason))
                return
            self._faults.pop("write", None)
            self._unsealed += entries
            self._unsealed_bytes += sum(map(len, entries))
            if len(self._unsealed) >= _SEAL_AT:
                self._journalled.notify_all()
        for n, each in enumerate(batch):
            each.done.set_result(first + n)
        if self._on_commit is not None:
            self._on_commit(len(batch), time.monotonic() - began)

    # -- the sealer's thread

    def _seal_on(self) -> None:
        while self._wait_to_seal():
            self._seal()
            if "seal" in self._faults:
                with self._changed:
                    if self._is_open:
                        self._changed.wait_for(lambda: not self._is_open, _RETRY)

    def _wait_to_seal(self) -> bool:
        """Wait until it is time; `False` once the log is closed."""
        until = time.monotonic() + self._seal_every
        with self._journalled:
            while self._is_open and len(self._unsealed) < _SEAL_AT:
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._journalled.wait(left)
        return self._is_open

    def _seal(self) -> None:
        with self._journalled:
            batch, first = list(self._unsealed), self._sealed
            if not batch and "seal" not in self._faults:
                return
            self._journal.rotate()
        try:
            # A try that failed may have come as far as the checkpoint all the same.
            done = self._log.append(()).stop - first
            size = self._log.append(batch[done:]).stop
            with self._journalled:
                del self._unsealed[: len(batch)]
                self._unsealed_bytes -= sum(map(len, batch))
                self._sealed = size
                self._journal.remove_below(size)
            self._faults.pop("seal", None)
        except Exception as error:  # noqa: BLE001 - likewise; the journal holds everything meanwhile
            self._faults["seal"] = _reason(error)

    def _close(self) -> None:
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
        self._writer.join()
        with self._journalled:
            self._journalled.notify_all()
        self._sealer.join()
        # What cannot be sealed now stays in the journal, and is sealed when the log is opened again.
        self._seal()
        with suppress(InputError), self._journalled:
            self._journal.rotate()


def _reason(error: Exception) -> str:
    return (
        error.message if isinstance(error, AssaymarkError) else f"it raised {type(error).__name__}"
    )
