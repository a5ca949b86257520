"""From decisions to the log: logged, or refused, or counted, and never silently neither."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from assaymark.attest.tlog.verify import verify_log
from assaymark.guard import Verdict
from assaymark.guard.decisions.entry import parse_entry
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.recorder import Recorder, Tally
from assaymark.guard.decisions.records import GuardEvent, LoggedDecision, StreamBegun
from assaymark.guard.decisions.state import UnloggedError
from assaymark.guard.serving import Decision

from .decided import NOW, SIGNER, decision, key, new_log


class Remembering:
    """An observer that keeps everything."""

    def __init__(self) -> None:
        self.decisions: list[tuple[str, int | None]] = []
        self.events: list[tuple[str, dict[str, Any]]] = []

    def decided(self, decision: Decision, index: int | None) -> None:
        """Keep a decision."""
        self.decisions.append((decision.request_id, index))

    def happened(self, event: GuardEvent) -> None:
        """Keep an event."""
        self.events.append((event.event, dict(event.detail)))


class Disk:
    """A disk that can be full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self._real = os.pwrite
        monkeypatch.setattr(os, "pwrite", self._pwrite)

    def _pwrite(self, descriptor: int, data: bytes, at: int) -> int:
        if self.is_full:
            raise OSError(28, "No space left on device")
        return self._real(descriptor, data, at)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The disk under all logs of the test."""
    return Disk(monkeypatch)


def story(root: Path) -> list[str]:
    """What a log that holds tells: request ids, and events with their counts."""
    entries: list[bytes] = []
    verify_log(root, key(), on_entry=entries.append)
    told = []
    for each in map(parse_entry, entries):
        if isinstance(each, LoggedDecision):
            told.append(each.request_id)
        elif isinstance(each, StreamBegun):
            told.append(f"{each.request_id} begins")
        elif isinstance(each, GuardEvent):
            told.append(f"{each.event} {each.detail}")
    return told


def test_a_decision_is_logged_and_observed(scratch: Path) -> None:
    """On return it is in the log, and whoever observes knows where."""
    root, seen = new_log(scratch / "log"), Remembering()

    with DecisionLog.open(root, SIGNER) as log:
        recorder = Recorder(log, observers=[seen], now=lambda: NOW)
        asyncio.run(recorder.ready())
        asyncio.run(recorder.record(decision(1)))
        recorder.note("policy-loaded", {"name": "bot"})

    assert seen.decisions == [("req-1", 0)]
    assert seen.events == [("policy-loaded", {"name": "bot"})]
    assert story(root) == ["req-1", "policy-loaded {'name': 'bot'}"]
    assert recorder.total == Tally()


def test_a_full_disk_refuses(scratch: Path, disk: Disk) -> None:
    """Nothing leaves unlogged; requests are refused before they are sent on; with room again, all goes on."""
    root, seen = new_log(scratch / "log"), Remembering()

    async def scene(recorder: Recorder) -> list[str]:
        disk.is_full = True
        refused = []
        for act in (recorder.record(decision(1)), recorder.ready(), recorder.ready()):
            try:
                await act
            except UnloggedError as error:
                refused.append(error.message)
        disk.is_full = False
        await recorder.ready()
        await recorder.record(decision(2))
        return refused

    with DecisionLog.open(root, SIGNER) as log:
        recorder = Recorder(log, observers=[seen], now=lambda: NOW)
        refused = asyncio.run(scene(recorder))

    message = f"cannot write `{root / 'journal'}`: no space left on device"
    assert refused == [message] * 3
    assert recorder.total == Tally(refused=3)
    assert story(root) == [
        f"logging-resumed {{'reason': '{message}', 'refused': 3, 'unlogged': 0}}",
        "req-2",
    ]
    assert seen.decisions == [("req-1", None), ("req-2", 1)]


def test_a_full_disk_that_is_told_to_go_on(scratch: Path, disk: Disk) -> None:
    """Answers leave, each is counted, and the log says how many are missing as soon as it can."""
    root, seen = new_log(scratch / "log"), Remembering()

    async def scene(recorder: Recorder) -> None:
        await recorder.record(decision(1))
        disk.is_full = True
        for number in (2, 3):
            await recorder.ready()
            await recorder.record(decision(number))
        disk.is_full = False
        await recorder.record(decision(4))

    with DecisionLog.open(root, SIGNER) as log:
        recorder = Recorder(log, when_full="continue", observers=[seen], now=lambda: NOW)
        asyncio.run(scene(recorder))

    message = f"cannot write `{root / 'journal'}`: no space left on device"
    assert recorder.total == Tally(unlogged=2)
    assert story(root) == [
        "req-1",
        "req-4",
        f"decisions-unlogged {{'reason': '{message}', 'refused': 0, 'unlogged': 2}}",
    ]
    assert [each for each, _ in seen.events] == ["decisions-unlogged"]


def test_what_cannot_be_told_now_is_told_later(scratch: Path, disk: Disk) -> None:
    """The count of what is missing is not lost where the disk is full again."""
    root = new_log(scratch / "log")

    async def scene(recorder: Recorder) -> None:
        disk.is_full = True
        await recorder.record(decision(1))
        with pytest.raises(UnloggedError):
            await recorder._tell_missing("decisions-unlogged")
        await recorder._try_to_tell()
        disk.is_full = False
        await recorder.record(decision(2))

    with DecisionLog.open(root, SIGNER) as log:
        recorder = Recorder(log, when_full="continue", now=lambda: NOW)
        asyncio.run(scene(recorder))

    assert [each.split(" ")[0] for each in story(root)] == ["req-2", "decisions-unlogged"]
    assert "'unlogged': 1}" in story(root)[1]


@pytest.mark.parametrize("when_full", ["refuse", "continue"])
def test_a_disk_that_hangs(scratch: Path, monkeypatch: pytest.MonkeyPatch, when_full: Any) -> None:
    """Whoever waited long enough is refused, or goes on; what is written in the end is not called missing."""
    root = new_log(scratch / "log")
    free, real = threading.Event(), os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (free.wait(30), real(fd))[1])

    async def scene(recorder: Recorder) -> list[str]:
        refused = []
        for number in (1, 2):
            try:
                await recorder.record(decision(number))
            except UnloggedError as error:
                refused.append(error.message)
        free.set()
        return refused

    with DecisionLog.open(root, SIGNER) as log:
        recorder = Recorder(log, when_full=when_full, patience=0.05, now=lambda: NOW)
        refused = asyncio.run(scene(recorder))

    # The first was under way and was written; the second was taken back in time.
    assert story(root)[0] == "req-1"
    if when_full == "refuse":
        assert refused == ["the decision log took longer than 0.05 s"] * 2
        assert recorder.total == Tally(refused=2)
    else:
        assert refused == []
        assert recorder.total == Tally(unlogged=1)


def test_a_client_that_leaves_is_logged(scratch: Path) -> None:
    """A request that is cancelled while its decision is written stands in the log all the same."""
    root = new_log(scratch / "log")

    async def scene(recorder: Recorder) -> None:
        task = asyncio.create_task(recorder.record(decision(1)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with DecisionLog.open(root, SIGNER) as log:
        asyncio.run(scene(Recorder(log)))

    assert story(root) == ["req-1"]


def test_a_closed_log(scratch: Path) -> None:
    """Too late is told like too full: as a refusal, or as a count."""
    with DecisionLog.open(new_log(scratch / "log"), SIGNER) as log:
        pass

    strict, lax = Recorder(log), Recorder(log, when_full="continue")
    with pytest.raises(UnloggedError, match="the decision log is closed"):
        asyncio.run(strict.record(decision()))
    asyncio.run(lax.record(decision()))
    lax.note("stopped", {})

    assert (strict.total, lax.total) == (Tally(refused=1), Tally(unlogged=2))


def test_a_clock_that_jumps(scratch: Path) -> None:
    """Times are what the clock said; order and place are the log's own."""
    root = new_log(scratch / "log")
    moments = [NOW, NOW.replace(year=1999), NOW.replace(year=2037), NOW]

    async def scene(recorder: Recorder) -> None:
        for number, moment in enumerate(moments):
            await recorder.record(decision(number, time=moment, verdict=Verdict.ALLOW))

    with DecisionLog.open(root, SIGNER) as log:
        asyncio.run(scene(Recorder(log)))

    assert story(root) == ["req-0", "req-1", "req-2", "req-3"]


@pytest.mark.parametrize("when_full", ["refuse", "continue"])
def test_a_stream_begins(scratch: Path, disk: Disk, when_full: Any) -> None:
    """It stands in the log before its decision; with a full disk nothing leaves, or the decision counts."""
    root, seen = new_log(scratch / "log"), Remembering()
    refused: list[str] = []

    async def requests(recorder: Recorder) -> None:
        await recorder.begin(decision(1))
        await recorder.record(decision(1))
        disk.is_full = True
        for step in (recorder.begin, recorder.record):
            try:
                await step(decision(2))
            except UnloggedError:
                refused.append(step.__name__)
        disk.is_full = False
        await recorder.ready()
        await recorder.record(decision(3))

    with DecisionLog.open(root, SIGNER) as log:
        recorder = Recorder(log, when_full=when_full, observers=[seen], now=lambda: NOW)
        asyncio.run(requests(recorder))

    assert refused == (["begin", "record"] if when_full == "refuse" else [])
    assert [each for each in story(root) if each.startswith("req-")] == [
        *("req-1 begins", "req-1", "req-3"),
    ]
    assert [each for each, _ in seen.decisions] == ["req-1", "req-2", "req-3"]
    assert recorder.total == (Tally(refused=1) if when_full == "refuse" else Tally(unlogged=1))
