"""Presidio's analyzer API, held against Presidio in this process."""

from __future__ import annotations

import functools
import json
import time
from typing import Any

import pytest
from presidio_analyzer import AnalyzerEngine, PatternRecognizer

from assaymark.detectors.pii.engine import build_analyzer, build_words
from assaymark.detectors.pii.offer import entities_in, recognizers_in
from assaymark.detectors.pii.settings import NameSettings, PatternSettings
from guard.conftest import scripted

from .conftest import CARD, MAIL, PHONE, Asked, MakeAsked

PATH = "/analyze"
ZIP = {
    "name": "Zip code Recognizer",
    "supported_language": "en",
    "patterns": [{"name": "zip code (weak)", "regex": r"(\b\d{5}(?:\-\d{4})?\b)", "score": 0.01}],
    "context": ["zip", "code"],
    "supported_entity": "ZIP",
}
TITLES = {"supported_entity": "TITLE", "deny_list": ["Mr", "Mr.", "Mister"]}
TEXTS = (
    "John Smith drivers license is AC432223",
    f"mail {MAIL}, call {PHONE}, pay {CARD}",
    "My name is Mr. Doe, my zip code is 10023 and my SSN is 078-05-1126",
    "IBAN GB33BUKB20201555555555 at 192.168.0.1, see https://example.org/a?b=1",
    "nothing at all here",
    "Grüße an müller@example.de 🙂 und 212-555-1234 🙂 bis 2021-01-01",
)


@functools.cache
def presidio() -> AnalyzerEngine:
    """Presidio with the same recognizers, made from its own parts."""
    settings = PatternSettings(min_score=0.0)
    analyzer = build_analyzer(settings, build_words(settings))
    assert analyzer is not None
    return analyzer


def expected(text: str, **options: Any) -> list[dict[str, Any]]:
    """What Presidio's server would answer."""
    given = [PatternRecognizer.from_dict(each) for each in options.pop("ad_hoc_recognizers", ())]
    found = presidio().analyze(text=text, language="en", ad_hoc_recognizers=given, **options)
    return [
        {
            "analysis_explanation": None,
            "end": each.end,
            "entity_type": each.entity_type,
            "score": each.score,
            "start": each.start,
        }
        for each in found
    ]


@pytest.fixture(scope="module")
def alone() -> Any:
    """A guard of nothing but Presidio's patterns."""
    from guard.conftest import guard_of

    guard = guard_of(
        "{deadline_ms: 60000, check_deadline_ms: 60000, input: [{detector: pii-patterns, do: flag}]}",
        detectors="detectors: {pii-patterns: {min_score: 0.0}}\n",
    )
    yield Asked(guard)
    guard.close()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"entities": ["EMAIL_ADDRESS", "PHONE_NUMBER"]},
        {"score_threshold": 0.5},
        {"allow_list": [MAIL, "192.168.0.1"]},
        {"allow_list": [r"\d{3}-\d{3}", "example"], "allow_list_match": "regex"},
        {"ad_hoc_recognizers": [ZIP, TITLES]},
        {"ad_hoc_recognizers": [ZIP], "entities": ["ZIP"], "score_threshold": 0.2},
        {"correlation_id": "1", "entities": None, "context": []},
    ],
)
def test_it_answers_as_presidio_does(alone: Asked, text: str, options: dict[str, Any]) -> None:
    """The same places, entities, scores and order."""
    status, answer = alone.post(PATH, {"text": text, "language": "en", **options})

    assert status == 200
    assert answer == expected(text, **json.loads(json.dumps(options)))


def test_several_texts_have_several_answers(alone: Asked) -> None:
    """In their order; one text in a list has a list of one."""
    _, answers = alone.post(PATH, {"text": list(TEXTS), "language": "en"})
    _, one = alone.post(PATH, {"text": [TEXTS[0]], "language": "en"})

    assert answers == [expected(each) for each in TEXTS]
    assert one == answers[:1]


def test_the_names_of_recognizers_and_entities_are_presidios(alone: Asked) -> None:
    """As its server lists them."""
    _, recognizers = alone.get("/recognizers", language="en")
    _, entities = alone.get("/supportedentities", language="en")
    _, all_entities = alone.get("/supportedentities")

    assert set(entities) == set(presidio().get_supported_entities("en"))
    assert all_entities == entities
    ours = {"OfflineEmailRecognizer": "EmailRecognizer", "QuickPhoneRecognizer": "PhoneRecognizer"}
    theirs = {ours.get(each.name, each.name) for each in presidio().get_recognizers("en")}
    assert set(recognizers) == theirs


def test_what_nobody_looks_for_is_not_called_absent(alone: Asked) -> None:
    """Presidio fails then, too. What is looked for in part, or what the client brings along, is answered."""
    text = {"text": f"{MAIL} AB-1", "language": "en"}
    status, refused = alone.post(PATH, {**text, "entities": ["E_MAIL"]})
    _, some = alone.post(PATH, {**text, "entities": ["E_MAIL", "EMAIL_ADDRESS"]})
    own = {"name": "x", "supported_language": "en", "supported_entity": "E_MAIL"}
    pattern = {"name": "x", "regex": "AB-1", "score": 0.5}
    _, brought = alone.post(
        PATH,
        {**text, "entities": ["E_MAIL"], "ad_hoc_recognizers": [{**own, "patterns": [pattern]}]},
    )
    with pytest.raises(ValueError, match="No matching recognizers"):
        presidio().analyze(text["text"], "en", entities=["E_MAIL"])

    assert status == 400
    assert "looks for none of `entities`; it looks for" in refused["error"]
    assert [each["entity_type"] for each in some] == ["EMAIL_ADDRESS"]
    assert [each["entity_type"] for each in brought] == ["E_MAIL"]


def test_health_is_a_text(alone: Asked) -> None:
    """For those who only look at the status."""
    reply = alone.reply("GET", "/health")

    assert (reply.status, reply.body) == (200, b"the guard is up")


def test_rules_do_not_hide_what_is_there(asked: Asked) -> None:
    """A card blocks under the policy; here it is told, and what follows, too, with other detectors' finds."""
    text = f"{CARD} and {MAIL} and AKIAIOSFODNN7EXAMPLQ"

    _, answer = asked.post(PATH, {"text": text, "language": "en", "score_threshold": 0.6})

    assert {each["entity_type"] for each in answer} >= {"CREDIT_CARD", "EMAIL_ADDRESS"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"language": "en"}, "`text` is missing"),
        ({"text": "", "language": "en"}, "`text` is empty"),
        ({"text": "a"}, "`language` is missing"),
        (
            {"text": "a", "language": "xx"},
            "the policy reads texts in `en` and in no other language",
        ),
        (
            {"text": "a" * 100_001, "language": "en", "context": ["ssn"]},
            "with `context` or `return_decision_process` a call has at most 100,000 characters",
        ),
        (
            {"text": "a", "language": "en", "context": ["s" * 10_001]},
            "`context` has more than 10,000 characters",
        ),
        (
            {"text": "a", "language": "en", "ad_hoc_recognizers": [{"supported_entity": "A"}]},
            "ad hoc recognizer 0 cannot be used",
        ),
        (
            {"text": "a", "language": "en", "ad_hoc_recognizers": [TITLES] * 17},
            "expected at most 16 ad hoc recognizers, got 17",
        ),
        (
            {
                "text": "a",
                "language": "en",
                "ad_hoc_recognizers": [{"supported_entity": "A", "deny_list": ["a" * 2001]}],
            },
            "the ad hoc recognizers have more than 2,000 characters",
        ),
        (
            {"text": MAIL, "language": "en", "allow_list": ["("], "allow_list_match": "regex"},
            "a pattern in `allow_list` does not compile",
        ),
        (
            {
                "text": MAIL,
                "language": "en",
                "allow_list": ["a"],
                "allow_list_match": "regex",
                "regex_flags": 0x200,
            },
            "`regex_flags` or `allow_list` is beyond what is taken",
        ),
    ],
)
def test_a_wrong_request_is_an_error_in_presidios_form(
    alone: Asked, body: dict[str, Any], message: str
) -> None:
    """An object with `error`, by which clients tell it from an answer."""
    assert alone.post(PATH, body) == (400, {"error": message})


def test_an_unknown_language_has_no_recognizers(alone: Asked) -> None:
    """An empty list would be taken for an answer."""
    status, answer = alone.get("/recognizers", language="xx")

    assert (status, set(answer)) == (400, {"error"})


def test_a_pattern_that_does_not_end_is_refused(alone: Asked) -> None:
    """Within a moment, and not with an empty answer."""
    slow = {"name": "slow", "regex": "(a|a|aa)+(b|c|bc)+d", "score": 0.5}
    body = {"text": "a" * 60 + "c", "language": "en"}
    began = time.monotonic()

    answer = alone.post(
        PATH, {**body, "ad_hoc_recognizers": [{"supported_entity": "A", "patterns": [slow]}]}
    )

    assert answer == (400, {"error": "a pattern of an ad hoc recognizer takes too long"})
    assert time.monotonic() - began < 30


def test_an_allowed_pattern_that_does_not_end_allows_nothing(alone: Asked) -> None:
    """What it was about stays in the answer."""
    value = f"{'a' * 60}c@example.com"
    body = {"text": value, "language": "en", "entities": ["EMAIL_ADDRESS"]}

    _, answer = alone.post(
        PATH, {**body, "allow_list": ["(a|a|aa)+(b|c|bc)+d"], "allow_list_match": "regex"}
    )

    assert [each["entity_type"] for each in answer] == ["EMAIL_ADDRESS"]


def test_an_ad_hoc_recognizer_brings_no_others_along(asked: Asked, ask: MakeAsked) -> None:
    """It may be called as one of Presidio's is, which the policy did not ask for."""
    other = ask("{input: [{detector: secrets, do: block}]}")
    own = {"supported_entity": "EMAIL_ADDRESS", "deny_list": ["abc"]}

    _, answer = other.post(
        PATH, {"text": f"abc {MAIL}", "language": "en", "ad_hoc_recognizers": [own]}
    )

    assert [(each["start"], each["end"]) for each in answer] == [(0, 3)]


def test_a_text_that_could_not_be_judged_is_no_empty_list(ask: MakeAsked) -> None:
    """Whatever the policy lets pass: here there is no place to say it."""

    def judge(text: str) -> Any:
        raise ValueError(text)

    asked = ask(
        "{on_error: allow, input: [{detector: scripted, do: redact}]}",
        extra={"scripted": scripted(judge)},
    )

    assert asked.post(PATH, {"text": "a", "language": "en"}) == (
        400,
        {"error": "a text could not be judged: the detector raised ValueError"},
    )


def test_names_and_own_recognizers_are_listed() -> None:
    """By who finds them, in the languages that they read."""
    own = {"name": "tickets", "supported_entity": "TICKET", "deny_list": ["T1"]}
    settings = PatternSettings.model_validate({"languages": ["en", "de"], "recognizers": [own]})
    names = NameSettings()

    assert "tickets" in recognizers_in(settings, "de")
    assert "TICKET" in entities_in(settings, "de")
    assert "US_SSN" not in entities_in(settings, "de")
    assert recognizers_in(names, "en") == ("embedded",)
    assert "PERSON" in entities_in(names, "en")
