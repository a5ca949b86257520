"""OpenAI's responses through the proxy, with OpenAI's own client."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from .conftest import BLOCKS, CARD, MAIL, Client
from .fields import message_item, response, response_stream
from .upstream import Reply, Upstream, event, whole

TOOLS: list[Any] = [{"type": "function", "name": "send_mail", "parameters": {"type": "object"}}]


def streamed(*arguments: Any) -> Reply:
    """Answer with a stream of one item."""
    return Reply([event(each) for each in response_stream(*arguments)], kind="text/event-stream")


def test_every_text_of_a_request(client: Client, upstream: Upstream) -> None:
    """Instructions, messages, calls, their results, reasoning: all are redacted."""
    upstream.answer = lambda _: whole(response([message_item("ok")]))
    items: list[Any] = [
        {"role": "user", "content": f"I am {MAIL}"},
        {"role": "user", "content": [{"type": "input_text", "text": f"part {MAIL}"}]},
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": f"hm {MAIL}"}],
            "encrypted_content": "gAAA==",
        },
        {
            "type": "function_call",
            "call_id": "call_1",
            "name": "send_mail",
            "arguments": json.dumps({"to": MAIL}),
        },
        {"type": "function_call_output", "call_id": "call_1", "output": f"sent {MAIL}"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": MAIL}},
    ]

    client().responses.create(
        model="m", instructions=f"serve {MAIL}", input=items, tools=TOOLS, metadata={"who": MAIL}
    )

    sent = upstream.asked[0].body
    assert "@" not in json.dumps(sent)
    assert json.dumps(sent).count("<EMAIL_ADDRESS>") == 8
    assert json.loads(sent["input"][3]["arguments"]) == {"to": "<EMAIL_ADDRESS>"}
    assert sent["input"][2]["encrypted_content"] == "gAAA=="


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"background": True}, "background"),
    ],
)
def test_what_is_stored_elsewhere_is_named(
    client: Client, upstream: Upstream, asked: dict[str, Any], name: str
) -> None:
    """It is refused, or passes and is told."""
    upstream.answer = lambda _: whole(response([message_item("ok")]))
    lenient = "{uninspected: allow, input: [{detector: pii, do: redact}]}"

    with pytest.raises(openai.BadRequestError) as caught:
        client().responses.create(model="m", input="hi", **asked)
    passed = client(lenient).responses.with_raw_response.create(model="m", input="hi", **asked)

    assert (caught.value.code, caught.value.param) == ("not_inspectable", name)
    assert passed.headers["assaymark-unjudged"] == "request=fields"


def test_a_blocked_request(client: Client, upstream: Upstream) -> None:
    """It is an error, and is not sent on."""
    with pytest.raises(openai.BadRequestError) as caught:
        client().responses.create(model="m", input=f"pay {CARD}")

    assert caught.value.code == "content_filter"
    assert upstream.asked == []


def test_an_answer(client: Client, upstream: Upstream) -> None:
    """Messages and calls are redacted; what repeats the request is left alone."""
    call = {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "call_1",
        "name": "send_mail",
        "arguments": json.dumps({"to": MAIL}),
        "status": "completed",
    }

    def answer(asked: Any) -> Reply:
        echo = {key: asked.body[key] for key in ("tools", "metadata")}
        return whole({**response([message_item(f"ask {MAIL}"), call]), **echo})

    upstream.answer = answer

    got = client().responses.create(model="m", input="hi", tools=TOOLS, metadata={"a": "b"})

    assert got.output_text == "ask <EMAIL_ADDRESS>"
    assert json.loads(got.output[1].arguments) == {"to": "<EMAIL_ADDRESS>"}  # type: ignore[union-attr]
    assert got.metadata == {"a": "b"}


def test_a_blocked_answer_is_incomplete(client: Client, upstream: Upstream) -> None:
    """For the reason that clients know; nothing stands behind what is blocked."""
    items = [message_item(f"Dear {MAIL}"), message_item("more")]
    upstream.answer = lambda _: whole(response(items))

    got = client(BLOCKS).responses.create(model="m", input="hi")

    assert got.status == "incomplete"
    assert got.incomplete_details is not None
    assert got.incomplete_details.reason == "content_filter"
    assert got.output_text == "Dear "
    assert got.moderation is not None
    assert got.moderation.output.categories["EMAIL_ADDRESS"]  # type: ignore[union-attr]
    assert [each.status for each in got.output] == ["incomplete"]  # type: ignore[union-attr]


class Person(BaseModel):
    """What structured output is parsed into."""

    mail: str


def test_the_clients_own_stream(client: Client, upstream: Upstream) -> None:
    """What its helper puts together, and parses, is the redacted answer."""
    text = json.dumps({"mail": MAIL})
    upstream.answer = lambda _: streamed(
        "message", "output_text", "response.output_text", [text[:14], text[14:]]
    )

    with client().responses.stream(model="m", input="hi", text_format=Person) as stream:
        deltas = [each.delta for each in stream if each.type == "response.output_text.delta"]
        final = stream.get_final_response()

    assert "".join(deltas) == '{"mail": "<EMAIL_ADDRESS>"}'
    assert final.output_parsed == Person(mail="<EMAIL_ADDRESS>")


def test_a_streamed_call(client: Client, upstream: Upstream) -> None:
    """Arguments are redacted wherever they are cut, also where they are said again."""
    upstream.answer = lambda _: streamed(
        "function_call",
        "arguments",
        "response.function_call_arguments",
        list(json.dumps({"to": MAIL})),
    )

    got = list(client().responses.create(model="m", input="hi", tools=TOOLS, stream=True))

    assert MAIL not in "".join(each.model_dump_json() for each in got)
    final = got[-1].response.output[0]  # type: ignore[union-attr]
    assert json.loads(final.arguments) == {"to": "<EMAIL_ADDRESS>"}  # type: ignore[union-attr]


def test_a_blocked_stream_is_incomplete(client: Client, upstream: Upstream) -> None:
    """It ends with the event that says so, which holds what has left."""
    upstream.answer = lambda _: streamed(
        "message", "output_text", "response.output_text", ["Dear jo", "hn@example.com, yes"]
    )

    got = list(client(BLOCKS).responses.create(model="m", input="hi", stream=True))

    last: Any = got[-1]
    assert last.type == "response.incomplete"
    assert last.response.incomplete_details.reason == "content_filter"
    assert last.response.output[0].content[0].text == "Dear "


def test_a_text_that_goes_on_behind_its_end_is_refused(client: Client, upstream: Upstream) -> None:
    """What was sent of it was final: the rest of a value could not be taken back."""
    made = response_stream("message", "output_text", "response.output_text", ["a john@example"])
    at = next(n for n, each in enumerate(made) if each["type"] == "response.output_text.done")
    late = {**made[at - 1], "delta": ".com and so on"}
    upstream.answer = lambda _: Reply(
        [event(each) for each in [*made[: at + 1], late, *made[at + 1 :]]],
        kind="text/event-stream",
    )

    got = list(client().responses.create(model="m", input="hi", stream=True))

    assert (got[-1].type, got[-1].code) == ("error", "upstream_invalid")
    assert ".com" not in "".join(each.model_dump_json() for each in got)


def test_a_stream_that_breaks_off(client: Client, upstream: Upstream) -> None:
    """It ends with an event of an error; what was held is not released."""
    begun = response_stream("message", "output_text", "response.output_text", ["Hello, I am jo"])
    upstream.answer = lambda _: Reply(
        [event(each) for each in begun[:5]], kind="text/event-stream", then="die"
    )

    got = list(client().responses.create(model="m", input="hi", stream=True))

    assert [each.delta for each in got if each.type == "response.output_text.delta"] == [
        "Hello, I "
    ]
    assert got[-1].type == "error"
    assert got[-1].code == "upstream_failed"
