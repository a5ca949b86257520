"""
HTTP with clients that are slow, or pretend to be.

* A head has to come in time, and so has a body, also one that nobody reads because its request was refused.
* A client that takes nothing of an answer that waits for it is let go: what waits is memory of ours.

tests/guard/proxy/test_server.py
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class _Patient(H11Protocol):
    """Lets go of clients that take too long."""

    seconds = 30.0
    """See `patient`."""

    _deadline: asyncio.TimerHandle | None = None
    _awaited: object = None
    _looking: asyncio.TimerHandle | None = None
    _unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch(h11.IDLE, self.seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._look_away()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._watch(h11.IDLE, self.seconds)
        elif self.conn.their_state is h11.SEND_BODY:
            self._watch(h11.SEND_BODY, 2 * self.seconds)
        else:
            self._unwatch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unsent = self.transport.get_write_buffer_size()
        self._look_again()

    def resume_writing(self) -> None:
        self._look_away()
        super().resume_writing()

    def _watch(self, awaited: object, delay: float) -> None:
        """Give the client so long for what is awaited; it has begun to wait for it only once."""
        if self._deadline is None or self._awaited is not awaited:
            self._unwatch()
            loop = asyncio.get_running_loop()
            self._awaited = awaited
            self._deadline = loop.call_later(delay, self.transport.abort)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _look_again(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(self.seconds, self._look)

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


def patient(seconds: float) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol, with limits on the time that a client may take.

    Args:
        seconds: For the head of a request; twice as many for its body, which the application limits, too; and
            until some of an answer that waits was taken.
    """
    return type("Patient", (_Patient,), {"seconds": seconds})
