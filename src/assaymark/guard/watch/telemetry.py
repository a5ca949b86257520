"""
From decisions to numbers, lines and spans. Nothing here sees content, because no decision has any.

Series: `assaymark_guard_*`; what each means stands beside it, and in `docs/decision-log.md`.

tests/guard/watch/test_telemetry.py
"""

from __future__ import annotations

from collections import Counter as Tallied
from collections import deque
from dataclasses import dataclass
from typing import Literal, NamedTuple

from assaymark.guard.decisions.entry import id_of
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.recorder import Recorder
from assaymark.guard.decisions.records import GuardEvent
from assaymark.guard.serving import Decision
from assaymark.guard.verdict import Verdict
from assaymark.guard.watch.metrics import (
    CountedElsewhere,
    Counter,
    Gauge,
    Histogram,
    Metrics,
)
from assaymark.guard.watch.window import Window

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_GROUP = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_MOST_SHOWN = 50


class Seen(NamedTuple):
    """Something that is counted over the last minutes."""

    what: Literal["request", "answer", "verdict", "unjudged", "found", "failed"]

    side: str = ""
    """`request` or `response`, of what was found."""

    name: str = ""
    """The verdict, the detector, or `detector/entity`."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A decision as the live page shows it."""

    decision: Decision
    index: int | None


class Telemetry:
    """Counts what is decided. An `Observer` of the recorder.

    Args:
        metrics: Where the families go.
        window: What alerts and the live page look at.
    """

    def __init__(self, metrics: Metrics | None = None, window: Window[Seen] | None = None) -> None:
        self.metrics = metrics or Metrics()
        self.window: Window[Seen] = window or Window()
        self.last: deque[Shown] = deque(maxlen=_MOST_SHOWN)
        """The latest decisions, the newest last."""
        self.events: deque[GuardEvent] = deque(maxlen=_MOST_SHOWN)
        name = "assaymark_guard_"
        self._requests = Counter(
            f"{name}requests_total",
            "Requests that were decided.",
            ("api", "tenant", "verdict", "outcome"),
        )
        self._findings = Counter(
            f"{name}findings_total",
            "Findings.",
            ("side", "detector", "entity", "action"),
        )
        self._unjudged = Counter(
            f"{name}unjudged_total",
            "Texts and parts that a rule should have judged and could not.",
            ("detector", "passed"),
        )
        self._overhead = Histogram(
            f"{name}overhead_seconds", "Time of a request that was not its upstream's.", _SECONDS
        )
        self._latency = Histogram(
            f"{name}request_seconds",
            "Time from a request to the decision on it.",
            _SECONDS,
            ("api",),
        )
        self._events = Counter(
            f"{name}events_total", "Events such as a reload of a policy.", ("event",)
        )
        self._commits = Histogram(
            f"{name}log_commit_seconds", "Time that one flush of the decision log took.", _SECONDS
        )
        self._groups = Histogram(
            f"{name}log_commit_entries", "Entries that shared one flush.", _GROUP
        )
        self.metrics.add(
            *(self._requests, self._findings, self._unjudged, self._overhead, self._latency),
            *(self._events, self._commits, self._groups),
        )

    def decided(self, decision: Decision, index: int | None) -> None:
        """Count a decision."""
        verdict = decision.verdict.name.lower()
        self._requests.add(decision.api, id_of(decision.tenant), verdict, decision.outcome)
        for each in decision.findings:
            self._findings.add(
                *(str(each.get(key, "")) for key in ("side", "detector", "entity", "action"))
            )
        for each in decision.unjudged:
            self._unjudged.add(str(each["detector"]), "true" if each["passed"] else "false")
        self._overhead.observe(decision.overhead)
        self._latency.observe(decision.latency, decision.api)
        self.window.count(_seen(decision))
        self.last.append(Shown(decision, index))

    def happened(self, event: GuardEvent) -> None:
        """Count an event."""
        self._events.add(event.event)
        self.events.append(event)

    def committed(self, entries: int, seconds: float) -> None:
        """Count a flush of the log; what `DecisionLog.open` takes as `on_commit`."""
        self._commits.observe(seconds)
        self._groups.observe(entries)

    def watch_log(self, log: DecisionLog, recorder: Recorder) -> None:
        """Add the families about the decision log."""
        name = "assaymark_guard_log_"
        self.metrics.add(
            CountedElsewhere(
                f"{name}entries_total",
                "Entries of the log, those of earlier runs among them.",
                lambda: log.state.size,
            ),
            Gauge(
                f"{name}unsealed",
                "Acknowledged entries that no checkpoint covers yet.",
                lambda: log.state.size - log.state.sealed,
            ),
            Gauge(
                f"{name}waiting",
                "Entries that wait for the disk.",
                lambda: log.state.waiting,
            ),
            Gauge(
                f"{name}writable",
                "1 if the last try to write succeeded, else 0.",
                lambda: float(log.state.fault is None),
            ),
            CountedElsewhere(
                f"{name}unlogged_total",
                "Decisions that are not in the log although their answers left.",
                lambda: recorder.total.unlogged,
            ),
            CountedElsewhere(
                f"{name}refused_total",
                "Requests that were refused because their decisions could not be logged.",
                lambda: recorder.total.refused,
            ),
        )


class Rates(NamedTuple):
    """The last minutes in numbers."""

    requests: int

    answered: int
    """Requests that were sent on, so that there was an answer to judge."""

    blocked: int
    redacted: int
    flagged: int
    unjudged: int
    """Requests of which something could not be judged."""

    failed: Tallied[str]
    """Detector to the requests in which it could not judge."""

    found: Tallied[tuple[str, str]]
    """Side and `detector/entity` to the requests in which it was found."""


def rates_of(window: Window[Seen]) -> Rates:
    """Return what a window holds."""
    totals = window.totals()

    def verdicts(name: Verdict) -> int:
        return totals[Seen("verdict", name=name.name.lower())]

    return Rates(
        requests=totals[Seen("request")],
        answered=totals[Seen("answer")],
        blocked=verdicts(Verdict.BLOCK),
        redacted=verdicts(Verdict.REDACT),
        flagged=verdicts(Verdict.FLAG),
        unjudged=totals[Seen("unjudged")],
        failed=Tallied({each.name: n for each, n in totals.items() if each.what == "failed"}),
        found=Tallied(
            {(each.side, each.name): n for each, n in totals.items() if each.what == "found"}
        ),
    )


def _seen(decision: Decision) -> set[Seen]:
    """Return what is counted for a decision: each thing once, however often it was found."""
    seen = {Seen("request"), Seen("verdict", name=decision.verdict.name.lower())}
    if decision.phase == "output":
        seen.add(Seen("answer"))
    if decision.unjudged:
        seen.add(Seen("unjudged"))
    seen.update(
        Seen("failed", name=str(each["detector"])) for each in decision.unjudged if each["detector"]
    )
    seen.update(
        Seen("found", str(each.get("side", "")), f"{each['detector']}/{each['entity']}")
        for each in decision.findings
    )
    return seen
