"""One connection to an upstream: what is an answer, what is none, and what is left behind one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import h11
import httpcore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.guard.proxy.line import BrokenError, Line

HEADERS = [(b"Host", b"upstream"), (b"Content-Length", b"2")]


class Bytes(httpcore.AsyncNetworkStream):
    """A connection whose other side says what it was told to, and then ends or keeps still."""

    def __init__(self, said: Sequence[bytes], *, ends: bool) -> None:
        self.said, self.ends, self.written = list(said), ends, b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        """Return the next piece."""
        if self.said:
            return self.said.pop(0)
        if not self.ends:
            await asyncio.Event().wait()
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        """Keep what is written."""
        self.written += buffer

    def get_extra_info(self, info: str) -> Any:  # noqa: ARG002
        """Say whether something more is to be read."""
        return bool(self.said)


async def asked(line: Line) -> tuple[int, dict[bytes, bytes], bytes]:
    """Return status, headers and body of an answer."""
    async with asyncio.timeout(5):
        await line.ask("POST", b"/v1/x", HEADERS, b"{}")
        body = b""
        while piece := await line.piece():
            body += piece
    return line.status, dict(line.headers), body


def found(said: Sequence[bytes], *, ends: bool = False) -> tuple[int, bytes, bool]:
    """Return status and body of what is said, and whether the connection may be used again."""
    line = Line(Bytes(said, ends=ends))
    status, _, body = asyncio.run(asked(line))
    return status, body, line.is_free


@pytest.mark.parametrize(
    ("said", "ends", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab", False, (200, b"ab", True)),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nab", False, (200, b"ab", True)),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1;x=y\r\na\r\n1\r\nb\r\n0\r\nt: 1\r\n\r\n",
            False,
            (200, b"ab", True),
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nab",
            False,
            (200, b"ab", False),
        ),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nab", False, (200, b"ab", False)),
        (b"HTTP/1.1 200 OK\r\n\r\nab", True, (200, b"ab", False)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False, (204, b"", True)),
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", False, (503, b"", True)),
        (
            b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na",
            False,
            (200, b"a", True),
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb",
            False,
            (200, b"a", False),
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc", False, (200, b"a", False)),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_an_answer(
    said: bytes,
    ends: bool,  # noqa: FBT001 - a parameter of the test
    expected: tuple[int, bytes, bool],
    at_once: bool,  # noqa: FBT001 - likewise
) -> None:
    """However it is cut, with what may stand before and behind it."""
    pieces = [said] if at_once else [said[n : n + 1] for n in range(len(said))]

    assert found(pieces, ends=ends) == expected


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n x: y\r\n\r\nab",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 200_000 + b"\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + b"x: y\r\n" * 30_000,
        b"<html>",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_what_is_no_answer(said: bytes) -> None:
    """What breaks off, can be read in two ways, or is kept without end."""
    pieces = [said[n : n + 65_536] for n in range(0, len(said), 65_536)]

    with pytest.raises(BrokenError):
        found(pieces, ends=True)


def test_trailers_are_no_headers() -> None:
    """Who forwards headers has looked at the head only."""
    said = b"HTTP/1.1 200 OK\r\nA: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nB: 2\r\n\r\n"

    _, headers, _ = asyncio.run(asked(Line(Bytes([said], ends=False))))

    assert headers == {b"a": b"1", b"transfer-encoding": b"chunked"}


def test_answers_one_after_the_other() -> None:
    """Nothing of an answer is left for the next one, not even what nobody took."""
    said = [b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\nx: %d\r\n\r\n%d" % (n, n) for n in range(3)]

    async def all_of_them() -> list[Any]:
        line = Line(Bytes(said[:1], ends=False))
        answers = [await asked(line)]
        line.stream.said.append(said[1])  # type: ignore[attr-defined] # this test's
        await line.ask("POST", b"/v1/x", HEADERS, b"{}")
        assert line.is_free
        line.stream.said.append(said[2])  # type: ignore[attr-defined] # likewise
        return [*answers, await asked(line)]

    first, last = asyncio.run(all_of_them())

    assert (first[1][b"x"], first[2], last[1][b"x"], last[2]) == (b"0", b"0", b"2", b"2")


@pytest.mark.parametrize(
    ("target", "header"),
    [
        (b"/a b", (b"X", b"1")),
        (b"/a\r\nX: 1", (b"X", b"1")),
        (b"/\x00", (b"X", b"1")),
        (b"/", (b"X", b"1\r\nY: 2")),
        (b"/", (b"X", b"1\n")),
        (b"/", (b"X", b"\x00")),
        (b"/", (b"X y", b"1")),
        (b"/", (b"X:", b"1")),
        (b"/", (b"", b"1")),
    ],
)
def test_a_request_that_would_be_another_one(target: bytes, header: tuple[bytes, bytes]) -> None:
    """Nothing is written that an upstream would read as more than was asked."""
    stream = Bytes([], ends=True)

    with pytest.raises(BrokenError):
        asyncio.run(Line(stream).ask("POST", target, [header], b""))

    assert stream.written == b""


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_it_reads_what_another_reader_reads(data: st.DataObject) -> None:
    """Of answers with random bodies, chunks and cuts, h11 reads the same status, headers and body."""
    body = data.draw(st.binary(max_size=200))
    status = data.draw(st.sampled_from([200, 201, 400, 429, 500]))
    writer = h11.Connection(h11.SERVER)
    writer.receive_data(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    while not isinstance(writer.next_event(), h11.EndOfMessage):
        pass
    headers = [("x-a", data.draw(st.text("abc 123-", max_size=9)).strip())]
    if data.draw(st.booleans()):
        headers.append(("content-length", str(len(body))))
    said = writer.send(h11.Response(status_code=status, headers=headers)) or b""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=4)))
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        said += writer.send(h11.Data(data=body[start:end])) or b""
    said += writer.send(h11.EndOfMessage()) or b""
    places = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=6)))
    pieces = [said[a:b] for a, b in zip([0, *places], [*places, len(said)], strict=True) if a < b]

    found_status, found_headers, found_body = asyncio.run(asked(Line(Bytes(pieces, ends=False))))

    assert (found_status, found_body) == (status, body)
    assert found_headers[b"x-a"] == headers[0][1].encode()
