from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assaymark.model.decision import Judgement, Status
from assaymark.model.intervals import Interval
from assaymark.model.metric import Unit
from assaymark.policy.policy import Bound
from assaymark.report.chart import LEFT, RIGHT, WIDTH, Chart, chart_of
from assaymark.report.view import Reading, Report

SHARES = st.floats(0.0, 1.0)


def reading(
    low: float, value: float, high: float, *, unit: Unit = Unit.SHARE, **limit: float
) -> Reading:
    """Return a reading with this interval and this limit."""
    return Reading(
        bound=Bound(metric="m", labels=(), unit=unit, **limit),
        judgement=Judgement(
            metric="m",
            labels=(),
            bound="",
            status=Status.MET,
            because="",
            value=value,
            interval=Interval(low=low, high=high, level=0.95),
            counts=None,
        ),
        result=None,
        about="rows",
    )


def drawn(*args: float, **kwargs: object) -> Chart:
    """Return the chart of such a reading."""
    chart = chart_of(reading(*args, **kwargs))  # type: ignore[arg-type]
    assert chart is not None
    return chart


@given(st.lists(SHARES, min_size=3, max_size=3), SHARES, st.sampled_from(["at_most", "at_least"]))
def test_everything_is_inside_the_picture_and_in_order(
    ends: list[float], limit: float, side: str
) -> None:
    """No bar, dot, limit or tick leaves the axis, and larger numbers never stand further left."""
    low, value, high = sorted(ends)
    chart = drawn(low, value, high, **{side: limit})

    start, width = chart.bar
    positions = [start, start + width, chart.dot, chart.limit.x, *(each.x for each in chart.ticks)]
    assert all(LEFT - 0.2 <= each <= RIGHT + 0.2 for each in positions)
    assert [each.x for each in chart.ticks] == sorted(each.x for each in chart.ticks)
    assert (chart.dot <= chart.limit.x) == (value <= limit) or abs(chart.dot - chart.limit.x) < 0.2


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_counts_of_any_size_can_be_drawn(number: int, limit: int) -> None:
    """A count has no upper end, so its scale follows it."""
    chart = drawn(number, number, number, unit=Unit.COUNT, at_least=limit)

    assert 0 <= chart.dot <= WIDTH
    assert 2 <= len(chart.ticks) <= 6


def test_numbers_close_to_each_other_get_a_linear_scale() -> None:
    """Half the way is half the number."""
    chart = drawn(0.2, 0.25, 0.3, at_most=0.3)

    assert not chart.is_logarithmic
    assert [each.label for each in chart.ticks] == ["0%", "20%", "40%"]


def test_tiny_rates_get_a_logarithmic_scale_with_zero() -> None:
    """One in a hundred thousand and one in ten are both visible, and so is none."""
    chart = drawn(0.0, 0.00001, 0.1, at_most=0.01)

    assert chart.is_logarithmic
    assert [each.label for each in chart.ticks] == ["0%", "0.001%", "0.01%", "0.1%", "1%", "10%"]
    assert chart.bar[0] == LEFT


def test_the_stretch_that_keeps_the_limit_is_on_the_right_side() -> None:
    """At most keeps the left of the limit, at least the right."""
    below, above = drawn(0.1, 0.2, 0.3, at_most=0.2), drawn(0.1, 0.2, 0.3, at_least=0.2)

    assert below.kept[0] == LEFT
    assert below.kept[0] + below.kept[1] == below.limit.x
    assert above.kept[0] == above.limit.x
    assert round(above.kept[0] + above.kept[1], 1) == RIGHT


def test_an_exact_number_still_has_a_visible_bar() -> None:
    """An interval of no width is drawn, not lost."""
    assert drawn(0.5, 0.5, 0.5, at_most=0.9).bar[1] == 3.0


def test_nothing_seen_and_nothing_allowed_can_be_drawn() -> None:
    """All zeros have a scale, for shares and for counts."""
    assert [each.label for each in drawn(0, 0, 0, at_most=0.0).ticks] == ["0%", "0.5%", "1%"]
    counts = drawn(0, 0, 0, unit=Unit.COUNT, at_most=0.0)
    assert [each.label for each in counts.ticks] == ["0", "5", "10"]


def test_no_number_no_chart(reports: Mapping[str, Report]) -> None:
    """What was not measured is not drawn as 0."""
    missing = next(
        each for each in reports["failing"].items if each.outcome.requirement == "little-harm"
    )

    assert chart_of(missing.readings[0]) is None
    assert chart_of(replace(missing.readings[0])) is None
