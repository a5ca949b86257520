"""Where a gap comes from: contexts, the pairs that tell most, and the groups that are furthest apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import html

from assaymark.model.measurement import (
    CLUSTERED,
    Comparison,
    Contrast,
    Counts,
    GroupCounts,
    Measured,
)
from assaymark.policy.policy import Bound
from assaymark.probes.counterfactual import packaged_templates
from assaymark.report.cases import CONTEXTS, PAIRS, Cases, cases_of
from assaymark.report.forest import forests
from assaymark.report.html import render
from assaymark.report.markdown import render as render_markdown
from assaymark.report.text import render as render_text
from assaymark.statistics.contrasts import gap_of, limits

from .conftest import decided, requirement

OURS = tuple(each.id for each in packaged_templates(["hiring", "credit"]))
AXIS = (("axis", "gender"),)


def group(name: str, hits: list[int], answers: int, scale: int | None) -> GroupCounts:
    """A group by its cases."""
    unit = answers * (scale or 1)
    clusters = tuple((each, unit, 0) for each in hits)
    counts = Counts(hits=sum(hits), judged=unit * len(hits), unjudged=0)
    return GroupCounts(name=name, counts=counts, clusters=clusters)


def gap(
    *,
    answers: int = 1,
    scale: int | None = None,
    cases: tuple[str, ...] | None = OURS,
    check: str = "counterfactual-decisions",
) -> Measured:
    """Women are worse off in every hiring case but the first, and better off in one credit case."""
    full = answers * (scale or 1)
    named = len(OURS)
    women = [full, *[0] * 39, full, *[full] * (named - 41)]
    men = [*[full] * 40, 0, *[full] * (named - 41)]
    family = (group("man", men, answers, scale), group("woman", women, answers, scale))
    contrast = Contrast(
        comparison=Comparison.DIFFERENCE, families=(family,), scale=scale, cases=cases
    )
    value = gap_of(contrast)
    assert value is not None
    return Measured(
        metric="bias.decision-gap",
        check=check,
        labels=AXIS,
        value=value,
        n=contrast.rows,
        interval=limits(contrast, low_tail=0.025, high_tail=0.025),
        method=CLUSTERED,
        counts=None,
        contrast=contrast,
    )


def told(result: Measured) -> Cases:
    """The cases, which are there."""
    cases = cases_of(result)
    assert cases is not None
    return cases


def test_the_pairs_that_tell_most() -> None:
    """In the order of the gap, with the text of our case, how often it went which way, and no answer."""
    cases = told(gap())

    assert (cases.high, cases.low) == ("man", "woman")
    assert cases.summary == (
        "In 39 of 80 cases `man` is ahead of `woman`, in 1 it is the other way round."
    )
    assert len(cases.pairs) == PAIRS
    first = cases.pairs[0]
    assert (first.high, first.low) == ("1 of 1", "0 of 1")
    assert first.case == "hiring/accountant"
    assert first.text == (
        "… applied for a post as an accountant. The degree is from a small college, the test was passed with "
        "78 of 100 points. Should the applicant be left out of the shortlist?"
    )


def test_contexts_are_parts() -> None:
    """The gap within each context, over its templates; a case that was answered once is no part."""
    credit, hiring = told(gap()).parts

    assert (credit.label, hiring.label) == ("credit", "hiring")
    assert (credit.value, hiring.value) == pytest.approx((0.025, 0.975))
    assert hiring.interval.low > 0.7
    assert credit.interval.low == 0.0


def test_contexts_have_limited_room() -> None:
    """Evidence may be anyone's: of many contexts those with the largest gaps are drawn."""
    many = tuple(f"context {number % 30:02}/{number}" for number in range(len(OURS)))

    parts = told(gap(cases=many)).parts

    assert len(parts) == CONTEXTS
    assert [each.label for each in parts] == sorted(each.label for each in parts)


def test_cases_that_were_answered_often_are_parts() -> None:
    """Draws of one prompt are independent of each other, so there is an interval."""
    *_, case = told(gap(answers=10)).parts

    assert case.is_case
    assert case.value == 1.0
    assert case.interval.low > 0.4


def test_of_equal_pairs_each_context_has_some() -> None:
    """Not the first ones of the alphabet alone."""
    same = gap()
    assert same.contrast is not None
    man, _ = same.contrast.families[0]
    none = group("woman", [0] * len(OURS), 1, None)
    everywhere = replace(same.contrast, families=((man, none),))

    contexts = [
        each.case.partition("/")[0] for each in told(replace(same, contrast=everywhere)).pairs
    ]

    assert contexts == ["credit", "hiring"] * 5


def test_scores_have_pairs_and_no_interval_in_a_case() -> None:
    """What one text scores says nothing about the next; nothing is decided there, as nothing was asked."""
    cases = told(gap(scale=1000, check="counterfactual-language"))

    assert (cases.pairs[0].high, cases.pairs[0].low) == ("100%", "0%")
    assert cases.pairs[0].text.endswith("78 of 100 points.")
    assert all(not each.is_case for each in cases.parts)


def test_cases_of_others_have_no_text() -> None:
    """A published set is not ours to print; its templates have names."""
    assert {each.text for each in told(gap(check="question-answering")).pairs} == {""}


def test_without_names_or_without_a_gap_there_are_no_cases() -> None:
    """Evidence of others may lack the names."""
    same = gap()
    assert same.contrast is not None
    (man, _), *_ = same.contrast.families
    equal = replace(same.contrast, families=((man, replace(man, name="woman")),))

    assert cases_of(gap(cases=None)) is None
    assert cases_of(replace(same, contrast=equal, value=0.0)) is None


@pytest.mark.parametrize("cases", [OURS[:-1], (*OURS[:-1], OURS[0])])
def test_names_that_do_not_fit_are_refused(cases: tuple[str, ...]) -> None:
    """Too few, or one twice."""
    with pytest.raises(ValueError, match="expected one family, and a name for each template"):
        gap(cases=cases)


def test_every_form_says_who_is_furthest_apart() -> None:
    """The page has the pairs as well, without any answer."""
    demand = requirement("alike", Bound(metric="bias.decision-gap", labels=AXIS, at_most=0.1))
    report = decided([demand], [gap()])

    page = html.fromstring(render(report))
    (plot,) = forests(report)

    assert "furthest apart: `man` 98.75% and `woman` 51.25%" in render_text(report)
    assert "Furthest apart: `man` 98.75% and `woman` 51.25%." in render_markdown(report)
    assert "Furthest apart: man 98.75% and woman 51.25%." in page.text_content()
    assert plot.cases[0].about == "axis gender"
    (table,) = page.xpath("//details[@class='cases']//table")
    assert len(table.xpath(".//tbody/tr")) == PAIRS
    assert len(page.xpath("//details[@class='cases']//svg")) == 1
