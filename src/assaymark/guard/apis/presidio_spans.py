"""
Which of overlapping places are replaced, and how that is done, as Presidio's anonymizer does it.

Source: presidio-anonymizer 2.2.366. tests/guard/apis/test_presidio_anonymizer.py compares with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

_BLANKS = re.compile(r" +\n?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A part of a text that is to be replaced."""

    start: int
    end: int
    entity: str
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """What stands in the new text instead of a place of the old one."""

    start: int
    end: int
    entity: str
    text: str
    operator: str
    score: float | None


def resolved(text: str, places: Iterable[Place]) -> list[Place]:
    """Return the places that are replaced.

    Overlapping places of one entity become one; of what lies within something else nothing stays; and
    neighbours of one entity with nothing but blanks between them become one.
    """
    ordered = sorted(places, key=lambda each: (each.start, each.end))
    return _neighbours_joined(text, _outermost(_overlaps_joined(ordered)))


def _overlaps_joined(places: Sequence[Place]) -> list[Place]:
    kept: list[tuple[int, Place]] = []
    numbered = sorted(enumerate(places), key=lambda each: each[1].entity)
    for _, of_entity in groupby(numbered, key=lambda each: each[1].entity):
        (at, current), *others = of_entity
        for n, each in others:
            if min(current.end, each.end) == max(current.start, each.start) or _apart(
                current, each
            ):
                kept.append((at, current))
                at, current = n, each
            else:
                current = replace(
                    current,
                    end=max(current.end, each.end),
                    score=max(current.score or 0.0, each.score or 0.0),
                )
                at = n
        kept.append((at, current))
    return [each for _, each in sorted(kept, key=lambda each: each[0])]


def _apart(one: Place, other: Place) -> bool:
    return one.end < other.start or other.end < one.start


def _outermost(places: Sequence[Place]) -> list[Place]:
    numbered = sorted(enumerate(places), key=lambda each: (each[1].start, -each[1].end))
    reached = -1
    kept = []
    for (_, end), group in groupby(numbered, key=lambda each: (each[1].start, each[1].end)):
        # Of those at the same place the surest stays, and the last one of equally sure ones.
        number, each = max(group, key=lambda each: (each[1].score or 0.0, each[0]))
        if end > reached:
            kept.append((number, each))
            reached = end
    return [each for _, each in sorted(kept, key=lambda each: each[0])]


def _neighbours_joined(text: str, places: Sequence[Place]) -> list[Place]:
    joined: list[Place] = []
    for each in places:
        before = joined[-1] if joined else None
        between = "" if before is None else text[before.end : each.start]
        if before and before.entity == each.entity and _BLANKS.fullmatch(between):
            joined[-1] = replace(each, start=before.start)
        else:
            joined.append(each)
    return joined


def rewritten(
    text: str, places: Iterable[Place], operate: Callable[[Place, str], tuple[str, str]]
) -> tuple[str, list[Replaced]]:
    """Return `text` with other texts in `places`, and what stands there now, from the end to the start.

    Args:
        text: The text.
        places: Where they overlap, what is behind is replaced first.
        operate: From a place and what stands there to the name of an operator and the new text.
    """
    ordered = sorted(places, key=lambda each: (each.start, each.end), reverse=True)
    left, last = text, len(text)
    made: list[tuple[int, Replaced]] = []
    for each in ordered:
        operator, new = operate(each, text[each.start : each.end])
        behind = left[min(each.end, last) :]
        left, last = left[: each.start] + new + behind, each.start
        item = Replaced(
            start=0, end=0, entity=each.entity, text=new, operator=operator, score=each.score
        )
        made.append((len(behind) + len(new), item))
    located = [
        replace(item, start=len(left) - back, end=len(left) - back + len(item.text))
        for back, item in made
    ]
    return left, located
