"""Answers that break off at any place, or hold what nobody expects, through the application itself."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from assaymark.guard.apis import apis
from assaymark.guard.apis.contract import Api
from assaymark.guard.proxy.application import ProxyApplication

from .conftest import CARD, MAIL, REDACTS, Kept, guard
from .fields import FIELDS, USER, anthropic_stream, message_item, response
from .in_process import Got, InProcess, Script
from .upstream import chat, chunk, event

LENIENT = "{uninspected: allow, input: [{detector: pii, do: redact}], output: [{detector: pii, do: redact}]}"


def ask(path: str, document: Any, script: Script, section: str = REDACTS) -> Got:
    """Send one request."""
    return asyncio.run(InProcess(guard(section)).ask(path, document, script))


def stream(pieces: list[bytes]) -> Script:
    """Answer with a stream."""
    return Script(pieces, kind="text/event-stream")


@pytest.mark.parametrize("name", FIELDS)
def test_a_stream_may_end_anywhere(name: str) -> None:
    """After any of its events: it ends with an error of its API, and nothing of a value has left."""
    field = FIELDS[name]
    pieces = (
        ['{"to": "jo', "hn@exam", 'ple.com"}']
        if field.is_json
        else ["Hi jo", "hn@exam", "ple.com so"]
    )
    events = field.stream(pieces)

    for count in range(len(events)):
        got = ask(field.path, {**field.request, "stream": True}, stream(events[:count]))
        assert b"upstream_invalid" in got.body or b"[DONE]" in got.body or count == 0
        assert b"@" not in got.body
        assert b"hn@" not in got.body
        assert b"internal_error" not in got.body


@pytest.mark.parametrize("name", FIELDS)
def test_a_stream_may_be_of_another_api(name: str) -> None:
    """Events of each API where another one is expected are no answer, and no fault of ours."""
    field = FIELDS[name]
    for other in FIELDS.values():
        if other.path != field.path:
            text = "{}" if other.is_json else f"by {MAIL}"
            got = ask(field.path, {**field.request, "stream": True}, stream(other.stream([text])))
            assert MAIL.encode() not in got.body
            assert b"internal_error" not in got.body


def test_whatever_is_raised_says_nothing(caplog: pytest.LogCaptureFixture, kept: Kept) -> None:
    """A fault of ours is an error without what was raised, which may quote the request."""

    class Broken:
        def guard_for(self, _headers: Any) -> Any:
            raise RuntimeError(MAIL)

    caplog.set_level(logging.INFO)
    proxy = InProcess(guard())
    none: Any = proxy.upstreams
    proxy.app = ProxyApplication(proxy.app._dialects.values(), none, Broken())  # type: ignore[arg-type]

    got = asyncio.run(proxy.ask("/v1/chat/completions", {"messages": USER}, Script([b"{}"])))

    assert (got.status, got.json["error"]["code"]) == (500, "internal_error")
    assert MAIL not in got.body.decode() + caplog.text
    assert "RuntimeError at test_broken.py" in caplog.text


def test_a_fault_in_an_api_of_the_guard(caplog: pytest.LogCaptureFixture, kept: Kept) -> None:
    """Likewise; servers write what is raised out of an application to their logs, so nothing is."""

    async def broken(_call: Any) -> Any:
        raise RuntimeError(MAIL)

    caplog.set_level(logging.INFO)
    proxy = InProcess(guard())
    none: Any = proxy.upstreams
    proxy.app = ProxyApplication(
        proxy.app._dialects.values(),  # type: ignore[arg-type]
        none,
        proxy.app.source,
        sink=kept,
        contracts=lambda _: [Api(method="POST", path="/v1/own", answer=broken)],
    )

    got = asyncio.run(proxy.ask("/v1/own", {}, Script([])))

    assert (got.status, got.json["error"]["code"]) == (500, "internal_error")
    assert MAIL not in got.body.decode() + caplog.text
    assert "RuntimeError at test_broken.py" in caplog.text
    assert [each.outcome for each in kept.decisions] == ["internal_error"]


@pytest.mark.parametrize("length", ["9" * 5_000, "1048577"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/check"])
def test_a_length_that_no_body_has(path: str, length: str) -> None:
    """Python reads no number of thousands of digits; it is too large all the same."""
    proxy = InProcess(guard())
    proxy.app = ProxyApplication(
        proxy.app._dialects.values(),  # type: ignore[arg-type]
        proxy.upstreams,  # type: ignore[arg-type]
        proxy.app.source,
        contracts=apis,
    )

    got = asyncio.run(proxy.ask(path, {}, Script([]), [(b"content-length", length.encode())]))

    assert (got.status, got.json["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("path", "document"),
    [
        (
            "/v1/chat/completions",
            chat({"role": "assistant", "content": [{"type": "chart", "text": "hi"}]}),
        ),
        ("/v1/chat/completions", chat({"role": "assistant", "audio": {"id": "a", "data": "aGk="}})),
    ],
)
def test_parts_of_answers_that_nothing_reads(path: str, document: Any) -> None:
    """They are refused, or pass where the policy says so, and are named."""
    script = Script([json.dumps(document).encode()])

    refused = ask(path, FIELDS["chat content"].request, script)
    passed = ask(path, FIELDS["chat content"].request, script, LENIENT)

    assert (refused.status, refused.json["error"]["code"]) == (502, "not_inspectable")
    assert passed.status == 200
    assert passed.headers["assaymark-unjudged"] == "response=fields"


def test_events_that_nobody_knows() -> None:
    """Of responses: judged as they are, or, where they hold pieces of something, refused."""
    known = [
        {"type": "response.created", "response": {**response([]), "status": "in_progress"}},
        {"type": "response.web_search_call.searching", "note": f"by {MAIL}"},
    ]
    last = {"type": "response.completed", "response": response([message_item("ok")])}
    piece = {"type": "response.new_thing.delta", "delta": "jo"}
    request = {"model": "m", "input": "hi", "stream": True}

    judged = ask("/v1/responses", request, stream([event(each) for each in [*known, last]]))
    refused = ask("/v1/responses", request, stream([event(each) for each in [*known, piece, last]]))
    passed = ask(
        "/v1/responses", request, stream([event(each) for each in [*known, piece, last]]), LENIENT
    )

    assert [each["type"] for each in judged.events] == [*(e["type"] for e in known), last["type"]]
    assert judged.events[1]["note"] == "by <EMAIL_ADDRESS>"
    assert refused.events[-1]["code"] == "not_inspectable"
    assert [each["type"] for each in passed.events][-2:] == [piece["type"], last["type"]]
    assert MAIL.encode() not in judged.body + refused.body + passed.body


def test_a_part_that_is_blocked_ends_the_stream() -> None:
    """What stands beside the texts may not pass either."""
    section = "{output: [{detector: pii, do: block, entities: [CREDIT_CARD]}]}"
    request = {"model": "m", "messages": USER, "stream": True}
    events = [event(chunk({"content": "Hello there, you"})), event({**chunk({}), "note": CARD})]

    got = ask("/v1/chat/completions", request, stream(events), section)

    assert got.events[-2]["error"]["code"] == "content_filter"
    assert got.events[-1] == "[DONE]"
    assert CARD.encode() not in got.body


def test_anthropic_events_that_do_not_fit() -> None:
    """Pieces without a block, of another kind than their block, or a block that has begun already."""
    text = {"type": "text_delta", "text": "hi"}
    start = {"type": "text", "text": ""}
    request = {"model": "m", "max_tokens": 5, "messages": USER, "stream": True}
    fits = anthropic_stream(start, [text])
    spoiled = [
        [fits[0], *fits[2:]],
        anthropic_stream({"type": "tool_use", "id": "t", "name": "x", "input": {}}, [text]),
        anthropic_stream({"type": "tool_use", "id": "t", "name": "x", "input": {"a": 1}}, []),
        anthropic_stream(start, [{"type": "new_delta", "text": "hi"}]),
        [{"type": "message_start", "message": {"content": [start]}}],
    ]

    for events in spoiled:
        got = ask("/v1/messages", request, stream([event(each) for each in events]))
        assert b"upstream_invalid" in got.body
