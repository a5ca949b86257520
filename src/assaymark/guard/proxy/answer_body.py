"""
The body of an upstream's answer, out of bytes that come as they like.

A reader takes what is there, and says when the body is over; what is behind it is left. Extensions of chunks
and trailers say nothing that anybody here wants, and are bounded.

Source: RFC 9112, sections 6 and 7.1. tests/guard/proxy/test_answer_body.py compares with h11.
"""

from __future__ import annotations

import re
from typing import Protocol

from assaymark.guard.proxy.answer_head import Framing, Head, NotHttpError

_LONGEST_LINE = 4_096  # bytes, of a chunk's size with its extensions, or of a trailer
_MOST_TRAILERS = 100

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")


class BodyReader(Protocol):
    """Reads one body."""

    is_over: bool

    def take(self, data: bytearray) -> bytes:
        """Return the next bytes of the body that `data` holds, and remove them; nothing where it holds none.

        Raises:
            NotHttpError: It is none.
        """
        ...

    def ended(self) -> None:
        """Take the end of the connection.

        Raises:
            NotHttpError: The body is not over.
        """
        ...


def reader_of(head: Head) -> BodyReader:
    """Return what reads the body behind a head."""
    if head.framing is Framing.CHUNKS:
        return Chunks()
    return Counted(head.length) if head.framing is Framing.LENGTH else UntilClose()


class Counted:
    """A body of so many bytes.

    Args:
        length: How many.
    """

    def __init__(self, length: int) -> None:
        self._left = length
        self.is_over = length == 0

    def take(self, data: bytearray) -> bytes:
        """Return what `data` holds of the body, and remove it from there."""
        some = bytes(data[: self._left])
        del data[: self._left]
        self._left -= len(some)
        self.is_over = self._left == 0
        return some

    def ended(self) -> None:
        """Take the end of the connection.

        Raises:
            NotHttpError: The body is not over.
        """
        raise NotHttpError


class UntilClose:
    """A body that ends with its connection."""

    is_over = False

    def take(self, data: bytearray) -> bytes:
        """Return all of `data`, and empty it."""
        some = bytes(data)
        data.clear()
        return some

    def ended(self) -> None:
        """Take the end of the connection, and of the body."""
        self.is_over = True


class Chunks:
    """A body in chunks, each with its size in front."""

    def __init__(self) -> None:
        self.is_over = False
        self._left = 0
        self._is_behind_chunk = self._is_behind_last = False
        self._trailers = 0

    def take(self, data: bytearray) -> bytes:
        """Return what `data` holds of one chunk, and remove it from there.

        Raises:
            NotHttpError: These are no chunks.
        """
        while not self.is_over and not self._left:
            if self._is_behind_chunk and not b"\r\n".startswith(data[:2]):
                raise NotHttpError
            line = _line(data)
            if line is None:
                return b""
            self._take_line(line)
        some = bytes(data[: self._left])
        del data[: self._left]
        self._left -= len(some)
        self._is_behind_chunk = bool(some) and not self._left
        return some

    def ended(self) -> None:
        """Take the end of the connection.

        Raises:
            NotHttpError: There was no last chunk.
        """
        raise NotHttpError

    def _take_line(self, line: bytes) -> None:
        if self._is_behind_chunk:
            self._is_behind_chunk = False
        elif self._is_behind_last:
            self._trailers += 1
            self.is_over = not line
            if self._trailers > _MOST_TRAILERS:
                raise NotHttpError
        else:
            found = _SIZE.fullmatch(line)
            if found is None:
                raise NotHttpError
            self._left = int(found[1], 16)
            self._is_behind_last = not self._left


def _line(data: bytearray) -> bytes | None:
    """Return the line that `data` begins with, without its end, and remove it; `None` if it goes on."""
    end = data.find(b"\r\n", 0, _LONGEST_LINE + 2)
    if end < 0:
        if len(data) > _LONGEST_LINE:
            raise NotHttpError
        return None
    line = bytes(data[:end])
    del data[: end + 2]
    return line
