"""Anthropic's messages through the proxy, with Anthropic's own client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import pytest

from .conftest import BLOCKS, CARD, MAIL, Kept, Serve
from .fields import anthropic as message
from .fields import anthropic_stream
from .upstream import Reply, Upstream, event, events, whole

Client = Callable[..., anthropic.Anthropic]
ASK: dict[str, Any] = {"model": "claude-x", "max_tokens": 64}
HI: list[Any] = [{"role": "user", "content": "hi"}]
TOOLS: list[Any] = [{"name": "send_mail", "input_schema": {"type": "object"}}]


@pytest.fixture
def client(serve: Serve) -> Iterator[Client]:
    """Anthropic's client, which does not try again."""
    made: list[anthropic.Anthropic] = []

    def client(*arguments: Any, **options: Any) -> anthropic.Anthropic:
        url = serve(*arguments, **options).url
        made.append(anthropic.Anthropic(api_key="sk-test", base_url=url, max_retries=0))
        return made[-1]

    yield client
    for each in made:
        each.close()


def test_every_text_of_a_request(client: Client, upstream: Upstream, kept: Kept) -> None:
    """System prompt, blocks, inputs and results of tools, documents, thinking: all are redacted."""
    upstream.answer = lambda _: whole(message([{"type": "text", "text": "ok"}]))
    text = {"type": "text", "text": f"block {MAIL}", "cache_control": {"type": "ephemeral"}}
    use = {"type": "tool_use", "id": "toolu_1", "name": "send_mail", "input": {"to": MAIL}}
    thought = {"type": "thinking", "thinking": f"hm {MAIL}", "signature": "c2ln"}
    results = [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": f"sent {MAIL}"},
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": [text]},
    ]
    source = {"type": "text", "media_type": "text/plain", "data": f"page {MAIL}"}
    document = {"type": "document", "source": source, "title": f"by {MAIL}"}

    client().messages.create(
        **ASK,
        system=[{"type": "text", "text": f"serve {MAIL}"}],
        tools=TOOLS,
        metadata={"user_id": MAIL},
        messages=[
            {"role": "user", "content": [text, document]},  # type: ignore[list-item]
            {"role": "assistant", "content": [thought, use]},  # type: ignore[list-item]
            {"role": "user", "content": results},  # type: ignore[list-item]
        ],
    )

    (asked,) = upstream.asked
    sent = json.dumps(asked.body)
    assert "@" not in sent
    assert sent.count("<EMAIL_ADDRESS>") == 9
    first, second, third = asked.body["messages"]
    assert first["content"][0]["cache_control"] == {"type": "ephemeral"}
    assert second["content"][1]["input"] == {"to": "<EMAIL_ADDRESS>"}
    assert third["content"][0]["content"] == "sent <EMAIL_ADDRESS>"
    assert asked.headers["x-api-key"] == "sk-up"
    assert asked.headers["anthropic-version"]
    assert {each["field"] for each in kept.decisions[0].to_plain()["findings"]} >= {
        "/messages/0/content/0/text",
        "/messages/1/content/1/input#/*",
        "/system/0/text",
    }


def test_an_image_is_named(client: Client, upstream: Upstream, kept: Kept) -> None:
    """Nothing reads it, so it is refused, or passes and is told."""
    upstream.answer = lambda _: whole(message([{"type": "text", "text": "ok"}]))
    source = {"type": "base64", "media_type": "image/png", "data": "aGk="}
    messages: list[Any] = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    lenient = "{uninspected: allow, input: [{detector: pii, do: redact}]}"

    with pytest.raises(anthropic.BadRequestError) as caught:
        client().messages.create(**ASK, messages=messages)
    passed = client(lenient).messages.with_raw_response.create(**ASK, messages=messages)

    assert caught.value.body["error"]["code"] == "not_inspectable"  # type: ignore[index]
    assert passed.headers["assaymark-unjudged"] == "request=fields"
    assert upstream.asked[0].body["messages"] == messages


def test_a_blocked_request(client: Client, upstream: Upstream) -> None:
    """It is an error in the form of this API."""
    with pytest.raises(anthropic.BadRequestError) as caught:
        client().messages.create(**ASK, messages=[{"role": "user", "content": f"pay {CARD}"}])

    body: Any = caught.value.body
    assert body["type"] == "error"
    assert body["error"] == {
        "type": "invalid_request_error",
        "message": "the request was blocked by the policy",
        "code": "content_filter",
    }
    assert body["request_id"] == caught.value.response.headers["request-id"]
    assert upstream.asked == []


@pytest.mark.parametrize(
    ("status", "kind"), [(429, "rate_limit_error"), (500, "api_error"), (529, "overloaded_error")]
)
def test_an_error_that_holds_what_is_blocked(
    client: Client, upstream: Upstream, status: int, kind: str
) -> None:
    """It keeps its status, and is of the type that this API has for it."""
    upstream.answer = lambda _: whole({"type": "error", "error": {"message": MAIL}}, status=status)

    with pytest.raises(anthropic.APIStatusError) as caught:
        client(BLOCKS).messages.create(**ASK, messages=HI)

    body: Any = caught.value.body
    assert caught.value.status_code == status
    assert body["error"] == {
        "type": kind,
        "message": "the upstream failed; the policy blocks its words",
        "code": "upstream_error",
    }


def test_an_answer_of_blocks(client: Client, upstream: Upstream) -> None:
    """Text, thinking, and what goes to a tool."""
    use = {"type": "tool_use", "id": "toolu_1", "name": "send_mail", "input": {"to": MAIL}}
    thought = {"type": "thinking", "thinking": f"hm {MAIL}", "signature": "c2ln"}
    blocks = [thought, {"type": "text", "text": f"ask {MAIL}", "citations": None}, use]
    upstream.answer = lambda _: whole(message(blocks, "tool_use"))

    got = client().messages.create(**ASK, messages=HI, tools=TOOLS)

    assert got.stop_reason == "tool_use"
    thinking, text, called = got.content
    assert thinking.thinking == "hm <EMAIL_ADDRESS>"  # type: ignore[union-attr]
    assert thinking.signature == "c2ln"  # type: ignore[union-attr]
    assert text.text == "ask <EMAIL_ADDRESS>"  # type: ignore[union-attr]
    assert called.input == {"to": "<EMAIL_ADDRESS>"}  # type: ignore[union-attr]


def test_the_clients_own_stream(client: Client, upstream: Upstream) -> None:
    """What its helper puts together is the redacted message."""
    deltas = [
        {"type": "text_delta", "text": each} for each in ["Write to jo", "hn@exam", "ple.com."]
    ]
    upstream.answer = lambda _: Reply(
        [event(each) for each in anthropic_stream({"type": "text", "text": ""}, deltas)],
        kind="text/event-stream",
    )

    with client().messages.stream(**ASK, messages=HI) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()

    assert text == "Write to <EMAIL_ADDRESS>."
    assert final.content[0].text == text  # type: ignore[union-attr]
    assert final.stop_reason == "end_turn"


def test_a_streamed_call(client: Client, upstream: Upstream) -> None:
    """Its input is redacted, wherever it is cut."""
    start = {"type": "tool_use", "id": "toolu_1", "name": "send_mail", "input": {}}
    deltas = [{"type": "input_json_delta", "partial_json": c} for c in json.dumps({"to": MAIL})]
    upstream.answer = lambda _: Reply(
        [event(each) for each in anthropic_stream(start, deltas, "tool_use")],
        kind="text/event-stream",
    )

    with client().messages.stream(**ASK, messages=HI, tools=TOOLS) as stream:
        final = stream.get_final_message()

    assert final.content[0].input == {"to": "<EMAIL_ADDRESS>"}  # type: ignore[union-attr]


@pytest.mark.parametrize("streams", [False, True])
def test_a_blocked_answer_is_a_refusal(
    client: Client, upstream: Upstream, *, streams: bool
) -> None:
    """It ends where it is blocked, and nothing stands behind it."""
    deltas = [{"type": "text_delta", "text": each} for each in ["Dear jo", "hn@example.com, yes"]]
    blocks = [{"type": "text", "text": f"Dear {MAIL}, yes"}, {"type": "text", "text": "more"}]
    upstream.answer = lambda _: (
        Reply(
            [event(each) for each in anthropic_stream({"type": "text", "text": ""}, deltas)],
            kind="text/event-stream",
        )
        if streams
        else whole(message(blocks))
    )
    asking = client(BLOCKS).messages

    if streams:
        with asking.stream(**ASK, messages=HI) as stream:
            got = stream.get_final_message()
    else:
        got = asking.create(**ASK, messages=HI)

    assert got.stop_reason == "refusal"
    assert [each.text for each in got.content] == ["Dear "]  # type: ignore[union-attr]


def test_a_blocked_call_is_not_made(client: Client, upstream: Upstream) -> None:
    """Nothing of it is left in a whole answer."""
    use = {"type": "tool_use", "id": "toolu_1", "name": "send_mail", "input": {"to": MAIL}}
    upstream.answer = lambda _: whole(message([{"type": "text", "text": "ok"}, use], "tool_use"))

    got = client(BLOCKS).messages.create(**ASK, messages=HI, tools=TOOLS)

    assert got.stop_reason == "refusal"
    assert [each.type for each in got.content] == ["text"]


def read(asking: anthropic.Anthropic) -> tuple[str, anthropic.APIStatusError]:
    """Return what a stream says before its error, and the error."""
    text = ""
    try:
        with asking.messages.stream(**ASK, messages=HI) as stream:
            for each in stream.text_stream:
                text += each
    except anthropic.APIStatusError as error:
        return text, error
    pytest.fail("the stream ended well")


@pytest.mark.parametrize("then", ["die", "end"])
def test_a_stream_that_breaks_off(client: Client, upstream: Upstream, then: str) -> None:
    """It ends with this API's own event of an error; what was held is not released."""
    deltas = [{"type": "text_delta", "text": "Hello, I am jo"}]
    begun = anthropic_stream({"type": "text", "text": ""}, deltas)[:-3]
    upstream.answer = lambda _: Reply(
        [event(each) for each in begun], kind="text/event-stream", then=then
    )

    text, caught = read(client())

    assert text == "Hello, I "
    assert caught.body["error"]["code"].startswith("upstream_")  # type: ignore[index]


def test_events_that_nobody_knows_are_judged(client: Client, upstream: Upstream) -> None:
    """What an API gets tomorrow is not passed over."""
    stream = anthropic_stream({"type": "text", "text": ""}, [{"type": "text_delta", "text": "hi"}])
    citation = {"type": "citations_delta", "citation": {"cited_text": f"says {MAIL}"}}
    stream.insert(4, {"type": "content_block_delta", "index": 0, "delta": citation})
    stream.insert(4, {"type": "brand_new", "delta": {"note": MAIL}})
    upstream.answer = lambda _: events(stream, done=False)

    with client().messages.with_streaming_response.create(**ASK, messages=HI, stream=True) as got:
        data = got.read().decode()

    assert MAIL not in data
    assert data.count("<EMAIL_ADDRESS>") == 2


def test_the_asynchronous_client(serve: Serve, upstream: Upstream) -> None:
    """Whole, in pieces with a call of a tool, and blocked, as Anthropic's other client sees it."""
    blocks = [{"type": "text", "text": f"ask {MAIL}"}]
    deltas = [{"type": "input_json_delta", "partial_json": c} for c in json.dumps({"to": MAIL})]
    start = {"type": "tool_use", "id": "toolu_1", "name": "send_mail", "input": {}}
    url = serve().url

    async def ask() -> tuple[Any, Any, Any]:
        async with anthropic.AsyncAnthropic(api_key="k", base_url=url, max_retries=0) as client:
            upstream.answer = lambda _: whole(message(blocks))
            one = await client.messages.create(**ASK, messages=[{"role": "user", "content": MAIL}])
            upstream.answer = lambda _: Reply(
                [event(each) for each in anthropic_stream(start, deltas, "tool_use")],
                kind="text/event-stream",
            )
            async with client.messages.stream(**ASK, messages=HI, tools=TOOLS) as stream:
                called = await stream.get_final_message()
            with pytest.raises(anthropic.BadRequestError) as caught:
                await client.messages.create(**ASK, messages=[{"role": "user", "content": CARD}])
            return one, called, caught.value.body

    one, called, refused = asyncio.run(ask())

    assert upstream.asked[0].body["messages"][0]["content"] == "<EMAIL_ADDRESS>"
    assert one.content[0].text == "ask <EMAIL_ADDRESS>"
    assert called.content[0].input == {"to": "<EMAIL_ADDRESS>"}
    assert refused["error"]["code"] == "content_filter"


@pytest.mark.parametrize("streams", [False, True])
def test_a_blocked_call_is_never_one_that_may_be_made(
    client: Client, upstream: Upstream, *, streams: bool
) -> None:
    """Half of its input is an input, too, so nothing of it is left, whole or streamed."""
    value = {"note": "x", "to": MAIL}
    start = {"type": "tool_use", "id": "toolu_1", "name": "send_mail", "input": {}}
    deltas = [{"type": "input_json_delta", "partial_json": c} for c in json.dumps(value)]
    upstream.answer = lambda _: (
        Reply(
            [event(each) for each in anthropic_stream(start, deltas, "tool_use")],
            kind="text/event-stream",
        )
        if streams
        else whole(message([{**start, "input": value}], "tool_use"))
    )
    asking = client(BLOCKS).messages

    if streams:
        with asking.stream(**ASK, messages=HI, tools=TOOLS) as stream:
            got = stream.get_final_message()
    else:
        got = asking.create(**ASK, messages=HI, tools=TOOLS)

    assert got.stop_reason == "refusal"
    assert got.content == []


def test_calls_stream_where_no_rule_blocks_them(client: Client, upstream: Upstream) -> None:
    """They are held until they are whole only where something may block them."""
    start = {"type": "tool_use", "id": "toolu_1", "name": "send_mail", "input": {}}
    deltas = [{"type": "input_json_delta", "partial_json": c} for c in '{"note": "a b c"}']
    begun = anthropic_stream(start, deltas, "tool_use")
    upstream.answer = lambda _: Reply(
        [event(each) for each in begun[:-3]], kind="text/event-stream", then="hang"
    )

    pieces = []
    with client().messages.create(**ASK, messages=HI, tools=TOOLS, stream=True) as stream:
        for each in stream:
            if each.type == "content_block_delta":
                pieces.append(each.delta.partial_json)  # type: ignore[union-attr]
            if "".join(pieces).startswith('{"note": "a '):
                break

    assert not "".join(pieces).endswith("}")
