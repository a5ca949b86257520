"""
The way to an upstream through a proxy: `CONNECT`, and then as if it were reached directly.

The proxy learns the upstream's name and port. What is said to an upstream under TLS it can neither read nor
change, and it gets none of our keys. Whatever goes wrong before the tunnel stands counts as nobody being
there: the upstream has not seen the request. Variables of the environment play no part.

Source: RFC 9110, section 9.3.6. tests/guard/proxy/test_tunnel.py
"""

from __future__ import annotations

import asyncio
import re
import ssl
from base64 import b64encode
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import httpcore

from assaymark.guard.proxy.settings import Via

_PORTS = {"http": 80, "https": 443}
_MOST = 16 << 10
"""Bytes of the proxy's answer."""

_OPEN = re.compile(rb"HTTP/1\.[01] 2[0-9][0-9](?: [^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n")


class Tunnels(httpcore.AsyncNetworkBackend):
    """Opens connections through a proxy.

    Args:
        inner: Opens those to the proxy.
        via: The proxy.
        context: For TLS with the proxy, where it speaks that.
    """

    def __init__(
        self, inner: httpcore.AsyncNetworkBackend, via: Via, context: ssl.SSLContext | None
    ) -> None:
        parts = urlsplit(via.url)
        self._inner, self._context = inner, context
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._credentials = b""
        if via.secret:
            basic = b64encode(via.secret.encode())
            self._credentials = b"Proxy-Authorization: Basic " + basic + b"\r\n"

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection that ends at `host`.

        Raises:
            ConnectError: The proxy does not answer in time, or does not let it through.
        """
        try:
            async with asyncio.timeout(timeout):
                stream = await self._inner.connect_tcp(
                    self._host, self._port, None, local_address, socket_options
                )
                try:
                    return await self._through(stream, host, port)
                except BaseException:
                    await stream.aclose()
                    raise
        except (OSError, TimeoutError, httpcore.NetworkError):
            raise httpcore.ConnectError from None

    async def _through(
        self, stream: httpcore.AsyncNetworkStream, host: str, port: int
    ) -> httpcore.AsyncNetworkStream:
        if self._context is not None:
            stream = await stream.start_tls(self._context, self._host)
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        asked = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode("ascii")
        await stream.write(asked + self._credentials + b"\r\n")
        answer = bytearray()
        # Beyond the empty line nothing may stand: in TLS the client speaks first.
        while not answer.endswith(b"\r\n\r\n"):
            piece = await stream.read(_MOST)
            answer += piece
            if not piece or len(answer) > _MOST:
                raise httpcore.ConnectError
        if not _OPEN.fullmatch(answer):
            raise httpcore.ConnectError
        return stream
