"""Calls of tools through the proxy, with OpenAI's own clients: arguments, results, names, async."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import openai
import pytest

from guard.conftest import guard_of

from .conftest import MAIL, Client, Kept, Serve
from .fields import USER
from .upstream import Upstream, chat, chunk, events, whole

TOOLS: list[Any] = [
    {"type": "function", "function": {"name": "send_mail", "parameters": {"type": "object"}}}
]


def call(name: str, arguments: str, index: int | None = None) -> dict[str, Any]:
    """One call of a tool."""
    function = {"name": name, "arguments": arguments}
    place = {} if index is None else {"index": index}
    return {**place, "id": f"call_{index}", "type": "function", "function": function}


def test_a_loop_of_calls(client: Client, upstream: Upstream) -> None:
    """What a model sends to a tool is redacted, and what the tool sends back."""
    called = {
        "role": "assistant",
        "content": None,
        "tool_calls": [call("send_mail", json.dumps({"to": MAIL}))],
    }
    upstream.answer = lambda _: whole(chat(called, reason="tool_calls"))
    asking = client().chat.completions

    first = asking.create(model="m", messages=USER, tools=TOOLS).choices[0].message
    asking.create(
        model="m",
        messages=[
            *USER,
            first.model_dump(exclude_none=True),  # type: ignore[list-item]
            {"role": "tool", "tool_call_id": "call_None", "content": f"sent to {MAIL}"},
        ],
        tools=TOOLS,
    )

    assert first.tool_calls is not None
    assert json.loads(first.tool_calls[0].function.arguments) == {"to": "<EMAIL_ADDRESS>"}  # type: ignore[union-attr]
    sent = upstream.asked[1].body["messages"]
    assert sent[2]["content"] == "sent to <EMAIL_ADDRESS>"
    assert sent[1]["tool_calls"][0]["function"]["name"] == "send_mail"


def test_calls_in_turns_are_put_together(client: Client, upstream: Upstream) -> None:
    """Two calls whose arguments are mixed, cut within a value and an escape; with the client's own helper."""
    one, two = json.dumps({"to": MAIL}), '{"to": "x\\u0040y.org", "n": 4}'
    upstream.answer = lambda _: events(
        [
            chunk({"role": "assistant", "tool_calls": [call("send_mail", "", 0)]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": one[:12]}}]}),
            chunk({"tool_calls": [call("send_mail", two[:11], 1)]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": one[12:]}}]}),
            chunk({"tool_calls": [{"index": 1, "function": {"arguments": two[11:]}}]}),
            chunk({}, "tool_calls"),
        ]
    )

    with client().chat.completions.stream(model="m", messages=USER, tools=TOOLS) as stream:
        calls = stream.get_final_completion().choices[0].message.tool_calls

    assert calls is not None
    assert [json.loads(each.function.arguments) for each in calls] == [
        {"to": "<EMAIL_ADDRESS>"},
        {"to": "<EMAIL_ADDRESS>", "n": 4},
    ]


@pytest.mark.parametrize("streams", [False, True])
def test_a_name_that_was_not_declared_is_a_text(
    client: Client, upstream: Upstream, *, streams: bool
) -> None:
    """A model that writes a value into the name of a tool sends it nowhere."""
    upstream.answer = lambda _: (
        events([chunk({"tool_calls": [call(MAIL, "{}", 0)]}), chunk({}, "tool_calls")])
        if streams
        else whole(chat({"role": "assistant", "tool_calls": [call(MAIL, "{}")]}))
    )

    got = client().chat.completions.create(model="m", messages=USER, tools=TOOLS, stream=streams)

    parts = [each.choices[0].delta for each in got] if streams else [got.choices[0].message]  # type: ignore[union-attr]
    names = [each.function.name or "" for part in parts for each in part.tool_calls or []]  # type: ignore[union-attr]
    assert "".join(names) == "<EMAIL_ADDRESS>"


def test_many_async_requests_are_not_mixed(serve: Serve, upstream: Upstream, kept: Kept) -> None:
    """Each client gets its own answer, and every request is recorded once."""
    served = serve()
    upstream.answer = lambda asked: events(
        [chunk({"content": each}) for each in f"echo {asked.body['user']} {MAIL}"]
        + [chunk({}, "stop")]
    )

    async def ask(asking: Any, marker: str) -> str:
        stream = await asking.create(model="m", messages=USER, user=marker, stream=True)
        return "".join([each.choices[0].delta.content or "" async for each in stream])

    async def ask_all() -> list[str]:
        url = f"{served.url}/v1"
        async with openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=0) as asking:
            markers = [f"mark{n}" for n in range(40)]
            return await asyncio.gather(*(ask(asking.chat.completions, m) for m in markers))

    answers = asyncio.run(ask_all())

    assert answers == [f"echo mark{n} <EMAIL_ADDRESS>" for n in range(40)]
    assert len(kept.decisions) == 40
    assert len({each.request_id for each in kept.decisions}) == 40


PSEUDONYMS = (
    "{input: [{detector: pii, do: redact, with: pseudonym}],"
    " output: [{detector: pii, do: redact, with: pseudonym}]}"
)


def test_pseudonyms_come_back(client: Client, upstream: Upstream, tmp_path: Path) -> None:
    """In the session that they were made for: in texts, in streams and in what goes to tools."""
    made = guard_of(PSEUDONYMS, vault=tmp_path / "vault")

    def answer(asked: Any) -> Any:
        text = asked.body["messages"][-1]["content"]
        mail = text.removeprefix("I am ")
        if asked.body.get("tools"):
            arguments = json.dumps({"to": mail})
            return events(
                [chunk({"tool_calls": [call("send_mail", "", 0)]})]
                + [
                    chunk({"tool_calls": [{"index": 0, "function": {"arguments": e}}]})
                    for e in arguments
                ]
                + [chunk({}, "tool_calls")]
            )
        return whole(chat(f"Dear {mail}!"))

    upstream.answer = answer
    asking = client(guard_=made).chat.completions
    mine = {"assaymark-session": "one"}
    ask: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": f"I am {MAIL}"}]}

    text = asking.create(**ask, extra_headers=mine)
    stream = asking.create(**ask, tools=TOOLS, stream=True, extra_headers=mine)
    arguments = [
        each.choices[0].delta.tool_calls[0].function.arguments or ""
        for each in stream
        if each.choices[0].delta.tool_calls
    ]
    refused = []
    for named in ({}, {"assaymark-session": ""}):
        with pytest.raises(openai.BadRequestError) as caught:
            asking.create(**ask, extra_headers=named)
        refused.append(caught.value)

    assert text.choices[0].message.content == f"Dear {MAIL}!"
    assert json.loads("".join(arguments)) == {"to": MAIL}
    assert MAIL not in json.dumps([each.body for each in upstream.asked])
    # Without a session, or with one that has no name, nothing passes, and the client is told what is missing.
    for each in refused:
        assert each.body["code"] == "invalid_request"  # type: ignore[index]
        assert "`assaymark-session`" in each.message
    made.close()
