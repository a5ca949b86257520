"""How much a client may ask for, who may ask, and what is not served."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any

import httpx
import openai
import pytest

from assaymark.guard.proxy.judge import Caps
from assaymark.guard.proxy.keys import new_key
from assaymark.guard.proxy.settings import KeySettings, Timeouts, UpstreamSettings

from .conftest import MAIL, Client, Kept, Serve, limits_with
from .fields import USER
from .upstream import Reply, Upstream, chat, chunks, events, whole

ASK: dict[str, Any] = {"model": "m", "messages": USER}
CHAT = "/v1/chat/completions"


def code_of(got: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of an error."""
    return got.status_code, got.json()["error"]["code"]


@pytest.mark.parametrize(
    ("send", "expected"),
    [
        ({"content": b"x" * 3_000}, (413, "too_large")),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, (400, "invalid_json")),
        (
            {"content": b"[]", "headers": {"content-type": "application/json"}},
            (400, "invalid_json"),
        ),
        ({"json": {"messages": 1}}, (400, "invalid_request")),
        ({"content": b"{}", "headers": {"content-type": "text/plain"}}, (415, "not_inspectable")),
        (
            {
                "content": b"{}",
                "headers": {"content-type": "application/json", "content-encoding": "gzip"},
            },
            (415, "not_inspectable"),
        ),
        ({"json": ASK, "params": {"x": MAIL}}, (400, "not_inspectable")),
        ({"json": ASK, "headers": {"x-long": "x" * 9_000}}, (431, "too_large")),
    ],
)
def test_what_cannot_be_taken(
    serve: Serve, upstream: Upstream, send: dict[str, Any], expected: tuple[int, str]
) -> None:
    """It is refused with a code, and not sent on."""
    limits = limits_with(caps=Caps(request=2_000), headers=8_000)
    with httpx.Client(base_url=serve(limits=limits).url) as http:
        kind = {"content-type": "application/json"} if "content" in send else {}
        got = http.post(CHAT, **{**send, "headers": {**kind, **send.get("headers", {})}})

    assert code_of(got) == expected
    assert upstream.asked == []


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "it has to have one content type, `application/json`"),
        (
            {"content-type": "text/event-stream"},
            "it has to have one content type, `application/json`",
        ),
        ({"content-type": "application/json; charset=latin1"}, "its charset has to be UTF-8"),
        (
            {"content-type": "application/json", "content-encoding": "gzip"},
            "it has to come without a content encoding",
        ),
    ],
)
def test_what_a_body_has_to_be_announced_as(
    serve: Serve, headers: dict[str, str], why: str
) -> None:
    """Whoever sends another one is told which."""
    with httpx.Client(base_url=serve().url) as http:
        got = http.post(CHAT, content=json.dumps(ASK), headers=headers)

    assert got.status_code == 415
    assert got.json()["error"]["message"] == f"the request cannot be judged: {why}"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/v1/audio/speech", (404, "not_found")),
        ("GET", "/v1/files", (404, "not_found")),
        ("DELETE", "/v1/models/m", (405, "method_not_allowed")),
        ("GET", CHAT, (405, "method_not_allowed")),
        ("POST", "/v1/chat/completions/", (404, "not_found")),
    ],
)
def test_what_is_not_served(
    serve: Serve, upstream: Upstream, method: str, path: str, expected: tuple[int, str]
) -> None:
    """It is never sent on."""
    with httpx.Client(base_url=serve().url) as http:
        got = http.request(method, path, json=ASK)

    assert code_of(got) == expected
    assert upstream.asked == []


def test_a_path_below_anthropics_is_answered_in_its_form(serve: Serve) -> None:
    """Its clients read errors of their own API."""
    with httpx.Client(base_url=serve().url) as http:
        got = http.post("/v1/messages/batches", json={})

    assert got.status_code == 404
    assert got.json()["type"] == "error"
    assert got.json()["error"]["type"] == "not_found_error"


def test_health(serve: Serve, kept: Kept) -> None:
    """Anybody may ask whether it lives; it is ready as long as decisions can be kept."""
    with httpx.Client(base_url=serve(keys=(KeySettings(name="a", digest="0" * 64),)).url) as http:
        alive, ready = http.get("/healthz"), http.get("/readyz")

    assert (alive.status_code, ready.status_code) == (200, 200)


def test_keys(client: Client, upstream: Upstream, kept: Kept) -> None:
    """Who has none that is known is told so; the key says whose request it is, whatever a header says."""
    upstream.answer = lambda _: whole(chat("hi"))
    (key, digest), (other, other_digest) = new_key(), new_key()
    keys = (
        KeySettings(name="a", digest=digest, tenant="acme"),
        KeySettings(name="b", digest=other_digest, tenant="*"),
    )
    forged = {"assaymark-tenant": "victim"}

    client(keys=keys, api_key=key).chat.completions.create(**ASK, extra_headers=forged)
    client(keys=keys, api_key=other).chat.completions.create(**ASK, extra_headers=forged)
    with pytest.raises(openai.AuthenticationError) as caught:
        client(keys=keys, api_key="sk-wrong").chat.completions.create(**ASK)

    assert [each.tenant for each in kept.decisions] == ["acme", "victim"]
    assert caught.value.body["code"] == "invalid_api_key"  # type: ignore[index]
    assert len(upstream.asked) == 2
    assert all(key not in json.dumps(each.headers) for each in upstream.asked)


def test_the_clients_key_goes_on_only_if_that_is_said(client: Client, upstream: Upstream) -> None:
    """And never beside one of ours."""
    upstream.answer = lambda _: whole(chat("hi"))
    bare = (UpstreamSettings(name="one", url=upstream.url),)

    client(upstreams=bare).chat.completions.create(**ASK)
    client(upstreams=bare, forwards=True).chat.completions.create(**ASK)
    client(forwards=True).chat.completions.create(**ASK)

    seen = [each.headers.get("authorization") for each in upstream.asked]
    assert seen == [None, "Bearer sk-test", "Bearer sk-up"]


def test_clients_do_not_choose_addresses(client: Client, upstream: Upstream) -> None:
    """A model that no upstream has is an error, whatever its name looks like."""
    pool = (UpstreamSettings(name="one", url=upstream.url, models=("gpt-*",)),)

    with pytest.raises(openai.NotFoundError) as caught:
        client(upstreams=pool).chat.completions.create(
            model="openai/x@http://169.254.169.254/", messages=USER
        )

    assert caught.value.body["code"] == "model_not_found"  # type: ignore[index]
    assert upstream.asked == []


def test_too_many_requests_wait_or_come_back(client: Client, upstream: Upstream) -> None:
    """One is at work, one waits for it, the third is told to come back."""
    upstream.answer = lambda _: Reply([0.4, json.dumps(chat("hi")).encode()])
    asking = client(limits=limits_with(concurrent=1, waiting=1, patience=5)).chat.completions
    outcomes: list[Any] = []

    def ask() -> None:
        try:
            outcomes.append(asking.create(**ASK).choices[0].message.content)
        except openai.RateLimitError as error:
            outcomes.append((error.body["code"], error.response.headers["retry-after"]))  # type: ignore[index]

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for each in threads:
        each.start()
        time.sleep(0.1)
    for each in threads:
        each.join()

    assert sorted(outcomes, key=str) == [("overloaded", "5"), "hi", "hi"]


def test_who_waits_too_long_is_told_to_come_back(client: Client, upstream: Upstream) -> None:
    """Waiting has an end."""
    upstream.answer = lambda _: Reply(status=0, then="hang")
    limits = limits_with(concurrent=1, patience=0.1)
    asking = client(limits=limits, timeouts=Timeouts(first_byte=1)).chat.completions
    outcomes: list[int] = []

    def ask() -> None:
        try:
            asking.create(**ASK)
        except openai.APIStatusError as error:
            outcomes.append(error.status_code)

    first = threading.Thread(target=ask)
    first.start()
    while not upstream.asked:
        time.sleep(0.01)
    ask()
    first.join()

    assert outcomes == [429, 504]


def test_a_body_that_does_not_come(serve: Serve, upstream: Upstream) -> None:
    """It is given up after a while."""
    served = serve(limits=limits_with(seconds=0.3))
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        head = f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        line.sendall(f"{head}content-length: 20\r\n\r\n{{".encode())
        answer = line.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_client_that_takes_nothing_is_let_go(
    serve: Serve, upstream: Upstream, kept: Kept
) -> None:
    """Its request ends, and that of the upstream with it."""
    upstream.answer = lambda _: events(chunks(["word " * 2_000] * 2_000))
    served = serve(
        limits=limits_with(seconds=0.3),
        guard_=None,
        section="{output: [{detector: secrets, do: flag}]}",
    )
    body = json.dumps({**ASK, "stream": True})
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.connect(("127.0.0.1", served.port))
        head = f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        line.sendall(f"{head}content-length: {len(body)}\r\n\r\n{body}".encode())
        for _ in range(500):
            if kept.decisions:
                break
            time.sleep(0.02)

    assert [each.outcome for each in kept.decisions] == ["client_left"]
