"""HTTP as clients write it: what ends, what does not, and what two readers might understand differently."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from assaymark.guard.proxy.keys import digest_of
from assaymark.guard.proxy.patience import patient
from assaymark.guard.proxy.settings import KeySettings

from .conftest import Kept, Serve, Served
from .fields import USER
from .upstream import Reply, Upstream, chat, chunks, event, whole

BODY = json.dumps({"model": "m", "messages": USER}).encode()
POST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
)
CLOSING = POST.replace(b"\r\nhost", b"\r\nconnection: close\r\nhost")
LENGTH = b"content-length: %d\r\n" % len(BODY)
_ENDLESS = 16_000_000
"""Bytes; what the kernel buffers on both sides is less, and no memory of the server."""
HEALTH = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"


@contextmanager
def line_to(served: Served) -> Iterator[socket.socket]:
    """Connect to it."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        yield line


def all_of(line: socket.socket) -> bytes:
    """Return what comes until the connection ends."""
    came = b""
    try:
        while more := line.recv(65_536):
            came += more
    except ConnectionResetError:
        pass
    return came


def flood(line: socket.socket, piece: bytes) -> int:
    """Send `piece` again and again until the server has enough; return how many bytes it took to say so."""
    sent = 0
    try:
        while sent < _ENDLESS:
            line.sendall(piece)
            sent += len(piece)
    except ConnectionError:
        pass
    return sent


CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n", b"x-more: %s\r\n" % (b"x" * 8_000)),
        (b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ", b"x" * 8_000),
        (b"GET /", b"x" * 8_000),
        (CHUNKED + b"1\r\n{\r\n0\r\n", b"x-more: %s\r\n" % (b"x" * 8_000)),
        (CHUNKED + b"1;x=", b"x" * 8_000),
        (b"", b"\r\n" * 4_000),
    ],
    ids=["headers", "one header", "a path", "trailers", "an extension", "blank lines"],
)
def test_what_does_not_end_is_ended(
    serve: Serve, upstream: Upstream, begin: bytes, piece: bytes
) -> None:
    """Nothing of it is kept beyond some bytes, and nothing is sent on."""
    served = serve(server={"http": patient(30, 16_384)})
    with line_to(served) as line:
        line.sendall(begin)
        sent = flood(line, piece)

    assert sent < _ENDLESS
    assert upstream.asked == []


def test_a_head_that_is_too_large_is_answered(serve: Serve) -> None:
    """With its status; the connection is over."""
    with line_to(serve(server={"http": patient(30, 16_384)})) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: " + b"x" * 17_000)
        answer = all_of(line)

    assert answer.startswith(b"HTTP/1.1 431 ")


def test_a_trailer_is_no_header(serve: Serve, upstream: Upstream) -> None:
    """A gateway that sets keys or tenants has looked at headers; what comes behind a body does not count."""
    key = KeySettings(name="k", digest=digest_of("let-me-in"))
    head = CHUNKED.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    chunk = b"%x\r\n%s\r\n0\r\n" % (len(BODY), BODY)
    with line_to(serve(keys=(key,))) as line:
        line.sendall(head + chunk + b"authorization: Bearer let-me-in\r\n\r\n")
        answer = all_of(line)

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert upstream.asked == []


@pytest.mark.parametrize(
    "head",
    [
        POST + LENGTH + b"transfer-encoding: chunked\r\n\r\n",
        POST + LENGTH + b"content-length: 1\r\n\r\n",
        POST + b"content-length: +5\r\n\r\n",
        POST + b"transfer-encoding: chunked, x\r\n\r\n",
        POST + b"content-length : 5\r\n\r\n",
        POST + b"x: a\x00b\r\n\r\n",
        POST + b"x: a\r\n folded\r\n\r\n",
        b"POST /v1/chat/completions HTTP/9.9\r\nhost: localhost\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nhost: example.org\r\n\r\n",
        "GET /ü HTTP/1.1\r\nhost: localhost\r\n\r\n".encode(),
        POST.replace(b"host: localhost\r\n", b"") + b"\r\n",
        POST + b"host: example.org\r\n\r\n",
        POST + b"transfer-encoding: gzip, chunked\r\n\r\n",
        POST.replace(b"/1.1", b"/1.0") + b"transfer-encoding: chunked\r\n\r\n",
        POST.replace(b"/1.1", b"/2.0") + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_what_two_readers_could_understand_differently(
    serve: Serve, upstream: Upstream, head: bytes
) -> None:
    """It is refused, and the connection is over: nobody's next request begins inside this one."""
    with line_to(serve()) as line:
        line.sendall(head + BODY)
        answer = all_of(line)

    assert answer.split(b" ")[1] in {b"400", b"404", b"405"}
    assert answer.count(b"HTTP/1.1 ") == 1
    assert upstream.asked == []


@pytest.mark.parametrize("step", [100_000, 1], ids=["at once", "byte by byte"])
def test_who_asks_for_another_protocol_is_answered_in_this_one(
    serve: Serve, upstream: Upstream, step: int
) -> None:
    """Java's client does so with each first request. The body is read, and so is the next request."""
    upstream.answer = lambda _: whole(chat("ok"))
    upgrade = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
    sent = POST + upgrade + LENGTH + b"\r\n" + BODY + CLOSING + LENGTH + b"\r\n" + BODY
    with line_to(serve()) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for n in range(0, len(sent), step):
            line.sendall(sent[n : n + step])
        answers = all_of(line)

    assert answers.count(b"HTTP/1.1 200 ") == 2
    assert [each.body for each in upstream.asked] == [json.loads(BODY)] * 2


def test_nobody_upgrades_for_ever(serve: Serve) -> None:
    """Thousands of such heads in one piece are the end of the connection, not of the server."""
    head = b"GET /healthz HTTP/1.1\r\nconnection: upgrade\r\nupgrade: x\r\nhost: localhost\r\n\r\n"
    served = serve()
    with line_to(served) as line:
        line.sendall(head * 3_000 + b"x\r\n\r\n")
        answers = all_of(line)
    with line_to(served) as line:
        line.sendall(HEALTH)
        alive = line.recv(65_536)

    assert answers.count(b"HTTP/1.1 200 ") < 3_000
    assert alive.startswith(b"HTTP/1.1 200 ")


def test_requests_that_do_not_wait_are_answered_in_turn(serve: Serve, upstream: Upstream) -> None:
    """Each by its own answer."""
    said = iter("abc")
    upstream.answer = lambda _: whole(chat(f"answer {next(said)}"))
    with line_to(serve()) as line:
        for head in (POST, POST, CLOSING):
            line.sendall(head + LENGTH + b"\r\n" + BODY)
        answers = all_of(line)

    places = [answers.index(f"answer {each}".encode()) for each in "abc"]
    assert places == sorted(places)
    assert answers.count(b"HTTP/1.1 200 ") == 3


def test_requests_that_do_not_wait_are_few(serve: Serve, upstream: Upstream) -> None:
    """A connection that asks a thousand times while the first answer is on its way is given up."""
    upstream.answer = lambda _: Reply([], then="hang")
    with line_to(serve()) as line:
        line.sendall(POST + LENGTH + b"\r\n" + BODY + HEALTH * 1_000)

        assert all_of(line) == b""


def test_who_leaves_while_requests_wait_has_left(
    serve: Serve, upstream: Upstream, kept: Kept
) -> None:
    """What was asked of the upstream is given up, and the log says why."""
    upstream.answer = lambda _: Reply([], then="hang")
    served = serve()
    with line_to(served) as line:
        line.sendall(POST + LENGTH + b"\r\n" + BODY + HEALTH)
        until(lambda: len(upstream.asked) == 1)
    until(lambda: len(kept.decisions) == 1)

    assert [each.outcome for each in kept.decisions] == ["client_left"]


@pytest.mark.parametrize(
    ("sent", "later"),
    [
        (HEALTH, b"\r\n"),
        (POST.replace(b"/v1/chat/completions", b"/nothing") + b"content-length: 2\r\n\r\n", b"{}"),
    ],
    ids=["a blank line", "the body of what was refused"],
)
def test_what_is_no_request_keeps_no_connection_open(
    serve: Serve, sent: bytes, later: bytes
) -> None:
    """Behind an answer only another request does."""
    with line_to(serve(server={"timeout_keep_alive": 1})) as line:
        line.sendall(sent)
        answer = line.recv(65_536)
        line.sendall(later)
        rest = all_of(line)

    assert answer.startswith(b"HTTP/1.1 ")
    assert rest.count(b"HTTP/1.1 ") == 0


def test_nothing_is_written_into_an_answer(serve: Serve, upstream: Upstream) -> None:
    """Who sends what is no request while an answer streams loses the connection."""
    upstream.answer = lambda _: Reply(
        [event(each) for each in chunks("a b c d e f g h")[:4]],
        kind="text/event-stream",
        then="hang",
    )
    body = json.dumps({"model": "m", "messages": USER, "stream": True}).encode()
    with line_to(serve()) as line:
        line.sendall(POST + b"content-length: %d\r\n\r\n" % len(body) + body)
        answer = line.recv(65_536)
        line.sendall(b"\x01garbage\r\n\r\n")
        answer += all_of(line)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_trailer_that_closes_closes(serve: Serve, upstream: Upstream) -> None:
    """The parser reads nothing behind it, so the connection ends with the answer."""
    upstream.answer = lambda _: whole(chat("ok"))
    chunk = b"%x\r\n%s\r\n0\r\n" % (len(BODY), BODY)
    with line_to(serve()) as line:
        line.sendall(CHUNKED + chunk + b"connection: close\r\n\r\n")
        answer = all_of(line)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, ten seconds at most."""
    for _ in range(1_000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError
