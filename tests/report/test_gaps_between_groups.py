"""How reports say a gap between groups that is open: its range, its method, and how many rows are missing."""

from __future__ import annotations

from dataclasses import replace

from assaymark.model.decision import Judgement, Status
from assaymark.model.measurement import (
    CLUSTERED,
    SQUARE_AND_ADD,
    Comparison,
    Contrast,
    Counts,
    GroupCounts,
    Measured,
)
from assaymark.policy.judge import Case, judge
from assaymark.policy.policy import Bound
from assaymark.report.advice import to_narrow
from assaymark.report.view import Reading
from assaymark.report.wording import is_gap, method, missing_rows, reason
from assaymark.statistics.contrasts import limits

BOUND = Bound(metric="fairness.impact-ratio", labels=(), at_least=0.8)


def ratio(first: int, second: int, rows: int) -> Measured:
    """The impact ratio of two groups of the same size."""
    contrast = Contrast(
        comparison=Comparison.RATIO,
        families=(
            tuple(
                GroupCounts(name=name, counts=Counts(hits=hits, judged=rows, unjudged=0))
                for name, hits in (("a", first), ("b", second))
            ),
        ),
    )
    return Measured(
        metric="fairness.impact-ratio",
        check="selection-rate-parity",
        labels=(),
        value=first / second,
        n=2 * rows,
        interval=limits(contrast, low_tail=0.025, high_tail=0.025),
        method=SQUARE_AND_ADD,
        counts=None,
        contrast=contrast,
    )


def by_template(first: int, second: int, templates: int, answers: int = 10) -> Measured:
    """The impact ratio of two groups that answered so many templates, each so often."""
    plain = ratio(first, second, answers)
    groups = tuple(
        GroupCounts(
            name=name,
            counts=Counts(hits=hits * templates, judged=answers * templates, unjudged=0),
            clusters=((hits, answers, 0),) * templates,
        )
        for name, hits in (("a", first), ("b", second))
    )
    contrast = Contrast(comparison=Comparison.RATIO, families=(groups,))
    return replace(
        plain,
        contrast=contrast,
        method=CLUSTERED,
        interval=limits(contrast, low_tail=0.025, high_tail=0.025),
    )


def reading(result: Measured, check: str = "selection-rate-parity") -> Reading:
    """What the report is given."""
    bound = replace(BOUND, check=check)
    (judgement,) = judge([Case(bound=bound, result=result)], tail=0.025)
    assert isinstance(judgement, Judgement)
    return Reading(bound=bound, judgement=judgement, result=result, about="impact ratio")


def test_an_open_gap_says_what_it_lacks() -> None:
    """The range, and the rows that would decide it."""
    result = ratio(7, 10, 25)

    assert is_gap(reading(result))
    assert reason(reading(result)) == (
        "The true gap may lie anywhere between 27.55% and 100%. "
        "About 2,400 rows like these 50 would decide it, if the shares stayed as they are."
    )
    assert missing_rows(reading(result)).startswith("about 2,400 rows")
    assert method(result) == "2 groups of 50 rows, exact binomial limits squared and added"


def test_a_decided_gap_is_said_like_any_number() -> None:
    """The end that is nearer to the limit decides."""
    result = ratio(2_800, 4_000, 10_000)

    assert reading(result).judgement.status is Status.BROKEN
    assert not is_gap(reading(result))
    assert reason(reading(result)).startswith("Even the upper end, 7")


def test_what_would_narrow_an_open_gap() -> None:
    """Rows of a table, templates of one's own, or the rest of a set; nothing where nothing would."""
    rows = "about 2,400 rows like these 50 would decide it, if the shares stayed as they are"
    told = missing_rows(reading(by_template(4, 6, 3)))

    assert (
        told == "about 39 templates like these 3 would decide it, if the shares stayed as they are"
    )
    assert to_narrow(reading(ratio(7, 10, 25))) == f"Audit a table of more decisions: {rows}."
    assert to_narrow(reading(by_template(4, 6, 3), "counterfactual-decisions")) == (
        "Ask about more cases, with `contexts` or with templates of your own (`templates`), or draw several "
        f"answers to each (`repeats`): {told}."
    )
    assert to_narrow(reading(by_template(4, 6, 3), "question-answering")) == (
        "Ask the whole set (`per_part`), or draw several answers to each prompt (`repeats`); where the set "
        f"has no more, it cannot decide this: {told}."
    )
    assert to_narrow(reading(by_template(79, 100, 3, 100), "counterfactual-decisions")) == (
        "Draw several answers to each prompt (`repeats`, with a `temperature`), see why answers could not be "
        "judged, or choose a limit that is further from the gap; about 410 templates like these 3 would "
        "decide it, which is out of reach."
    )
    assert to_narrow(reading(by_template(4, 5, 3), "counterfactual-decisions")) == (
        "More templates like these would not decide it, because the gap lies at the limit."
    )
