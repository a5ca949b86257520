"""Anthropic's real clients, both of them, with a guard inside, against a model on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import anthropic
import pytest
from anthropic import AsyncAnthropic

from assaymark.guard import Guard
from assaymark.integrations.openai_client import guarded_client
from guard.proxy.fields import anthropic as message
from guard.proxy.fields import anthropic_stream
from guard.proxy.upstream import Asked, Reply, Upstream, event, whole

from .conftest import CARD, MAIL

HIDDEN = "<EMAIL_ADDRESS>"
ASK: dict[str, Any] = {"model": "claude-x", "max_tokens": 64}
HI: list[Any] = [{"role": "user", "content": "hi"}]
TOOLS: list[Any] = [{"name": "send_mail", "input_schema": {"type": "object"}}]
USE = {"type": "tool_use", "id": "toolu_1", "name": "send_mail", "input": {"to": MAIL}}


def asked(
    guard: Guard,
    upstream: Upstream,
    ask: Callable[[AsyncAnthropic], Awaitable[Any]],
    answer: Callable[[Asked], Reply],
    entries: list[Any] | None = None,
) -> Any:
    """Return what `ask` returns of a guarded client."""

    async def run() -> Any:
        raw = AsyncAnthropic(base_url=upstream.url.removesuffix("/v1"), api_key="k", max_retries=2)
        log = (lambda _: None) if entries is None else entries.append
        async with guarded_client(raw, guard, log=log) as client:
            return await ask(client)

    upstream.answer = answer
    return asyncio.run(run())


def streams(blocks: Sequence[tuple[Any, Sequence[Any]]], stop: str = "end_turn") -> Reply:
    """Answer with blocks, each with its deltas."""
    documents: list[Any] = []
    for n, (start, deltas) in enumerate(blocks):
        one = anthropic_stream(start, deltas, stop)
        documents += [one[0]] if n == 0 else []
        documents += [{**each, "index": n} for each in one if "index" in each]
        documents += one[-2:] if n == len(blocks) - 1 else []
    return Reply([event(each) for each in documents], kind="text/event-stream")


def test_both_ways_are_redacted(guard: Guard, upstream: Upstream) -> None:
    """Texts, thinking and inputs of tools, in the request and in an answer that comes as a whole."""
    entries: list[Any] = []
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": f"sent {MAIL}"}
    thought = {"type": "thinking", "thinking": f"hm {MAIL}", "signature": "c2ln"}
    blocks = [thought, {"type": "text", "text": f"ask {MAIL}", "citations": None}, USE]

    async def ask(client: AsyncAnthropic) -> Any:
        turns: list[Any] = [
            {"role": "user", "content": f"I am {MAIL}"},
            {"role": "assistant", "content": [USE]},
            {"role": "user", "content": [result]},
        ]
        return await client.messages.create(**ASK, system=MAIL, tools=TOOLS, messages=turns)

    got = asked(guard, upstream, ask, lambda _: whole(message(blocks, "tool_use")), entries)

    (request,) = upstream.asked
    assert "@" not in json.dumps(request.body)
    assert json.dumps(request.body).count(HIDDEN) == 4
    shown = {request.headers.get("x-api-key"), request.headers.get("authorization")}
    assert shown & {"k", "Bearer k"}, "one or the other, as the version of the client has it"
    thinking, text, called = got.content
    assert (thinking.thinking, thinking.signature) == (f"hm {HIDDEN}", "c2ln")
    assert (text.text, called.input) == (f"ask {HIDDEN}", {"to": HIDDEN})
    (entry,) = entries
    assert (entry["api"], entry["outcome"]) == ("messages", "passed")
    assert (entry["request"]["verdict"], entry["response"]["verdict"]) == ("redact", "redact")


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_stream_is_redacted_however_it_is_cut(
    guard: Guard, upstream: Upstream, size: int
) -> None:
    """Thinking, text and the input of a tool, as the client's own helper puts them together."""

    def cut(kind: str, key: str, text: str) -> list[Any]:
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        return [{"type": kind, key: each} for each in pieces]

    blocks = [
        (
            {"type": "thinking", "thinking": "", "signature": ""},
            cut("thinking_delta", "thinking", f"hm {MAIL}, so"),
        ),
        ({"type": "text", "text": ""}, cut("text_delta", "text", f"Write to {MAIL}, now.")),
        (
            {**USE, "input": {}},
            cut("input_json_delta", "partial_json", json.dumps({"to": MAIL, "n": 1})),
        ),
    ]
    shown: list[str] = []

    async def ask(client: AsyncAnthropic) -> Any:
        async with client.messages.stream(**ASK, messages=HI, tools=TOOLS) as stream:
            shown.extend([each async for each in stream.text_stream])
            return await stream.get_final_message()

    got = asked(guard, upstream, ask, lambda _: streams(blocks, "tool_use"))

    thinking, text, called = got.content
    assert thinking.thinking == f"hm {HIDDEN}, so"
    assert text.text == "".join(shown) == f"Write to {HIDDEN}, now."
    assert called.input == {"to": HIDDEN, "n": 1}
    assert got.stop_reason == "tool_use"


def test_raw_events_are_those_of_the_api(guard: Guard, upstream: Upstream) -> None:
    """Without the helper: the same kinds in the same order."""
    deltas = [{"type": "text_delta", "text": each} for each in ("to jo", "hn@example.com", " ok")]

    async def ask(client: AsyncAnthropic) -> list[Any]:
        return [
            each async for each in await client.messages.create(**ASK, messages=HI, stream=True)
        ]

    got = asked(guard, upstream, ask, lambda _: streams([({"type": "text", "text": ""}, deltas)]))

    kinds = [each.type for each in got]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    texts = [each.delta.text for each in got if each.type == "content_block_delta"]
    assert "".join(texts) == f"to {HIDDEN} ok"


def test_a_blocked_request_is_not_sent_nor_tried_again(guard: Guard, upstream: Upstream) -> None:
    """It is the error that clients know."""
    card: list[Any] = [{"role": "user", "content": CARD}]

    async def ask(client: AsyncAnthropic) -> Any:
        with pytest.raises(anthropic.BadRequestError) as caught:
            await client.messages.create(**ASK, messages=card)
        with pytest.raises(anthropic.BadRequestError) as streamed:
            async with client.messages.stream(**ASK, messages=card):
                pass
        return caught.value.body, streamed.value.body

    bodies = asked(guard, upstream, ask, lambda _: whole(message([])))

    assert [each["error"]["code"] for each in bodies] == ["content_filter"] * 2
    assert upstream.asked == []


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_blocked_answer_is_a_refusal(
    guard: Guard, upstream: Upstream, *, is_streamed: bool
) -> None:
    """It ends where it is blocked, and nothing stands behind it."""
    deltas = [{"type": "text_delta", "text": each} for each in ("pay 4111 11", "11 1111 1111, ok")]
    blocks = [{"type": "text", "text": f"pay {CARD}, ok"}, {"type": "text", "text": "more"}]

    async def ask(client: AsyncAnthropic) -> Any:
        if not is_streamed:
            return await client.messages.create(**ASK, messages=HI)
        async with client.messages.stream(**ASK, messages=HI) as stream:
            return await stream.get_final_message()

    got = asked(
        guard,
        upstream,
        ask,
        lambda _: (
            streams([({"type": "text", "text": ""}, deltas)])
            if is_streamed
            else whole(message(blocks))
        ),
    )

    assert got.stop_reason == "refusal"
    assert [each.text for each in got.content] == ["pay "]


def test_what_nothing_can_judge_is_refused(guard: Guard, upstream: Upstream) -> None:
    """Counting tokens, batches and lists of models are not sent."""

    async def ask(client: AsyncAnthropic) -> list[Any]:
        found = []
        calls: list[Callable[[], Awaitable[Any]]] = [
            lambda: client.messages.count_tokens(model="m", messages=HI),
            client.messages.batches.list,
            client.models.list,
        ]
        for call in calls:
            with pytest.raises(anthropic.BadRequestError) as caught:
                await call()
            found.append(caught.value.body)
        return found

    bodies: Any = asked(guard, upstream, ask, lambda _: whole(message([])))

    assert [each["error"]["code"] for each in bodies] == ["not_inspectable"] * 3
    assert upstream.asked == []
