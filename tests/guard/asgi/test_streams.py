"""
Answers that are written while they are sent: the streaming law on a real socket.

However a text is cut into chunks or events, what a client gets, put together, is what it gets of the whole,
and no character of a value is among it.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from itertools import combinations
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from assaymark.guard import AnswerMemory, Guard, Phase
from assaymark.guard.asgi import Limits, Route
from assaymark.guard.asgi.sse import Event, EventReader
from guard.conftest import MakeGuard, scripted

from .conftest import Serve, logged

CARD, MAIL = "4111 1111 1111 1111", "john@example.com"
TEXT = f"Ask {MAIL} é or pay {CARD}, or not."
REDACTS = "{output: [{detector: pii, do: redact}, {detector: secrets, do: redact}]}"
BLOCKS = (
    "{output: [{detector: pii, do: redact}, {detector: pii, do: block, entities: [CREDIT_CARD]}]}"
)
DELTAS = Route(
    events="choices[*].delta.content",
    arguments="choices[*].delta.tool_calls[*].function.arguments",
)


class Upstream:
    """An application that sends the chunks that a test says, each by itself."""

    def __init__(self, media_type: str) -> None:
        self.app = FastAPI()
        self.chunks: Sequence[bytes] = ()
        self.pause = 0.0
        self.given_up = threading.Event()

        @self.app.get("/x")
        async def stream(request: Request) -> StreamingResponse:
            return StreamingResponse(self._sent(), media_type=media_type)

    async def _sent(self) -> AsyncIterator[bytes]:
        try:
            for each in self.chunks:
                yield each
                await asyncio.sleep(self.pause)
        except asyncio.CancelledError:
            self.given_up.set()
            raise
        except GeneratorExit:
            self.given_up.set()
            raise


def cuts(data: bytes, seed: int = 5) -> list[list[bytes]]:
    """Return `data` whole, byte by byte, in every two pieces, and cut at random."""
    draw = random.Random(seed)
    places = [[], list(range(1, len(data)))]
    places += [[each] for each in range(1, len(data))]
    places += [sorted(draw.sample(range(1, len(data)), 4)) for _ in range(20)]
    return [
        [data[a:b] for a, b in zip([0, *each], [*each, len(data)], strict=True)] for each in places
    ]


def unstreamed(guard: Guard, text: str = TEXT) -> str:
    """Return what leaves of a whole text."""
    checked = guard.check([{"role": "assistant", "content": text}], Phase.OUTPUT)
    return str(checked.messages[0]["content"])


@pytest.mark.parametrize("section", [REDACTS, BLOCKS])
def test_the_law_for_plain_text(make: MakeGuard, serve: Serve, section: str) -> None:
    """Chunks may end anywhere, also within a character."""
    guard, upstream = make(section, memory=AnswerMemory(0)), Upstream("text/plain")
    client = serve(upstream.app, guard)
    expected = unstreamed(guard)

    for chunks in cuts(TEXT.encode()):
        upstream.chunks = chunks
        response = client.get("/x")

        assert response.text == expected
        assert response.headers["assaymark-response"] == "streamed"
    assert "4111" not in expected
    assert "@" not in expected


def delta(text: str | None, index: int = 0, **other: Any) -> bytes:
    """Return a chunk of a chat completion."""
    choice = {"index": index, "delta": {"content": text}, "finish_reason": None, **other}
    return sse({"id": "chatcmpl-1", "choices": [choice]})


def call(arguments: str, index: int) -> bytes:
    """Return a chunk with a piece of the arguments of a tool."""
    calls = [{"index": index, "function": {"arguments": arguments}}]
    return sse({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]})


def sse(data: Any) -> bytes:
    """Return an event."""
    return Event(data=data if isinstance(data, str) else json.dumps(data)).written().encode()


def events_of(body: str) -> list[Any]:
    """Return the data of events, parsed where it is JSON."""
    found = [each.data for each in EventReader().feed(body) if each.data is not None]
    return [json.loads(each) if each.startswith("{") else each for each in found]


def contents(events: Sequence[Any], index: int = 0) -> str:
    """Return the text of a choice, put together."""
    choices = [
        each["choices"][0] for each in events if isinstance(each, dict) and "choices" in each
    ]
    return "".join(each["delta"].get("content") or "" for each in choices if each["index"] == index)


def chat(pieces: Sequence[str]) -> list[bytes]:
    """Return the events of a streamed answer."""
    end = {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    return [delta(""), *map(delta, pieces), sse(end), sse("[DONE]")]


def test_the_law_for_events(make: MakeGuard, serve: Serve) -> None:
    """A text cut into deltas at every two places; the end of the answer comes after all of its text."""
    guard, upstream = make(REDACTS, memory=AnswerMemory(0)), Upstream("text/event-stream")
    client = serve(upstream.app, guard, routes=[DELTAS])
    text = f"to {MAIL} now"
    expected = unstreamed(guard, text)

    for a, b in combinations(range(len(text) + 1), 2):
        upstream.chunks = [b"".join(chat([text[:a], text[a:b], text[b:]]))]
        events = events_of(client.get("/x").text)

        assert contents(events) == expected, (a, b)
        assert events[-1] == "[DONE]"
        assert events[-2]["choices"][0]["finish_reason"] == "stop"


def test_the_law_for_chunks_of_events(make: MakeGuard, serve: Serve) -> None:
    """Events that are cut anywhere by the network are the same events."""
    guard, upstream = make(REDACTS, memory=AnswerMemory(0)), Upstream("text/event-stream")
    client = serve(upstream.app, guard, routes=[DELTAS])
    body = b"".join(chat(["Ask john@", "example.com é ", "now."]))
    upstream.chunks = [body]
    whole = client.get("/x").text

    for chunks in cuts(body)[::7]:
        upstream.chunks = chunks

        assert client.get("/x").text == whole
    assert contents(events_of(whole)) == unstreamed(guard, "Ask john@example.com é now.")


def test_events_without_text_do_not_end_a_text(make: MakeGuard, serve: Serve) -> None:
    """A ping, a comment or a note within a value gives none of it away, and keeps its place."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(REDACTS), routes=[DELTAS])
    note = sse({"note": "half-way"})
    upstream.chunks = [delta("a john@exam"), b": ping\n\n", note, delta("ple.com b"), delta(" c d")]

    events = events_of(client.get("/x").text)

    assert contents(events) == "a <EMAIL_ADDRESS> b c d"
    assert {"note": "half-way"} in events
    before = contents(events[: events.index({"note": "half-way"})])
    assert before.startswith("a ")


def test_choices_are_told_apart(make: MakeGuard, serve: Serve) -> None:
    """By their index, wherever they stand in an event."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(REDACTS), routes=[DELTAS])
    pieces = [("john@", 0), ("no ", 1), ("example.com", 0), ("value", 1)]
    upstream.chunks = [delta(*each) for each in pieces]

    events = events_of(client.get("/x").text)

    assert [contents(events, n) for n in range(2)] == ["<EMAIL_ADDRESS>", "no value"]


def test_arguments_of_tools_are_judged_as_json(make: MakeGuard, serve: Serve) -> None:
    """Also where an escape is cut, for each call by itself."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(REDACTS), routes=[DELTAS])
    first, second = '{"to": "john\\u0040example.com"}', '{"n": 4111111111111111}'
    upstream.chunks = [
        each
        for a, b in zip(first, second.ljust(len(first)), strict=True)
        for each in (call(a, 0), call(b, 1))
    ]

    events = events_of(client.get("/x").text)

    left = ["", ""]
    for each in events:
        (tool,) = each["choices"][0]["delta"]["tool_calls"]
        left[tool["index"]] += tool["function"]["arguments"]
    assert [json.loads(each) for each in left] == [
        {"to": "<EMAIL_ADDRESS>"},
        {"n": "<CREDIT_CARD>"},
    ]


def test_an_event_of_another_shape_is_judged(make: MakeGuard, serve: Serve) -> None:
    """All of it, with its name and its id."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(REDACTS), routes=[Route.chat_completions("*")])
    upstream.chunks = [
        f'event: {MAIL}\nid: {MAIL}\ndata: {{"error": "{MAIL}"}}\n\n'.encode(),
        f"data: plain {MAIL}\n\n: {MAIL}\n\n".encode(),
        sse({"choices": [{"delta": {"content": {"id": MAIL}}}]}),
    ]

    body = client.get("/x").text

    assert body == (
        'event: <EMAIL_ADDRESS>\nid: <EMAIL_ADDRESS>\ndata: {"error":"<EMAIL_ADDRESS>"}\n\n'
        "data: plain <EMAIL_ADDRESS>\n\n:\n\n"
        'data: {"choices":[{"delta":{"content":{"id":"<EMAIL_ADDRESS>"}}}]}\n\n'
    )


def test_data_may_be_the_text(make: MakeGuard, serve: Serve) -> None:
    """With `$` no JSON is looked for."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(REDACTS), routes=[Route(events="$")])
    pieces = ["to jo", "hn@exa", "mple.com", " now"]
    upstream.chunks = [sse(each) for each in pieces]

    events = EventReader().feed(client.get("/x").text)

    assert "".join(each.data or "" for each in events) == "to <EMAIL_ADDRESS> now"


def test_events_without_fields_cannot_be_judged(make: MakeGuard, serve: Serve) -> None:
    """Nobody said where the text is, and a guess would let values pass that are cut."""
    upstream = Upstream("text/event-stream")
    upstream.chunks = [delta("hi")]

    response = serve(upstream.app, make(REDACTS)).get("/x")

    assert response.status_code == 502
    assert response.json()["error"]["message"] == (
        "the response cannot be judged: nothing reads its events"
    )


def test_a_block_in_the_middle_ends_the_stream(
    make: MakeGuard, serve: Serve, entries: list[Any]
) -> None:
    """With an error that clients of the OpenAI API raise; the application stops writing."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(BLOCKS), routes=[DELTAS])
    upstream.pause = 0.01
    upstream.chunks = chat(["pay 4111 ", "1111 1111 ", "1111 now"])[:-2] + [delta(" on")] * 1_000

    response = client.get("/x")

    events = events_of(response.text)
    assert response.status_code == 200
    assert contents(events) == "pay "
    assert events[-2]["error"]["code"] == "content_filter"
    assert events[-1] == "[DONE]"
    assert "4111" not in response.text
    assert upstream.given_up.wait(10)
    (entry,) = logged(entries)
    assert (entry["outcome"], entry["response"]["verdict"]) == ("content_filter", "block")


@pytest.mark.parametrize("kind", ["text/plain", "text/event-stream"])
def test_a_block_before_anything_left_is_an_error(make: MakeGuard, serve: Serve, kind: str) -> None:
    """Then the status can still say it."""
    upstream = Upstream(kind)
    client = serve(upstream.app, make(BLOCKS), routes=[Route(events="$")], status=451)
    whole = [sse(CARD)] if kind == "text/event-stream" else [CARD.encode()]
    upstream.chunks = whole

    response = client.get("/x")

    assert response.status_code == 451
    assert response.json()["error"]["code"] == "content_filter"


def test_text_leaves_before_the_answer_is_whole(make: MakeGuard, serve: Serve) -> None:
    """A stream stays one: the first words are there while the last are not written."""
    upstream = Upstream("text/plain")
    client = serve(upstream.app, make(REDACTS))
    upstream.pause = 30
    upstream.chunks = [b"These words are no value at all. And", b"never sent"]

    with client.stream("GET", "/x") as response:
        first = next(response.iter_text())

    assert first.startswith("These words")


def test_a_client_that_leaves_ends_the_application(
    make: MakeGuard, serve: Serve, entries: list[Any]
) -> None:
    """Nobody pays for words that nobody reads."""
    upstream = Upstream("text/plain")
    client = serve(upstream.app, make(REDACTS))
    upstream.pause = 0.01
    upstream.chunks = [b"and so on "] * 100_000
    where = (client.base_url.host, client.base_url.port)

    with socket.create_connection(where, timeout=10) as line:
        line.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        line.recv(1_000)

    assert upstream.given_up.wait(10)
    assert [each["outcome"] for each in logged(entries)] == ["client_left"]


@pytest.mark.parametrize(
    ("kind", "chunks", "why"),
    [
        ("text/plain", [b"\xff"], "it is not UTF-8"),
        ("text/event-stream", [b"data: \xff\n\n"], "it is not UTF-8"),
        ("text/event-stream", [b'data: {"a": 1, "a": 2}\n\n'], "an event has odd JSON"),
        ("text/event-stream", [b'data: {"a": "\\ud83d"}\n\n'], "an event has odd JSON"),
        ("text/event-stream", [b"data: " + b"[" * 5_000], "larger"),
        (
            "text/event-stream",
            [b"".join(delta("x", n) for n in range(1_001))],
            "it has more than 1,000 texts",
        ),
    ],
)
def test_a_stream_that_cannot_be_judged(
    make: MakeGuard, serve: Serve, kind: str, chunks: list[bytes], why: str
) -> None:
    """It ends, and its error says why, without quoting it."""
    upstream = Upstream(kind)
    client = serve(
        upstream.app,
        make(REDACTS),
        routes=[DELTAS],
        limits=Limits(response=4_000 + 10**6 * (why != "larger")),
    )
    upstream.chunks = chunks

    response = client.get("/x")

    expected = f"the response cannot be judged: {why}"
    if why == "larger":
        expected = "the response has more than 4,000 bytes"
    assert response.status_code == 502
    assert response.json()["error"]["message"] == expected


@pytest.mark.parametrize("on_error", ["block", "allow"])
def test_a_detector_that_fails_on_a_stream(
    make: MakeGuard, serve: Serve, entries: list[Any], on_error: str
) -> None:
    """As the policy says: the stream ends, or passes and the log names who did not judge."""

    def judge(text: str) -> Any:
        if "odd" in text:
            raise ValueError(text)
        return []

    section = f"{{on_error: {on_error}, output: [{{detector: scripted, do: redact}}]}}"
    guard = make(section, extra={"scripted": scripted(judge)})
    upstream = Upstream("text/plain")
    client = serve(upstream.app, guard)
    upstream.chunks = [b"good words ", b"odd words ", b"more"]

    text = client.get("/x").text

    (entry,) = logged(entries)
    (lapse,) = entry["response"]["unjudged"]
    passes = on_error == "allow"
    assert text == ("good words odd words more" if passes else "good words ")
    assert (lapse["reason"], lapse["passed"]) == ("the detector raised ValueError", passes)


def test_a_policy_that_buffers(make: MakeGuard, serve: Serve) -> None:
    """The whole text leaves at the end, before the events that end the answer."""
    section = "{stream: buffer, output: [{detector: pii, do: redact}]}"
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(section), routes=[DELTAS])
    upstream.chunks = chat(["to john@", "example.com", " now"])

    events = events_of(client.get("/x").text)

    assert contents(events[:-3]) == ""
    assert contents(events) == "to <EMAIL_ADDRESS> now"
    assert events[-1] == "[DONE]"


def test_requests_do_not_mix(make: MakeGuard, serve: Serve) -> None:
    """Many streams at a time, each with a marker of its own."""
    app = FastAPI()

    @app.get("/{marker}")
    async def stream(marker: str) -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            for each in f"{marker} to {marker}@example.com, {marker}.":
                yield each
                await asyncio.sleep(0)

        return StreamingResponse(pieces(), media_type="text/plain")

    address = str(serve(app, make(REDACTS)).base_url)

    async def all_of_them() -> list[str]:
        async with httpx.AsyncClient(base_url=address, timeout=30) as client:
            answers = await asyncio.gather(*(client.get(f"/m{n}") for n in range(24)))
            return [each.text for each in answers]

    assert asyncio.run(all_of_them()) == [f"m{n} to <EMAIL_ADDRESS>, m{n}." for n in range(24)]


def test_the_frame_of_a_completion_is_left_alone(make: MakeGuard, serve: Serve) -> None:
    """Ids, times and counts as the OpenAI API sends them, which some detectors take for values."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(REDACTS), routes=[Route.chat_completions("*")])
    frame = {
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion.chunk",
        "created": 1741569952,
        "model": "gpt-4.1-2025-04-14",
        "system_fingerprint": "fp_44709d6fcb",
    }
    choice = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    events = [
        {**frame, "choices": [choice]},
        {**frame, "choices": [], "usage": {"total_tokens": 19}},
    ]
    upstream.chunks = [sse(each) for each in events]

    assert events_of(client.get("/x").text) == events


def test_tokens_do_not_say_a_value_again(make: MakeGuard, serve: Serve) -> None:
    """`logprobs` hold the text in pieces too small to be judged; they go, also from a whole answer."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(REDACTS), routes=[Route.chat_completions("*")])
    pieces = ["to john@", "example", ".com now"]
    upstream.chunks = [delta(each, logprobs={"content": [{"token": each}]}) for each in pieces]
    whole = FastAPI()
    message = {"role": "assistant", "content": "hi"}

    @whole.get("/x")
    async def answer() -> dict[str, Any]:
        logprobs = {"content": [{"token": "john@"}, {"token": "example.com"}]}
        return {"choices": [{"message": message, "logprobs": logprobs}]}

    body = client.get("/x").text
    response = serve(whole, make(REDACTS), routes=[Route.chat_completions("*")]).get("/x")

    assert contents(events_of(body)) == "to <EMAIL_ADDRESS> now"
    assert "example" not in body
    assert response.json() == {"choices": [{"message": message, "logprobs": None}]}


def test_an_unknown_key_beside_the_frame_is_judged(make: MakeGuard, serve: Serve) -> None:
    """Where no text is in an event, what is no frame is judged; keys may be values, too."""
    upstream = Upstream("text/event-stream")
    client = serve(
        upstream.app, make(REDACTS), routes=[Route(events="a", frame="created, b[*].at")]
    )
    upstream.chunks = [sse({"created": 1741569952, MAIL: 1, "b": [{"at": 1741569952, "c": MAIL}]})]

    (event,) = events_of(client.get("/x").text)

    gone = "<EMAIL_ADDRESS>"
    assert event == {"created": 1741569952, gone: 1, "b": [{"at": 1741569952, "c": gone}]}


@pytest.mark.parametrize("kind", ["text/plain", "text/event-stream"])
def test_a_stream_without_a_session_does_not_begin(
    make: MakeGuard, serve: Serve, entries: list[Any], tmp_path: Any, kind: str
) -> None:
    """Where the policy needs one; the log says why."""
    section = "{output: [{detector: pii, do: redact, with: pseudonym}]}"
    upstream = Upstream(kind)
    client = serve(
        upstream.app, make(section, vault=tmp_path / "vault"), routes=[Route(events="$")]
    )
    upstream.chunks = [sse(MAIL)]

    response = client.get("/x")

    (entry,) = logged(entries)
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "guard_unavailable"
    assert entry["cause"] == "a rule says `with: pseudonym`, which needs a session"


@pytest.mark.parametrize(
    "event",
    [
        Event(name=CARD, data="{}").written().encode(),
        sse({"note": CARD}),
        sse({"choices": [{"index": 0, "delta": {"content": [CARD]}}]}),
        sse({"choices": [{"index": n, "delta": {"content": f"pay {CARD} and"}} for n in range(2)]}),
    ],
)
def test_a_block_anywhere_ends_the_stream(make: MakeGuard, serve: Serve, event: bytes) -> None:
    """In names, in other events, in what is no text, in one of several texts; nothing comes after it."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(BLOCKS), routes=[DELTAS])
    upstream.chunks = [delta("Hello, you. "), event + delta("after")]

    response = client.get("/x")

    events = events_of(response.text)
    assert "4111" not in response.text
    assert "after" not in response.text
    assert events[-2]["error"]["code"] == "content_filter"
    assert contents(events[:1]) == "Hello, "


def test_a_block_at_the_end_ends_the_stream(make: MakeGuard, serve: Serve) -> None:
    """A value that only the end decides is blocked then, with and without `[DONE]`."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(BLOCKS), routes=[DELTAS])

    for last in ([], [sse("[DONE]")]):
        upstream.chunks = [delta("Now pay "), delta(CARD), *last]
        response = client.get("/x")
        events = events_of(response.text)

        assert contents(events) == "Now pay "
        assert events[-2]["error"]["code"] == "content_filter"
        assert "4111" not in response.text


def test_fields_of_events_that_say_no_data_pass(make: MakeGuard, serve: Serve) -> None:
    """A time to wait before the next try is no content; what comes behind the last event is dropped."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(REDACTS), routes=[DELTAS])
    upstream.chunks = [b"retry: 5\n\n", sse("[DONE]"), delta(MAIL), b"data: unfinished"]

    assert client.get("/x").text == "retry: 5\n\ndata: [DONE]\n\n"


def test_pieces_of_another_shape(make: MakeGuard, serve: Serve) -> None:
    """A text where the route says an object is judged beside a piece, also where events cut it."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(REDACTS), routes=[DELTAS])
    well = {"index": 0, "delta": {"content": "ok"}}
    upstream.chunks = [
        sse({"choices": [well, {"index": 1, "delta": piece}]}) for piece in ("jo", f"hn{MAIL[4:]} ")
    ]

    text = client.get("/x").text

    assert "example" not in text
    assert "<EMAIL_ADDRESS>" in text


def test_pieces_within_another_shape_are_refused(make: MakeGuard, serve: Serve) -> None:
    """What stands beside them would pass."""
    upstream = Upstream("text/event-stream")
    client = serve(upstream.app, make(REDACTS), routes=[Route(events="a.b, a[*].c")])
    upstream.chunks = [sse({"a": {"b": "ok", "d": MAIL}})]

    response = client.get("/x")

    assert "example" not in response.text
    assert response.status_code == 502
    assert response.json()["error"]["code"] == "not_inspectable"
