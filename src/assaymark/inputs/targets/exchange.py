"""
HTTP/1.1 over one connection of the running event loop, for one caller at a time.

h11 keeps the rules of the protocol; what is around it is here as thin as it can be, because an audit puts
tens of thousands of prompts to servers that may be near: a request is one write, and an answer is read as it
comes (benchmarks/probe_throughput.py).

* A connection on which anything went wrong cannot be used again.
* Of a response no more is read than was asked for.

Source: RFC 9112. tests/inputs/targets/test_openai.py, over TCP, TLS and a proxy
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Mapping
from typing import Any

import h11

from assaymark.inputs.targets.received import Received

_HEAD = 100 * 1024  # bytes of a response's head


class NotConnectedError(Exception):
    """Nobody answers at the address, or not with a certificate that is trusted."""


class BrokenExchangeError(Exception):
    """The connection ended, or what came is no HTTP."""


class Connection:
    """One connection. `open` before the first request."""

    def __init__(self) -> None:
        self._received = Received()
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD)

    async def open(
        self, host: str, port: int, context: ssl.SSLContext | None, *, within: float
    ) -> None:
        """Connect, in TLS where there is a context.

        Raises:
            NotConnectedError: Nobody answers there in time, or nobody who is trusted.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(within):
                await loop.create_connection(lambda: self._received, host, port, ssl=context)
        except (OSError, TimeoutError):
            raise NotConnectedError from None

    async def post(
        self, path: bytes, headers: list[tuple[bytes, bytes]], body: bytes, *, most: int
    ) -> tuple[int, Mapping[str, str], bytes | None]:
        """Send one request; return the status, the headers and the body.

        Args:
            path: With its query.
            headers: All of them, but the length.
            body: As it is sent.
            most: Bytes of the body that are read; of a longer one none are returned.

        Raises:
            BrokenExchangeError: The connection ended, or what came is no HTTP.
        """
        http = self._http
        length = (b"Content-Length", b"%d" % len(body))
        request = h11.Request(method="POST", target=path, headers=[*headers, length])
        try:
            if self._received.is_over:
                raise BrokenExchangeError
            sent = (
                http.send(request),
                http.send(h11.Data(data=body)),
                http.send(h11.EndOfMessage()),
            )
            self._received.transport.write(b"".join(each or b"" for each in sent))
            response = await self._next(h11.Response)
            read = await self._body(most)
        except h11.ProtocolError:
            raise BrokenExchangeError from None
        found = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers
        }
        return response.status_code, found, read

    @property
    def is_usable(self) -> bool:
        """Whether another request can be sent; asked between requests."""
        received = self._received
        if received.is_over or received.data or self._http.trailing_data[0] or self._has_news():
            return False
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        return self._http.our_state is h11.IDLE

    def _has_news(self) -> bool:
        """Whether the other side has closed or said more, and the event loop has not come to it yet."""
        if not hasattr(select, "poll"):
            return False
        poll = select.poll()
        poll.register(self._received.transport.get_extra_info("socket"), select.POLLIN)
        return bool(poll.poll(0))

    async def close(self) -> None:
        """Close, without waiting for the other side."""
        if hasattr(self._received, "transport"):
            self._received.transport.abort()

    async def _body(self, most: int) -> bytes | None:
        parts: list[bytes] = []
        size = 0
        while isinstance(event := await self._next(h11.Data, h11.EndOfMessage), h11.Data):
            size += len(event.data)
            if size > most:
                return None
            parts.append(bytes(event.data))
        return b"".join(parts)

    async def _next(self, *kinds: type) -> Any:
        """Return the next event of one of these kinds; what only informs is passed over."""
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._received.take())
            elif isinstance(event, kinds):
                return event
            elif not isinstance(event, h11.InformationalResponse):
                raise BrokenExchangeError
