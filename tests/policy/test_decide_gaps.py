"""Gaps are decided on their interval, share the error budget, and say how many rows are missing."""

from __future__ import annotations

from typing import Any

import pytest

from assaymark.errors import EvidenceError
from assaymark.model.codec import from_plain, to_plain
from assaymark.model.decision import ErrorBudget, Status, Verdict
from assaymark.model.measurement import (
    CLUSTERED,
    SQUARE_AND_ADD,
    Comparison,
    Contrast,
    Counts,
    GroupCounts,
    Measured,
)
from assaymark.policy.decide import decide
from assaymark.statistics.contrasts import gap_of, limits

from .judged import NOW, about, bound, evidence, policy, requirement

FOUR_FIFTHS = {"at_least": 0.8}


def ratio(first: tuple[int, int], second: tuple[int, int], metric: str = "f.a") -> Measured:
    """The impact ratio of two groups, each with its hits and rows."""
    groups = tuple(
        GroupCounts(name=name, counts=Counts(hits=hits, judged=rows, unjudged=0))
        for name, (hits, rows) in (("a", first), ("b", second))
    )
    contrast = Contrast(comparison=Comparison.RATIO, families=(groups,))
    value = gap_of(contrast)
    assert value is not None
    return Measured(
        metric=metric,
        check="c",
        labels=(),
        value=value,
        n=first[1] + second[1],
        interval=limits(contrast, low_tail=0.025, high_tail=0.025),
        method=SQUARE_AND_ADD,
        counts=None,
        contrast=contrast,
    )


@pytest.mark.parametrize(
    ("first", "second", "status", "verdict"),
    [
        ((7, 25), (10, 25), Status.UNDECIDED, Verdict.UNDECIDED),
        ((2_800, 10_000), (4_000, 10_000), Status.BROKEN, Verdict.FAIL),
        ((3_900, 10_000), (4_000, 10_000), Status.MET, Verdict.PASS),
        ((10, 25), (10, 25), Status.UNDECIDED, Verdict.UNDECIDED),
    ],
)
def test_four_fifths_is_decided_on_the_interval(
    first: tuple[int, int], second: tuple[int, int], status: Status, verdict: Verdict
) -> None:
    """25 rows a group neither break nor keep it, whatever their ratio; ten thousand do."""
    rules = policy(requirement(bound(**FOUR_FIFTHS)))

    decision = decide(rules, evidence(about(ratio(first, second))), [], NOW)

    assert decision.outcomes[0].status is status
    assert decision.verdict is verdict
    assert decision.budget == ErrorBudget(confidence=0.95, method="holm", family=1)


def test_undecided_says_how_many_rows_are_missing() -> None:
    """The sentence of the judgement, whole."""
    rules = policy(requirement(bound(**FOUR_FIFTHS)))

    decision = decide(rules, evidence(about(ratio((7, 25), (10, 25)))), [], NOW)

    assert decision.outcomes[0].judgements[0].because == (
        "70%, between 27.55% and 100% with 95% confidence, which neither keeps nor breaks the limit: "
        "at least 80%; about 2,400 rows like these 50 would decide it, if the shares stayed as they are"
    )


def test_a_gap_that_is_the_limit_stays_open() -> None:
    """No number of rows decides what lies on the line."""
    rules = policy(requirement(bound(**FOUR_FIFTHS)))

    decision = decide(rules, evidence(about(ratio((8, 25), (10, 25)))), [], NOW)

    assert (
        decision.outcomes[0]
        .judgements[0]
        .because.endswith(
            "; more rows like these would not decide it, because the gap lies at the limit"
        )
    )


def test_many_gaps_share_one_budget() -> None:
    """What one requirement alone proves, it does not prove as the first of three."""
    close = (700, 2_000), (960, 2_000)
    alone = policy(requirement(bound(**FOUR_FIFTHS)))
    three = policy(*(requirement(bound(f"f.{name}", **FOUR_FIFTHS), id=name) for name in "abc"))

    single = decide(alone, evidence(about(ratio(*close))), [], NOW).outcomes[0]
    shared = decide(
        three,
        evidence(about(*(ratio(*close, metric=f"f.{name}") for name in "abc"))),
        [],
        NOW,
    ).outcomes[0]

    assert single.status is Status.BROKEN
    assert single.judgements[0].interval is not None
    assert shared.judgements[0].interval is not None
    assert shared.judgements[0].interval.high > single.judgements[0].interval.high


def test_stored_gaps_are_judged_as_new_ones() -> None:
    """Through JSON and back the groups are there, and so is the verdict."""
    result = ratio((7, 25), (10, 25))
    plain: dict[str, Any] = to_plain(result)
    plain.pop("type")

    assert from_plain(Measured, plain) == result


def test_a_gap_without_groups_is_no_evidence() -> None:
    """Evidence that claims the method and holds no counts is not believed."""
    forged: dict[str, Any] = to_plain(ratio((9_000, 10_000), (9_000, 10_000)))
    forged.pop("type")
    forged.pop("contrast")
    rules = policy(requirement(bound(**FOUR_FIFTHS)))

    decision = decide(rules, evidence(about(from_plain(Measured, forged))), [], NOW)

    assert decision.verdict is Verdict.UNDECIDED
    assert decision.outcomes[0].judgements[0].because == (
        "not measured: said to be a gap between groups, without the groups"
    )


def test_no_gap_at_all_is_not_broken_by_chance() -> None:
    """A limit at the truth needs evidence against it like any other."""
    rules = policy(requirement(bound(at_least=1.0)))

    decision = decide(rules, evidence(about(ratio((50, 100), (53, 100)))), [], NOW)

    assert decision.outcomes[0].status is Status.UNDECIDED


def clustered(first: int, second: int, templates: int) -> Measured:
    """The gap of two groups with so many hits among ten answers to each template, more or less."""
    groups = tuple(
        GroupCounts(
            name=name,
            counts=Counts(hits=hits * templates, judged=10 * templates, unjudged=0),
            clusters=tuple((hits + (n % 2) * 2 - 1, 10, 0) for n in range(templates)),
        )
        for name, hits in (("a", first), ("b", second))
    )
    contrast = Contrast(comparison=Comparison.DIFFERENCE, families=(groups,))
    value = gap_of(contrast)
    assert value is not None
    return Measured(
        metric="f.a",
        check="c",
        labels=(),
        value=value,
        n=contrast.rows,
        interval=limits(contrast, low_tail=0.025, high_tail=0.025),
        method=CLUSTERED,
        counts=None,
        contrast=contrast,
    )


def test_answers_to_templates_are_decided_over_templates() -> None:
    """Forty templates show a gap of 40 %; four do not, and say what is missing."""
    rules = policy(requirement(bound(at_most=0.1)))

    many = decide(rules, evidence(about(clustered(8, 4, 40))), [], NOW)
    few = decide(rules, evidence(about(clustered(8, 4, 4))), [], NOW)

    assert many.verdict is Verdict.FAIL
    assert few.verdict is Verdict.UNDECIDED
    assert (
        few.outcomes[0]
        .judgements[0]
        .because.endswith(
            "; about 7 templates like these 4 would decide it, if the shares stayed as they are"
        )
    )


@pytest.mark.parametrize("lost", ["clusters", "one side", "the method"])
def test_answers_without_their_templates_are_no_evidence(lost: str) -> None:
    """Forged as independent rows they would prove far too much."""
    plain: dict[str, Any] = to_plain(clustered(8, 4, 40))
    plain.pop("type")
    (family,) = plain["contrast"]["families"]
    for group in family[: 1 if lost == "one side" else 2]:
        if lost != "the method":
            group.pop("clusters")
    if lost == "the method":
        plain["method"] = SQUARE_AND_ADD
    rules = policy(requirement(bound(at_most=0.1)))

    decision = decide(rules, evidence(about(from_plain(Measured, plain))), [], NOW)

    assert decision.verdict is Verdict.UNDECIDED
    assert decision.outcomes[0].judgements[0].because.startswith("not measured: said to ")


def test_templates_that_do_not_add_up_cannot_be_read() -> None:
    """The counts of a group are those of its templates."""
    plain: dict[str, Any] = to_plain(clustered(8, 4, 4))
    plain.pop("type")
    plain["contrast"]["families"][0][0]["clusters"][0][0] += 1

    with pytest.raises(EvidenceError, match=r"expected clusters that add up to the counts$"):
        from_plain(Measured, plain)
