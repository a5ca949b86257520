"""
Half-open spans of one text: joined, and cut where something is protected.

tests/redaction/test_spans.py
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Found(NamedTuple):
    """What a detector found in one text."""

    start: int
    end: int
    entity: str
    score: float

    detector: str = ""


def joined(found: Iterable[Found], *, touching: bool = False) -> Iterator[Found]:
    """Yield spans that do not overlap and cover what `found` covers, in order.

    What overlaps becomes one span, called as its surest part is; of equally sure ones the longest, and of
    equally long ones the first by name.

    Args:
        found: In any order.
        touching: Whether spans that only touch become one too.
    """
    group: list[Found] = []
    end = -1
    for each in sorted(set(found)):
        if group and (each.start > end or (each.start == end and not touching)):
            yield _one(group, end)
            group = []
        end = max(each.end, end) if group else each.end
        group.append(each)
    if group:
        yield _one(group, end)


def _one(group: list[Found], end: int) -> Found:
    best = min(group, key=lambda each: (-each.score, each.start - each.end, each.entity))
    return best._replace(start=group[0].start, end=end)


def outside(found: Iterable[Found], kept: Sequence[Found]) -> list[Found]:
    """Return `found` without what stands within one of `kept` that is at least as sure.

    The host in a kept e-mail address looks like a URL and is none; an address in a kept URL is one.
    """
    return [
        each
        for each in found
        if not any(
            one.start <= each.start and each.end <= one.end and each.score <= one.score
            for one in kept
        )
    ]


def without(found: Iterable[Found], protected: Iterable[tuple[int, int]]) -> Iterator[Found]:
    """Yield the parts of `found` that no protected span covers, in order.

    Args:
        found: In order, not overlapping.
        protected: In any order; may overlap.
    """
    walls = sorted(protected)
    at = 0
    for each in found:
        while at < len(walls) and walls[at][1] <= each.start:
            at += 1
        start, number = each.start, at
        while start < each.end and number < len(walls) and walls[number][0] < each.end:
            if walls[number][0] > start:
                yield each._replace(start=start, end=walls[number][0])
            start = max(start, walls[number][1])
            number += 1
        if start < each.end:
            yield each._replace(start=start)


def widened(found: Iterable[Found], text: str) -> Iterator[Found]:
    """Yield each span, widened until no letter or digit of `text` touches it."""
    for each in found:
        start, end = each.start, each.end
        while start > 0 and text[start - 1].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum():
            end += 1
        yield each._replace(start=start, end=end)


def covering(found: Iterable[Found], whole: Iterable[tuple[int, int]]) -> Iterator[Found]:
    """Yield each span, with all of what of `whole` it overlaps.

    Args:
        found: In any order.
        whole: In any order; may overlap.
    """
    walls: list[tuple[int, int]] = []
    for start, end in sorted(whole):
        if walls and start < walls[-1][1]:
            walls[-1] = (walls[-1][0], max(end, walls[-1][1]))
        else:
            walls.append((start, end))
    starts, ends = [a for a, _ in walls], [b for _, b in walls]
    for each in found:
        first, last = bisect_right(ends, each.start), bisect_left(starts, each.end) - 1
        if first <= last:
            start, end = min(each.start, starts[first]), max(each.end, ends[last])
            yield each._replace(start=start, end=end)
        else:
            yield each
