"""
One connection to an upstream: HTTP/1.1 in the event loop, for one request at a time.

A request is one write, which is the dearest part of a prompt to a server nearby; an answer is read as it
comes. A connection on which anything went wrong, whose answer was not read to its end, or on which more came
than was asked for, is never used again.

Source: RFC 9112. tests/guard/proxy/test_upstreams.py
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import AsyncIterator

from assaymark.guard.proxy.answer_body import BodyReader, reader_of
from assaymark.guard.proxy.answer_head import (
    LONGEST_HEAD,
    Head,
    NotHttpError,
    end_of_head,
    parse_head,
)
from assaymark.inputs.targets.received import Received

_FIRST_FINAL, _SWITCHED = 200, 101
_MOST_INTERIM = 16
"""Answers such as 103 in front of the one that counts."""


class Wire:
    """A connection. `open` before the first request."""

    def __init__(self) -> None:
        self._received = Received()
        self._data = bytearray()
        self._body: BodyReader | None = None
        self._is_last = False

    async def open(
        self, host: str, port: int, context: ssl.SSLContext | None, *, within: float
    ) -> None:
        """Connect, in TLS where there is a context.

        Raises:
            OSError: Nobody answers there, or nobody who is trusted.
            TimeoutError: Not in time.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(within):
            await loop.create_connection(lambda: self._received, host, port, ssl=context)

    async def ask(self, request: bytes) -> Head:
        """Send a request; return the head of its answer.

        Raises:
            NotHttpError: The connection ended, or what came is no HTTP.
        """
        if self._received.is_over:
            raise NotHttpError
        self._received.transport.write(request)
        for _ in range(_MOST_INTERIM):
            head = parse_head(await self._head())
            if head.status >= _FIRST_FINAL:
                self._body, self._is_last = reader_of(head), head.is_last
                return head
            if head.status == _SWITCHED:
                break
        raise NotHttpError

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body of the answer.

        Raises:
            NotHttpError: The connection ended in the middle, or what came is no HTTP.
        """
        body = self._body
        assert body is not None  # noqa: S101 - its head was read
        while True:
            if piece := body.take(self._data):
                yield piece
            elif body.is_over:
                return
            elif not await self._more():
                body.ended()

    @property
    def is_usable(self) -> bool:
        """Whether another request can be sent."""
        received = self._received
        is_done = self._body is not None and self._body.is_over and not self._is_last
        return is_done and not (self._data or received.data or received.is_over)

    @property
    def has_news(self) -> bool:
        """Whether the other side has closed or said more, and the event loop has not come to it yet."""
        if not hasattr(select, "poll"):
            return False
        poll = select.poll()
        poll.register(self._received.transport.get_extra_info("socket"), select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Close, without waiting for the other side."""
        if hasattr(self._received, "transport"):
            self._received.transport.abort()

    async def _head(self) -> bytes:
        looked_at = 0
        while (end := end_of_head(self._data, max(looked_at - 3, 0))) is None:
            looked_at = len(self._data)
            if looked_at > LONGEST_HEAD or not await self._more():
                raise NotHttpError
        head = bytes(self._data[:end])
        del self._data[:end]
        return head

    async def _more(self) -> bool:
        """Wait for more; return whether there is any."""
        some = await self._received.take()
        self._data += some
        return bool(some)
