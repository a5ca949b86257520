"""Forest plots: intervals and limits where they belong, and every number also in a table."""

from __future__ import annotations

import re

import pytest
from lxml import html

from assaymark.model.decision import Status
from assaymark.model.measurement import (
    CLUSTERED,
    SQUARE_AND_ADD,
    Comparison,
    Contrast,
    Counts,
    GroupCounts,
    Labels,
    Measured,
)
from assaymark.policy.policy import Bound
from assaymark.report.forest import ROWS, forests
from assaymark.report.html import render
from assaymark.report.plot import LEFT, RIGHT
from assaymark.report.view import Report
from assaymark.statistics.contrasts import gap_of, limits

from .conftest import decided, requirement


def group(name: str, hits: int, *, by_template: bool) -> GroupCounts:
    """A group with ten answers to each of twenty templates."""
    clusters = tuple((min(10, max(0, hits + n % 3 - 1)), 10, 0) for n in range(20))
    counts = Counts(hits=sum(each[0] for each in clusters), judged=200, unjudged=0)
    return GroupCounts(name=name, counts=counts, clusters=clusters if by_template else None)


def gap(labels: Labels, *hits: int, by_template: bool = True, names: str = "abc") -> Measured:
    """A difference between groups."""
    family = tuple(
        group(name, each, by_template=by_template) for name, each in zip(names, hits, strict=False)
    )
    contrast = Contrast(comparison=Comparison.DIFFERENCE, families=(family,))
    value = gap_of(contrast)
    assert value is not None
    return Measured(
        metric="bias.decision-gap",
        check="counterfactual-decisions",
        labels=labels,
        value=value,
        n=contrast.rows,
        interval=limits(contrast, low_tail=0.025, high_tail=0.025),
        method=CLUSTERED if by_template else SQUARE_AND_ADD,
        counts=None,
        contrast=contrast,
    )


@pytest.fixture
def report() -> Report:
    """A report with two axes, of which the policy demands something about one."""
    axis = (("axis", "gender"),)
    demand = requirement("alike", Bound(metric="bias.decision-gap", labels=axis, at_most=0.1))
    other = gap((("axis", "age"),), 5, 5)
    return decided([demand], [gap(axis, 2, 8, 5), other])


def test_each_axis_and_each_group_has_a_row(report: Report) -> None:
    """The gap of an axis first, then its groups; the limit stands with the gap that it is demanded of."""
    (plot,) = forests(report)

    labels = [(row.label, row.is_group) for row in plot.rows]
    assert labels == [
        ("axis age", False), ("a", True), ("b", True),
        ("axis gender", False), ("a", True), ("b", True), ("c", True),
    ]  # fmt: skip
    age, gender = plot.rows[0], plot.rows[3]
    assert gender.status is Status.BROKEN
    assert gender.demanded == "at most 10%"
    assert gender.numbers[0] == "60%"
    assert (age.status, age.limit, age.demanded) == (None, None, "")


def test_positions_are_in_order_and_inside(report: Report) -> None:
    """Left end, dot, right end; the limit of 10 % on the same scale."""
    (plot,) = forests(report)

    for row in plot.rows:
        start, width = row.bar
        assert LEFT <= start <= row.dot + 0.2
        assert row.dot <= start + width + 2.1
        assert start + width <= RIGHT + 2.1
    limit = plot.rows[3].limit
    assert limit is not None
    share = (limit - LEFT) / (RIGHT - LEFT)
    assert share == pytest.approx(0.1, abs=1e-3)
    assert [label for _, label in plot.ticks] == ["0%", "50%", "100%"]


def test_independent_groups_have_exact_intervals() -> None:
    """A table of decisions is drawn as well."""
    (plot,) = forests(decided([], [gap((), 2, 8, by_template=False)]))

    assert [row.label for row in plot.rows] == ["all together", "a", "b"]
    assert plot.rows[1].numbers == ("19.5%", "14.25%", "25.68%")


def test_the_plot_says_what_it_could_have_seen(report: Report) -> None:
    """How small a difference would have been found, of answers to templates alone."""
    (plot,) = forests(report)
    (table,) = forests(decided([], [gap((), 2, 8, by_template=False)]))

    assert re.fullmatch(
        r"How small a difference between two groups 80% of such runs would find: axis age [0-9.]+%, "
        r"axis gender [0-9.]+%; a smaller one is not refuted\.",
        plot.could_see,
    )
    assert table.could_see == ""
    assert plot.could_see in html.fromstring(render(report)).text_content()


def test_different_confidences_are_said() -> None:
    """Two requirements share one error budget, so their intervals are wider than those of the groups."""
    axes = [(("axis", "age"),), (("axis", "gender"),)]
    demands = [
        requirement(f"alike-{number}", Bound(metric="bias.decision-gap", labels=axis, at_most=0.1))
        for number, axis in enumerate(axes)
    ]
    report = decided(demands, [gap(axis, 2, 8) for axis in axes])
    (plot,) = forests(report)

    assert plot.rows[0].confidence != plot.rows[1].confidence == "95%"
    assert plot.confidences == (
        f"The intervals have different confidences: axis age, axis gender {plot.rows[0].confidence}; "
        "groups 95%."
    )
    assert plot.confidences in html.fromstring(render(report)).text_content()


def test_one_axis_is_not_told_twice() -> None:
    """The gap over all axes is that of the only one: it has a row where it is demanded, and no groups."""
    axis = (("axis", "gender"),)
    results = [gap((), 2, 8), gap(axis, 2, 8)]
    demand = requirement("alike", Bound(metric="bias.decision-gap", labels=(), at_most=0.1))

    (bare,) = forests(decided([], results))
    (judged,) = forests(decided([demand], results))

    assert [row.label for row in bare.rows] == ["axis gender", "a", "b"]
    assert [row.label for row in judged.rows] == ["all together", "axis gender", "a", "b"]


def test_a_run_that_could_see_nothing_says_so() -> None:
    """Where hardly any answer was a hit, no drop could have shown."""
    (plot,) = forests(decided([], [gap((("axis", "age"),), 0, 0)]))

    assert plot.could_see == (
        "How small a difference between two groups 80% of such runs would find: none, however large."
    )


def test_room_is_limited() -> None:
    """What does not fit is counted."""
    many = [gap((("axis", f"{n:02}"),), 5, 5) for n in range(40)]
    (plot,) = forests(decided([], many))

    assert len(plot.rows) == ROWS
    assert plot.left_out == 120 - ROWS


def test_the_page_draws_and_tells_the_same(report: Report) -> None:
    """A picture with a name, no script, and a table with every number of it."""
    page = html.fromstring(render(report))
    (svg,) = page.xpath("//svg[contains(@class, 'forest')]")
    (table,) = page.xpath("//section[@id='groups']//table")

    assert svg.get("role") == "img"
    title, desc = svg.get("aria-labelledby").split()
    assert page.xpath(f"//*[@id='{title}']/text()")
    assert "in the table below" in page.xpath(f"string(//*[@id='{desc}'])")
    drawn = [" ".join(each.text_content().split()) for each in svg.xpath("./g")]
    rows = [[" ".join(c.text_content().split()) for c in row] for row in table.xpath(".//tbody/tr")]
    assert len(drawn) == len(rows) == 7
    for text, (label, _, seen, low, high, level, _, _) in zip(drawn, rows, strict=True):
        assert text == f"{label} {seen} ({low} \u2013 {high})"
        assert level == "95%"
    assert page.xpath("//script") == []
    assert page.xpath("//nav//a[@href='#groups']")


def test_without_groups_there_is_no_section() -> None:
    """A report about rows has nothing to compare."""
    plain = decided([], [])

    assert forests(plain) == ()
    assert "Groups compared" not in render(plain)
