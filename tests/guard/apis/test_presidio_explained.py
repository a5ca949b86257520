"""Words of context and reasons, held against Presidio in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from presidio_analyzer import PatternRecognizer

from guard.conftest import guard_of

from .conftest import CARD, MAIL, PHONE, Asked, MakeAsked
from .test_presidio_analyzer import PATH, TEXTS, TITLES, ZIP, presidio

WHY = {"return_decision_process": True}
THEIRS = {"OfflineEmailRecognizer": "EmailRecognizer", "QuickPhoneRecognizer": "PhoneRecognizer"}


@pytest.fixture(scope="module")
def alone() -> Iterator[Asked]:
    """A guard of nothing but Presidio's patterns."""
    guard = guard_of(
        "{deadline_ms: 60000, check_deadline_ms: 60000, input: [{detector: pii-patterns, do: flag}]}",
        detectors="detectors: {pii-patterns: {min_score: 0.0}}\n",
    )
    yield Asked(guard)
    guard.close()


def expected(text: str, **options: Any) -> list[dict[str, Any]]:
    """What Presidio's server would answer, as it writes it."""
    given = [PatternRecognizer.from_dict(each) for each in options.pop("ad_hoc_recognizers", ())]
    found = presidio().analyze(text=text, language="en", ad_hoc_recognizers=given, **options)
    answer = []
    for each in found:
        why = None
        if each.analysis_explanation is not None:
            why = dict(each.analysis_explanation.to_dict())
            why["recognizer"] = THEIRS.get(why["recognizer"], why["recognizer"])
        answer.append(
            {
                "analysis_explanation": why,
                "end": each.end,
                "entity_type": each.entity_type,
                "score": each.score,
                "start": each.start,
            }
        )
    return answer


def by_place(answer: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Places that are equally sure have no order in Presidio's answer."""
    return sorted(answer, key=lambda e: (-e["score"], e["start"], -e["end"], e["entity_type"]))


@pytest.mark.parametrize("text", [*TEXTS, "078-05-1126 and 10023", "AC432223, 2120000000"])
@pytest.mark.parametrize(
    "options",
    [
        WHY,
        {"context": ["license", "driver"]},
        {"context": ["SSN", "zip"], **WHY},
        {"context": ["zip"], "ad_hoc_recognizers": [ZIP, TITLES], **WHY},
        {"context": ["bank"], "score_threshold": 0.3, "entities": ["US_BANK_NUMBER"], **WHY},
        {"context": ["phone"], "allow_list": [MAIL], **WHY},
    ],
)
def test_it_answers_as_presidio_does(alone: Asked, text: str, options: dict[str, Any]) -> None:
    """The same places, entities, scores, and reasons."""
    status, answer = alone.post(PATH, {"text": text, "language": "en", **options})

    assert status == 200
    assert by_place(answer) == by_place(expected(text, **options))


def test_several_texts_have_several_answers(alone: Asked) -> None:
    """In their order, each with its own reasons."""
    _, answers = alone.post(PATH, {"text": list(TEXTS), "language": "en", **WHY})

    assert [by_place(each) for each in answers] == [
        by_place(expected(each, **WHY)) for each in TEXTS
    ]


def test_a_word_of_context_makes_sure(alone: Asked) -> None:
    """As Presidio's own documentation shows it: without the word nobody would have been sure."""
    body = {"text": "AC432223", "language": "en", "entities": ["US_DRIVER_LICENSE"]}

    _, (unsure,) = alone.post(PATH, body)
    _, (sure,) = alone.post(PATH, {**body, "context": ["license"], **WHY})

    assert unsure["score"] < 0.4 < sure["score"]
    assert sure["analysis_explanation"]["recognizer"] == "UsLicenseRecognizer"
    assert sure["analysis_explanation"]["supportive_context_word"] == "license"


def test_other_detectors_say_who_they_are(asked: Asked) -> None:
    """Their finds stay in the answer, and have no reasons of Presidio's."""
    text = f"{CARD} AKIAIOSFODNN7EXAMPLQ {PHONE}"

    _, answer = asked.post(PATH, {"text": text, "language": "en", "score_threshold": 0.6, **WHY})

    told = {each["entity_type"]: each["analysis_explanation"] for each in answer}
    assert told["CREDIT_CARD"]["recognizer"] == "CreditCardRecognizer"
    assert told["CREDIT_CARD"]["validation_result"] is True
    assert "secrets" in {each["recognizer"] for each in told.values()}


def test_a_policys_own_words_are_not_told(ask: MakeAsked) -> None:
    """Who found something is; the list of what else would be found is not."""
    own = "{name: projects, supported_entity: PROJECT, deny_list: [bluebird, nightjar]}"
    asked = ask(
        "{input: [{detector: pii-patterns, do: block}]}",
        detectors=f"detectors: {{pii-patterns: {{recognizers: [{own}]}}}}\n",
    )

    _, answer = asked.post(PATH, {"text": "about bluebird", "language": "en", **WHY})

    (found,) = answer
    assert found["entity_type"] == "PROJECT"
    assert found["analysis_explanation"]["recognizer"] == "projects"
    assert "nightjar" not in str(answer)


def test_without_a_detector_of_presidio_there_are_no_reasons_of_its(ask: MakeAsked) -> None:
    """Context changes nothing there, and recognizers that come along are found all the same."""
    asked = ask("{input: [{detector: secrets, do: block}]}")
    body = {"text": "Mr. A", "language": "en", "context": ["zip"], **WHY}

    _, (found,) = asked.post(PATH, {**body, "ad_hoc_recognizers": [TITLES]})

    assert found["entity_type"] == "TITLE"
    assert found["analysis_explanation"]["recognizer"] == "ad hoc"
