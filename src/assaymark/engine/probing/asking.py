"""
Prompts put to one target: so many at once, each until it is answered or its attempts are used up.

* The first prompt goes alone: a wrong key or a dead address costs one call.
* Every prompt comes to an answer. What failed to the end is one too, and is counted.
* Of a target that is gone, the run ends, with everything kept that was answered; it is not asked thousands of
  times more.
* However the run ends, by error, Ctrl-C or signal: open calls are closed, and answers that came are kept.

Results depend neither on how many prompts are asked at once nor on which answer comes first.
tests/engine/probing/test_asking.py
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assaymark.contracts.target import Again, Answer, Category, Prompt
from assaymark.engine.probing.budget import Budget
from assaymark.engine.probing.limits import Limits, Tokens, most_tokens, used_tokens
from assaymark.engine.probing.pace import Pace
from assaymark.errors import AssaymarkError, TargetError

if TYPE_CHECKING:
    from assaymark.contracts.target import Target
    from assaymark.engine.probing.answer_store import AnswerStore

_PATIENCE = 50  # prompts in a row without any answer, after which a target counts as gone
_LONGEST_BACKOFF = 30.0  # seconds
_NO_ANSWER = (Category.FAILED, Category.UNPARSABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskProgress:
    """How far a run has come."""

    subject: str
    done: int
    of: int
    without_answer: int
    calls: int


@dataclass(slots=True)
class _Standing:
    """How the target has done so far."""

    done: int = 0
    without_answer: int = 0
    in_a_row: int = 0
    was_there: bool = False


@dataclass(kw_only=True)
class Asking:
    """One run over one target."""

    target: Target
    store: AnswerStore
    limits: Limits
    total: int
    """Prompts to put, for the display."""

    on_progress: Callable[[AskProgress], None] = lambda _: None
    chance: Callable[[], float] = random.random
    _standing: _Standing = field(default_factory=_Standing, init=False)
    _waiting: list[asyncio.Future[None]] = field(default_factory=list, init=False)

    def run(self, questions: Iterator[tuple[bytes, Prompt]]) -> None:
        """Put every question, and return when each has its answer in the store.

        Raises:
            TargetError: The target refuses us, is gone, or the budget is used up.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._run_here(questions)
        else:
            # A notebook has a loop of its own in this thread, and a loop cannot be entered twice.
            with ThreadPoolExecutor(1) as pool:
                pool.submit(self._run_here, questions).result()

    def _run_here(self, questions: Iterator[tuple[bytes, Prompt]]) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._run(questions))

    async def _run(self, questions: Iterator[tuple[bytes, Prompt]]) -> None:
        loop = asyncio.get_running_loop()
        self._budget = Budget(self.limits)
        self._pace = Pace(self.limits, clock=loop.time)
        try:
            first = next(questions, None)
            if first is not None:
                await self._settle(*first)
                await self._crowd(questions)
        finally:
            self.store.flush()
            await self.target.close()

    async def _crowd(self, questions: Iterator[tuple[bytes, Prompt]]) -> None:
        number = min(self.limits.concurrency, self.target.at_once or self.limits.concurrency)
        tasks = [asyncio.create_task(self._work(questions)) for _ in range(number)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for each in done:
                each.result()
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, questions: Iterator[tuple[bytes, Prompt]]) -> None:
        for key, prompt in questions:
            await self._settle(key, prompt)

    async def _settle(self, key: bytes, prompt: Prompt) -> None:
        """Bring one prompt to its end and keep what came of it."""
        answer, is_settled = await self._answer(prompt)
        self.store.keep(key, answer, settled=is_settled)
        await self._written()
        self._count(answer, may_pass=not is_settled)

    async def _written(self) -> None:
        """Return when what was kept is in the file: what came together is written together."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._write)
        written = loop.create_future()
        self._waiting.append(written)
        await written

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            self.store.flush()
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            for each in waiting:
                if not each.done():
                    each.set_exception(error)
        else:
            for each in waiting:
                if not each.done():
                    each.set_result(None)

    async def _answer(self, prompt: Prompt) -> tuple[Answer, bool]:
        """Return the answer, and whether asking again another day would be in vain."""
        most = most_tokens(prompt)
        attempt = 1
        while isinstance(said := await self._attempt(prompt, most), Again):
            if said.after is not None:
                self._demand_patience(said.after)
                self._pace.rest(said.after)
            if attempt == self.limits.attempts:
                self._demand_there(said)
                return said.otherwise, False
            pause = min(self.limits.backoff * 2 ** (attempt - 1), _LONGEST_BACKOFF)
            await asyncio.sleep(pause * (1.0 - self.chance() / 2.0))
            attempt += 1
        return said, True

    async def _attempt(self, prompt: Prompt, most: Tokens) -> Answer | Again:
        await self._budget.reserve(most)
        used = most
        try:
            await self._pace.turn(most.total)
            try:
                async with asyncio.timeout(self.limits.timeout):
                    said = await self.target.ask(prompt)
            except TimeoutError:
                return Again(otherwise=Answer(category=Category.FAILED, reason="timeout"))
            except AssaymarkError:
                raise
            except Exception as error:  # noqa: BLE001 - third-party code; the reason has no content
                said = Answer(category=Category.FAILED, reason=f"raised-{type(error).__name__}")
            used = _used(said, most)
            return said
        finally:
            self._budget.settle(most, used)
            self._pace.settle(most.total, used.total)

    def _demand_there(self, said: Again) -> None:
        if said.is_down:
            raise TargetError(
                f"`{self.target.name}` cannot be reached",
                hint="check the address, and that it runs; what was answered before is kept",
            )

    def _demand_patience(self, seconds: float) -> None:
        if seconds > self.limits.longest_wait:
            raise TargetError(
                f"`{self.target.name}` asks to be left alone for {seconds:,.0f} seconds",
                hint="go on later with `--resume`; what was answered is kept",
            )

    def _count(self, answer: Answer, *, may_pass: bool) -> None:
        standing = self._standing
        standing.done += 1
        if answer.category in _NO_ANSWER:
            standing.without_answer += 1
            # That one prompt is refused says nothing about a target that has answered others.
            standing.in_a_row += may_pass or not standing.was_there
        else:
            standing.in_a_row, standing.was_there = 0, True
        self.on_progress(
            AskProgress(
                subject=self.target.name,
                done=standing.done,
                of=self.total,
                without_answer=standing.without_answer,
                calls=self._budget.calls,
            )
        )
        if standing.in_a_row >= _PATIENCE:
            raise TargetError(
                f"`{self.target.name}` gave no answer to {_PATIENCE} prompts in a row, "
                f"the last one `{answer.reason}`",
                hint="see what is wrong there, and go on with `--resume`; what was answered is kept",
            )


def _used(said: Answer | Again, most: Tokens) -> Tokens:
    """Return what counts as used; an error that the target answered with costs nothing."""
    if isinstance(said, Answer):
        return used_tokens(said, most)
    is_free = said.is_down or said.otherwise.reason.startswith("http-")
    return Tokens(0, 0) if is_free else most
