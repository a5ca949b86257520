"""
How streams of answers end: by a last event, or by a mark behind the last one.

A stream that stops without its end was cut off, and what was cut off is no answer.

tests/guard/proxy/test_faults.py and test_law.py
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.asgi.sse import Event
from assaymark.guard.proxy.dialect import DONE, data_of
from assaymark.guard.proxy.reading import an_object, invalid_answer


class EndsByEvent:
    """An answer whose last event says that it is the last."""

    is_closing = False
    is_over = False

    async def end(self) -> list[Event]:
        """Take the end of the stream.

        Raises:
            RefusedError: There was no last event.
        """
        if not self.is_over:
            raise invalid_answer("it ended in the middle")
        return []


class EndsByMark(ABC):
    """An answer of OpenAI's completions: once its choices are finished, `[DONE]` ends it."""

    is_closing = False
    is_over = False

    async def event(self, event: Event) -> list[Event]:
        """Take the next event; return those that may leave.

        Raises:
            RefusedError: It is no event of this API, or may not leave.
        """
        if event.data == DONE:
            return await self._done()
        if event.data is None:
            return [Event()]
        document = an_object(data_of(event))
        if document.get("error") is not None:
            raise RefusedError(502, "upstream_failed", "the upstream failed in the middle")
        return await self._piece(document)

    async def end(self) -> list[Event]:
        """Take the end of the stream.

        Raises:
            RefusedError: A choice was not finished.
        """
        if self.is_over:
            return []
        if not self.is_closing:
            raise invalid_answer("it ended in the middle")
        return await self._done()

    def broken(self, refused: RefusedError) -> list[Event]:
        """Return what ends a stream that cannot go on."""
        self.is_over = True
        return [Event(data=refused.envelope()), Event(data=DONE)]

    @abstractmethod
    async def _piece(self, document: dict[str, Any]) -> list[Event]:
        """Take the next piece of the answer; return the events that may leave."""

    @abstractmethod
    async def _done(self) -> list[Event]:
        """Return what is left of the answer, and its mark."""
