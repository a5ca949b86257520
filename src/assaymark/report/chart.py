"""
Where the bars and ticks of a chart go: one number, its interval, and the limit it was held against.

Only geometry, so that the template draws and tests can measure. The scale starts at 0 and is linear, except
where the numbers are far apart: then each step is ten times the one before, with 0 still at the left.

Tested in tests/report/test_chart.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from assaymark.model.metric import Unit
from assaymark.model.numbers import compact, percent
from assaymark.report.view import Reading

WIDTH = 420.0
LEFT, RIGHT = 8.0, 412.0
_STEP = 44.0  # where the first power of ten stands on a logarithmic scale; below it is linear to 0
_FAR_APART = (
    30.0  # ratio of largest to smallest number from which a linear scale hides the smallest
)
_NOTHING = 1e-12  # at or below this a number is drawn as 0; no count of rows makes a smaller share
_MIN_BAR = 3.0  # width at which a bar can still be seen
_EDGE = 90.0  # closer to an edge than this, a label must grow inwards
_MAX_TICKS = 6


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the axis."""

    x: float
    label: str
    anchor: str
    """`start`, `middle` or `end`, so that no label leaves the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Positions in the picture, from 0 to `WIDTH`."""

    kept: tuple[float, float]
    """Start and width of the stretch that keeps the limit."""

    bar: tuple[float, float]
    """Start and width of the interval."""

    dot: float
    limit: Tick
    ticks: tuple[Tick, ...]
    is_logarithmic: bool


def chart_of(reading: Reading) -> Chart | None:
    """Lay out the chart of one judgement; `None` where there is no number to draw."""
    judgement, bound = reading.judgement, reading.bound
    if judgement.value is None or judgement.interval is None:
        return None
    limit = bound.at_most if bound.at_most is not None else bound.at_least or 0.0
    interval = judgement.interval
    scale = _scale([judgement.value, interval.low, interval.high, limit], bound.unit)
    at_limit = scale.at(limit)
    low, high = scale.at(interval.low), scale.at(interval.high)
    width = max(high - low, _MIN_BAR)
    start = min(max(low - (width - (high - low)) / 2.0, LEFT), RIGHT - width)
    is_upper = bound.at_most is not None
    word = "at most" if is_upper else "at least"
    return Chart(
        kept=(LEFT, _round(at_limit - LEFT)) if is_upper else (at_limit, _round(RIGHT - at_limit)),
        bar=(_round(start), _round(width)),
        dot=scale.at(judgement.value),
        limit=_tick(at_limit, f"{word} {scale.label(limit)}"),
        ticks=scale.ticks(),
        is_logarithmic=scale.first is not None,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """From a number to a position."""

    unit: Unit
    top: float
    first: int | None
    """Exponent of the first power of ten; `None` on a linear scale."""

    def at(self, value: float) -> float:
        if self.first is None:
            return _round(LEFT + (RIGHT - LEFT) * min(value / self.top, 1.0))
        if value <= 10.0**self.first:
            return _round(LEFT + _STEP * value / 10.0**self.first)
        steps = math.log10(self.top) - self.first
        share = (math.log10(value) - self.first) / steps
        return _round(LEFT + _STEP + (RIGHT - LEFT - _STEP) * min(share, 1.0))

    def ticks(self) -> tuple[Tick, ...]:
        if self.first is None:
            values = [0.0, self.top / 2.0, self.top]
        else:
            last = round(math.log10(self.top))
            stride = -(-(last - self.first + 1) // (_MAX_TICKS - 1))
            values = [0.0, *(10.0**each for each in range(last, self.first - 1, -stride))]
        return tuple(_tick(self.at(value), self.label(value)) for value in sorted(values))

    def label(self, value: float) -> str:
        return percent(value) if self.unit is Unit.SHARE else compact(value)


def _scale(values: list[float], unit: Unit) -> _Scale:
    positive = [each for each in values if each > _NOTHING]
    if not positive:
        # Nothing seen and nothing allowed: any scale is true, and a small one says that the limit is strict.
        return _Scale(unit, 0.01 if unit is Unit.SHARE else 10.0, None)
    smallest, largest = min(positive), max(positive)
    if largest / smallest < _FAR_APART:
        return _Scale(unit, _above(largest, unit), None)
    last = math.ceil(math.log10(largest) - 1e-9)
    first = max(math.floor(math.log10(smallest) + 1e-9), last - 9)
    return _Scale(unit, 10.0**last, first)


def _above(largest: float, unit: Unit) -> float:
    """Return a round number with some room above `largest`; for a share at most 1."""
    wanted = largest * 1.15
    power = 10.0 ** math.floor(math.log10(wanted))
    top = next(power * each for each in (1.0, 2.0, 4.0, 5.0, 10.0) if power * each >= wanted)
    return min(top, 1.0) if unit is Unit.SHARE else top


def _tick(x: float, label: str) -> Tick:
    anchor = "start" if x < _EDGE else "end" if x > WIDTH - _EDGE else "middle"
    return Tick(x, label, anchor)


def _round(position: float) -> float:
    return round(position, 1)
