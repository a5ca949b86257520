"""
Which numbers of the last minutes call for somebody.

A share raises an alarm only where its lower limit is beyond the bound, so that three blocked requests out of
five at night wake nobody. An alarm is told when it begins, from time to time while it lasts, and when it is
over. It carries names and numbers, never content.

tests/guard/watch/test_alarms.py
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from assaymark.guard.decisions.recorder import Clock, Tally, utc_now
from assaymark.guard.decisions.state import LogState
from assaymark.guard.watch.health import Conditions
from assaymark.guard.watch.telemetry import Rates
from assaymark.model.intervals import lower_limit

_DOUBT = 0.001
"""One-sided error of a limit. The window is looked at again and again, so it is small."""


class Severity(StrEnum):
    """How soon somebody should look."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that is wrong now. Known by name and labels; the rest may change while it lasts."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()
    severity: Severity = field(default=Severity.WARNING, compare=False)

    summary: str = field(default="", compare=False)
    """One line."""

    value: float = field(default=0.0, compare=False)


class Rule(Protocol):
    """When there is an alarm."""

    def alarms(self, rates: Rates) -> Iterator[Alarm]:
        """Yield what is wrong, given the last minutes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRate:
    """More requests are blocked than usual."""

    above: float
    """Share of the requests, in [0, 1)."""

    least: int = 20
    """Requests in the window before anything is said."""

    def alarms(self, rates: Rates) -> Iterator[Alarm]:
        """Yield an alarm where the share of blocked requests is above the bound."""
        if _exceeds(rates.blocked, rates.requests, self.above, self.least):
            yield Alarm(
                name="block-rate",
                severity=Severity.WARNING,
                summary=f"{_share(rates.blocked, rates.requests)} were blocked, "
                f"more than {self.above:.1%}",
                value=rates.blocked / rates.requests,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnjudgedShare:
    """Too much passes or is blocked without having been judged."""

    above: float
    least: int = 20

    def alarms(self, rates: Rates) -> Iterator[Alarm]:
        """Yield an alarm where the share of requests with something unjudged is above the bound."""
        if _exceeds(rates.unjudged, rates.requests, self.above, self.least):
            yield Alarm(
                name="unjudged-share",
                severity=Severity.CRITICAL,
                summary=f"of {_share(rates.unjudged, rates.requests)} something could not be judged, "
                f"more than {self.above:.1%}",
                value=rates.unjudged / rates.requests,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorFailure:
    """A detector raises, is late, or is gone."""

    least: int = 3
    """Requests in the window in which it failed."""

    def alarms(self, rates: Rates) -> Iterator[Alarm]:
        """Yield an alarm for each detector that failed as often."""
        for name, count in sorted(rates.failed.items()):
            if count >= self.least:
                yield Alarm(
                    name="detector-failure",
                    labels=(("detector", name),),
                    severity=Severity.CRITICAL,
                    summary=f"`{name}` could not judge {_share(count, rates.requests)}",
                    value=float(count),
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTrouble:
    """The decision log takes nothing, cannot be sealed, or is not complete any more."""

    state: Callable[[], LogState]
    total: Callable[[], Tally]

    def alarms(self, rates: Rates) -> Iterator[Alarm]:  # noqa: ARG002 - of every rule
        """Yield an alarm for each of the three."""
        state, total = self.state(), self.total()
        if state.fault is not None:
            yield self._alarm("decision-log-full", state.fault, 1.0)
        if state.seal_fault is not None:
            yield self._alarm(
                "decision-log-unsealed", state.seal_fault, float(state.size - state.sealed)
            )
        if total.unlogged:
            words = f"{total.unlogged} answers left whose decisions are not in the log"
            yield self._alarm("decisions-unlogged", words, float(total.unlogged))

    def _alarm(self, name: str, summary: str, value: float) -> Alarm:
        return Alarm(name=name, severity=Severity.CRITICAL, summary=summary, value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyKept:
    """What lies in the file of a policy is not in use."""

    conditions: Conditions
    """How policies are."""

    def alarms(self, rates: Rates) -> Iterator[Alarm]:  # noqa: ARG002 - of every rule
        """Yield an alarm for each policy of which the last good version is kept."""
        for each in self.conditions():
            kind, _, location = each.name.partition(" ")
            if location and not each.is_ok:
                yield Alarm(
                    name="policy-kept",
                    labels=((kind, location),),
                    severity=Severity.WARNING,
                    summary=each.words,
                    value=1.0,
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told about an alarm."""

    alarm: Alarm
    since: datetime

    until: datetime | None = None
    """When it was over; `None` while it lasts."""


@dataclass(slots=True)
class _Raised:
    notice: Notice
    told: float
    calm: int = 0


class Watchman:
    """Looks at the last minutes from time to time, and tells what changed.

    Args:
        rules: When there is an alarm.
        rates: The last minutes.
        tell: Takes notices; quick, and never raises.
        every: Seconds between two looks.
        repeat: Seconds after which an alarm that lasts is told again.
        now: The clock for notices.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        rates: Callable[[], Rates],
        tell: Callable[[Notice], None],
        *,
        every: float = 15.0,
        repeat: float = 300.0,
        now: Clock = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules, self._rates, self._tell = tuple(rules), rates, tell
        self._every, self._repeat = every, repeat
        self._now, self._clock = now, clock
        self._raised: dict[Alarm, _Raised] = {}
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def active(self) -> tuple[Notice, ...]:
        """The alarms that last."""
        return tuple(each.notice for each in list(self._raised.values()))

    def start(self) -> None:
        """Look from now on, on a thread of its own."""
        self._thread = threading.Thread(
            target=self._look_on, name="assaymark-watchman", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """Compare the last minutes with the rules once."""
        rates = self._rates()
        found = {each: each for rule in self._rules for each in rule.alarms(rates)}
        moment = self._clock()
        for alarm in found:
            known = self._raised.get(alarm)
            if known is None:
                notice = Notice(alarm=alarm, since=self._now())
                self._raised[alarm] = _Raised(notice, moment)
                self._tell(notice)
                continue
            known.calm = 0
            known.notice = replace(known.notice, alarm=alarm)
            if moment - known.told >= self._repeat:
                known.told = moment
                self._tell(known.notice)
        for alarm in [each for each in self._raised if each not in found]:
            known = self._raised[alarm]
            known.calm += 1
            # One quiet look may be chance; two are the end.
            if known.calm > 1:
                del self._raised[alarm]
                self._tell(replace(known.notice, until=self._now()))

    def _look_on(self) -> None:
        while not self._over.wait(self._every):
            self.look()


def _exceeds(hits: int, trials: int, bound: float, least: int) -> bool:
    return trials >= max(least, 1) and lower_limit(hits, trials, tail=_DOUBT) > bound


def _share(hits: int, trials: int) -> str:
    return f"{hits} of {trials} requests"
