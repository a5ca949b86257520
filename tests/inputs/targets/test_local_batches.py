"""Prompts that are computed together: who goes with whom, and that it changes no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assaymark.contracts.target import Answer
from assaymark.errors import UsageError
from assaymark.inputs.targets.local_batches import Batches
from assaymark.inputs.targets.registry import open_target

from .test_local_model import chat, make_model, scored


class Doubling:
    """Doubles numbers, and remembers in which company they came."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def __call__(self, items: Sequence[int]) -> list[int]:
        """Double, or fail on what is negative."""
        self.batches.append(list(items))
        if min(items) < 0:
            raise ValueError("negative")
        return [2 * each for each in items]


async def ask_all(batches: Batches[int, int], items: Sequence[int]) -> list[Any]:
    """Ask at once, by whether they are even."""
    return await asyncio.gather(
        *(batches.ask(each % 2, each) for each in items), return_exceptions=True
    )


def test_equals_go_together_and_the_oldest_first() -> None:
    """At most so many at once, and everybody gets their own answer."""
    compute = Doubling()

    answers = asyncio.run(ask_all(Batches(compute, 3), [1, 2, 3, 4, 5, 6, 7]))

    assert answers == [2, 4, 6, 8, 10, 12, 14]
    assert compute.batches == [[1, 3, 5], [2, 4, 6], [7]]


def test_what_fails_fails_for_its_batch_alone() -> None:
    """And those after it are computed."""
    compute = Doubling()

    odd, even, other = asyncio.run(ask_all(Batches(compute, 2), [-1, 2, 1]))

    assert isinstance(odd, ValueError)
    assert isinstance(other, ValueError)
    assert even == 4


def test_who_gives_up_is_not_computed() -> None:
    """A prompt that ran out of time while it stood in line."""
    compute = Doubling()

    async def run() -> int:
        batches: Batches[int, int] = Batches(compute, 2)
        gone = asyncio.ensure_future(batches.ask(0, 2))
        await asyncio.sleep(0)
        gone.cancel()
        return await batches.ask(0, 4)

    assert asyncio.run(run()) == 8
    assert compute.batches == [[4]]


pytest.importorskip("torch", reason="local models need torch")
pytest.importorskip("transformers", reason="local models need transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a tiny model lies, whose weights spread so far that every prompt has an answer of its own."""
    return make_model(tmp_path_factory.mktemp("models") / "tiny", spread=1.0)


PROMPTS = [
    *(chat(f"case {number:02}", max_tokens=12) for number in range(12)),
    *(chat(f"a longer case {number}", max_tokens=12) for number in range(6)),
    chat("alone"),
    chat("cut", max_tokens=12, stop=("e",)),
    chat("drawn", temperature=1.0, seed=3),
    chat("far too long " * 20),
    scored("hello", " world", " you"),
]


def answers_of(name: str) -> list[Answer]:
    """Ask all at once."""
    target = open_target(name)

    async def ask_them() -> list[Any]:
        return await asyncio.gather(*(target.ask(each) for each in PROMPTS))

    return asyncio.run(ask_them())


def test_company_changes_no_answer(folder: Path) -> None:
    """Whatever they share, answers, counts and ends are those of prompts that were asked alone."""
    alone = answers_of(f"hf:{folder}")

    assert answers_of(f"hf:{folder}?batch=8") == alone
    assert answers_of(f"hf:{folder}?batch=3") == alone
    assert len({each.text for each in alone}) > 5


def test_some_are_computed_together(folder: Path) -> None:
    """More are taken at once than fit into a batch, so that some are of equal length."""
    assert open_target(f"hf:{folder}?batch=8").at_once == 16
    assert open_target(f"hf:{folder}").at_once == 1


def test_a_batch_is_a_number(folder: Path) -> None:
    """Anything else is answered."""
    with pytest.raises(UsageError):
        open_target(f"hf:{folder}?batch=many")
