"""
What fails while a request is served: the client gets an error that it understands, and never what was held.

Over real sockets, with an upstream that dies, hangs, or sends what nobody can read.
"""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import httpx
import openai
import pytest

from assaymark.errors import InputError
from assaymark.guard import Guard
from assaymark.guard.proxy.settings import Resilience, Timeouts, UpstreamSettings
from guard.conftest import guard_of, scripted

from .conftest import BLOCKS, MAIL, Client, Kept, Serve, limits_with
from .fields import USER
from .upstream import Reply, Upstream, chat, chunk, chunks, event, events, whole

ASK: dict[str, Any] = {"model": "m", "messages": USER}


def read(stream: Any) -> tuple[str, openai.APIError]:
    """Return what a stream says before its error, and the error."""
    text = ""
    try:
        for each in stream:
            text += each.choices[0].delta.content or ""
    except openai.APIError as error:
        return text, error
    pytest.fail("the stream ended well")


def started(text: str) -> list[bytes]:
    """Return the beginning of a stream."""
    return [event(chunk({"role": "assistant"})), event(chunk({"content": text}))]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(started("Hello, I am jo"), kind="text/event-stream", then="die"), "upstream_failed"),
        (
            Reply(started("Hello, I am jo"), kind="text/event-stream", then="hang"),
            "upstream_timeout",
        ),
        (Reply(started("Hello, I am jo"), kind="text/event-stream"), "upstream_invalid"),
        (
            Reply([*started("Hello, I am jo"), b"data: {nonsense\n\n"], kind="text/event-stream"),
            "upstream_invalid",
        ),
        (
            Reply([*started("Hello, I am jo"), b"data: \xff\n\n"], kind="text/event-stream"),
            "upstream_invalid",
        ),
        (
            Reply(
                [*started("Hello, I am jo"), event({"error": {"message": MAIL}})],
                kind="text/event-stream",
            ),
            "upstream_failed",
        ),
    ],
    ids=["dies", "hangs", "ends", "no JSON", "no UTF-8", "says so"],
)
def test_an_upstream_that_fails_in_the_middle(
    client: Client, upstream: Upstream, kept: Kept, reply: Reply, code: str
) -> None:
    """The stream ends with an error and `[DONE]`; what was held is not released."""
    upstream.answer = lambda _: reply
    asking = client(timeouts=Timeouts(idle=0.3)).chat.completions

    text, error = read(asking.create(**ASK, stream=True))

    assert text == "Hello, I "
    assert error.body["code"] == code
    assert MAIL not in str(error.body)
    assert [each.outcome for each in kept.decisions] == [code]
    assert kept.decisions[0].withheld


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (Reply(status=0, then="die"), 502, "upstream_failed"),
        (Reply(status=0, then="hang"), 504, "upstream_timeout"),
        (Reply([b'{"choices": [{']), 502, "upstream_invalid"),
        (Reply([b'{"choices": [{'], then="die"), 502, "upstream_failed"),
        (Reply([b"<html>"], kind="text/html"), 502, "upstream_invalid"),
        (Reply([b'{"choices": 7}']), 502, "upstream_invalid"),
        (Reply([b'{"choices": [{"message": 7}]}']), 502, "upstream_invalid"),
        (Reply([b"[]"]), 502, "upstream_invalid"),
        (Reply([b'{"a": 1, "a": 2}']), 502, "upstream_invalid"),
        (Reply([b"{}"], headers={"content-encoding": "gzip"}), 502, "upstream_invalid"),
        (
            Reply([b"{}"], status=302, headers={"location": "http://other/"}),
            502,
            "upstream_invalid",
        ),
        (Reply([b"boom"], status=500, kind="text/plain"), 502, "upstream_failed"),
        (Reply([b'{"error": 1}'], status=401), 502, "upstream_refused"),
    ],
)
def test_an_upstream_that_fails(
    client: Client, upstream: Upstream, kept: Kept, reply: Reply, status: int, code: str
) -> None:
    """The client gets one error, in the form of the API."""
    upstream.answer = lambda _: reply
    asking = client(timeouts=Timeouts(first_byte=0.3, idle=0.3)).chat.completions

    with pytest.raises(openai.APIStatusError) as caught:
        asking.create(**ASK)

    error: Any = caught.value.body
    assert (caught.value.status_code, error["code"]) == (status, code)
    assert set(error) == {"message", "type", "param", "code"}
    assert [each.outcome for each in kept.decisions] == [code]


def test_errors_of_upstreams_are_judged(client: Client, upstream: Upstream) -> None:
    """Their status and form stay; a value that they quote does not."""
    upstream.answer = lambda _: whole(
        {"error": {"message": f"no {MAIL}", "type": "invalid_request_error", "code": "x"}},
        status=422,
        headers={"retry-after": "7", "set-cookie": "a=b"},
    )

    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client().chat.completions.create(**ASK)

    error: Any = caught.value.body
    assert error["message"] == "no <EMAIL_ADDRESS>"
    assert caught.value.response.headers["retry-after"] == "7"
    assert "set-cookie" not in caught.value.response.headers


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
        (422, openai.UnprocessableEntityError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_of_upstreams_that_hold_what_is_blocked(
    client: Client,
    upstream: Upstream,
    kept: Kept,
    status: int,
    error: type[openai.APIStatusError],
    *,
    stream: bool,
) -> None:
    """Their status and the time to wait stay, so that clients try again; nothing of their words does."""
    upstream.answer = lambda _: whole(
        {"error": {"message": f"no {MAIL}", "type": "rate_limit", "code": "x"}, "detail": [MAIL]},
        status=status,
        headers={"retry-after": "7"},
    )

    with pytest.raises(error) as caught:
        client(BLOCKS).chat.completions.create(**ASK, stream=stream)

    assert caught.value.status_code == status
    assert caught.value.response.headers["retry-after"] == "7"
    assert caught.value.body == {
        "message": "the upstream failed; the policy blocks its words",
        "type": "guard_error",
        "param": None,
        "code": "upstream_error",
    }
    (decision,) = kept.decisions
    assert (decision.outcome, decision.status, decision.withheld) == (
        "upstream_error",
        status,
        True,
    )


def test_a_client_that_leaves_takes_its_request_along(
    serve: Serve, upstream: Upstream, kept: Kept
) -> None:
    """The upstream notices, and the decision is kept."""
    upstream.answer = lambda _: Reply(started("Hello there"), kind="text/event-stream", then="hang")
    url = f"{serve().url}/v1/chat/completions"

    with httpx.Client() as http, http.stream("POST", url, json={**ASK, "stream": True}) as got:
        next(got.iter_lines())

    assert upstream.left.wait(5)
    for _ in range(100):
        if kept.decisions:
            break
        time.sleep(0.02)
    assert [each.outcome for each in kept.decisions] == ["client_left"]


def test_nothing_ends_that_is_not_recorded(client: Client, upstream: Upstream, kept: Kept) -> None:
    """A sink that fails keeps back a whole answer, and the end of a stream."""
    upstream.answer = lambda asked: (
        events(chunks(["Hello there, my friend"]))
        if asked.body.get("stream")
        else whole(chat("Hello"))
    )
    kept.error = InputError("disk full")
    asking = client().chat.completions

    with pytest.raises(openai.InternalServerError) as caught:
        asking.create(**ASK)
    text, error = read(asking.create(**ASK, stream=True))

    assert caught.value.body["code"] == "log_unavailable"  # type: ignore[index]
    assert error.body["code"] == "log_unavailable"  # type: ignore[index]
    assert text == "Hello there, "


@pytest.mark.parametrize("fails", ["raises", "hangs"])
def test_a_detector_that_fails(client: Client, upstream: Upstream, fails: str) -> None:
    """What it should have judged is blocked, on both paths."""

    def judge(text: str) -> Any:
        if "boom" in text and fails == "raises":
            raise RuntimeError
        if "boom" in text:
            time.sleep(0.5)
        return []

    made: Guard = guard_of(
        "{check_deadline_ms: 100, output: [{detector: scripted, do: redact}]}",
        extra={"scripted": scripted(judge)},
    )
    upstream.answer = lambda asked: (
        events(chunks(["all is well, ", "boom ", "it says"]))
        if asked.body.get("stream")
        else whole(chat("all is well, boom it says"))
    )
    asking = client(guard_=made).chat.completions

    answer = asking.create(**ASK)
    got = list(asking.create(**ASK, stream=True))

    assert "boom" not in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "content_filter"
    assert "boom" not in "".join(each.choices[0].delta.content or "" for each in got)
    assert got[-1].choices[0].finish_reason == "content_filter"
    made.close()


def test_another_upstream_answers(client: Client, upstream: Upstream) -> None:
    """Where one cannot be reached, or is busy, and only where nothing was begun."""
    upstream.answer = lambda _: Reply([b"{}"], status=503)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        dead = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"

    with Upstream(lambda _: whole(chat("second"))) as second:
        pool = tuple(
            UpstreamSettings(name=url, url=url) for url in (dead, upstream.url, second.url)
        )
        answer = client(upstreams=pool).chat.completions.create(**ASK)

    assert answer.choices[0].message.content == "second"
    assert len(upstream.asked) == 1


def test_a_request_that_was_begun_is_not_tried_again(client: Client, upstream: Upstream) -> None:
    """It may have cost something already."""
    upstream.answer = lambda _: Reply(status=0, then="die")

    with pytest.raises(openai.InternalServerError):
        client().chat.completions.create(**ASK)

    assert len(upstream.asked) == 1


def test_an_upstream_that_keeps_failing_is_left_alone(client: Client, upstream: Upstream) -> None:
    """After some failures in a row nobody asks it, and clients are told when to come back."""
    upstream.answer = lambda _: Reply([b"no"], status=500, kind="text/plain")
    asking = client(resilience=Resilience(failures=2, rest=60)).chat.completions

    codes = []
    for _ in range(4):
        with pytest.raises(openai.InternalServerError) as caught:
            asking.create(**ASK)
        codes.append(caught.value.status_code)

    assert codes == [502, 502, 503, 503]
    assert len(upstream.asked) == 2
    assert caught.value.response.headers["retry-after"] == "60"


def test_an_answer_that_is_too_large(client: Client, upstream: Upstream) -> None:
    """It is refused, however it comes."""
    from assaymark.guard.proxy.judge import Caps

    upstream.answer = lambda asked: (
        Reply([b"data: " + b"x" * 5_000], kind="text/event-stream", then="hang")
        if asked.body.get("stream")
        else whole(chat("word " * 1_000))
    )
    asking = client(limits=limits_with(caps=Caps(answer=1_000))).chat.completions

    for streams in (False, True):
        with pytest.raises(openai.APIStatusError) as caught:
            asking.create(**ASK, stream=streams)
        assert caught.value.status_code == 502


def test_logs_hold_nothing_of_requests(
    serve: Serve, upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither keys nor values, whatever fails."""
    caplog.set_level("DEBUG")
    served = serve()
    bodies: list[Any] = [{"messages": 7, "x": MAIL}, {"messages": [{"role": MAIL}]}, [MAIL]]
    with httpx.Client(headers={"authorization": "Bearer sk-secret"}) as http:
        for body in bodies:
            got = http.post(f"{served.url}/v1/chat/completions", content=json.dumps(body))
            assert MAIL not in got.text

    logged = "\n".join(each.getMessage() for each in caplog.records if "httpx" not in each.name)
    assert MAIL not in logged
    assert "sk-secret" not in logged
