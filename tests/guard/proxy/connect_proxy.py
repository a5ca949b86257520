"""A proxy that knows `CONNECT` and nothing else, on a loopback address."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from guard.proxy.upstream import LoopbackServer


class ConnectProxy(LoopbackServer):
    """The proxy; a context manager.

    Args:
        answer: What is answered to `CONNECT`; the tunnel opens where it is a success.
        context: For TLS with its clients.
    """

    def __init__(
        self,
        answer: bytes = b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n",
        context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(context)
        self._answer = answer
        self.asked: list[bytes] = []
        self.passed = bytearray()
        """Everything that clients sent through tunnels."""

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(head)
            writer.write(self._answer)
            if self._answer.startswith(b"HTTP/1.1 2"):
                host, port = head.split(b" ")[1].rsplit(b":", 1)
                there, out = await asyncio.open_connection(host.decode(), int(port))
                writers.append(out)
                await asyncio.gather(
                    self._pump(reader, out, self.passed), self._pump(there, writer, bytearray())
                )
            elif not self._answer:
                await reader.read(1)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            for each in writers:
                each.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Any
    ) -> None:
        while data := await reader.read(65_536):
            seen += data
            writer.write(data)
            await writer.drain()
        writer.close()
