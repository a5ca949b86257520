"""
HTTP with clients that are slow, or pretend to be, or never come to an end.

* A head has to come in time, and so has a body, also one that nobody reads because its request was refused.
* What comes and is no body (heads, trailers, extensions of chunks) is bounded: the parser would keep it.
* Trailers are not headers: who stands before us has looked at headers only.
* A client that takes nothing of an answer that waits for it is let go: what waits is memory of ours.

The parser is httptools, the one of Node.js. tests/guard/proxy/test_server.py and test_wire.py
"""

from __future__ import annotations

import asyncio
from enum import Enum

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class _Awaited(Enum):
    """What a client has to send next."""

    HEAD = "head"
    BODY = "body"
    NOTHING = "nothing"


class _Patient(HttpToolsProtocol):
    """Lets go of clients that take too long, or send too much."""

    seconds = 30.0
    most = 65_536
    """See `patient`."""

    _awaited = _Awaited.HEAD
    _watched = _Awaited.NOTHING
    _is_same = False  # whether the parser is told once more of a head that it knows
    _run = 0  # bytes that came since the last one of a body
    _deadline: asyncio.TimerHandle | None = None
    _looking: asyncio.TimerHandle | None = None
    _unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._look_away()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._run += len(data)
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        if self.transport.is_closing():
            return
        if self._run > self.most:
            self._refuse()
        else:
            self._watch()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                (offset,) = upgrade.args
                self._go_on()
                data = data[offset:]
            else:
                return

    def _go_on(self) -> None:
        """Take the body of a request that asks for another protocol, as the first ones of Java's client do.

        No other is spoken here, so it is answered as if it had not asked. The parser believes that it is at
        its end; another one is told how long the body is.
        """
        told = [b"%s: %s\r\n" % each for each in self.headers if each[0] in _FRAMING]
        self.parser = httptools.HttpRequestParser(self)
        self._is_same = True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(told) + b"\r\n")
        self._is_same = False

    def on_message_begin(self) -> None:
        if not self._is_same:
            self._awaited = _Awaited.HEAD
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._is_same:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._awaited is _Awaited.HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._is_same:
            self._awaited = _Awaited.BODY
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._run = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            self._run = 0
            self._awaited = _Awaited.NOTHING
            super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unsent = self.transport.get_write_buffer_size()
        self._look_again()

    def resume_writing(self) -> None:
        self._look_away()
        super().resume_writing()

    def _refuse(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        if self._awaited is _Awaited.HEAD and not is_answering:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        else:
            self.transport.abort()

    def _watch(self) -> None:
        """Give the client so long for what is awaited; it begins to wait for it only once."""
        if self._deadline is not None and self._watched is self._awaited:
            return
        self._unwatch()
        if self._awaited is not _Awaited.NOTHING:
            self._watched = self._awaited
            delay = self.seconds if self._awaited is _Awaited.HEAD else 2 * self.seconds
            self._deadline = self.loop.call_later(delay, self.transport.abort)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _look_again(self) -> None:
        self._looking = self.loop.call_later(self.seconds, self._look)

    def _look(self) -> None:
        unsent = self.transport.get_write_buffer_size()
        if unsent >= self._unsent:
            self.transport.abort()
            return
        self._unsent = unsent
        self._look_again()

    def _look_away(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None


def patient(seconds: float, most: int = _Patient.most) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol, with limits on what a client may make us wait for, and keep.

    Args:
        seconds: For the head of a request; twice as many for its body, which the application limits, too; and
            until some of an answer that waits was taken.
        most: Bytes of a head; also of what may stand between two pieces of a body, or behind the last one.
    """
    return type("Patient", (_Patient,), {"seconds": seconds, "most": most})
