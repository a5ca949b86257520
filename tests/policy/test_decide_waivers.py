"""Waivers as the decision applies them; how they are signed is another matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from assaymark.model.decision import Status, UnusedWaiver, Verdict
from assaymark.model.measurement import Result
from assaymark.model.subject import SubjectKind
from assaymark.policy.decide import decide

from .judged import DIGESTS, NOW, about, evidence, measured, policy, requirement, waiver

BAD = evidence(about(measured(9, 10)))


def test_a_waiver_excuses_what_is_broken_and_hides_nothing() -> None:
    """The verdict passes; the outcome stays broken, and says who excused it."""
    decision = decide(policy(requirement()), BAD, [waiver()], NOW)

    assert decision.verdict is Verdict.PASS
    assert decision.summary == "all 1 enforced requirements are met, 1 by waiver"
    assert decision.outcomes[0].status is Status.BROKEN
    assert decision.outcomes[0].waived_by == "w"
    assert decision.unused_waivers == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"expires_at": NOW}, "expired"),
        ({"expires_at": NOW - timedelta(days=1)}, "expired"),
        ({"granted_at": NOW + timedelta(seconds=1)}, "not yet in force"),
        ({"subject": DIGESTS[1]}, "no such requirement and subject in this run"),
        ({"requirement": "other"}, "no such requirement and subject in this run"),
    ],
)
def test_a_waiver_that_does_not_fit_excuses_nothing(change: dict[str, object], reason: str) -> None:
    """Expired, early, for another subject or another requirement: said, and without effect."""
    decision = decide(policy(requirement()), BAD, [replace(waiver(), **change)], NOW)  # type: ignore[arg-type]

    assert decision.verdict is Verdict.FAIL
    assert decision.outcomes[0].waived_by is None
    assert decision.unused_waivers == (UnusedWaiver(id="w", reason=reason),)


@pytest.mark.parametrize(
    ("found", "verdict", "reason"),
    [
        (
            measured(0, 10, 9),
            Verdict.UNDECIDED,
            "the requirement is undecided, not broken",
        ),
        (measured(0, 10), Verdict.PASS, "the requirement is met, not broken"),
    ],
)
def test_only_what_is_broken_can_be_waived(found: Result, verdict: Verdict, reason: str) -> None:
    """Nobody can accept a risk that was not measured."""
    decision = decide(policy(requirement()), evidence(about(found)), [waiver()], NOW)

    assert decision.verdict is verdict
    assert decision.unused_waivers == (UnusedWaiver(id="w", reason=reason),)


def test_a_waiver_for_no_subject_fits_nothing() -> None:
    """A requirement without a subject cannot be waived by a digest."""
    rules = policy(requirement(on=(SubjectKind.MODEL,)))

    decision = decide(rules, evidence(), [waiver()], NOW)

    assert decision.outcomes[0].waived_by is None
    assert decision.verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_waivers_the_longer_one_counts(turned: bool) -> None:  # noqa: FBT001 - a parameter
    """Whatever the order in which they are given."""
    given = [waiver("short"), waiver("long", expires_at=NOW + timedelta(days=9))]

    decision = decide(policy(requirement()), BAD, given[::-1] if turned else given, NOW)

    assert decision.outcomes[0].waived_by == "long"
    assert decision.unused_waivers == (
        UnusedWaiver(id="short", reason="another waiver covers it for longer"),
    )


def test_one_waiver_covers_one_subject_only() -> None:
    """Of two subjects that break the same requirement, the other still denies."""
    both = evidence(about(measured(9, 10)), about(measured(9, 10), digest=DIGESTS[1]))

    decision = decide(policy(requirement()), both, [waiver()], NOW)

    assert decision.verdict is Verdict.FAIL
    assert [each.waived_by for each in decision.outcomes] == ["w", None]
