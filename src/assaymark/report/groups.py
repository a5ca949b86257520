"""
Which groups are furthest apart, in words.

The pair is chosen by looking at the shares, so it says where to look, and nothing about how sure that is:
intervals allow for the choice, and stand beside it. Tested in tests/report/test_cases.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.model.measurement import Comparison, Contrast, GroupCounts, Measured
from assaymark.model.numbers import percent
from assaymark.report.display_text import quoted
from assaymark.report.view import Item, Reading

_COMPARED = (Comparison.DIFFERENCE, Comparison.RATIO)


def share(group: GroupCounts) -> float:
    """Return the share of hits among what was judged; 0 where nothing was."""
    return group.counts.hits / group.counts.judged if group.counts.judged else 0.0


def furthest(contrast: Contrast) -> tuple[GroupCounts, GroupCounts] | None:
    """Return the groups with the largest and the smallest share, in the family with the worst gap."""
    if contrast.comparison not in _COMPARED:
        return None
    pairs = [(max(family, key=share), min(family, key=share)) for family in contrast.families]
    worst = max(pairs, key=lambda pair: _gap(contrast, *pair), default=None)
    return None if worst is None or share(worst[0]) == share(worst[1]) else worst


def _gap(contrast: Contrast, high: GroupCounts, low: GroupCounts) -> float:
    if contrast.comparison is Comparison.RATIO:
        return 1.0 - share(low) / share(high) if share(high) else 0.0
    return share(high) - share(low)


def apart(item: Item) -> Iterator[str]:
    """Yield a sentence for each number of the item that compares groups which differ."""
    for each in item.readings:
        if (said := _apart(each)) is not None:
            yield said


def _apart(reading: Reading) -> str | None:
    result = reading.result
    if not isinstance(result, Measured) or result.contrast is None:
        return None
    pair = furthest(result.contrast)
    if pair is None:
        return None
    high, low = (f"{quoted(each.name)} {percent(share(each))}" for each in pair)
    return f"furthest apart: {high} and {low}"
