"""What detectors see, whatever the rules do about it."""

from __future__ import annotations

import asyncio
from typing import Any

from assaymark.guard.survey import Survey, finds_places, scores_texts
from guard.conftest import MakeGuard, scripted

MAIL, CARD = "john@example.com", "4111 1111 1111 1111"
SECTION = (
    "{input: [{detector: pii, do: block, entities: [CREDIT_CARD]}, {detector: harm, do: flag}]}"
)
PII = "detectors: {pii: {entities: [EMAIL_ADDRESS, CREDIT_CARD]}, harm: {}}\n"


def test_everything_is_seen_whatever_the_rules_are_about(make: MakeGuard) -> None:
    """A rule for cards that blocks hides neither what follows nor what no rule is about."""
    survey = Survey(make(SECTION, detectors=PII), finds_places)
    text = f"{CARD} {MAIL} {CARD}"

    (sight,) = survey.of([text])

    found = [(text[each.start : each.end], each.entity) for each in sight.spans]
    assert found == [(CARD, "CREDIT_CARD"), (MAIL, "EMAIL_ADDRESS"), (CARD, "CREDIT_CARD")]
    assert sight.scores == {}
    assert survey.detectors == {"pii": ("CREDIT_CARD", "EMAIL_ADDRESS")}


def test_a_long_text_is_seen_page_by_page(make: MakeGuard) -> None:
    """Places behind the first page are those in the whole text."""
    survey = Survey(make(SECTION, detectors=PII), finds_places)
    text = f"{'some words ' * 900}{MAIL} and {'so on ' * 900}{MAIL}"

    (sight,) = asyncio.run(survey.aof([text]))

    assert [text[each.start : each.end] for each in sight.spans] == [MAIL, MAIL]


def test_scores_are_told_from_nothing_on(make: MakeGuard) -> None:
    """Below the threshold, too, at which a rule would mind."""
    survey = Survey(make(SECTION, detectors=PII), scores_texts)

    mild, bad = survey.of(["good morning", "I will kill you"])

    assert set(mild.scores) == set(survey.thresholds)
    assert mild.scores["threat"] < bad.scores["threat"]


def test_who_cannot_judge_is_named(make: MakeGuard) -> None:
    """A detector that raises is no detector that sees nothing, also where a rule lets the text pass."""

    def judge(text: str) -> Any:
        raise ValueError(text)

    guard = make(
        "{on_error: allow, input: [{detector: scripted, do: redact}]}",
        extra={"scripted": scripted(judge)},
    )

    (sight,) = Survey(guard, finds_places).of(["a"])

    assert [(each.detector, each.reason) for each in sight.lapses] == [
        ("scripted", "the detector raised ValueError")
    ]


def test_detectors_of_both_kinds_judge_one_text(make: MakeGuard) -> None:
    """Those that read by page and those that read the whole text are asked for themselves."""
    guard = make(SECTION, detectors=PII)

    checked = guard.check_text(f"I will kill you, {CARD}")
    flagged = guard.check_text("I will kill you")

    assert checked.verdict.name == "BLOCK"
    assert {each.detector for each in flagged.findings} == {"harm"}
