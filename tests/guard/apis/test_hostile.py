"""Bytes that are no request: each API refuses them in its own form, without a word of what they hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import JSON, Asked, MakeAsked

POSTS = (
    "/v1/check",
    "/v1/moderations",
    "/analyze",
    "/anonymize",
    "/deanonymize",
    "/beta/litellm_basic_guardrail_api",
    "/guards/output/validate",
    "/analyze/prompt",
    "/analyze/output",
    "/scan/prompt",
    "/scan/output",
)
CANARY = "zebra-4711"
HOSTILE = {
    "nothing": b"",
    "no JSON": b"{'text': 'zebra-4711'}",
    "no UTF-8": b'{"text": "zebra-4711 \xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"text": "zebra-4711"}',
    "a key twice": b'{"zebra-4711": 1, "zebra-4711": 2}',
    "half a surrogate pair": b'{"text": "zebra-4711 \\ud800"}',
    "deep nesting": b'{"text": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "nesting just too deep": b'{"text": ' + b"[" * 40 + b"]" * 40 + b"}",
    "a huge number": b'{"text": ' + b"9" * 5_000 + b"}",
    "an infinite number": b'{"text": 1e999}',
    "not a number": b'{"text": NaN}',
    "two documents": b"{}{}",
    "a list": b'["zebra-4711"]',
    "a text": b'"zebra-4711"',
    "null": b"null",
    "wrong types": json.dumps(
        {
            key: {CANARY: [CANARY]}
            for key in (
                *("text", "input", "prompt", "output", "texts"),
                *("llmOutput", "messages", "input_type"),
            )
        }
    ).encode(),
}


def error_of(path: str, answer: Any) -> str:
    """The message, taken from where the API at `path` has it."""
    if path.startswith("/v1/"):
        assert set(answer) == {"error"}
        assert set(answer["error"]) == {"message", "type", "param", "code"}
        return str(answer["error"]["message"])
    if path.startswith("/guards/"):
        assert set(answer) == {"status_code", "detail"}
        return str(answer["detail"])
    if path.startswith(("/analyze/", "/scan/")):
        assert set(answer) == {"message", "details"}
        return str(answer["message"])
    assert set(answer) == {"error"}
    return str(answer["error"])


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_in_the_form_of_the_api(asked: Asked, path: str, name: str) -> None:
    """With a status of the client's, quickly, and quoting nothing."""
    reply = asked.reply("POST", path, HOSTILE[name])

    assert 400 <= reply.status < 500
    assert reply.headers["content-type"] == "application/json"
    assert CANARY.encode() not in reply.body
    assert error_of(path, json.loads(reply.body))


@pytest.mark.parametrize("path", POSTS)
def test_what_is_too_long_is_not_read(ask: MakeAsked, path: str) -> None:
    """Whatever it is."""
    asked = ask("{input: [{detector: secrets, do: block}]}", cap=1_000)

    reply = asked.reply("POST", path, b"x" * 1_001)

    assert reply.status == 413
    assert error_of(path, json.loads(reply.body)) == "the request has more than 1,000 bytes"


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_what_a_page_of_another_site_could_send_is_refused(
    asked: Asked, path: str, kind: str
) -> None:
    """A browser asks before it sends JSON, and nobody here answers."""
    headers = {"content-type": kind} if kind else {}

    reply = asked.reply("POST", path, b'{"text": "a"}', headers=headers)

    assert reply.status == 415
    assert error_of(path, json.loads(reply.body)) == "the content type is not `application/json`"


_KEYS = st.sampled_from(
    (
        *("text", "language", "entities", "analyzer_results", "anonymizers", "deanonymizers"),
        *("input", "prompt", "output", "texts", "llmOutput", "messages", "input_type", "document"),
        *("anonymizer_results", "ad_hoc_recognizers", "structured_messages", "tools", "tool_calls"),
        *("start", "end", "score", "entity_type", "type", "role", "content", "function", "DEFAULT"),
    )
)
_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=("Cs",)), max_size=12),
        st.sampled_from(["en", "request", "response", "user", "text", "mask", "image_url"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=5)),
    max_leaves=20,
)


@settings(max_examples=400)
@given(st.sampled_from(POSTS), st.dictionaries(_KEYS, _VALUES, max_size=8))
def test_any_document_has_an_answer(asked: Asked, path: str, document: dict[str, Any]) -> None:
    """None brings a handler down."""
    reply = asked.reply("POST", path, json.dumps(document).encode(), headers=JSON)

    assert reply.status in (200, 400, 403, 422)
    assert json.loads(reply.body) is not None
