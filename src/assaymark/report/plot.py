"""
Geometry of a plot of intervals: rows on one scale, each with its words.

Tested in tests/report/test_forest.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from assaymark.model.decision import Status
from assaymark.model.intervals import Interval
from assaymark.model.numbers import percent
from assaymark.policy.policy import Bound

WIDTH, LEFT, RIGHT = 640.0, 250.0, 500.0
ROW, TOP, BOTTOM = 22.0, 26.0, 30.0
_MIN_BAR = 2.0
_STEPS = (0.05, 0.1, 0.2, 0.4, 0.5, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a plot: a gap, or a group of it."""

    label: str
    y: float
    dot: float
    bar: tuple[float, float]
    """Start and width."""

    limit: float | None
    """Where the limit is; `None` where there is none."""

    numbers: tuple[str, str, str]
    """Seen, and the ends of the interval, in words."""

    demanded: str
    """The limit in words, or nothing."""

    status: Status | None
    """How the requirement came out; `None` where there is none."""

    is_group: bool

    confidence: str
    """Of the interval, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Rows on one scale."""

    title: str
    rows: tuple[Row, ...]
    height: float
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What one row shows."""

    label: str
    value: float
    interval: Interval
    bound: Bound | None
    status: Status | None
    is_group: bool


def plot_of(title: str, lines: list[Line]) -> Plot:
    """Lay the lines out below each other."""
    top = _top([_limit(each) or 0.0 for each in lines] + [each.interval.high for each in lines])
    return Plot(
        title=title,
        rows=tuple(_row(each, number, top) for number, each in enumerate(lines)),
        height=TOP + ROW * len(lines) + BOTTOM,
        ticks=tuple((_at(top * part, top), percent(top * part)) for part in (0.0, 0.5, 1.0)),
    )


def _row(line: Line, number: int, top: float) -> Row:
    low, high = _at(line.interval.low, top), _at(line.interval.high, top)
    limit = _limit(line)
    demanded = ""
    if line.bound is not None and limit is not None:
        word = "at most" if line.bound.at_most is not None else "at least"
        demanded = f"{word} {percent(limit)}"
    return Row(
        label=line.label,
        y=TOP + ROW * (number + 0.5),
        dot=_at(line.value, top),
        bar=(low, round(max(high - low, _MIN_BAR), 1)),
        limit=None if limit is None else _at(limit, top),
        numbers=(percent(line.value), percent(line.interval.low), percent(line.interval.high)),
        demanded=demanded,
        status=line.status,
        is_group=line.is_group,
        confidence=percent(round(line.interval.level, 6)),
    )


def _limit(line: Line) -> float | None:
    if line.bound is None:
        return None
    return line.bound.at_most if line.bound.at_most is not None else line.bound.at_least


def _top(values: list[float]) -> float:
    largest = max(values, default=1.0)
    return next((step for step in _STEPS if step >= largest), 1.0)


def _at(value: float, top: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, value / top)), 1)
