"""Prompts put to a target: what is written when, and what ends a run."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assaymark.contracts.target import Again, Answer, Capability, Category, Prompt
from assaymark.engine.probing.answer_store import AnswerStore, key_of
from assaymark.engine.probing.asking import Asking, AskProgress
from assaymark.engine.probing.limits import Limits
from assaymark.errors import TargetError, UsageError
from engine.probing.fakes import chat

TARGET = "7" * 64


class Scripted:
    """A target that looks into the store whenever it is asked."""

    name = "scripted"
    at_once = None
    capabilities = frozenset({Capability.CHAT})

    def __init__(self, path: Path, reply: Any) -> None:
        self.path, self.reply = path, reply
        self.asked: list[str] = []
        self.written: list[int] = []
        self.closed = 0

    async def ask(self, prompt: Prompt) -> Answer | Again:
        """Answer after a turn of the loop, so that others are asked meanwhile."""
        self.asked.append(prompt.messages[0].content)
        await asyncio.sleep(0)
        said: Answer | Again = self.reply(prompt)
        return said

    async def close(self) -> None:
        """Count it."""
        self.closed += 1


def answered(_: Prompt) -> Answer:
    """Say yes."""
    return Answer(category=Category.ANSWERED, text="yes")


def questions(number: int) -> Iterator[tuple[bytes, Prompt]]:
    """So many, with their keys."""
    for each in range(number):
        prompt = chat(f"q{each}")
        yield key_of(TARGET, prompt), prompt


def run(path: Path, target: Any, number: int, **limits: Any) -> list[AskProgress]:
    """Ask so many, and return how it went."""
    told: list[AskProgress] = []
    with AnswerStore(path) as store:
        asking = Asking(
            target=target,
            store=store,
            limits=Limits(backoff=0.0, **limits),
            total=number,
            on_progress=told.append,
        )
        asking.run(questions(number))
    return told


def kept(path: Path, number: int) -> int:
    """How many of the questions have an answer in the file."""
    with AnswerStore(path) as store:
        return len(store.read([key for key, _ in questions(number)]))


def test_every_question_has_its_answer_in_the_store(tmp_path: Path) -> None:
    """Whoever asks how far it has come hears of each one once, and the target is closed once."""
    target = Scripted(tmp_path / "a", answered)

    told = run(tmp_path / "a", target, 50, concurrency=8)

    assert sorted(target.asked) == sorted(f"q{each}" for each in range(50))
    assert [each.done for each in told] == list(range(1, 51))
    assert (told[-1].of, told[-1].calls, told[-1].without_answer) == (50, 50, 0)
    assert target.closed == 1
    assert kept(tmp_path / "a", 50) == 50


def test_no_worker_goes_on_before_its_answer_is_written(tmp_path: Path) -> None:
    """At most as many answers are under way as are asked at once, whatever moment the run is killed at."""
    path = tmp_path / "a"
    seen: list[tuple[int, int]] = []

    def look(_: Prompt) -> Answer:
        flushed = next(iter(store._db.execute("SELECT count(*) FROM answer")))[0]
        seen.append((len(target.asked), flushed))
        return Answer(category=Category.ANSWERED, text="yes")

    target = Scripted(path, look)
    with AnswerStore(path) as store:
        Asking(target=target, store=store, limits=Limits(concurrency=4), total=40).run(
            questions(40)
        )

    assert all(asked - flushed <= 4 for asked, flushed in seen)
    assert max(flushed for _, flushed in seen) >= 36


def test_a_store_that_cannot_be_written_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is an error of every worker that waits, not a run that never ends."""
    target = Scripted(tmp_path / "a", answered)
    flushed = AnswerStore.flush
    calls = iter(range(100))

    def full(store: AnswerStore) -> None:
        if next(calls) >= 3 and store._pending:
            store._pending.clear()
            raise UsageError("the disk is full")
        flushed(store)

    monkeypatch.setattr(AnswerStore, "flush", full)

    with pytest.raises(UsageError, match="the disk is full"):
        run(tmp_path / "a", target, 50, concurrency=8)
    assert target.closed == 1


def test_a_target_that_is_down_ends_the_run_with_the_first_prompt(tmp_path: Path) -> None:
    """It went alone."""
    gone = Answer(category=Category.FAILED, reason="unreachable")
    target = Scripted(tmp_path / "a", lambda _: Again(otherwise=gone, is_down=True))

    with pytest.raises(TargetError) as caught:
        run(tmp_path / "a", target, 50, attempts=2)

    assert caught.value.message == "`scripted` cannot be reached"
    assert target.asked == ["q0", "q0"]


def test_a_target_without_answers_is_left_alone(tmp_path: Path) -> None:
    """After fifty prompts in a row; what was answered before is kept."""

    def dies(prompt: Prompt) -> Answer | Again:
        if int(prompt.messages[0].content[1:]) < 10:
            return answered(prompt)
        return Again(otherwise=Answer(category=Category.FAILED, reason="http-500"))

    target = Scripted(tmp_path / "a", dies)

    with pytest.raises(TargetError) as caught:
        run(tmp_path / "a", target, 200, attempts=1, concurrency=1)

    assert caught.value.message == (
        "`scripted` gave no answer to 50 prompts in a row, the last one `http-500`"
    )
    assert len(target.asked) == 60
    assert kept(tmp_path / "a", 200) == 60


def test_what_a_target_raises_is_a_failed_answer(tmp_path: Path) -> None:
    """Named by its class, without what it says."""

    def wrong(prompt: Prompt) -> Answer:
        if prompt.messages[0].content == "q3":
            raise sqlite3.DataError("canary")
        return answered(prompt)

    told = run(tmp_path / "a", Scripted(tmp_path / "a", wrong), 6)

    assert told[-1].without_answer == 1
    with AnswerStore(tmp_path / "a") as store:
        (answer,) = store.read([key_of(TARGET, chat("q3"))]).values()
    assert (answer.category, answer.reason) == (Category.FAILED, "raised-DataError")


def test_it_runs_inside_a_loop_that_runs_already(tmp_path: Path) -> None:
    """As in a notebook."""

    async def notebook() -> None:
        run(tmp_path / "a", Scripted(tmp_path / "a", answered), 5)

    asyncio.run(notebook())

    assert kept(tmp_path / "a", 5) == 5
