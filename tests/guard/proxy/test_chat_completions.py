"""Chat completions through the proxy, with OpenAI's own client."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from assaymark.guard.proxy.dialect import REFUSAL

from .conftest import BLOCKS, CARD, MAIL, Client, Kept
from .upstream import Upstream, chat, chunk, chunks, events, whole


def user(text: str) -> list[Any]:
    """One message."""
    return [{"role": "user", "content": text}]


def test_both_ways_are_redacted(client: Client, upstream: Upstream, kept: Kept) -> None:
    """The upstream sees no value of the request, and the client none of the answer."""
    upstream.answer = lambda _: whole(chat(f"ask {MAIL}"))

    raw = client().chat.completions.with_raw_response.create(
        model="gpt-4o-mini", messages=user(f"I am {MAIL}")
    )

    asked = upstream.asked[0]
    assert asked.body["messages"] == user("I am <EMAIL_ADDRESS>")
    assert asked.headers["authorization"] == "Bearer sk-up"
    completion = raw.parse()
    assert completion.choices[0].message.content == "ask <EMAIL_ADDRESS>"
    assert completion.usage is not None
    assert raw.headers["assaymark-request"] == "redact"
    assert raw.headers["assaymark-response"] == "redact"
    (decision,) = kept.decisions
    assert decision.request_id == raw.headers["x-request-id"]
    assert MAIL not in json.dumps(decision.to_plain())


def test_a_stream_is_redacted(client: Client, upstream: Upstream, kept: Kept) -> None:
    """A value that is cut over many events does not leave."""
    upstream.answer = lambda _: events(chunks(["Write to jo", "hn@exam", "ple.com, ", "now."]))

    stream = client().chat.completions.create(model="gpt-4o-mini", messages=user("hi"), stream=True)
    got = list(stream)

    text = "".join(each.choices[0].delta.content or "" for each in got)
    assert text == "Write to <EMAIL_ADDRESS>, now."
    assert got[-1].choices[0].finish_reason == "stop"
    assert [each.streamed for each in kept.decisions] == [True]


def test_a_blocked_request_is_an_error(client: Client, upstream: Upstream, kept: Kept) -> None:
    """It has the code that clients know, and is not sent on."""
    with pytest.raises(openai.BadRequestError) as caught:
        client().chat.completions.create(model="m", messages=user(f"pay {CARD}"))

    assert caught.value.body == {
        "message": "the request was blocked by the policy",
        "type": "policy_violation",
        "param": None,
        "code": "content_filter",
    }
    assert upstream.asked == []
    assert [each.outcome for each in kept.decisions] == ["content_filter"]


def test_a_blocked_choice_ends(client: Client, upstream: Upstream) -> None:
    """It says so as OpenAI's own filter does; the other choice is whole."""
    upstream.answer = lambda _: whole(chat(f"Dear {MAIL}, yes", "No."))

    completion = client(BLOCKS).chat.completions.create(model="m", messages=user("hi"), n=2)

    first, second = completion.choices
    assert (first.message.content, first.finish_reason) == ("Dear ", "content_filter")
    assert first.message.refusal == REFUSAL
    assert completion.moderation is not None
    assert completion.moderation.output.results[0].categories["EMAIL_ADDRESS"]  # type: ignore[union-attr]
    assert not completion.moderation.input.results[0].flagged  # type: ignore[union-attr]
    assert (second.message.content, second.finish_reason) == ("No.", "stop")


def test_a_blocked_choice_ends_in_a_stream(client: Client, upstream: Upstream) -> None:
    """The same, streamed, with choices that take turns; the stream ends as it should."""
    upstream.answer = lambda _: events(
        [
            chunk({"content": "Dear jo"}, index=0),
            chunk({"content": "N"}, index=1),
            chunk({"content": "hn@example.com, yes"}, index=0),
            chunk({"content": "o."}, index=1),
            chunk({}, "stop", index=0),
            chunk({}, "stop", index=1),
        ]
    )

    got = list(
        client(BLOCKS).chat.completions.create(model="m", messages=user("hi"), n=2, stream=True)
    )

    said = [each.moderation for each in got if each.moderation]
    assert [each.output.results[0].flagged for each in said] == [True]  # type: ignore[union-attr]
    texts, reasons, refusals = ["", ""], ["", ""], ["", ""]
    for each in got:
        for choice in each.choices:
            texts[choice.index] += choice.delta.content or ""
            refusals[choice.index] += choice.delta.refusal or ""
            reasons[choice.index] = choice.finish_reason or reasons[choice.index]
    assert texts == ["Dear ", "No."]
    assert reasons == ["content_filter", "stop"]
    assert refusals == [REFUSAL, ""]


class Person(BaseModel):
    """What structured output is parsed into."""

    name: str
    mail: str


def test_structured_output_stays_structured(client: Client, upstream: Upstream) -> None:
    """Redacted JSON is the JSON that was asked for; a blocked one is the error that the client knows."""
    answer = json.dumps({"name": "John", "mail": MAIL})
    upstream.answer = lambda _: whole(chat(answer))

    parsed = client().chat.completions.parse(model="m", messages=user("hi"), response_format=Person)
    with pytest.raises(openai.ContentFilterFinishReasonError):
        client(BLOCKS).chat.completions.parse(
            model="m", messages=user("hi"), response_format=Person
        )

    assert parsed.choices[0].message.parsed == Person(name="John", mail="<EMAIL_ADDRESS>")
