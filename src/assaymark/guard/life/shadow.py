"""
What policies that do not act would have decided, beside those that do.

A shadow judges what a request consisted of after the decision on it was recorded, on threads of its own: it
delays no request by more than the keeping of references, and changes nothing. Where it does not keep up,
requests are left out and counted. What it says goes to the decision log, beside what was enforced.

tests/guard/life/test_shadow.py
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from assaymark.errors import AssaymarkError
from assaymark.guard.decisions.entry import counted, finding_of, id_of, written_time
from assaymark.guard.decisions.records import (
    Entry,
    GuardEvent,
    LoggedFinding,
    ShadowDecision,
    VerdictName,
)
from assaymark.guard.guard import Guard
from assaymark.guard.life.collecting import Collected, Document, Messages, Text
from assaymark.guard.serving import Decision
from assaymark.guard.verdict import Finding, Unjudged, Verdict
from assaymark.guard.watch.metrics import Counter
from assaymark.policy.guarding import STREAMED, Phase

_MOST_WAITING = 64  # requests

_SIDES = {Phase.INPUT: "request", Phase.TOOL_RESULTS: "request"}


@dataclass(frozen=True, slots=True)
class Watched:
    """A request that shadows look at."""

    shadows: tuple[tuple[str, Guard], ...]
    """With the names of their policies."""

    collected: Collected


CURRENT: ContextVar[Watched | None] = ContextVar("assaymark-shadowed", default=None)
"""What shadows look at in this request; set where its policy is chosen, read where it is decided."""


def comparisons() -> Counter:
    """Return the family that counts how shadows compare."""
    return Counter(
        "assaymark_guard_shadow_decisions_total",
        "Decisions of policies that do not act, by how they compare with what was enforced.",
        ("policy", "change"),
    )


class ShadowRunner:
    """Lets shadows judge. An `Observer` of the recorder.

    Args:
        submit: Logs an entry.
        compared: Counts; see `comparisons`.
        threads: How many requests are judged at a time.
    """

    def __init__(
        self,
        submit: Callable[[Entry], None],
        *,
        compared: Counter | None = None,
        threads: int = 1,
    ) -> None:
        self._submit = submit
        self.compared = compared or comparisons()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="assaymark-shadow")
        self._lock = threading.Lock()
        self._waiting = 0

    def decided(self, decision: Decision, index: int | None) -> None:  # noqa: ARG002 - of observers
        """Let shadows judge what was decided."""
        watched = CURRENT.get()
        # Calls that ask for no judgement, such as lists of what there is, leave nothing to compare.
        if watched is None or not watched.collected.parts:
            return
        CURRENT.set(None)
        with self._lock:
            if self._waiting >= _MOST_WAITING:
                for name, _ in watched.shadows:
                    self.compared.add(name, "left-out")
                return
            self._waiting += 1
        try:
            self._threads.submit(self._work, watched, decision)
        except RuntimeError:
            self._done()  # It was closed meanwhile.

    def happened(self, event: GuardEvent) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Judge what waits, and nothing more."""
        self._threads.shutdown(wait=True)

    def _work(self, watched: Watched, decision: Decision) -> None:
        try:
            for name, guard in watched.shadows:
                self._one(name, guard, watched.collected, decision)
        finally:
            self._done()

    def _one(self, name: str, guard: Guard, collected: Collected, decision: Decision) -> None:
        try:
            said = judged(guard, collected)
        except AssaymarkError:
            self.compared.add(name, "failed")
            return
        entry = ShadowDecision(
            time=written_time(decision.time),
            request_id=id_of(decision.request_id),
            tenant=id_of(decision.tenant),
            policy=guard.policy,
            detectors=dict(guard.detectors),
            enforced=VerdictName(decision.verdict.name.lower()),
            verdict=VerdictName(said.verdict.name.lower()),
            is_whole=said.is_whole,
            findings=counted(_logged(said.findings)),
            unjudged=len(said.unjudged),
        )
        self.compared.add(name, change(decision.verdict, said))
        self._submit(entry)

    def _done(self) -> None:
        with self._lock:
            self._waiting -= 1


@dataclass(frozen=True, slots=True)
class ShadowSaid:
    """What a shadow says of one request."""

    verdict: Verdict
    findings: tuple[tuple[str, Finding], ...]
    """With the side on which each was found."""

    unjudged: tuple[Unjudged, ...]
    is_whole: bool


def judged(guard: Guard, collected: Collected) -> ShadowSaid:
    """Judge what was collected of a request.

    Raises:
        AssaymarkError: It cannot be judged.
    """
    verdict, is_whole = Verdict.ALLOW, collected.is_complete
    findings: list[tuple[str, Finding]] = []
    unjudged: list[Unjudged] = []
    for part in collected.parts:
        said, saw_all = _said(guard, part)
        side = _SIDES.get(part.phase, "response")
        verdict = max(verdict, said.verdict)
        findings += [(side, each) for each in said.findings]
        unjudged += said.unjudged
        is_whole = is_whole and saw_all
    return ShadowSaid(verdict, tuple(findings), tuple(unjudged), is_whole)


def change(enforced: Verdict, said: ShadowSaid) -> str:
    """Return how a shadow compares: `same`, `stricter`, `laxer`, or `unknown`."""
    if said.verdict > enforced:
        return "stricter"
    # Where the enforced policy ended it, the shadow has not seen what would have come.
    if enforced is Verdict.BLOCK and said.verdict < enforced:
        return "laxer"
    if not said.is_whole:
        return "unknown"
    return "same" if said.verdict is enforced else "laxer"


def _said(guard: Guard, part: Messages | Document | Text) -> tuple[Any, bool]:
    match part:
        case Messages(messages, phase):
            return guard.check(messages, phase), True
        case Document(document, fields, phase):
            return guard.check_json(document, fields, phase), True
        case Text(phase, is_json, pieces, is_whole):
            if phase not in STREAMED:
                return guard.check_text("".join(pieces), phase), is_whole
            stream = guard.stream(phase, is_json=is_json)
            for each in pieces:
                stream.feed(each)
            stream.finish()
            return stream, is_whole


def _logged(findings: Sequence[tuple[str, Finding]]) -> Iterable[LoggedFinding]:
    return (finding_of({"side": side, **each.to_plain()}) for side, each in findings)
