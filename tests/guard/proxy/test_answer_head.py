"""The head of an upstream's answer: as h11 reads it, or not at all."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.guard.proxy.answer_head import (
    Framing,
    Head,
    NotHttpError,
    end_of_head,
    parse_head,
)

LINES = (
    *("Content-Length: 5", "content-length:5", "Content-Length: 5, 5", "Content-Length: 6"),
    *("Content-Length: +5", "Content-Length: ", "Content-Length: 5x", "Content-Length : 5"),
    *("Transfer-Encoding: chunked", "transfer-encoding: CHUNKED", "Transfer-Encoding: gzip"),
    *("Transfer-Encoding: gzip, chunked", "Connection: close", "Connection: Keep-Alive, Close"),
    *("Content-Type: application/json", "X: \t a b \t", " folded", "\tfolded", "X:", ": x", "X"),
    *("X: \x00", "X: \x7f", "X: \xe4", "X: a\rb", "X\xe4: a"),
)
STATUSES = (
    *("HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.0 200 OK", "HTTP/1.1 204 None", "HTTP/1.1 304 "),
    *("HTTP/1.1 99 x", "HTTP/1.1 1000 x", "HTTP/2 200 OK", "http/1.1 200 OK", "HTTP/1.1  200 OK"),
    *("HTTP/1.1 200OK", "HTTP/1.1 2\u0662 x".encode().decode("latin-1"), "", "HTTP/1.1 200 \x00"),
)
HEADS = st.builds(
    lambda status, lines, end: end.join([status, *lines, "", ""]).encode("latin-1"),
    st.sampled_from(STATUSES),
    st.lists(st.sampled_from(LINES), max_size=5),
    st.sampled_from(["\r\n", "\n"]),
)


def by_h11(data: bytes) -> tuple[int, tuple[tuple[str, str], ...]] | None:
    """Return status and headers as h11 reads them, `None` where it refuses."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="POST", target="/", headers=[("host", "h")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    try:
        found = connection.next_event()
    except h11.RemoteProtocolError:
        return None
    assert isinstance(found, h11.Response)
    fields = tuple((a.decode("latin-1"), b.decode("latin-1")) for a, b in found.headers)
    return found.status_code, fields


@given(HEADS)
@settings(max_examples=600)
def test_what_is_read_is_what_h11_reads(data: bytes) -> None:
    """Whatever is taken, h11 takes too, with the same status and headers; it writes framing its own way."""
    try:
        head = parse_head(data)
    except NotHttpError:
        return

    known = by_h11(data)
    assert known is not None
    assert head.status == known[0]
    assert {name for name, _ in head.fields} == {name for name, _ in known[1]}
    told = {each for each in known[1] if each[0] not in ("content-length", "transfer-encoding")}
    assert not told - set(head.fields)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5", (Framing.LENGTH, 5, False)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5", (Framing.LENGTH, 5, False)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", (Framing.CHUNKS, 0, False)),
        ("HTTP/1.1 200 OK", (Framing.CLOSE, 0, True)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close", (Framing.LENGTH, 5, True)),
        ("HTTP/1.0 200 OK\r\nContent-Length: 5", (Framing.LENGTH, 5, True)),
        ("HTTP/1.1 204 None\r\nContent-Length: 5", (Framing.LENGTH, 0, False)),
        ("HTTP/1.1 304 Same\r\nTransfer-Encoding: chunked", (Framing.LENGTH, 0, False)),
    ],
)
def test_how_a_body_ends(text: str, expected: tuple[Framing, int, bool]) -> None:
    """By its length, by its last chunk, or with the connection; RFC 9112, section 6.3."""
    head = parse_head(f"{text}\r\n\r\n".encode())

    assert (head.framing, head.length, head.is_last) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: ",
        f"Content-Length: {'9' * 19}",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Content-Length : 5",
        "X: a\0b",
        "no colon",
    ],
)
def test_what_could_be_read_in_two_ways_is_not_read(line: str) -> None:
    """Nobody can tell where such an answer ends."""
    with pytest.raises(NotHttpError):
        parse_head(f"HTTP/1.1 200 OK\r\n{line}\r\n\r\n".encode())


def test_chunks_belong_to_http_1_1() -> None:
    """Before, there were none."""
    with pytest.raises(NotHttpError):
        parse_head(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_a_folded_line_is_one() -> None:
    """As RFC 9112, section 5.2, asks of who reads."""
    head = parse_head(b"HTTP/1.1 200 OK\r\nX: a\r\n  b\r\nContent-Length: 0\r\n\r\n")

    assert head == Head(
        200, (("x", "a b"), ("content-length", "0")), Framing.LENGTH, 0, is_last=False
    )


def test_where_a_head_ends() -> None:
    """Behind the first empty line, whichever line ends it is written with."""
    assert end_of_head(bytearray(b"HTTP/1.1 200 OK\r\n\r\nbody")) == 19
    assert end_of_head(bytearray(b"HTTP/1.1 200 OK\n\nbody")) == 17
    assert end_of_head(bytearray(b"HTTP/1.1 200 OK\r\n\r")) is None
