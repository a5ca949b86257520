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
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from assaymark.guard.proxy.framing import Framing

_UNREADABLE = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_MOST_WAITING = 16  # requests of one connection that came before an answer to the first
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
    _answered: RequestResponseCycle | None = None
    _ending: asyncio.TimerHandle | None = None
    _is_over = False  # whether nothing behind the last request is read

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._framing = Framing()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._look_away()
        if self._ending is not None:
            self._ending.cancel()
        # uvicorn tells the request that came last; who waits for news is the one that is being answered.
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._run += len(data)
        try:
            self._feed(data)
        except (httptools.HttpParserError, ValueError):
            self._refuse(_UNREADABLE)
        if self.transport.is_closing():
            return
        if self._run > self.most:
            self._refuse(_TOO_LARGE)
        else:
            self._watch()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        # Its head may have begun before the last answer ended, and that had the connection wait for another.
        self._unset_keepalive_if_required()
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._close()

    def _feed(self, data: bytes) -> None:
        start = 0
        while start < len(data) and not self._is_over:
            end = self._framing.end_of_piece(data, start)
            try:
                self.parser.feed_data(memoryview(data)[start:end])
            except httptools.HttpParserUpgrade as upgrade:
                (offset,) = upgrade.args
                self._go_on()
                start += offset
            else:
                start = end

    def _go_on(self) -> None:
        """Take the body of a request that asks for another protocol, as the first ones of Java's client do.

        No other is spoken here, so it is answered as if it had not asked. The parser believes that it is at
        its end; another one is told how long the body is.
        """
        told = [b"%s: %s\r\n" % each for each in self.headers if each[0] in _FRAMING]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._is_same = True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(told) + b"\r\n")
        self._is_same = False

    def on_message_begin(self) -> None:
        if not self._is_same:
            self._framing.begin()
            # Only now: blank lines, and a body that nobody waits for, keep no connection open.
            self._unset_keepalive_if_required()
            self._unwatch()
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
            self._demand_plain()
            self._framing.enter_body(self.headers)
            self._awaited = _Awaited.BODY
            super().on_headers_complete()
            if self.pipeline:
                # uvicorn would not read until the answer before ends, and not see who leaves meanwhile.
                self.flow.resume_reading()

    def _demand_plain(self) -> None:
        """Demand what all readers understand alike, and an end of what waits.

        Raises:
            ValueError: It is otherwise; the parser makes a refusal of it.
        """
        version = self.parser.get_http_version()
        if version == "1.0":
            self.expect_100_continue = (
                False  # it does not know what that is; RFC 9110, section 10.1.1
            )
        hosts = [value for name, value in self.headers if name == b"host"]
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        if len(hosts) > 1 or (version == "1.1" and not hosts):
            raise ValueError("not one host")
        if codings and (codings != [b"chunked"] or version == "1.0"):
            raise ValueError("another coding than chunks")
        if len(self.pipeline) >= _MOST_WAITING:
            raise ValueError("too many requests that do not wait for answers")

    def on_body(self, body: bytes) -> None:
        self._run = 0
        self._framing.take(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            self._run = 0
            self._awaited = _Awaited.NOTHING
            self._framing.end()
            if not self.parser.should_keep_alive():
                # Perhaps said by a trailer only: the parser reads nothing behind this request.
                self.cycle.keep_alive = False
                if self.cycle.response_complete:
                    self._close()
            self._is_over = not self.cycle.keep_alive
            super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unsent = self.transport.get_write_buffer_size()
        self._look_again()

    def resume_writing(self) -> None:
        self._look_away()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        if not self.transport.is_closing():
            self._close()

    def _close(self) -> None:
        """Close, and do not wait for ever for a client that takes nothing of what is left."""
        self.transport.close()
        if self._ending is None:
            self._ending = self.loop.call_later(self.seconds, self.transport.abort)

    def _refuse(self, answer: bytes) -> None:
        """Say that it goes no further, unless that would stand inside an answer, or in the place of one."""
        answered = self._answered
        if answered is None or (answered.response_complete and not self.pipeline):
            self._say(answer)
        elif answered is self.cycle and answered.more_body and not answered.response_started:
            # It is about this very request, whose body will never be whole.
            answered.disconnected = True
            answered.message_event.set()
            self._say(answer)
        else:
            self.transport.abort()

    def _say(self, answer: bytes) -> None:
        self.transport.write(answer)
        self._close()

    def _watch(self) -> None:
        """Give the client so long for what is awaited; it begins to wait for it only once."""
        if self._deadline is not None and self._watched is self._awaited:
            return
        self._unwatch()
        if self._awaited is not _Awaited.NOTHING:
            self._watched = self._awaited
            delay = self.seconds if self._awaited is _Awaited.HEAD else 2 * self.seconds
            self._deadline = self.loop.call_later(delay, self._give_up, delay)

    def _give_up(self, delay: float) -> None:
        if self.flow.read_paused:
            # It is us who do not read: the body waits for its turn behind an answer.
            self._deadline = self.loop.call_later(delay, self._give_up, delay)
        else:
            self.transport.abort()

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
