"""
What a connection of the event loop received, and nobody read yet; above a megabyte the other side waits.

tests/inputs/targets/test_openai.py and tests/guard/proxy/test_upstreams.py
"""

from __future__ import annotations

import asyncio
from typing import Any

_AHEAD = 1024 * 1024  # bytes received before anybody reads them


class Received(asyncio.Protocol):
    """One connection, as its reader sees it."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.data = bytearray()
        self.is_over = False
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self.data += data
        if len(self.data) > _AHEAD:
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """End: nothing more comes."""
        self.is_over = True
        self._wake()

    def connection_lost(self, _: Exception | None) -> None:
        """End: nothing more comes or goes."""
        self.is_over = True
        self._wake()

    async def more(self) -> None:
        """Return when there is something to read, or will never be."""
        self.transport.resume_reading()
        if not self.data and not self.is_over:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    async def take(self, most: int | None = None) -> bytes:
        """Return what came, of it at most so many bytes; nothing when it is over."""
        await self.more()
        some = bytes(self.data[:most])
        del self.data[:most]
        return some

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
