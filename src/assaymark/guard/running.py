"""
Short texts are judged by the thread that asks for it, an event loop's among them.

Handing a text to another thread, and on to the detectors' own, costs several times what quick detectors take
for a kilobyte. So where all detectors that a text goes to promise to be quick, whatever the text holds, and
nobody else is at work with any of them, no thread is woken. All else goes the long way: long texts, models,
patterns of the policy's own, pseudonyms, which are kept in a file.

* Nobody waits here: who would have to, takes the long way.
* What is answered is the same, since the same code is asked.

tests/guard/test_running.py
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from assaymark.guard.desk import Desk
from assaymark.guard.lens import Asked, Lens
from assaymark.policy.guarding import Phase

MOST = 4_096
"""Characters: of prose they take a millisecond or two, of what is built to be slow some thirty."""

_THREADS = 32

_OF_A_QUOTE = 32
"""Characters: of JSON each string is judged for itself, and half of that takes as long as so many."""

_TOGETHER: Mapping[Phase, tuple[Phase, ...]] = {
    Phase.INPUT: (Phase.INPUT, Phase.TOOL_RESULTS),
    Phase.OUTPUT: (Phase.OUTPUT, Phase.TOOL_CALLS),
}
"""Whose rules may hold for what is judged in a phase."""


T = TypeVar("T")


class Asking(NamedTuple):
    """Who is asked in a phase; `None` where one of them promises nothing."""

    of_pieces: tuple[Desk, ...] | None
    """About pieces of a text, before its end."""

    of_wholes: tuple[Desk, ...] | None
    """About what is there as a whole."""


NOT_PROMPT = Asking(None, None)
NOBODY = Asking((), ())
"""For work that asks no detector."""


def asking_of(lenses: Mapping[Phase, Lens]) -> Mapping[Phase, Asking]:
    """Return who is asked in each phase."""
    found = {}
    for phase, lens in lenses.items():
        together = [lenses[each] for each in _TOGETHER.get(phase, (phase,)) if each in lenses]
        found[phase] = Asking(
            of_pieces=_desks(lens.by_page),
            of_wholes=_desks([one for each in together for one in (*each.by_page, *each.by_text)]),
        )
    return found


def _desks(asked: Sequence[Asked]) -> tuple[Desk, ...] | None:
    if not all(each.is_prompt for each in asked):
        return None
    return tuple(dict.fromkeys(each.desk for each in asked))


class Runner:
    """Does the work of a guard: on the thread that asks, or on one of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="assaymark-guard")

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False)

    async def off_loop(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, having run it on another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def do(self, work: Callable[[], T], size: int, asking: Asking) -> T:
        """Return what `work` returns.

        Args:
            work: Judges something as a whole.
            size: What it weighs.
            asking: Who is asked.
        """
        if asking.of_wholes is not None and size <= MOST:
            with taken(asking.of_wholes) as are_free:
                if are_free:
                    return work()
        return await self.off_loop(work)

    async def do_piece(
        self,
        asking: Asking,
        work: Callable[[], str],
        size: int,
        is_end: bool,  # noqa: FBT001 - what `Run` of `assaymark.guard.stream` says
    ) -> str:
        """Return what `work` on a stream returns.

        Args:
            asking: Who is asked.
            work: Takes a piece, or the end.
            size: What is looked at weighs.
            is_end: Whether the text ends.
        """
        desks = asking.of_wholes if is_end else asking.of_pieces
        left: str | None = None
        if desks is not None and size <= MOST:
            with taken(desks) as are_free:
                left = work() if are_free else None
        if left is None:
            left = await self.off_loop(work)
        else:
            # A stream may bring hundreds of pieces at a time, and others want their turn.
            await asyncio.sleep(0)
        return left


@contextmanager
def taken(desks: Sequence[Desk]) -> Iterator[bool]:
    """Take all of `desks` for this thread, and say whether they were free; give them back at the end."""
    held: list[Desk] = []
    try:
        for each in desks:
            if not each.take():
                yield False
                return
            held.append(each)
        yield True
    finally:
        for each in held:
            each.give_back()


def size_of(value: Any) -> int:
    """Return what a JSON value weighs, its texts and keys; of one that is too heavy, that it is."""
    left = [value]
    size = 0
    while left and size <= MOST:
        each = left.pop()
        if isinstance(each, str):
            size += weight(each)
        elif isinstance(each, Mapping):
            size += sum(map(len, map(str, each))) + len(each)
            left += each.values()
        elif isinstance(each, list | tuple):
            size += len(each)
            left += each
    return size


def weight(text: str) -> int:
    """Return the characters of `text`, and some more for each string of JSON that may be in it."""
    return len(text) + _OF_A_QUOTE * text.count('"')
