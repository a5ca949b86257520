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

from assaymark.inputs.targets.received import Received


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
                _, received = await loop.create_connection(Received, host, port)
        except (OSError, TimeoutError):
            raise httpcore.ConnectError from None
        return Stream(received)


class Stream(httpcore.AsyncNetworkStream):
    """One connection."""

    def __init__(self, received: Received) -> None:
        self._received = received
        self._pending: list[bytes] = []

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109 - the interface's; time is limited by the run
        """Send what was written, and return what comes; nothing when it is over."""
        received = self._received
        if self._pending:
            received.transport.write(b"".join(self._pending))
            self._pending.clear()
        return await received.take(max_bytes)

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
