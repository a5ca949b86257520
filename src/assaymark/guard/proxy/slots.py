"""
How many requests are at work. The others wait a little, and then are told to come back.

tests/guard/proxy/test_limits.py
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.settings import ServerLimits


class Slots:
    """Lets some requests work at a time.

    Args:
        limits: How many.
    """

    def __init__(self, limits: ServerLimits) -> None:
        self._limits = limits
        self._free = asyncio.Semaphore(limits.concurrent)
        self._waiting = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a place.

        Raises:
            RefusedError: There is none, and none gets free in time.
        """
        await self._taken()
        try:
            yield
        finally:
            self._free.release()

    async def _taken(self) -> None:
        if self._free.locked() and self._waiting >= self._limits.waiting:
            raise self._busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limits.patience):
                await self._free.acquire()
        except TimeoutError:
            raise self._busy() from None
        finally:
            self._waiting -= 1

    def _busy(self) -> RefusedError:
        seconds = max(1, round(self._limits.patience))
        return RefusedError(429, "overloaded", "too many requests are at work", retry_after=seconds)
