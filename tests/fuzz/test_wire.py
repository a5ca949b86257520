"""What no client writes, to `assaymark guard serve` on a port."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from fuzz.served import MAIL
from fuzz.wire import say, served, talk
from guard.proxy.upstream import Upstream, whole

SMUGGLING = {
    "two lengths": b"content-length: 2\r\ncontent-length: 40\r\n\r\n{}",
    "a list of lengths": b"content-length: 2, 40\r\n\r\n{}",
    "a length with a sign": b"content-length: +2\r\n\r\n{}",
    "a coding that is none": b"transfer-encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "two codings": b"transfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    # RFC 9112, section 6.3, lets a server take the chunks, and says that it ought to be an error.
    "a length beside chunks": b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a blank before the colon": b"content-length : 2\r\n\r\n{}",
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server that all tests here share; at the end it has said nothing of any fault."""
    folder = tmp_path_factory.mktemp("wire")
    answered = whole({"choices": []})
    with Upstream(lambda _: answered) as upstream, served(folder, upstream.url) as at:
        yield at[0]
        said = at[1].read_text()
        assert "Traceback" not in said
        assert MAIL not in said
        assert all(MAIL not in str(each.body) for each in upstream.asked)


def test_noise(port: int) -> None:
    """It is answered or hung up on, without a fault, and the server lives."""
    heard = asyncio.run(talk(port, number=5, count=60, at_once=60))

    assert heard.broken == []
    assert {0, 400} <= set(heard.statuses)
    assert httpx.get(f"http://127.0.0.1:{port}/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("name", SMUGGLING)
def test_a_request_has_one_end(port: int, name: str) -> None:
    """Where its length could be read in two ways, it is refused, and what follows is not looked at."""
    head = b"POST /v1/check HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    behind = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"

    got = asyncio.run(say(port, [head + SMUGGLING[name] + behind]))

    assert got.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert got.count(b"HTTP/1.1 ") == 1


def test_requests_in_a_row_are_answered_in_a_row(port: int) -> None:
    """Pipelined (RFC 9112, section 9.3.2): each gets its own answer."""
    asked = []
    for n in range(5):
        body = b'{"text": "marker-%d"}' % n
        close = b"connection: close\r\n" if n == 4 else b""
        head = (
            b"POST /v1/check HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            + close
        )
        asked.append(head + b"content-length: %d\r\n\r\n" % len(body) + body)

    got = asyncio.run(say(port, [b"".join(asked)]))

    places = [got.index(b"marker-%d" % n) for n in range(5)]
    assert places == sorted(places)
    assert got.count(b"HTTP/1.1 200 ") == 5
