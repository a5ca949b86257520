"""
One connection to an upstream: requests, one after the other, and their answers as they come.

* What can be read in two ways is no answer: other codings than chunks, two lengths, another version.
* Heads, trailers and what else is no body are bounded: the parser would keep them, or wait for ever.
* What comes behind an answer belongs to nobody: the connection is not used again.

The parser is httptools, the one of Node.js. Source: RFC 9112. tests/guard/proxy/test_line.py
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

import httpcore
import httptools

_AT_ONCE = 1 << 16  # bytes
_MOST = 1 << 16  # bytes that come in a row and are no body
_INTERIM = range(100, 200)
_WITHOUT_BODY = frozenset({204, 304})

_REQUEST = re.compile(
    rb"[A-Z]+ [!-~]+ HTTP/1\.1\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t -~\x80-\xff]*\r\n)+\r\n"
)


class BrokenError(Exception):
    """The connection broke off, or what came is no answer."""


class Line:
    """A connection, and the answer that comes on it.

    Args:
        stream: Its bytes.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self.stream = stream
        self._parser = httptools.HttpResponseParser(self)
        self._forget()

    def _forget(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._body: deque[bytes] = deque()
        self._has_begun = self._is_over = False
        self._ends_with_line = self._stays = self._says_more = False
        self._run = 0

    async def ask(
        self, method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> None:
        """Send a request; return when `status` and `headers` of its answer are there.

        Raises:
            BrokenError: There is none.
        """
        lines = [b"%b: %b\r\n" % each for each in headers]
        head = b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode(), target, b"".join(lines))
        # Each line is one, and no value has brought another along.
        if not _REQUEST.fullmatch(head) or head.count(b"\n") != len(lines) + 2:
            raise BrokenError("the request cannot be written")
        self._forget()
        try:
            await self.stream.write(head + body)
        except httpcore.NetworkError:
            raise BrokenError("it was closed") from None
        while not self._has_begun:
            await self._take()

    @property
    def is_waited_for(self) -> bool:
        """Whether nothing of the body is here that was not taken, nor its end."""
        return not self._body and not self._is_over

    async def piece(self) -> bytes:
        """Return some of the body; nothing at its end.

        Raises:
            BrokenError: It broke off.
        """
        while self.is_waited_for:
            await self._take()
        return self._body.popleft() if self._body else b""

    @property
    def is_free(self) -> bool:
        """Whether another request may be sent: the answer is over, and nothing came behind it."""
        return self._is_over and self._stays and not self._says_more and not self.has_ended

    @property
    def has_ended(self) -> bool:
        """Whether the other side closed it, or said something that it was not asked for."""
        return bool(self.stream.get_extra_info("is_readable"))

    async def close(self) -> None:
        """Close it, without waiting for the other side."""
        await self.stream.aclose()

    async def _take(self) -> None:
        data = await self.stream.read(_AT_ONCE)
        if not data:
            if not (self._has_begun and self._ends_with_line):
                raise BrokenError("it broke off")
            self._is_over = True
            return
        self._run += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self._is_over:
                raise BrokenError("what came is no answer") from None
            self._says_more = True
        if self._run > _MOST:
            raise BrokenError("what came is no body, and too large")

    # -- what the parser tells

    def on_message_begin(self) -> None:
        """Note an answer, or what stands behind one."""
        self._says_more = self._is_over

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep what stands in the head; trailers are no headers."""
        if not self._has_begun:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Demand what all readers understand alike.

        Raises:
            ValueError: It is otherwise; the parser makes an error of its own of it.
        """
        if self._has_begun:
            return
        status = self._parser.get_status_code()
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        version = self._parser.get_http_version()
        if version not in {"1.0", "1.1"} or codings not in ([], [b"chunked"]):
            raise ValueError("another version, or another coding than chunks")
        if status in _INTERIM:
            self.headers.clear()
            return
        has_length = any(name == b"content-length" for name, _ in self.headers)
        self._ends_with_line = not codings and not has_length and status not in _WITHOUT_BODY
        self.status, self._has_begun = status, True

    def on_body(self, body: bytes) -> None:
        """Keep some of the body."""
        if not self._is_over:
            self._run = 0
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Note the end of an answer; one that was interim is none."""
        if self._has_begun and not self._is_over:
            self._is_over, self._run = True, 0
            self._stays = self._parser.should_keep_alive()
