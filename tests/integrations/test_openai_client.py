"""OpenAI's and Anthropic's real clients with a guard inside, against a model on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from assaymark.errors import UsageError
from assaymark.guard import Guard, Session
from assaymark.guard.proxy.dialect import REFUSAL
from assaymark.integrations.openai_client import guarded_client
from assaymark.integrations.passage import Passage, Rules
from assaymark.integrations.transports import guarded_http_client
from guard.conftest import guard_of
from guard.proxy.upstream import Reply, Upstream, chat, chunk, chunks, events, whole

from .conftest import CARD, MAIL

HI: list[Any] = [{"role": "user", "content": "hi"}]
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "mail", "parameters": {"type": "object", "properties": {}}},
}


@pytest.fixture
def entries() -> list[Any]:
    """What is logged."""
    return []


@pytest.fixture
def client(guard: Guard, upstream: Upstream, entries: list[Any]) -> Iterator[OpenAI]:
    """OpenAI's client, guarded."""
    raw = OpenAI(base_url=upstream.url, api_key="sk-up", max_retries=2)
    with guarded_client(raw, guard, log=entries.append) as client:
        yield client


def said(stream: Any) -> str:
    """The text of a stream."""
    return "".join(
        choice.delta.content or "" for each in stream for choice in each.choices if choice.delta
    )


def test_both_ways_are_redacted(client: OpenAI, upstream: Upstream, entries: list[Any]) -> None:
    """The model sees no value of the request, the caller none of the answer, the log neither."""
    upstream.answer = lambda _: whole(chat(f"ask {MAIL}"))

    answer = client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": f"I am {MAIL}"}]
    )

    assert upstream.asked[0].body["messages"][0]["content"] == "I am <EMAIL_ADDRESS>"
    assert upstream.asked[0].headers["authorization"] == "Bearer sk-up"
    assert answer.choices[0].message.content == "ask <EMAIL_ADDRESS>"
    (entry,) = entries
    assert (entry["api"], entry["outcome"]) == ("chat.completions", "passed")
    assert (entry["request"]["verdict"], entry["response"]["verdict"]) == ("redact", "redact")
    assert MAIL not in json.dumps(entry)


def test_a_stream_is_redacted_however_it_is_cut(client: OpenAI, upstream: Upstream) -> None:
    """A value over many events does not leave."""
    text = f"Write to {MAIL}, now."
    for size in (1, 3, 50):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        upstream.answer = lambda _, some=pieces: events(chunks(some))  # type: ignore[misc]

        stream = client.chat.completions.create(model="m", messages=HI, stream=True)

        assert said(stream) == "Write to <EMAIL_ADDRESS>, now."


def test_a_blocked_request_is_not_sent_nor_tried_again(
    client: OpenAI, upstream: Upstream, entries: list[Any]
) -> None:
    """It is the error that clients know."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": CARD}])

    assert caught.value.code == "content_filter"
    assert upstream.asked == []
    assert [each["outcome"] for each in entries] == ["content_filter"]


def test_a_blocked_answer_ends_as_the_api_has_it(client: OpenAI, upstream: Upstream) -> None:
    """Streamed or not."""
    upstream.answer = lambda _: whole(chat(f"pay {CARD} now"))
    answer = client.chat.completions.create(model="m", messages=HI).choices[0]
    upstream.answer = lambda _: events(chunks(["pay 4111 11", "11 1111 1111 now"]))
    stream = list(client.chat.completions.create(model="m", messages=HI, stream=True))

    assert (answer.message.content, answer.finish_reason) == ("pay ", "content_filter")
    assert answer.message.refusal == REFUSAL
    assert said(stream) == "pay "
    assert stream[-1].choices[0].finish_reason == "content_filter"


def test_arguments_of_tools_are_redacted_over_events(client: OpenAI, upstream: Upstream) -> None:
    """And are the JSON that they were."""
    pieces = ['{"to": "jo', "hn@exam", 'ple.com"}']
    deltas = [
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": each}}]}) for each in pieces
    ]
    first = {
        "index": 0,
        "id": "c1",
        "type": "function",
        "function": {"name": "mail", "arguments": ""},
    }
    upstream.answer = lambda _: events(
        [chunk({"role": "assistant", "tool_calls": [first]}), *deltas, chunk({}, "tool_calls")]
    )

    with client.chat.completions.stream(model="m", messages=HI, tools=[TOOL]) as stream:
        message = stream.get_final_completion().choices[0].message

    (call,) = message.tool_calls or []
    assert json.loads(call.function.arguments) == {"to": "<EMAIL_ADDRESS>"}


class Person(BaseModel):
    """What an answer is parsed into."""

    mail: str


def test_structured_output_stays_structured(client: OpenAI, upstream: Upstream) -> None:
    """The helper parses what may pass."""
    upstream.answer = lambda _: whole(chat(json.dumps({"mail": MAIL})))

    answer = client.chat.completions.parse(model="m", messages=HI, response_format=Person)

    assert answer.choices[0].message.parsed == Person(mail="<EMAIL_ADDRESS>")


def test_responses_and_embeddings_are_guarded(client: OpenAI, upstream: Upstream) -> None:
    """They are other operations with other forms."""
    text = {"type": "output_text", "text": f"ask {MAIL}", "annotations": []}
    item = {
        "id": "m1", "type": "message", "role": "assistant", "status": "completed", "content": [text],
    }  # fmt: skip
    upstream.answer = lambda _: whole(
        {
            "id": "resp_1", "object": "response", "created_at": 1, "status": "completed",
            "model": "m", "output": [item], "parallel_tool_calls": True, "tools": [],
        }
    )  # fmt: skip
    answer = client.responses.create(model="m", input=f"I am {MAIL}")
    vector = {"object": "embedding", "index": 0, "embedding": [0.5]}
    upstream.answer = lambda _: whole({"object": "list", "model": "m", "data": [vector]})
    client.embeddings.create(model="m", input=f"I am {MAIL}", encoding_format="float")

    assert answer.output_text == "ask <EMAIL_ADDRESS>"
    assert [each.body["input"] for each in upstream.asked] == ["I am <EMAIL_ADDRESS>"] * 2


def test_what_nothing_can_judge_is_refused(client: OpenAI, upstream: Upstream) -> None:
    """It is never sent: other operations, files, lists of models."""
    for ask in (
        client.models.list,
        lambda: client.files.create(file=b"a", purpose="assistants"),
        lambda: client.images.generate(prompt="a"),
        lambda: client.moderations.create(input="a"),
        lambda: client.responses.retrieve("resp_1"),
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            ask()
        assert caught.value.code == "not_inspectable"

    assert upstream.asked == []


def test_a_web_socket_leads_nowhere(client: OpenAI, upstream: Upstream) -> None:
    """Also of a client that was made of it with other options."""
    other = client.with_options(timeout=1)

    assert str(client.websocket_base_url) == "wss://web-sockets-are-not-judged.invalid"
    assert str(other.websocket_base_url) == "wss://web-sockets-are-not-judged.invalid"


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("name", ["copy", "with_options"])
def test_a_copy_is_guarded_whatever_it_is_given(
    client: OpenAI, upstream: Upstream, name: str, library: Any
) -> None:
    """Another HTTP client is asked through the guard, too, and so are copies of copies."""
    upstream.answer = lambda _: whole(chat(f"ask {MAIL}"))
    http = library.Client(headers={"x-mine": "yes"})
    mine: list[Any] = [{"role": "user", "content": f"I am {MAIL}"}]

    other = getattr(client, name)(http_client=http)
    third = getattr(other, name)(timeout=5, default_headers={"x-third": "yes"})
    direct = type(client)(base_url=upstream.url, api_key="sk-up")
    with other, third, direct:
        said = [
            each.chat.completions.create(model="m", messages=mine)
            for each in (other, third, direct)
        ]
        with pytest.raises(openai.BadRequestError):
            other.chat.completions.create(model="m", messages=[{"role": "user", "content": CARD}])

    assert {each.choices[0].message.content for each in said} == {"ask <EMAIL_ADDRESS>"}
    assert [each.body["messages"][0]["content"] for each in upstream.asked] == (
        ["I am <EMAIL_ADDRESS>"] * 3
    )
    assert [each.headers.get("x-third") for each in upstream.asked] == [None, "yes", None]
    assert isinstance(other, OpenAI)


def test_an_asynchronous_copy_is_guarded(guard: Guard, upstream: Upstream) -> None:
    """As the other one is."""
    mine: list[Any] = [{"role": "user", "content": f"I am {MAIL}"}]

    async def ask() -> None:
        upstream.answer = lambda _: whole(chat("yes"))
        raw = AsyncOpenAI(base_url=upstream.url, api_key="sk-up")
        client = guarded_client(raw, guard)
        async with client.with_options(http_client=httpx.AsyncClient()) as other:
            await other.chat.completions.create(model="m", messages=mine)
        await client.close()

    asyncio.run(ask())

    assert upstream.asked[0].body["messages"][0]["content"] == "I am <EMAIL_ADDRESS>"


def test_a_copy_of_anthropics_client_is_guarded(guard: Guard, upstream: Upstream) -> None:
    """It has a base of its own."""
    raw = anthropic.Anthropic(base_url=upstream.url.removesuffix("/v1"), api_key="k")
    card: Any = [{"role": "user", "content": CARD}]

    with guarded_client(raw, guard) as client:
        other = client.copy(http_client=httpx2.Client())
        with other, pytest.raises(anthropic.BadRequestError):
            other.messages.create(model="m", max_tokens=9, messages=card)

    assert upstream.asked == []


def test_a_copy_with_an_http_client_that_cannot_be_guarded_is_refused(client: OpenAI) -> None:
    """It is not taken as it is."""
    with pytest.raises((UsageError, TypeError)):
        client.copy(http_client=object())  # type: ignore[arg-type]


def test_no_copy_has_web_sockets(client: OpenAI) -> None:
    """Neither one for another region, nor one that asks for them."""
    nowhere = "wss://web-sockets-are-not-judged.invalid"
    moved = client.with_options(data_residency="eu")
    with pytest.raises(UsageError) as copied:
        client.with_options(websocket_base_url="wss://api.openai.com/v1")
    with pytest.raises(UsageError) as later:
        client.websocket_base_url = "wss://api.openai.com/v1"

    assert moved.websocket_base_url == nowhere
    assert copied.value.message == "a guarded client has no web sockets: nothing judges them"
    assert later.value.message == copied.value.message
    assert client.websocket_base_url == nowhere


def test_raw_and_streamed_responses_are_guarded(client: OpenAI, upstream: Upstream) -> None:
    """They are what came through the guard."""
    upstream.answer = lambda _: whole(chat(f"ask {MAIL}"))
    create = client.chat.completions
    mine: list[Any] = [{"role": "user", "content": f"I am {MAIL}"}]

    raw = create.with_raw_response.create(model="m", messages=mine)
    with create.with_streaming_response.create(model="m", messages=mine) as response:
        text = "".join(response.iter_text())

    assert MAIL not in raw.text + text
    assert "ask <EMAIL_ADDRESS>" in raw.text
    assert "ask <EMAIL_ADDRESS>" in text
    assert all(MAIL not in json.dumps(each.body) for each in upstream.asked)


def test_other_ways_out_are_refused(client: OpenAI, upstream: Upstream) -> None:
    """Paths that nobody knows, other methods, files, sound, and operations beside those that are judged."""
    speech = client.audio.speech
    for ask in (
        lambda: client.post("/evil", body={"a": MAIL}, cast_to=object),
        lambda: client.post("/chat/completions/x", body={"a": MAIL}, cast_to=object),
        lambda: client.put("/chat/completions", body={"a": MAIL}, cast_to=object),
        lambda: client.get(f"/x?a={MAIL}", cast_to=object),
        lambda: speech.create(model="m", voice="v", input=MAIL),
        lambda: client.audio.transcriptions.create(model="m", file=("a.wav", MAIL.encode())),
        lambda: client.images.edit(prompt=MAIL, image=b"a"),
        lambda: client.uploads.create(bytes=1, filename=MAIL, mime_type="a/b", purpose="batch"),
        lambda: client.files.content("f"),
        lambda: client.batches.create(
            input_file_id="f", endpoint="/v1/chat/completions", completion_window="24h"
        ),
        lambda: client.vector_stores.create(name=MAIL),
        lambda: client.responses.input_tokens.count(input=MAIL, model="m"),
        lambda: client.post(
            "/chat/completions", body={"a": MAIL}, files={"f": MAIL.encode()}, cast_to=object
        ),
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            ask()
        assert caught.value.code in {"not_inspectable", "invalid_json"}
        assert MAIL not in str(caught.value)

    assert upstream.asked == []


@pytest.mark.parametrize(
    "query", [{"note": f"I am {MAIL}"}, {MAIL: "1"}, {"api-version": CARD}, {"a": ["1", CARD]}]
)
def test_parameters_of_the_address_are_judged(
    client: OpenAI, upstream: Upstream, entries: list[Any], query: dict[str, Any]
) -> None:
    """Names and values; what may not pass as it is, is not sent at all."""
    other = client.with_options(default_query=query)
    for ask in (
        lambda: client.chat.completions.create(model="m", messages=HI, extra_query=query),
        lambda: other.chat.completions.create(model="m", messages=HI),
    ):
        with pytest.raises(openai.BadRequestError) as caught:
            ask()
        assert caught.value.code == "content_filter"
        assert MAIL not in str(caught.value)

    assert upstream.asked == []
    assert MAIL not in json.dumps(entries)
    assert CARD not in json.dumps(entries)


def test_parameters_that_say_nothing_are_sent(client: OpenAI, upstream: Upstream) -> None:
    """Such as the version of an API."""
    upstream.answer = lambda _: whole(chat("yes"))

    query = {"api-version": "2024-10-21", "note": "a b"}
    client.chat.completions.create(model="m", messages=HI, extra_query=query)

    assert len(upstream.asked) == 1


def test_what_is_exempt_passes(guard: Guard, upstream: Upstream) -> None:
    """As the user says, by method and path."""
    upstream.answer = lambda _: whole({"object": "list", "data": [{"id": MAIL, "object": "model"}]})
    raw = OpenAI(base_url=upstream.url, api_key="sk-up")
    client = guarded_client(raw, guard, exempt=["GET */models"])

    with client:
        assert [each.id for each in client.models.list()] == [MAIL]


def test_an_error_of_the_model_is_judged(client: OpenAI, upstream: Upstream) -> None:
    """It may quote the request; its status stays."""
    upstream.answer = lambda _: whole({"error": {"message": f"no {MAIL}"}}, status=422)

    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.chat.completions.create(model="m", messages=HI)

    assert "<EMAIL_ADDRESS>" in str(caught.value)
    assert MAIL not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply([b"hello"], kind="text/plain"), "upstream_invalid"),
        (Reply([b"{"]), "upstream_invalid"),
        (Reply([b"{}" + b" " * (9 << 20)]), "upstream_invalid"),
    ],
)
def test_an_answer_that_nothing_can_judge_is_an_error(
    client: OpenAI, upstream: Upstream, reply: Reply, code: str
) -> None:
    """Asked for once: the next answer would be paid for, too."""
    upstream.answer = lambda _: reply

    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="m", messages=HI)

    assert caught.value.code == code
    assert len(upstream.asked) == 1


@pytest.mark.parametrize(
    "pieces", [[b"data: {\n\n"], [b"data: \xff\n\n"], [b'data: {"choices": []}\n\n']]
)
def test_a_stream_that_nothing_can_judge_ends_with_an_error(
    client: OpenAI, upstream: Upstream, entries: list[Any], pieces: list[bytes]
) -> None:
    """Or one that ends in the middle."""
    upstream.answer = lambda _: Reply(pieces, kind="text/event-stream")

    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(model="m", messages=HI, stream=True))

    assert [each["outcome"] for each in entries] == ["upstream_invalid"]


def test_a_request_that_is_too_long_is_refused(client: OpenAI, upstream: Upstream) -> None:
    """It is longer than what is judged."""
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "a" * (1 << 20)}]
        )

    assert (caught.value.status_code, upstream.asked) == (413, [])


def test_a_caller_that_stops_leaves_the_model(
    client: OpenAI, upstream: Upstream, entries: list[Any]
) -> None:
    """The connection is given up, and the log says so."""
    upstream.answer = lambda _: events(chunks(["hello "] * 20), then="hang", done=False)

    stream = client.chat.completions.create(model="m", messages=HI, stream=True)
    next(iter(stream))
    stream.close()

    assert upstream.left.wait(10)
    assert [each["outcome"] for each in entries] == ["interrupted"]


def test_the_asynchronous_client_is_guarded_alike(guard: Guard, upstream: Upstream) -> None:
    """Whole, streamed, refused, exempt and broken."""

    async def ask() -> list[Any]:
        raw = AsyncOpenAI(base_url=upstream.url, api_key="sk-up")
        async with guarded_client(raw, guard, exempt=["GET */models"]) as client:
            create = client.chat.completions.create
            upstream.answer = lambda _: whole(chat(f"ask {MAIL}"))
            one = await create(model="m", messages=[{"role": "user", "content": f"I am {MAIL}"}])
            upstream.answer = lambda _: events(chunks(["a jo", "hn@example.com b"]))
            stream = await create(model="m", messages=HI, stream=True)
            got = [each async for each in stream]
            upstream.answer = lambda _: whole({"object": "list", "data": []})
            models = [each async for each in client.models.list()]
            found: list[Any] = [one.choices[0].message.content, said(got), models]
            upstream.answer = lambda _: Reply([b"data: {\n\n"], kind="text/event-stream")
            with pytest.raises(openai.APIError):
                [each async for each in await create(model="m", messages=HI, stream=True)]
            for kind in (b"hello", b"{"):
                upstream.answer = lambda _, data=kind: Reply([data])  # type: ignore[misc]
                with pytest.raises(openai.InternalServerError):
                    await create(model="m", messages=HI)
            with pytest.raises(openai.BadRequestError):
                await create(model="m", messages=[{"role": "user", "content": CARD}])
            upstream.answer = lambda _: events(chunks(["hello "] * 20), then="hang", done=False)
            last = await create(model="m", messages=HI, stream=True)
            await anext(aiter(last))
            await last.close()
            return found

    assert asyncio.run(ask()) == ["ask <EMAIL_ADDRESS>", "a <EMAIL_ADDRESS> b", []]
    assert upstream.asked[0].body["messages"][0]["content"] == "I am <EMAIL_ADDRESS>"
    assert upstream.left.wait(10)


def test_anthropics_client_is_guarded_by_the_same_function(
    guard: Guard, upstream: Upstream
) -> None:
    """Its errors have its own form."""
    upstream.answer = lambda _: whole(
        {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": [{"type": "text", "text": f"ask {MAIL}"}], "stop_reason": "end_turn",
            "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1},
        }
    )  # fmt: skip
    raw = anthropic.Anthropic(base_url=upstream.url.removesuffix("/v1"), api_key="k")
    hi: Any = [{"role": "user", "content": f"I am {MAIL}"}]
    card: Any = [{"role": "user", "content": CARD}]

    with guarded_client(raw, guard) as client:
        answer: Any = client.messages.create(model="m", max_tokens=9, messages=hi)
        with pytest.raises(anthropic.BadRequestError):
            client.messages.create(model="m", max_tokens=9, messages=card)

    assert answer.content[0].text == "ask <EMAIL_ADDRESS>"
    assert upstream.asked[0].body["messages"][0]["content"] == "I am <EMAIL_ADDRESS>"


def test_pseudonyms_come_back_in_the_session_of_each_request(
    upstream: Upstream, tmp_path: Path
) -> None:
    """The model sees them, the caller does not."""
    rules = "[{detector: pii, do: redact, with: pseudonym, entities: [EMAIL_ADDRESS]}]"
    upstream.answer = lambda asked: whole(chat(asked.body["messages"][0]["content"]))
    raw = OpenAI(base_url=upstream.url, api_key="k")

    with guard_of(f"{{input: {rules}, output: {rules}}}", vault=tmp_path / "v") as guard:
        client = guarded_client(raw, guard, session=lambda: Session("acme", "1"))
        answer = client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": f"I am {MAIL}"}]
        )
        without = guarded_client(raw, guard)
        with pytest.raises(openai.BadRequestError):
            without.chat.completions.create(model="m", messages=HI)

    assert MAIL not in json.dumps(upstream.asked[0].body)
    assert answer.choices[0].message.content == f"I am {MAIL}"


def test_what_is_no_client_is_refused(guard: Guard) -> None:
    """And so is an HTTP client of another library."""
    with pytest.raises(UsageError) as client:
        guarded_client(object(), guard)
    with pytest.raises(UsageError) as http:
        guarded_http_client(object(), Rules(guard, None, (), print))

    assert client.value.message == "a `object` cannot be guarded"
    assert http.value.message == "a `object` is no HTTP client that can be guarded"


def test_a_version_with_other_web_sockets_is_refused(guard: Guard) -> None:
    """Nothing could keep them from being opened."""

    class Old:
        _client = httpx.Client()
        realtime = None

        def copy(self, **_: Any) -> Old:
            return self

    with pytest.raises(UsageError) as caught:
        guarded_client(Old(), guard)

    assert caught.value.message == (
        "this version of `openai` has web sockets that cannot be guarded"
    )


_EVENTS = (
    b"".join(
        b"data: " + json.dumps(each).encode() + b"\n\n"
        for each in chunks(["Grüße an jo", "hn@exam", "ple.com 🙂, now."])
    )
    + b"data: [DONE]\n\n"
)
_REQUEST = json.dumps({"model": "m", "messages": HI, "stream": True}).encode()


@settings(max_examples=60)
@given(st.sets(st.integers(1, len(_EVENTS) - 1), max_size=8))
def test_the_network_may_cut_a_stream_anywhere(guard: Guard, cuts: set[int]) -> None:
    """Within characters, too: what the client gets is the same."""
    places = [0, *sorted(cuts), len(_EVENTS)]

    async def got() -> bytes:
        passage = Passage(Rules(guard, None, (), print_nothing), "POST", "/v1/chat/completions")
        await passage.request(_REQUEST)
        left = [await passage.piece(_EVENTS[a:b]) for a, b in pairwise(places)]
        return b"".join([*left, await passage.end()])

    text = "".join(
        json.loads(line[6:])["choices"][0]["delta"].get("content") or ""
        for line in asyncio.run(got()).decode().split("\n")
        if line.startswith("data: {")
    )
    assert text == "Grüße an <EMAIL_ADDRESS> 🙂, now."


def print_nothing(_: Any) -> None:
    """Log nothing."""
