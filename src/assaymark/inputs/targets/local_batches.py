"""
Prompts that wait for others like them, and are computed together.

What waits longest goes first, with as many of its kind as fit; what has no company goes alone. A kind is what
can share one computation: prompts of equal length and equal parameters, so that nothing has to be padded.

tests/inputs/targets/test_local_batches.py
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[T, R]):
    kind: Hashable
    item: T
    answer: asyncio.Future[R]


class Batches(Generic[T, R]):
    """A line of items.

    Args:
        compute: Returns an answer for each item of one kind, in order; called in a thread, one at a time.
        most: Items that are computed together.
    """

    def __init__(self, compute: Callable[[Sequence[T]], Sequence[R]], most: int) -> None:
        self._compute = compute
        self._most = most
        self._line: list[_Waiting[T, R]] = []
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, kind: Hashable, item: T) -> R:
        """Return the answer of `item`.

        Raises:
            Exception: What `compute` raised, for every item of the batch.
        """
        waiting: _Waiting[T, R] = _Waiting(kind, item, asyncio.get_running_loop().create_future())
        self._line.append(waiting)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await waiting.answer

    async def _work(self) -> None:
        while self._line:
            # One turn of the loop, so that what is asked at once stands in line at once.
            await asyncio.sleep(0)
            # Whoever gave up needs no answer.
            self._line = [each for each in self._line if not each.answer.done()]
            if batch := self._next():
                await self._answer(batch)

    def _next(self) -> list[_Waiting[T, R]]:
        if not self._line:
            return []
        kind = self._line[0].kind
        batch = [each for each in self._line if each.kind == kind][: self._most]
        self._line = [each for each in self._line if each not in batch]
        return batch

    async def _answer(self, batch: list[_Waiting[T, R]]) -> None:
        try:
            answers = await asyncio.to_thread(self._compute, [each.item for each in batch])
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            for each in batch:
                if not each.answer.done():
                    each.answer.set_exception(error)
            return
        for each, answer in zip(batch, answers, strict=True):
            if not each.answer.done():
                each.answer.set_result(answer)
