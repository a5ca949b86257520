"""
Bytes to and from one address, as httpcore wants them from a network backend.

What is written goes out when an answer is first waited for: a request of headers and body is one packet and
one system call, which is the dearest part of a prompt to a server nearby.

tests/guard/proxy/test_upstreams.py
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

_AHEAD = 1024 * 1024  # bytes received before anybody reads them


class Streams(httpcore.AsyncNetworkBackend):
    """Opens connections in the running event loop."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
        local_address: str | None = None,  # noqa: ARG002 - the interface's
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - likewise
    ) -> httpcore.AsyncNetworkStream:
        """Connect.

        Raises:
            ConnectError: Nobody answers there, in time.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, received = await loop.create_connection(_Received, host, port)
        except (OSError, TimeoutError):
            raise httpcore.ConnectError from None
        return Stream(received)


class _Received(asyncio.Protocol):
    """What came and was not read yet."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.data = bytearray()
        self.is_over = False
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        if len(self.data) > _AHEAD:
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self.is_over = True
        self._wake()

    def connection_lost(self, _: Exception | None) -> None:
        self.is_over = True
        self._wake()

    async def more(self) -> None:
        """Return when there is something to read, or will never be."""
        self.transport.resume_reading()
        if not self.data and not self.is_over:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Stream(httpcore.AsyncNetworkStream):
    """One connection."""

    def __init__(self, received: _Received) -> None:
        self._received = received
        self._pending: list[bytes] = []

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - the interface's; time is limited by the run
        """Send what was written, and return what comes; nothing when it is over."""
        received = self._received
        if self._pending:
            received.transport.write(b"".join(self._pending))
            self._pending.clear()
        await received.more()
        some = bytes(received.data[:max_bytes])
        del received.data[:max_bytes]
        return some

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 - likewise
        """Keep `buffer` until an answer is waited for."""
        if self._received.is_over:
            raise httpcore.WriteError
        self._pending.append(buffer)

    async def aclose(self) -> None:
        """Close, without waiting for the other side."""
        self._received.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - likewise
    ) -> httpcore.AsyncNetworkStream:
        """Return the connection as it is inside TLS.

        Raises:
            ConnectError: The other side has no certificate that is trusted, or does not speak TLS.
        """
        loop, received = asyncio.get_running_loop(), self._received
        try:
            async with asyncio.timeout(timeout):
                transport = await loop.start_tls(
                    received.transport, received, ssl_context, server_hostname=server_hostname
                )
        except (OSError, TimeoutError):
            received.transport.abort()
            raise httpcore.ConnectError from None
        if transport is None:
            raise httpcore.ConnectError
        received.transport = transport
        return self

    def get_extra_info(self, info: str) -> Any:
        """Answer what httpcore asks: whether an idle connection has ended, and what TLS agreed on."""
        if info == "is_readable":
            return self._received.is_over or bool(self._received.data)
        return self._received.transport.get_extra_info(info)
