"""Bodies of upstreams, however their bytes come: what h11 reads, and not a byte more."""

from __future__ import annotations

from itertools import pairwise

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.guard.proxy.answer_body import BodyReader, Chunks, Counted, UntilClose, reader_of
from assaymark.guard.proxy.answer_head import Framing, Head, NotHttpError

PARTS = st.lists(st.binary(min_size=1, max_size=20), max_size=6)
ODD = st.sampled_from(
    [
        *(b"0\r\n\r\n", b"5\r\nhello\r\n", b"5;a=b\r\nhello\r\n", b"05\r\nhello\r\n", b"A\r\n"),
        *(b"5\r\nhelloX\r\n", b"-1\r\n", b"5 \r\nhello\r\n", b" 5\r\nhello\r\n", b"g\r\n", b"\r\n"),
        *(b"0\r\nX: y\r\n\r\n", b"5\nhello\n", b"5;\x00\r\nhello\r\n", b"0x5\r\nhello\r\n"),
    ]
)


def chunked(parts: list[bytes]) -> bytes:
    """Return `parts` as chunks, and the last one."""
    return b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in parts) + b"0\r\n\r\n"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Return `data` in pieces."""
    ends = sorted({0, len(data), *(each % (len(data) + 1) for each in places)})
    return [data[a:b] for a, b in pairwise(ends)]


def read(reader: BodyReader, pieces: list[bytes]) -> tuple[bytes, bytes]:
    """Return what is read, and what is left."""
    data, found = bytearray(), b""
    for each in pieces:
        data += each
        while some := reader.take(data):
            found += some
    return found, bytes(data)


def by_h11(data: bytes) -> tuple[bytes, bool] | None:
    """Return the body that h11 reads of chunks, and whether it is whole; `None` where it refuses."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="POST", target="/", headers=[("host", "h")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
    found = b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Data):
                found += event.data
            elif event is h11.NEED_DATA or isinstance(event, h11.EndOfMessage):
                return found, isinstance(event, h11.EndOfMessage)
    except h11.RemoteProtocolError:
        return None


@given(PARTS, st.lists(st.integers(0, 10_000), max_size=8), st.binary(max_size=5))
def test_chunks_are_read_however_they_come(
    parts: list[bytes], places: list[int], behind: bytes
) -> None:
    """Their content, to the last chunk; what is behind it stays."""
    reader = Chunks()

    found = read(reader, cut(chunked(parts) + behind, places))

    assert found == (b"".join(parts), behind)
    assert reader.is_over


@given(st.lists(ODD, max_size=4).map(b"".join), st.lists(st.integers(0, 10_000), max_size=4))
@settings(max_examples=500)
def test_what_is_taken_for_chunks_h11_takes_for_chunks(data: bytes, places: list[int]) -> None:
    """With the same content; what is refused here may pass there."""
    reader = Chunks()
    try:
        found, _ = read(reader, cut(data, places))
    except NotHttpError:
        return

    assert by_h11(data) == (found, reader.is_over)


@given(st.binary(max_size=40), st.integers(0, 40), st.lists(st.integers(0, 100), max_size=4))
def test_a_body_has_its_length(data: bytes, length: int, places: list[int]) -> None:
    """And what is behind it stays."""
    reader = Counted(length)

    found = read(reader, cut(data, places))

    assert found == (data[:length], data[length:])
    assert reader.is_over is (len(data) >= length)


def test_a_body_may_end_with_its_connection() -> None:
    """Everything that comes is its."""
    reader = UntilClose()

    assert read(reader, [b"some", b"thing"]) == (b"something", b"")
    assert not reader.is_over
    reader.ended()
    assert reader.is_over


@pytest.mark.parametrize("reader", [Counted(5), Chunks()])
def test_a_connection_that_ends_too_early_breaks_off(reader: BodyReader) -> None:
    """What was cut off is no body."""
    with pytest.raises(NotHttpError):
        reader.ended()


@pytest.mark.parametrize(
    "data",
    [b"5" * 5_000, b"5;" + b"x" * 5_000, b"0\r\n" + b"X: y\r\n" * 101, b"f" * 16 + b"\r\n"],
)
def test_lines_beside_the_content_are_bounded(data: bytes) -> None:
    """In length and in number."""
    with pytest.raises(NotHttpError):
        Chunks().take(bytearray(data))


@pytest.mark.parametrize(
    ("framing", "kind"),
    [(Framing.CHUNKS, Chunks), (Framing.LENGTH, Counted), (Framing.CLOSE, UntilClose)],
)
def test_the_head_says_who_reads(framing: Framing, kind: type) -> None:
    """One reader for each way to end."""
    assert isinstance(reader_of(Head(200, (), framing, 5, is_last=False)), kind)
