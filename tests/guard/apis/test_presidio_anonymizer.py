"""Presidio's anonymizer API, held against Presidio in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from presidio_anonymizer import AnonymizerEngine, DeanonymizeEngine
from presidio_anonymizer.entities import OperatorConfig, OperatorResult, RecognizerResult

from .conftest import MAIL, Asked

KEY = "WmZq4t7w!z%C&F)J"
TEXT = "hello world, my name is Jane Doe. My number is: 034453334"
RESULTS = [
    {"start": 24, "end": 32, "score": 0.8, "entity_type": "NAME"},
    {"start": 24, "end": 28, "score": 0.8, "entity_type": "FIRST_NAME"},
    {"start": 29, "end": 32, "score": 0.6, "entity_type": "LAST_NAME"},
    {"start": 48, "end": 57, "score": 0.95, "entity_type": "PHONE_NUMBER"},
]
MASK = {"type": "mask", "masking_char": "*", "chars_to_mask": 4, "from_end": True}


def expected(body: dict[str, Any]) -> Any:
    """What Presidio answers to the same body."""
    operators = {
        entity: OperatorConfig.from_json(dict(each))
        for entity, each in (body.get("anonymizers") or {}).items()
    }
    found = [RecognizerResult.from_json(each) for each in body["analyzer_results"]]
    return json.loads(AnonymizerEngine().anonymize(body["text"], found, operators).to_json())


@pytest.mark.parametrize(
    "anonymizers",
    [
        None,
        {"DEFAULT": {"type": "replace", "new_value": "ANONYMIZED"}, "PHONE_NUMBER": MASK},
        {"DEFAULT": {"type": "redact"}},
        {"DEFAULT": {"type": "keep"}, "NAME": {"type": "replace", "new_value": ""}},
        {"PHONE_NUMBER": {"type": "hash", "hash_type": "sha512", "salt": "0123456789abcdef"}},
        {"PHONE_NUMBER": {"type": "hash", "salt": "0123456789abcdef"}, "NAME": MASK},
        {"NAME": {**MASK, "from_end": False, "chars_to_mask": -1, "masking_char": ""}},
    ],
)
def test_it_answers_as_presidio_does(asked: Asked, anonymizers: dict[str, Any] | None) -> None:
    """Presidio's own example with each of its operators."""
    body = {"text": TEXT, "analyzer_results": RESULTS}
    if anonymizers is not None:
        body["anonymizers"] = anonymizers

    assert asked.post("/anonymize", body) == (200, expected(json.loads(json.dumps(body))))


_TEXTS = st.text(alphabet="ab \n.", min_size=1, max_size=24)
_OPERATORS = st.dictionaries(
    st.sampled_from(["A", "B", "DEFAULT"]),
    st.sampled_from(
        [MASK, {"type": "redact"}, {"type": "keep"}, {"type": "replace", "new_value": "xy"}]
    ),
)


@st.composite
def _bodies(draw: st.DrawFn) -> dict[str, Any]:
    text = draw(_TEXTS)
    place = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted)
    results = [
        {
            "start": start,
            "end": end,
            "score": draw(st.sampled_from([0.1, 0.5, 0.9])),
            "entity_type": entity,
        }
        for (start, end), entity in draw(
            st.lists(st.tuples(place, st.sampled_from(["A", "B"])), max_size=7)
        )
    ]
    return {"text": text, "analyzer_results": results, "anonymizers": draw(_OPERATORS)}


@given(_bodies())
def test_overlaps_are_resolved_as_presidio_does(asked: Asked, body: dict[str, Any]) -> None:
    """Places within each other, across each other, side by side, empty, and twice."""
    assert asked.post("/anonymize", body) == (200, expected(json.loads(json.dumps(body))))


def test_what_is_encrypted_here_is_decrypted_there_and_back(asked: Asked) -> None:
    """The form is Presidio's, both ways."""
    encrypts = {"DEFAULT": {"type": "encrypt", "key": KEY}}
    decrypts = {"DEFAULT": {"type": "decrypt", "key": KEY}}
    body = {"text": TEXT, "analyzer_results": RESULTS, "anonymizers": encrypts}
    _, ours = asked.post("/anonymize", body)
    theirs = expected(json.loads(json.dumps(body)))

    there = DeanonymizeEngine().deanonymize(
        ours["text"],
        [OperatorResult.from_json(each) for each in ours["items"]],
        {"DEFAULT": OperatorConfig("decrypt", {"key": KEY})},
    )
    _, here = asked.post(
        "/deanonymize",
        {
            "text": theirs["text"],
            "anonymizer_results": theirs["items"],
            "deanonymizers": decrypts,
        },
    )

    assert (there.text, here["text"]) == (TEXT, TEXT)
    assert here["items"] == [each.to_dict() for each in there.items]


def test_without_a_salt_no_two_hashes_are_alike(asked: Asked) -> None:
    """As in Presidio, so that nobody finds a value by trying."""
    body = {
        "text": "ab ab",
        "analyzer_results": [
            {**RESULTS[0], "start": 0, "end": 2},
            {**RESULTS[1], "start": 3, "end": 5},
        ],
        "anonymizers": {"DEFAULT": {"type": "hash"}},
    }

    _, answer = asked.post("/anonymize", body)

    first, second = answer["text"].split()
    assert len(first) == len(second) == 64
    assert first != second


def test_the_operators_are_listed(asked: Asked) -> None:
    """Those of Presidio that need no function in Python."""
    assert asked.get("/anonymizers") == (
        200,
        ["encrypt", "hash", "keep", "mask", "redact", "replace"],
    )
    assert asked.get("/deanonymizers") == (200, ["deanonymize_keep", "decrypt"])


ONE = {"start": 0, "end": 1, "score": 1, "entity_type": "A"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"analyzer_results": [{**ONE, "end": 2}]}, "a result ends behind the text"),
        ({"analyzer_results": [{**ONE, "start": 1, "end": 0}]}, "`start` is behind `end`"),
        (
            {"analyzer_results": [{**ONE, "start": -1}]},
            "`analyzer_results.0.start` is not as expected: greater than equal",
        ),
        (
            {"analyzer_results": [{**ONE, "end": True}]},
            "`analyzer_results.0.end` is not as expected: int type",
        ),
        ({"analyzer_results": [{"start": 0}]}, "`analyzer_results.0.end` is missing"),
        (
            {"anonymizers": {MAIL: {"type": "shred"}}},
            "`type` is not one of `encrypt`, `hash`, `keep`, `mask`, `redact`, `replace`",
        ),
        ({"anonymizers": {"A": {"type": "mask"}}}, "`masking_char` is not one character"),
        (
            {"anonymizers": {"A": {"type": "mask", "masking_char": "*"}}},
            "`chars_to_mask` is not a number",
        ),
        (
            {"anonymizers": {"A": {"type": "mask", "masking_char": "*", "chars_to_mask": 1}}},
            "`from_end` is not true or false",
        ),
        (
            {"anonymizers": {"A": {"type": "hash", "hash_type": "md5"}}},
            "`hash_type` is not `sha256` or `sha512`",
        ),
        (
            {"anonymizers": {"A": {"type": "hash", "salt": "short"}}},
            "`salt` is not 16 bytes or more",
        ),
        (
            {"anonymizers": {"A": {"type": "encrypt", "key": "short"}}},
            "`key` is not of 16, 24 or 32 bytes",
        ),
        (
            {
                "analyzer_results": [
                    {**ONE, "start": n, "end": n + 1, "entity_type": "AB"[n % 2]} for n in range(50)
                ],
                "text": "x" * 50,
                "anonymizers": {"DEFAULT": {"type": "replace", "new_value": "y" * 100_000}},
            },
            "the answer would have more than 4,194,304 characters",
        ),
    ],
)
def test_a_wrong_request_is_an_error_in_presidios_form(
    asked: Asked, change: dict[str, Any], message: str
) -> None:
    """With its status for parameters, and without what the client wrote."""
    body = {"text": "x", "analyzer_results": [ONE], **change}

    assert asked.post("/anonymize", body) == (422, {"error": message})


def test_a_function_is_not_run(asked: Asked) -> None:
    """Presidio's server refuses its operator for functions with this status, and so does ours."""
    custom = {"DEFAULT": {"type": "custom", "lambda": "lambda x: x[::-1]"}}
    body = {"text": "x", "analyzer_results": [ONE], "anonymizers": custom}

    assert asked.post("/anonymize", body) == (
        400,
        {"error": "`custom` needs a function of Python, and a request brings none"},
    )


def test_the_examples_of_presidios_own_documentation(asked: Asked) -> None:
    """What its `api-docs` ask, answered as they say."""
    text = "hello world, my name is Jane Doe. My number is: 034453334"
    person = {"start": 24, "end": 32, "score": 0.8, "entity_type": "PERSON"}
    phone = {"start": 48, "end": 57, "score": 0.95, "entity_type": "PHONE_NUMBER"}
    other = {"type": "replace", "new_value": "ANONYMIZED"}
    both = {"PERSON": {"type": "redact"}, "PHONE_NUMBER": other}
    encrypted = "S184CMt9Drj7QaKQ21JTrpYzghnboTF9pn/neN8JME0="

    _, mixed = asked.post(
        "/anonymize", {"text": text, "anonymizers": both, "analyzer_results": [person, phone]}
    )
    _, default = asked.post(
        "/anonymize",
        {"text": text, "anonymizers": {"DEFAULT": other}, "analyzer_results": [person]},
    )
    _, back = asked.post(
        "/deanonymize",
        {
            "text": f"My name is {encrypted}",
            "deanonymizers": {"PERSON": {"type": "decrypt", "key": KEY}},
            "anonymizer_results": [{"start": 11, "end": 55, "entity_type": "PERSON"}],
        },
    )

    assert mixed["text"] == "hello world, my name is . My number is: ANONYMIZED"
    assert default["text"] == "hello world, my name is ANONYMIZED. My number is: 034453334"
    assert back["text"] == "My name is Chloë"
    assert back["items"][0]["operator"] == "decrypt"


@pytest.mark.parametrize(
    ("text", "deanonymizers", "message"),
    [
        (
            "AAAA",
            {"DEFAULT": {"type": "decrypt", "key": KEY}},
            "a text cannot be decrypted with this key",
        ),
        (
            "é",
            {"DEFAULT": {"type": "decrypt", "key": KEY}},
            "a text cannot be decrypted with this key",
        ),
        ("AAAA", {"B": MASK}, "`type` is not one of `deanonymize_keep`, `decrypt`"),
        ("AAAA", {}, "an entity has no operator, and there is no `DEFAULT`"),
    ],
)
def test_what_cannot_be_turned_back_is_refused(
    asked: Asked, text: str, deanonymizers: dict[str, Any], message: str
) -> None:
    """An encrypted text of somebody else, or no operator for it."""
    body = {
        "text": text,
        "anonymizer_results": [{**ONE, "end": len(text)}],
        "deanonymizers": deanonymizers,
    }

    assert asked.post("/deanonymize", body) == (422, {"error": message})
