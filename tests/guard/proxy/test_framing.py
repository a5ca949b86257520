"""Where one request ends and the next begins, however the bytes come; and first lines that are not HTTP's."""

from __future__ import annotations

import itertools
from contextlib import suppress

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.guard.proxy.framing import Framing

from .conftest import Serve
from .test_wire import BODY, CHUNKED, CLOSING, HEALTH, LENGTH, POST, all_of, line_to
from .upstream import Upstream, chat, whole

BODIES = st.one_of(
    st.binary(max_size=40),
    st.lists(st.sampled_from([b"\r\n", b"\n", b"\n\r\n", b"0\r\n\r\n", b"GET / RTSP/1.0\r\n"])).map(
        b"".join
    ),
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A request, and its body."""
    body = draw(BODIES)
    before = draw(st.sampled_from([b"", b"\r\n"])) + b"POST /x HTTP/1.1\r\nhost: a\r\n"
    if draw(st.booleans()):
        return before + b"content-length: %d\r\n\r\n" % len(body) + body, body
    head, left, chunks = before + b"transfer-encoding: chunked\r\n\r\n", body, b""
    while left:
        size = draw(st.integers(1, len(left)))
        chunks += b"%x\r\n%b\r\n" % (size, left[:size])
        left = left[size:]
    trailers = draw(st.sampled_from([b"", b"x: y\r\n", b"x:\r\ny: z\r\n"]))
    return head + chunks + b"0\r\n" + trailers + b"\r\n", body


class Reader:
    """Reads as the server does: the parser gets pieces, and the framing is told what is found in them."""

    def __init__(self) -> None:
        self.framing, self.parser = Framing(), httptools.HttpRequestParser(self)
        self.bodies: list[bytes] = []
        self._headers: list[tuple[bytes, bytes]] = []

    def feed(self, data: bytes) -> int:
        """Read what came; return in how many pieces."""
        start = pieces = 0
        while start < len(data):
            end = self.framing.end_of_piece(data, start)
            assert end > start
            self.parser.feed_data(data[start:end])
            start, pieces = end, pieces + 1
        return pieces

    def on_message_begin(self) -> None:
        """A request begins."""
        self.framing.begin()
        self._headers = []
        self._body = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its head, or a trailer."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is over."""
        self.framing.enter_body(self._headers)

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        self.framing.take(len(body))
        self._body += body

    def on_message_complete(self) -> None:
        """It is over."""
        self.framing.end()
        self.bodies.append(self._body)


@given(st.lists(requests(), min_size=1, max_size=4), st.lists(st.integers(0, 600)))
def test_every_request_begins_with_a_piece(
    asked: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    """However many come at once, wherever they are cut, and whatever their bodies look like."""
    data = b"".join(each for each, _ in asked)
    marks = sorted({0, len(data), *(each for each in cuts if each < len(data))})
    reader = Reader()
    for start, end in itertools.pairwise(marks):
        reader.feed(data[start:end])

    assert reader.bodies == [body for _, body in asked]


def test_a_request_inside_a_piece_is_refused() -> None:
    """Should the parser ever find an end where there is none, what follows is nobody's request."""
    framing = Framing()
    framing.end_of_piece(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", 0)
    framing.begin()
    framing.enter_body([])
    framing.end()

    with pytest.raises(ValueError, match="begins inside another one"):
        framing.begin()


def test_empty_lines_cost_little() -> None:
    """A body of nothing else is cut a few times only; another request may come behind it, but not with it."""
    body = b"\n\r\n" * 10_000
    head = b"POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
    asked = head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    reader, other = Reader(), Reader()
    pieces = reader.feed(asked) + reader.feed(asked)

    assert reader.bodies == [body] * 2
    assert pieces < 500
    with pytest.raises(httptools.HttpParserCallbackError):
        other.feed(asked + asked)


def test_blank_lines_before_a_request_are_few() -> None:
    """A client may send one too many; who sends nothing else is no client."""
    reader = Reader()

    with pytest.raises(ValueError, match="nothing but blank lines"):
        reader.feed(b"\r\n" * 1_000)


def test_a_body_may_come_in_many_pieces() -> None:
    """Whoever sends it slowly is not taken for one who sends empty lines; the next request is read."""
    head = b"POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
    reader = Reader()
    reader.feed(head)
    for _ in range(1_000):
        reader.feed(b"1\r\nx\r\n")
    reader.feed(b"0\r\n\r\n" + head + b"0\r\n\r\n")

    assert reader.bodies == [b"x" * 1_000, b""]


LINES = {
    "RTSP": b"POST /v1/chat/completions RTSP/1.0\r\n",
    "RTSP, as if it were HTTP/1.1": b"POST /v1/chat/completions RTSP/1.1\r\n",
    "ICE": b"SOURCE /v1/chat/completions ICE/1.0\r\n",
    "no protocol": b"POST /v1/chat/completions\r\n",
    "HTTP/0.9": b"POST /v1/chat/completions HTTP/0.9\r\n",
    "HTTP/2.0": b"POST /v1/chat/completions HTTP/2.0\r\n",
    "two blanks": b"POST /v1/chat/completions  HTTP/1.1\r\n",
    "two blanks before": b"POST  /v1/chat/completions HTTP/1.1\r\n",
    "a blank behind": b"POST /v1/chat/completions HTTP/1.1 \r\n",
    "a tab": b"POST /v1/chat/completions\tHTTP/1.1\r\n",
    "no return": b"POST /v1/chat/completions HTTP/1.1\n",
    "a line feed before": b"\nPOST /v1/chat/completions HTTP/1.1\r\n",
}


@pytest.mark.parametrize("name", LINES)
def test_a_first_line_is_of_http(serve: Serve, upstream: Upstream, name: str) -> None:
    """One of another protocol is refused, and so is what only some readers take."""
    with line_to(serve()) as line:
        line.sendall(LINES[name] + POST.partition(b"\r\n")[2] + LENGTH + b"\r\n" + BODY)
        answer = all_of(line)

    assert answer == (b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    assert upstream.asked == []


@pytest.mark.parametrize("size", [100_000, 1], ids=["at once", "byte by byte"])
@pytest.mark.parametrize("framed", ["a length", "chunks"])
def test_a_later_first_line_is_of_http(
    serve: Serve, upstream: Upstream, framed: str, size: int
) -> None:
    """Behind another request, too; what comes with that one is not answered either."""
    upstream.answer = lambda _: whole(chat("ok"))
    first = POST + LENGTH + b"\r\n" + BODY
    if framed == "chunks":
        first = CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    sent = first + HEALTH.replace(b"HTTP/1.1", b"RTSP/1.0") + HEALTH
    with line_to(serve()) as line:
        # It may be closed before all is sent.
        with suppress(BrokenPipeError, ConnectionResetError):
            for start in range(0, len(sent), size):
                line.sendall(sent[start : start + size])
        answers = all_of(line)

    assert b'"status": "ok"' not in answers


def test_a_body_may_say_anything(serve: Serve, upstream: Upstream) -> None:
    """Lines that look like requests, and ends that are none."""
    upstream.answer = lambda _: whole(chat("ok"))
    body = BODY + b"\r\n\r\n \n\r\n  \n\n"
    chunks = b"".join(b"1\r\n%c\r\n" % each for each in body) + b"0\r\n\r\n"
    with line_to(serve()) as line:
        line.sendall(CHUNKED + chunks + CLOSING + b"content-length: %d\r\n\r\n" % len(body) + body)
        answers = all_of(line)

    assert answers.count(b"HTTP/1.1 200 ") == 2
    assert len(upstream.asked) == 2
