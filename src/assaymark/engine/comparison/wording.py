"""
Comparisons in words, one line each, and as plain values for scripts.

tests/cli/test_diff.py
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from assaymark.engine.comparison.changes import Change, Outcome
from assaymark.model.numbers import percent, plural, significant, whole

_MEASURES = {
    "psi": "PSI",
    "kolmogorov-smirnov": "Kolmogorov-Smirnov",
    "jensen-shannon": "Jensen-Shannon",
}
_ORDER = (Outcome.BEYOND, Outcome.OPEN, Outcome.TOLD, Outcome.WITHIN)


def lines_of(changes: Sequence[Change], *, everything: bool) -> Iterator[str]:
    """Yield a line for each comparison, the notable ones first, and what they come to.

    Args:
        changes: All of them.
        everything: Whether those within their limits are listed, too.
    """
    shown = _ORDER if everything else _ORDER[:-1]
    for outcome in shown:
        yield from (_line(each) for each in changes if each.outcome is outcome)
    counts = Counter(each.outcome for each in changes)
    quiet = sum(each.outcome is Outcome.WITHIN and not each.has_evidence for each in changes)
    yield (
        f"{plural(len(changes), 'comparison')}: {counts[Outcome.BEYOND]} beyond the limit,"
        f" {counts[Outcome.OPEN]} open, {counts[Outcome.WITHIN]} within;"
        f" {quiet} of these without evidence of any change"
    )


def to_plain(change: Change) -> dict[str, Any]:
    """Return the form that `--json` prints; what is not known has no key."""
    plain = {
        "what": change.what,
        "measure": change.measure,
        "outcome": change.outcome.value,
        "old": change.old,
        "new": change.new,
        "value": change.value,
        "low": change.low,
        "high": change.high,
        "limit": change.limit,
        "evidence": change.has_evidence if change.reason is None else None,
        "reason": change.reason,
    }
    return {key: value for key, value in plain.items() if value is not None}


def _line(change: Change) -> str:
    head = f"{change.outcome.value:<7} {change.what}: "
    if change.value is None or change.low is None or change.high is None:
        return f"{head}{change.reason}"
    if change.measure in _MEASURES:
        limit = "" if change.limit is None else f", limit {_of_measure(change.limit)}"
        ends = f"{_of_measure(change.low)} to {_of_measure(change.high)}"
        text = f"{_MEASURES[change.measure]} {_of_measure(change.value)} ({ends}{limit})"
    elif change.limit is None or change.limit == 0.0:
        text = f"{whole(change.old or 0.0)} → {whole(change.new or 0.0)}"
    else:
        ends = f"{_points(change.low)} to {_points(change.high)}, limit {_points(change.limit)}"
        text = f"{percent(change.old or 0.0)} → {percent(change.new or 0.0)} ({ends} points)"
    return head + text + ("" if change.has_evidence else ", no evidence of a change")


def _points(share: float) -> str:
    return significant(100.0 * share, 3)


def _of_measure(value: float) -> str:
    return significant(value, 4)
