"""
A whole decision log under another policy: how many decisions would have been others.

Rules of earlier policies are taken from the events in the log itself. Shadows and events are no decisions and
are not counted.

tests/guard/life/test_replay.py
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assaymark.errors import PolicyError
from assaymark.guard.decisions.entry import parse_entry
from assaymark.guard.decisions.records import GuardEvent, LoggedDecision
from assaymark.guard.lens import DEFAULT_THRESHOLD
from assaymark.guard.life.redecide import Known, redecided
from assaymark.guard.verdict import Verdict
from assaymark.policy.guarding import GuardRules, guard_rules

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.guard.life.watching import Maker
    from assaymark.policy.policy import Policy

_MOST_NAMED = 10
"""Requests that are named for each kind of change."""

LOADED = frozenset({"policy-held", "policy-loaded"})
"""Events that bring the rules of a policy."""


def known_of(policy: Policy, maker: Maker) -> Known:
    """Return what a replay needs of a policy; its detectors are started for their digests.

    Raises:
        PolicyError: It says nothing about run time.
        DetectorError: A detector cannot start.
    """
    guard = maker.guard(policy)
    try:
        return Known(
            rules=guard.rules,
            detectors=dict(guard.detectors),
            leasts=_leasts(policy, maker.catalog),
        )
    finally:
        guard.close()


def _leasts(policy: Policy, catalog: Catalog) -> dict[str, tuple[float, ...]]:
    found: dict[str, tuple[float, ...]] = {}
    for name, settings in policy.detectors.items():
        if (spec := catalog.detectors.get(name)) is not None and spec.categories:
            value = spec.settings.model_validate(dict(settings))
            threshold = float(getattr(value, "threshold", DEFAULT_THRESHOLD))
            # Places that it finds have no threshold.
            found[name] = (0.0, threshold) if spec.entities else (threshold,)
    return found


@dataclass(slots=True)
class Replay:
    """Takes a log entry by entry.

    Args:
        new: The policy to decide by.
        since: The earliest time of a decision, as the log has it; rules are learned from older events, too.
        until: The time before which decisions are.
    """

    new: Known
    since: str = ""
    until: str | None = None
    decisions: int = 0
    unlogged: int = 0
    """Decisions that the log says are missing."""

    outcomes: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """Comparison, verdict of then, and verdicts of now, at least and at most, to decisions."""

    reasons: Counter[str] = field(default_factory=Counter)
    named: dict[str, list[str]] = field(default_factory=dict)
    """Comparison to request ids, the first few."""

    _rules: dict[str, GuardRules] = field(default_factory=dict)

    def take(self, data: bytes) -> None:
        """Take the next entry.

        Raises:
            LogError: It is no entry of a decision log.
        """
        entry = parse_entry(data)
        if isinstance(entry, LoggedDecision) and self._is_meant(entry.time):
            self._decide(entry)
        elif isinstance(entry, GuardEvent):
            self._learn(entry)

    @property
    def comparisons(self) -> Counter[str]:
        """Comparison to decisions."""
        found: Counter[str] = Counter()
        for (comparison, *_), count in self.outcomes.items():
            found[comparison] += count
        return found

    def to_plain(self) -> dict[str, Any]:
        """Return the form for `--json`."""
        return {
            "decisions": self.decisions,
            "unlogged": self.unlogged,
            **{name: self.comparisons[name] for name in ("same", "stricter", "laxer", "unknown")},
            "outcomes": [
                {"comparison": how, "was": was, "atLeast": low, "atMost": high, "decisions": count}
                for (how, was, low, high), count in sorted(self.outcomes.items())
            ],
            "reasons": dict(sorted(self.reasons.items())),
            "requests": {name: list(ids) for name, ids in sorted(self.named.items())},
        }

    def _is_meant(self, time: str) -> bool:
        return self.since <= time and (self.until is None or time < self.until)

    def _decide(self, entry: LoggedDecision) -> None:
        found = redecided(entry, self.new, self._rules.get(entry.policy))
        how = found.comparison
        self.decisions += 1
        high = Verdict.BLOCK if found.reasons else found.high
        was, low, most = (each.name.lower() for each in (found.was, found.low, high))
        self.outcomes[how, was, low, most] += 1
        if how == "unknown":
            self.reasons.update(each.value for each in found.reasons)
        if how in ("stricter", "laxer"):
            named = self.named.setdefault(how, [])
            if len(named) < _MOST_NAMED:
                named.append(entry.request_id)

    def _learn(self, event: GuardEvent) -> None:
        missing = event.detail.get("unlogged")
        if isinstance(missing, int) and self._is_meant(event.time):
            self.unlogged += missing
        section, digest = event.detail.get("guard"), event.detail.get("digest")
        if event.event in LOADED and isinstance(section, Mapping) and isinstance(digest, str):
            try:
                self._rules[digest] = guard_rules(section)
            except (PolicyError, ValueError, KeyError, TypeError):
                return  # Written by another version; its decisions count as made by unknown rules.
