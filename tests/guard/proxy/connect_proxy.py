"""A proxy that knows `CONNECT` and nothing else, on a loopback address."""

from __future__ import annotations

import asyncio
import ssl
import threading
from typing import Any, Self


class ConnectProxy:
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
        self._answer, self._context = answer, context
        self.asked: list[bytes] = []
        self.passed = bytearray()
        """Everything that clients sent through tunnels."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(5)
        return self

    def __exit__(self, *raised: object) -> None:
        async def stop() -> None:
            self._server.close()
            tasks = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # Connections close in a turn of the loop after the one that says so.
            await asyncio.sleep(0.01)

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        return server

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
