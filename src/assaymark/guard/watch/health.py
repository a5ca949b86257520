"""
How the parts of a server are, in one form for probes, people and alerts.

tests/guard/watch/test_pages.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.recorder import Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How one part is."""

    name: str
    """Its kind, and behind a space which one it is."""

    is_ok: bool

    is_needed: bool = True
    """Whether requests have to go elsewhere while it is not."""

    words: str = ""
    """Why; no content."""


Conditions: TypeAlias = Callable[[], Iterable[Condition]]


def of_log(log: DecisionLog, recorder: Recorder) -> Conditions:
    """Return what says how a decision log is."""

    def conditions() -> Iterable[Condition]:
        state, total = log.state, recorder.total
        yield Condition(
            name="decision-log",
            is_ok=state.fault is None,
            is_needed=recorder.when_full == "refuse",
            words=state.fault or "",
        )
        yield Condition(
            name="decision-log-seal",
            is_ok=state.seal_fault is None,
            is_needed=False,
            words=state.seal_fault or "",
        )
        words = f"{total.unlogged} answers left unlogged" if total.unlogged else ""
        yield Condition(
            name="decisions-logged", is_ok=not total.unlogged, is_needed=False, words=words
        )

    return conditions
