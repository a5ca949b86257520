"""
Where requests begin in the bytes of a connection, and what their first line says.

The parser reads on from one request into the next, takes `RTSP/1.0` for HTTP/1.0 and does not tell what it
read. So it is fed in pieces, none of which goes beyond the end of a request; each first line is seen here.

* A request begins where a piece does, or it is refused: what two readers cut differently is not read at all.
* Its first line is exactly `METHOD SP TARGET SP HTTP/1.x CRLF` (RFC 9112, section 3); blank lines may come
  before.

tests/guard/proxy/test_wire.py and test_framing.py
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_FIRST = re.compile(rb"[A-Z-]+ [!-~]+ HTTP/1\.[01]\r\n")
_BLANK = b"\r\n"
_EMPTY = b"\n\r\n"
"""The end of a line, and a line that holds nothing: the end of every head, and of everything in chunks."""


_MOST_CUTS = 100
"""Of one request: a body of empty lines would cost more than any other. What is not cut any more may hold no
other request."""


class Framing:
    """Cuts what comes on one connection."""

    def __init__(self) -> None:
        self._line: bytearray | None = bytearray()  # what there is of a first line; none behind it
        self._rest: int | None = None  # bytes of the body to come; none in a head, and in chunks
        self._may_begin = False
        self._cuts = 0

    def end_of_piece(self, data: bytes, start: int) -> int:
        """Return where the piece ends that begins at `start`.

        Raises:
            ValueError: Its first line is none of HTTP/1, or too many blank ones come before it.
        """
        self._may_begin = self._line is not None
        if self._rest:
            return min(len(data), start + self._rest)
        if self._line is None:
            return self._end_of_lines(data, start)
        found = data.find(b"\n", start)
        self._line += data[start : found + 1] if found >= 0 else data[start:]
        if found < 0:
            return len(data)
        if self._line == _BLANK:
            self._line.clear()
            self._cuts += 1
            if self._cuts > _MOST_CUTS:
                raise ValueError("nothing but blank lines")
            return found + 1
        if _FIRST.fullmatch(self._line) is None:
            raise ValueError("a first line that is not of HTTP/1")
        self._line = None
        return self._end_of(_EMPTY, data, found)

    def _end_of_lines(self, data: bytes, start: int) -> int:
        if self._cuts >= _MOST_CUTS:
            return len(data)
        end = self._end_of_line(data, start)
        self._cuts += end < len(data)
        return end

    def _end_of_line(self, data: bytes, start: int) -> int:
        # The line before may have ended with what came before, and this one may have begun with it.
        for each in (_BLANK, b"\n"):
            if data.startswith(each, start):
                return start + len(each)
        return self._end_of(_EMPTY, data, start)

    @staticmethod
    def _end_of(what: bytes, data: bytes, start: int) -> int:
        found = data.find(what, start)
        return found + len(what) if found >= 0 else len(data)

    def begin(self) -> None:
        """Take note that a request begins.

        Raises:
            ValueError: It begins within a piece.
        """
        if not self._may_begin:
            raise ValueError("a request that begins inside another one")
        self._may_begin = False

    def enter_body(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Take note that the head is over.

        Args:
            headers: Names in lower case. The parser demanded that they give one length, or chunks.
        """
        told = dict(headers)
        if b"transfer-encoding" not in told:
            self._rest = int(told.get(b"content-length", 0))

    def take(self, size: int) -> None:
        """Take note of so many bytes of the body."""
        if self._rest is not None:
            self._rest -= size

    def end(self) -> None:
        """Take note that the request is over."""
        self._line, self._rest, self._cuts = bytearray(), None, 0
