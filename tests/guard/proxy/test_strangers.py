"""What stands where an API does not have it: keys of other objects, pieces of texts, odd headers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from assaymark.guard.documents import with_values
from assaymark.guard.proxy.dialects import served_dialects
from assaymark.guard.proxy.forwarding import answer_headers, request_headers
from assaymark.guard.proxy.settings import UpstreamSettings

from .conftest import BLOCKS, CARD, MAIL, REDACTS, guard
from .fields import USER, anthropic, anthropic_stream, message_item, response, response_stream
from .in_process import Got, InProcess, Script
from .upstream import chat, chunk, event

LENIENT = "{uninspected: allow, input: [{detector: pii, do: redact}], output: [{detector: pii, do: redact}]}"
CHAT: dict[str, Any] = {"model": "m", "messages": USER}
MESSAGES: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": USER}


def sent_on(path: str, document: Any) -> str:
    """Return what an upstream gets of a request."""
    proxy = InProcess(guard())
    asyncio.run(proxy.ask(path, document, Script([b"{}"])))
    return json.dumps(proxy.upstreams.asked)


def answered(path: str, request: Any, document: Any) -> Got:
    """Return what a client gets of a whole answer."""
    return asyncio.run(
        InProcess(guard()).ask(path, request, Script([json.dumps(document).encode()]))
    )


def streamed(path: str, request: Any, events: list[Any], section: str = REDACTS) -> Got:
    """Return what a client gets of a stream."""
    script = Script([event(each) for each in events], kind="text/event-stream")
    return asyncio.run(InProcess(guard(section)).ask(path, {**request, "stream": True}, script))


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/v1/completions", {"model": "m", "prompt": "hi", "suffix": [MAIL]}),
        *(
            ("/v1/responses", {"model": "m", "input": [{**item, key: {"x": MAIL}}]})
            for item, keys in (
                ({"role": "user", "content": "hi"}, ("output", "arguments", "summary", "input")),
                ({"type": "function_call_output", "output": "hi"}, ("content", "arguments")),
                ({"type": "function_call", "arguments": "{}"}, ("content", "output")),
                ({"type": "reasoning", "summary": []}, ("output", "input")),
            )
            for key in keys
        ),
        *(
            (
                "/v1/messages",
                {**MESSAGES, "messages": [{"role": "user", "content": [{**block, key: {"x": MAIL}}]}]},
            )
            for block, keys in (
                ({"type": "text", "text": "hi"}, ("thinking", "input", "content", "source")),
                ({"type": "tool_use", "name": "x", "input": {}}, ("text", "content", "source")),
                ({"type": "tool_result", "tool_use_id": "t"}, ("text", "thinking", "input", "source")),
                ({"type": "redacted_thinking", "data": "aGk="}, ("text", "content")),
            )
            for key in keys
        ),
    ],
)  # fmt: skip
def test_a_key_of_another_object_is_judged_in_requests(path: str, document: Any) -> None:
    """A key that means a text in one object means nothing in another one, and is judged as JSON there."""
    sent = sent_on(path, document)

    assert "<EMAIL_ADDRESS>" in sent
    assert MAIL not in sent


@pytest.mark.parametrize(
    ("path", "request_", "document"),
    [
        ("/v1/chat/completions", CHAT, {"choices": [{"message": {"content": "hi"}, "delta": MAIL}]}),
        ("/v1/messages", MESSAGES, anthropic([{"type": "new_block", "text": MAIL}])),
        ("/v1/messages", MESSAGES, anthropic([{"type": "text", "text": "hi", "thinking": MAIL}])),
        ("/v1/messages", MESSAGES, anthropic([{"type": "tool_use", "input": {}, "text": [MAIL]}])),
        ("/v1/responses", {"model": "m", "input": "hi"}, response([{"type": "new", "text": MAIL}])),
    ],
)  # fmt: skip
def test_a_key_of_another_object_is_judged_in_answers(
    path: str, request_: Any, document: Any
) -> None:
    """Likewise in whole answers."""
    got = answered(path, request_, document)

    assert got.status == 200
    assert b"<EMAIL_ADDRESS>" in got.body
    assert MAIL.encode() not in got.body


@pytest.mark.parametrize(
    ("at", "change"),
    [
        (0, {"delta": {"text": MAIL}}),
        (1, {"message": MAIL}),
        (3, {"content_block": MAIL}),
        (3, {"delta": {"type": "text_delta", "text": "hi", "thinking": MAIL}}),
        (4, {"delta": {"text": MAIL}}),
        (5, {"delta": {"stop_reason": "end_turn", "text": MAIL}}),
    ],
)
def test_events_of_anthropic_have_one_part_each(at: int, change: dict[str, Any]) -> None:
    """What stands beside it is judged, even if another event has it."""
    delta = {"type": "text_delta", "text": "hi"}
    events = anthropic_stream({"type": "text", "text": ""}, [delta])
    events[at] = {**events[at], **change}

    got = streamed("/v1/messages", MESSAGES, events)

    assert b"<EMAIL_ADDRESS>" in got.body
    assert MAIL.encode() not in got.body


def test_a_message_beside_a_delta_is_judged() -> None:
    """Some servers say the whole message again in a stream."""
    events = [chunk({"content": "hi"}, "stop")]
    events[0]["choices"][0]["message"] = {"content": f"by {MAIL}"}

    got = streamed("/v1/chat/completions", CHAT, events)

    assert got.events[0]["choices"][0]["message"] == {"content": "by <EMAIL_ADDRESS>"}
    assert MAIL.encode() not in got.body


@pytest.mark.parametrize(("kind", "key"), [("delta", "text"), ("done", "delta")])
def test_an_event_of_responses_says_its_text_once(kind: str, key: str) -> None:
    """In pieces under `delta`, at the end under the key of the text; the other one is judged."""
    events = response_stream("message", "output_text", "response.output_text", ["hi"])
    (at,) = [n for n, e in enumerate(events) if e["type"] == f"response.output_text.{kind}"]
    events[at] = {**events[at], key: MAIL}

    got = streamed("/v1/responses", {"model": "m", "input": "hi"}, events)

    said = [e for e in got.events if e["type"] == f"response.output_text.{kind}" and key in e]
    assert said[-1][key] == "<EMAIL_ADDRESS>"
    assert MAIL.encode() not in got.body


def _chat(place: str) -> list[Any]:
    events = [chunk({"content": "hi "}) for _ in range(3)] + [chunk({}, "stop")]
    for n, each in enumerate(events[:3]):
        piece = MAIL[n * 7 : n * 7 + 7]
        if place == "event":
            each["note"] = piece
        elif place == "choice":
            each["choices"][0]["note"] = piece
        else:
            each["choices"][0]["delta"]["notes"] = [{"of": [piece]}]
    return events


def _message(kind: str) -> list[Any]:
    deltas = [{"type": kind, "of": MAIL[at : at + 7]} for at in (0, 7, 14)]
    return anthropic_stream({"type": "text", "text": ""}, deltas)


def _response() -> list[Any]:
    events = response_stream("message", "output_text", "response.output_text", ["a", "b", "c"])
    said = [each for each in events if each["type"] == "response.output_text.delta"]
    for n, each in enumerate(said):
        each["note"] = MAIL[n * 7 : n * 7 + 7]
    return events


@pytest.mark.parametrize(
    ("path", "request_", "events"),
    [
        *(("/v1/chat/completions", CHAT, _chat(place)) for place in ("event", "choice", "list")),
        ("/v1/messages", MESSAGES, _message("new_delta")),
        ("/v1/responses", {"model": "m", "input": "hi"}, _response()),
    ],
)
def test_pieces_of_a_text_that_nobody_knows_are_refused(
    path: str, request_: Any, events: list[Any]
) -> None:
    """The second one ends the stream, for each alone holds no value; a policy may let them pass."""
    refused = streamed(path, request_, events)
    passed = streamed(path, request_, events, LENIENT)

    assert b'"not_inspectable"' in refused.body
    assert MAIL[7:14].encode() not in refused.body
    assert b'"not_inspectable"' not in passed.body


def _extras(text: str, size: int) -> list[Any]:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    events = [
        chunk(
            {
                "content": "",
                "reasoning_details": [
                    {"type": "reasoning.text", "index": 0, "text": "so "},
                    {"type": "reasoning.text", "index": 1, "text": each, "signature": None},
                ],
                "thinking": each,
            }
        )
        for each in pieces
    ]
    return [*events, chunk({}, "stop")]


@pytest.mark.parametrize("size", [1, 7, 100])
def test_texts_that_only_some_servers_stream(size: int) -> None:
    """Details of reasoning and the like: judged like every other text, whatever they are called."""
    got = streamed("/v1/chat/completions", CHAT, _extras(f"by {MAIL}, he says", size))

    deltas = [each["choices"][0]["delta"] for each in got.events[:-1]]
    details = [one for each in deltas for one in each.get("reasoning_details", ())]
    said = "".join(one.get("text") or "" for one in details if one["index"] == 1)
    assert said == "by <EMAIL_ADDRESS>, he says"
    assert "".join(each.get("thinking") or "" for each in deltas) == said
    assert got.events[-1] == "[DONE]"


def test_a_text_that_only_some_servers_stream_is_blocked() -> None:
    """It ends its choice, as every other text does."""
    got = streamed("/v1/chat/completions", CHAT, _extras(f"by {MAIL}, he says", 5), BLOCKS)

    assert got.events[-2]["choices"][0]["finish_reason"] == "content_filter"
    assert MAIL[:4].encode() not in got.body


def test_a_text_under_a_key_that_may_not_pass() -> None:
    """The key is redacted, so nobody could put the text together."""
    got = streamed("/v1/chat/completions", CHAT, [chunk({"x": {MAIL: "hi there"}})])

    assert (got.status, got.json["error"]["code"]) == (502, "upstream_invalid")
    assert MAIL.encode() not in got.body


def test_a_value_under_a_key_that_may_not_pass() -> None:
    """Whatever is put back into a document, a key that was replaced does not come back with it."""
    document = {"a": {"<KEY>": 1}, "b": [1, 2]}

    assert with_values(document, {("a", MAIL): 2, ("b", 1): 3, ("c", "d"): 4}) == {
        "a": {"<KEY>": 1},
        "b": [1, 3],
    }


def test_what_is_said_again_or_comes_whole_passes() -> None:
    """A text that every event repeats, citations and annotations are no pieces."""
    note = {"type": "url_citation", "url_citation": {"title": "a", "at": "b"}}
    events = [chunk({"content": "hi ", "annotations": [note]}) for _ in range(2)]
    events.append(chunk({"annotations": [{**note, "title": "another one"}]}, "stop"))
    for each in events:
        each["citations"] = ["one", "two"]
    cited = [
        {"type": "citations_delta", "citation": {"cited_text": each}} for each in ("one", "two")
    ]

    chat_ = streamed("/v1/chat/completions", CHAT, [*events])
    message = streamed(
        "/v1/messages", MESSAGES, anthropic_stream({"type": "text", "text": ""}, cited)
    )

    assert all(each["citations"] == ["one", "two"] for each in chat_.events[:-1])
    assert b"another one" in chat_.body
    assert [each["delta"] for each in message.events if each["type"] == "content_block_delta"] == (
        cited
    )


def test_texts_that_come_twice_are_both_told() -> None:
    """An answer with one index for two choices: what was found in either is in the decision."""
    kept: list[Any] = []

    class Sink:
        async def ready(self) -> None:
            """It is."""

        async def record(self, decision: Any) -> None:
            kept.append(decision)

    both = chat(f"by {MAIL}", "nothing here")
    both["choices"][1]["index"] = 0
    proxy = InProcess(guard(), Sink())

    asyncio.run(proxy.ask("/v1/chat/completions", CHAT, Script([json.dumps(both).encode()])))

    assert "EMAIL_ADDRESS" in [each["entity"] for each in kept[0].findings]
    assert kept[0].verdict.name == "REDACT"


@pytest.mark.parametrize(
    ("name", "value", "passes"),
    [
        ("retry-after", "7", True),
        ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", True),
        ("retry-after", CARD, False),
        ("openai-model", "gpt-4o-mini-2024-07-18", True),
        ("openai-model", "my name is john", False),
        ("openai-model", "4111-1111-1111-1111", False),
        ("openai-processing-ms", "120", True),
        ("openai-version", "2020-10-01", True),
        ("x-ratelimit-remaining-tokens", "149984", True),
        ("x-ratelimit-reset-tokens", "6m0.5s", True),
        ("x-ratelimit-reset", "1741305600000", True),
        ("anthropic-ratelimit-tokens-reset", "2026-01-01T00:00:00Z", True),
        ("x-ratelimit-limit", "4111111111111111", False),
        ("x-ratelimit-limit", "123-45-6789", False),
        ("set-cookie", "a=b", False),
    ],
)
def test_headers_of_answers_look_like_what_they_are(name: str, value: str, passes: object) -> None:
    """Nothing judges them, so a value that is no count, moment or name stays behind."""
    assert bool(answer_headers({name: value})) is passes


@pytest.mark.parametrize(
    ("name", "value", "passes"),
    [
        ("anthropic-version", "2023-06-01", True),
        ("anthropic-version", CARD, False),
        ("anthropic-beta", "prompt-caching-2024-07-31, max-tokens-3-5-sonnet-2024-07-15", True),
        ("openai-beta", "assistants=v2", True),
        ("anthropic-beta", "123-45-6789", False),
        ("openai-beta", "John Smith", False),
    ],
)
def test_headers_of_requests_look_like_what_they_are(name: str, value: str, passes: object) -> None:
    """Likewise on their way to an upstream."""
    upstream = UpstreamSettings(name="u", url="http://localhost/v1")

    passed = request_headers(served_dialects()[0], {name: value}, upstream, forwards_keys=False)

    assert (name in passed) is passes


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (b"api-version=2024-10-21", 200),
        (b"api-version=2024-10-01-preview&beta=true", 200),
        (b"api-version=4111+1111+1111+1111", 400),
        (b"beta=john", 400),
    ],
)
def test_parameters_look_like_what_they_are(query: bytes, status: int) -> None:
    """Nothing judges them either."""
    from assaymark.guard.asgi.refusals import RefusedError
    from assaymark.guard.proxy.forwarding import target_of

    try:
        target_of(served_dialects()[0], query)
        got = 200
    except RefusedError as refused:
        got = refused.status

    assert got == status


def test_an_item_without_what_it_needs_is_still_judged() -> None:
    """A message item of an answer, with a key that belongs to a call."""
    item = {**message_item("hi"), "output": MAIL}

    got = answered("/v1/responses", {"model": "m", "input": "hi"}, response([item]))

    assert got.json["output"][0]["output"] == "<EMAIL_ADDRESS>"
