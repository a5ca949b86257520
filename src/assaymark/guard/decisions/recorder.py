"""
From a decision to the log, or to a refusal: the `DecisionSink` of a server.

    recorder = Recorder(log, when_full="refuse", observers=[telemetry])

* Either the decision is in the log when `record` returns, or, with `when_full="continue"`, it is counted as
  unlogged. The count is logged itself as soon as the log takes entries again, so a reader of the log knows
  how many are missing.
* With `when_full="refuse"` nothing is sent on while the log takes nothing, and nothing leaves unlogged.
* Whoever observes sees every decision once, logged or not.

tests/guard/decisions/test_recorder.py
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, TypeAlias

from assaymark.guard.decisions.entry import begun, event_of, logged, render_entry
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.records import Entry, GuardEvent
from assaymark.guard.decisions.state import UnloggedError
from assaymark.guard.serving import Decision

WhenFull: TypeAlias = Literal["refuse", "continue"]
Clock: TypeAlias = Callable[[], datetime]

UNLOGGED = "decisions-unlogged"
RESUMED = "logging-resumed"


class Observer(Protocol):
    """Sees what was decided; quick, and never raises."""

    def decided(self, decision: Decision, index: int | None) -> None:
        """Take a decision, and where in the log it stands; `None` where it does not."""

    def happened(self, event: GuardEvent) -> None:
        """Take an event."""


@dataclass(slots=True)
class Tally:
    """What was not logged since the server started."""

    unlogged: int = 0
    """Decisions whose answers left all the same."""

    refused: int = 0
    """Requests and answers that were kept back."""


def utc_now() -> datetime:
    """Return the time by the clock of this machine."""
    return datetime.now(UTC)


class Recorder:
    """Records decisions of any number of requests at a time.

    Args:
        log: Opened.
        when_full: What becomes of an answer whose decision cannot be logged.
        patience: Seconds that one decision may wait for the disk.
        observers: Told of every decision.
        now: The clock for events.
    """

    def __init__(
        self,
        log: DecisionLog,
        *,
        when_full: WhenFull = "refuse",
        patience: float = 5.0,
        observers: Sequence[Observer] = (),
        now: Clock = utc_now,
    ) -> None:
        self.log = log
        self.when_full = when_full
        self.total = Tally()
        self._patience = patience
        self._observers = tuple(observers)
        self._now = now
        self._guard = threading.Lock()
        self._missing = Tally()
        self._reason = ""

    def observe(self, observer: Observer) -> None:
        """Tell one more from now on."""
        self._observers = (*self._observers, observer)

    async def ready(self) -> None:
        """Return if decisions can be taken; where they could not be, try anew.

        Raises:
            UnloggedError: They cannot, and the policy of the server is to refuse.
        """
        if self.when_full == "continue" or self.log.state.fault is None:
            return
        try:
            await self._tell_missing(RESUMED)
        except UnloggedError as error:
            self._missed(error.message, refused=True)
            raise

    async def begin(self, decision: Decision) -> None:
        """Return when it is in the log that an answer begins to leave before its decision is there.

        With `when_full="continue"` it may leave all the same: the decision is what is counted.

        Raises:
            UnloggedError: It is not, and the policy of the server is to refuse.
        """
        try:
            await self._add(begun(decision), is_counted=False)
        except UnloggedError:
            if self.when_full == "refuse":
                raise

    async def record(self, decision: Decision) -> None:
        """Return when `decision` is in the log, or counted as unlogged.

        Raises:
            UnloggedError: It is not, and the policy of the server is to refuse.
        """
        index: int | None = None
        try:
            index = await self._add(logged(decision))
        except UnloggedError as error:
            if self.when_full == "refuse":
                self._missed(error.message, refused=True)
                raise
        finally:
            for each in self._observers:
                each.decided(decision, index)
        if index is not None and self._has_missing():
            await self._try_to_tell()

    def note(self, event: str, detail: Mapping[str, Any]) -> None:
        """Log that something happened; where that is not possible, observers know all the same.

        Args:
            event: Its name.
            detail: Names, digests and numbers; no content.
        """
        entry = event_of(self._now(), event, detail)
        for each in self._observers:
            each.happened(entry)
        self.submit(entry)

    def submit(self, entry: Entry) -> None:
        """Log an entry beside those of requests, without waiting for it."""
        try:
            self.log.submit(render_entry(entry)).add_done_callback(self._settled)
        except UnloggedError as error:
            self._missed(error.message, refused=False)

    async def _add(self, entry: Entry, *, is_counted: bool = True) -> int:
        """Add an entry, and count it where it is not added and nobody is refused.

        Raises:
            UnloggedError: It is not in the log, or nobody knows whether it will be.
        """
        counts = is_counted and self.when_full == "continue"
        try:
            done = self.log.submit(render_entry(entry))
        except UnloggedError as error:
            if counts:
                self._missed(error.message, refused=False)
            raise
        if counts:
            # Also of an entry that nobody waits for any longer it is known in the end whether it was written.
            done.add_done_callback(self._settled)
        waiting = asyncio.wrap_future(done)
        # Somebody has to look at an error that comes after the wait is over.
        waiting.add_done_callback(lambda each: each.cancelled() or each.exception())
        try:
            # A client that leaves cancels the wait; its decision is logged all the same.
            return await asyncio.wait_for(asyncio.shield(waiting), self._patience)
        except TimeoutError:
            done.cancel()
            reason = f"the decision log took longer than {self._patience:g} s"
            raise UnloggedError(reason) from None

    def _settled(self, done: Future[int]) -> None:
        if done.cancelled():
            self._missed("the decision log is too slow", refused=False)
        elif (error := done.exception()) is not None:
            reason = error.message if isinstance(error, UnloggedError) else type(error).__name__
            self._missed(reason, refused=False)

    def _missed(self, reason: str, *, refused: bool) -> None:
        with self._guard:
            self._reason = reason
            for each in (self.total, self._missing):
                each.refused += refused
                each.unlogged += not refused

    def _has_missing(self) -> bool:
        with self._guard:
            return bool(self._missing.unlogged or self._missing.refused)

    async def _try_to_tell(self) -> None:
        try:
            await self._tell_missing(UNLOGGED)
        except UnloggedError:
            return  # It is told with the next decision that is logged.

    async def _tell_missing(self, event: str) -> None:
        with self._guard:
            told, self._missing = self._missing, Tally()
            reason = self._reason
        detail = {"unlogged": told.unlogged, "refused": told.refused, "reason": reason}
        entry = event_of(self._now(), event, detail)
        try:
            await self.log.add(render_entry(entry), patience=self._patience)
        except UnloggedError:
            with self._guard:
                self._missing.unlogged += told.unlogged
                self._missing.refused += told.refused
            raise
        for each in self._observers:
            each.happened(entry)


class Observing:
    """A sink without a log: observers see everything, and nothing is kept.

    Args:
        observers: Told of every decision.
        now: The clock for events.
    """

    def __init__(self, observers: Sequence[Observer], *, now: Clock = utc_now) -> None:
        self._observers, self._now = tuple(observers), now

    def observe(self, observer: Observer) -> None:
        """Tell one more from now on."""
        self._observers = (*self._observers, observer)

    async def ready(self) -> None:
        """Return at once."""

    async def begin(self, decision: Decision) -> None:
        """Keep nothing."""

    async def record(self, decision: Decision) -> None:
        """Tell the observers."""
        for each in self._observers:
            each.decided(decision, None)

    def note(self, event: str, detail: Mapping[str, Any]) -> None:
        """Tell the observers."""
        entry = event_of(self._now(), event, detail)
        for each in self._observers:
            each.happened(entry)

    def submit(self, entry: Entry) -> None:
        """Keep nothing."""
