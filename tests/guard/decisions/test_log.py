"""A log at work: one entry for each request, acknowledged when it is safe, and sealed soon."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaymark.attest.tlog.directory import LogDirectory
from assaymark.attest.tlog.reader import LogReader
from assaymark.attest.tlog.refusal import LogBusyError
from assaymark.attest.tlog.verify import verify_log
from assaymark.errors import UsageError
from assaymark.guard.decisions.journal import JOURNAL
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.state import UnloggedError

from .decided import SIGNER, key, new_log

WRITERS = Path(__file__).with_name("writers.py")


def entries_of(root: Path) -> list[bytes]:
    """All entries, of a log that holds."""
    found: list[bytes] = []
    verify_log(root, key(), on_entry=found.append)
    return found


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    turns=st.lists(st.integers(0, 4), min_size=1, max_size=6),
    pauses=st.lists(st.integers(0, 3), max_size=12),
    threads=st.booleans(),
)
def test_entries_are_requests_for_any_interleaving(
    tmp_path_factory: pytest.TempPathFactory, turns: list[int], pauses: list[int], *, threads: bool
) -> None:
    """Whoever asks when, as tasks or threads: each request stands in the log once, where it was told."""
    root = new_log(tmp_path_factory.mktemp("log") / "log")
    told: dict[int, bytes] = {}

    async def client(log: DecisionLog, number: int) -> None:
        for turn in range(turns[number]):
            for _ in range(pauses[(number + turn) % len(pauses)] if pauses else 0):
                await asyncio.sleep(0)
            entry = b"%d-%d" % (number, turn)
            told[await log.add(entry)] = entry

    async def all_clients(log: DecisionLog) -> None:
        await asyncio.gather(*(client(log, each) for each in range(len(turns))))

    with DecisionLog.open(root, SIGNER, seal_every=0.001) as log:
        if threads:
            running = [
                threading.Thread(target=asyncio.run, args=(client(log, each),))
                for each in range(len(turns))
            ]
            for each in running:
                each.start()
            for each in running:
                each.join()
        else:
            asyncio.run(all_clients(log))

    asked = [b"%d-%d" % (n, turn) for n, turns_of in enumerate(turns) for turn in range(turns_of)]
    assert [told[index] for index in range(len(asked))] == entries_of(root)
    assert sorted(told.values()) == sorted(asked)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(faults=st.lists(st.sampled_from(["", "write", "half", "flush"]), max_size=12))
def test_a_disk_that_fails_now_and_then(
    tmp_path_factory: pytest.TempPathFactory, faults: list[str]
) -> None:
    """Whenever writing fails, whole or in the middle: the log has what was acknowledged, and nothing else."""
    root = new_log(tmp_path_factory.mktemp("log") / "log")
    schedule = list(faults)
    real_write, real_flush = os.pwrite, os.fdatasync
    fault = ""

    def pwrite(descriptor: int, data: bytes, at: int) -> int:
        nonlocal fault
        fault = schedule.pop(0) if schedule else ""
        if fault == "write":
            raise OSError(28, "No space left on device")
        if fault == "half":
            schedule.insert(0, "write")
            return real_write(descriptor, bytes(data[: len(data) // 2]), at)
        return real_write(descriptor, data, at)

    def fdatasync(descriptor: int) -> None:
        if fault == "flush":
            raise OSError(5, "Input/output error")
        real_flush(descriptor)

    told: dict[int, bytes] = {}
    refused = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pwrite", pwrite)
        patch.setattr(os, "fdatasync", fdatasync)
        with DecisionLog.open(root, SIGNER, seal_every=0.001) as log:
            for number in range(len(faults) + 3):
                entry = b"entry %d" % number
                try:
                    told[asyncio.run(log.add(entry))] = entry
                except UnloggedError:
                    refused += 1

    assert entries_of(root) == [told[index] for index in range(len(told))]
    assert len(told) + refused == len(faults) + 3
    assert refused == sum(each != "" for each in faults)


def test_an_entry_is_sealed_soon(scratch: Path) -> None:
    """Nobody has to close the log for a checkpoint over what was acknowledged."""
    root = new_log(scratch / "log")

    with DecisionLog.open(root, SIGNER, seal_every=0.01) as log:
        asyncio.run(log.add(b"first"))
        wait_until(lambda: log.state.sealed == 1)
        reader = LogReader.open(root, key())
        state = log.state

    assert (reader.size, state.size, state.waiting, state.fault) == (1, 1, 0, None)
    assert list((root / JOURNAL).iterdir()) == []


def test_one_process_writes(scratch: Path) -> None:
    """A second writer is refused at once; when the first ends, the lock is free."""
    root = new_log(scratch / "log")
    holder = subprocess.Popen(
        [sys.executable, str(WRITERS), "hold", str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(LogBusyError) as raised, DecisionLog.open(root, SIGNER):
            pass
        holder.kill()
    with DecisionLog.open(root, SIGNER) as log:
        asyncio.run(log.add(b"first"))

    assert raised.value.message == f"another process holds `{root / 'lock'}`"
    assert entries_of(root) == [b"first"]


def test_there_must_be_a_log(tmp_path: Path) -> None:
    """A folder is not made into a log by writing to it."""
    with pytest.raises(UsageError, match="is not a log"), DecisionLog.open(tmp_path, SIGNER):
        pass


@pytest.mark.parametrize("size", [0, 65_536])
def test_entries_that_no_log_takes(scratch: Path, size: int) -> None:
    """Refused before they are acknowledged, or nothing after them could be sealed."""
    root = new_log(scratch / "log")

    with DecisionLog.open(root, SIGNER) as log:
        with pytest.raises(UnloggedError) as raised:
            log.submit(b"x" * size)
        asyncio.run(log.add(b"x" * 65_535))

    assert raised.value.message == f"an entry has {size:,} bytes; a log takes 1 to 65,535"
    assert [len(each) for each in entries_of(root)] == [65_535]


def test_a_closed_log_takes_nothing(scratch: Path) -> None:
    """Who comes too late is told."""
    root = new_log(scratch / "log")
    with DecisionLog.open(root, SIGNER) as log:
        pass

    with pytest.raises(UnloggedError, match="the decision log is closed"):
        log.submit(b"late")


def test_a_disk_that_hangs_holds_requests_back_and_then_refuses(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Callers wait as long as they said; a caller who gave up before its turn is not in the log."""
    root = new_log(scratch / "log")
    free, real = threading.Event(), os.fdatasync
    reached = threading.Event()

    def slow(descriptor: int) -> None:
        reached.set()
        free.wait(30)
        real(descriptor)

    async def clients(log: DecisionLog) -> list[str]:
        first = asyncio.create_task(log.add(b"under way"))
        await asyncio.to_thread(reached.wait, 30)
        patient = asyncio.create_task(log.add(b"patient"))
        outcome = []
        try:
            await log.add(b"impatient", patience=0.02)
        except UnloggedError as error:
            outcome.append(error.message)
        free.set()
        outcome += [str(await first), str(await patient)]
        return outcome

    monkeypatch.setattr(os, "fdatasync", slow)
    with DecisionLog.open(root, SIGNER) as log:
        outcome = asyncio.run(clients(log))

    assert outcome == ["the decision log took longer than 0.02 s", "0", "1"]
    assert entries_of(root) == [b"under way", b"patient"]


def test_too_much_waiting_is_refused(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded: what does not fit is refused at once, and told."""
    root = new_log(scratch / "log")
    free, real = threading.Event(), os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (free.wait(30), real(fd))[1])
    big = b"x" * 65_535

    with DecisionLog.open(root, SIGNER) as log:
        waiting = []
        refusal = ""
        while not refusal:
            try:
                waiting.append(log.submit(big))
            except UnloggedError as error:
                refusal = error.message
        free.set()
        kept = [each.result(30) for each in waiting]

    assert refusal == "the decision log does not keep up"
    assert kept == list(range(len(kept)))
    assert len(entries_of(root)) == len(kept)


def test_whatever_is_raised_is_told(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No error ends the threads of a log: those who wait are told, and the next ones are served."""
    root = new_log(scratch / "log")
    errors = [MemoryError(), RuntimeError("secret")]
    real = os.pwrite

    def odd(descriptor: int, data: bytes, at: int) -> int:
        if errors:
            raise errors.pop()
        return real(descriptor, data, at)

    monkeypatch.setattr(os, "pwrite", odd)
    refused = []
    with DecisionLog.open(root, SIGNER) as log:
        for name in (b"first", b"second"):
            with pytest.raises(UnloggedError) as raised:
                asyncio.run(log.add(name))
            refused.append(raised.value.message)
            assert log.state.fault == raised.value.message
        asyncio.run(log.add(b"third"))
        after = log.state.fault

    assert refused == ["it raised RuntimeError", "it raised MemoryError"]
    assert after is None
    assert entries_of(root) == [b"third"]


def test_what_cannot_be_sealed_waits(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are served from the journal, the state says why, and nothing is lost when it is over."""
    root = new_log(scratch / "log")
    broken = threading.Event()
    broken.set()
    real = LogDirectory.append

    def append(self: LogDirectory, entries: Sequence[bytes]) -> range:
        if broken.is_set() and entries:
            raise RuntimeError
        return real(self, entries)

    monkeypatch.setattr(LogDirectory, "append", append)
    monkeypatch.setattr("assaymark.guard.decisions.log._RETRY", 0.01)
    with DecisionLog.open(root, SIGNER, seal_every=0.01) as log:
        asyncio.run(log.add(b"first"))
        wait_until(lambda: log.state.seal_fault is not None)
        asyncio.run(log.add(b"second"))
        stuck = log.state
        broken.clear()
        wait_until(lambda: log.state.sealed == 2)
        after = log.state

    assert (stuck.size, stuck.sealed, stuck.fault) == (2, 0, None)
    assert stuck.seal_fault == "it raised RuntimeError"
    assert after.seal_fault is None
    assert entries_of(root) == [b"first", b"second"]


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    waited = threading.Event()
    for _ in range(3000):
        if holds():
            return
        waited.wait(0.01)
    raise AssertionError("it did not happen")
