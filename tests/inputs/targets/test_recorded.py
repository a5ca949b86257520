"""Recorded answers: found by what was asked, and refused where a line is no record."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from assaymark.canonical import sha256_of
from assaymark.contracts.target import (
    Answer,
    Capability,
    Category,
    Message,
    Prompt,
    Role,
    Score,
)
from assaymark.errors import InputError
from assaymark.inputs.targets.registry import open_target

HI = {"role": "user", "content": "hi"}


def recorded(path: Path, *records: Any) -> Any:
    """Write the records and open them."""
    path.write_text("".join(json.dumps(each) + "\n\n" for each in records))
    return open_target(f"recorded:{path}")


def ask(target: Any, prompt: Prompt) -> Any:
    """Ask once."""
    return asyncio.run(target.ask(prompt))


def chat(text: str, repeat: int = 0) -> Prompt:
    """A conversation of one message."""
    return Prompt(asks=Capability.CHAT, messages=(Message(Role.USER, text),), repeat=repeat)


def test_answers_are_found_by_what_was_asked(tmp_path: Path) -> None:
    """A prompt answers a chat and a completion; the n-th record is the n-th draw."""
    target = recorded(
        tmp_path / "a.jsonl",
        {"prompt": "hi", "response": "one"},
        {"prompt": "hi", "response": "two"},
        {"messages": [{"role": "system", "content": "s"}, HI], "response": "three"},
        {"prompt": "x", "continuations": ["a", "b"], "scores": [[-1.5, 1], [-2, 2]]},
        {"prompt": "no", "response": None, "category": "refused", "reason": "content_filter"},
        {"prompt": "empty", "response": " "},
        {"prompt": "late", "response": "third", "repeat": 2},
    )  # fmt: skip
    system = (Message(Role.SYSTEM, "s"), Message(Role.USER, "hi"))
    scored = Prompt(asks=Capability.LOG_PROBABILITIES, text="x", continuations=("a", "b"))

    assert ask(target, chat("hi")).text == "one"
    assert ask(target, chat("hi", 1)).text == "two"
    assert ask(target, Prompt(asks=Capability.COMPLETION, text="hi", repeat=1)).text == "two"
    assert ask(target, Prompt(asks=Capability.CHAT, messages=system)).text == "three"
    assert ask(target, scored).scores == (Score(-1.5, 1), Score(-2.0, 2))
    assert ask(target, chat("no")) == Answer(category=Category.REFUSED, reason="content_filter")
    assert ask(target, chat("empty")).category is Category.EMPTY
    assert ask(target, chat("late", 2)).text == "third"
    assert ask(target, chat("hi", 2)) == Answer(category=Category.FAILED, reason="not-recorded")
    assert target.capabilities == frozenset(Capability)


def test_a_recording_is_known_by_its_bytes(tmp_path: Path) -> None:
    """Whoever has the file can tell that it is the one that was judged."""
    target = recorded(tmp_path / "a.jsonl", {"prompt": "hi", "response": "one"})

    assert target.subject.digest == sha256_of((tmp_path / "a.jsonl").read_bytes()) == target.digest
    assert target.subject.declared is None
    assert target.capabilities == {Capability.CHAT, Capability.COMPLETION}


OBJECT = (
    "expected an object with `asked`, `category`, `continuations`, `messages`, `prompt`, `reason`, "
    "`repeat`, `response`, `scores`"
)
MESSAGES = "`messages` is no list of objects with `role` and `content`"
SCORES = "`scores` is no list of pairs: log-probability, number of tokens"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{canary", "no JSON"),
        ("[]", OBJECT),
        ('{"prompt": "a", "canary": 1}', OBJECT),
        ('{"response": "canary"}', "expected either `messages` or `prompt`"),
        ('{"prompt": 5}', "`prompt` or `continuations` is no text"),
        ('{"prompt": "a", "continuations": [""]}', "`prompt` or `continuations` is no text"),
        ('{"messages": "canary"}', MESSAGES),
        ('{"messages": [{"role": "canary", "content": "a"}]}', MESSAGES),
        ('{"messages": [{"role": ["user"], "content": "a"}]}', MESSAGES),
        ('{"prompt": "a", "category": ["refused"]}', "`category` is none that we know"),
        ('{"prompt": "a", "response": 5}', "`response` is no text"),
        ('{"prompt": "a", "category": "canary"}', "`category` is none that we know"),
        (
            '{"prompt": "a", "category": "answered"}',
            "`answered`, without a text or as many scores as continuations",
        ),
        (
            '{"prompt": "a", "continuations": ["b"], "scores": [[-1, 1], [-1, 1]]}',
            "`answered`, without a text or as many scores as continuations",
        ),
        ('{"prompt": "a", "continuations": ["b"], "scores": [[1, 1]]}', SCORES),
        ('{"prompt": "a", "continuations": ["b"], "scores": [[-1, 0]]}', SCORES),
        ('{"prompt": "a", "continuations": ["b"], "scores": [[NaN, 1]]}', SCORES),
        ('{"prompt": "a", "continuations": ["b"], "scores": [[-1, true]]}', SCORES),
        ('{"prompt": "a", "continuations": ["b"], "scores": "canary"}', SCORES),
        (
            '{"prompt": "a", "response": "b", "repeat": -1}',
            "`repeat` is no whole number of at least 0",
        ),
        (
            '{"prompt": "first", "response": "b", "repeat": 0}',
            "this repeat of this prompt stands on an earlier line",
        ),
    ],
)
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: str, reason: str) -> None:
    """By its number, and without its content."""
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"prompt": "first", "response": "b"}}\n{line}\n')

    with pytest.raises(InputError) as caught:
        open_target(f"recorded:{path}")

    assert caught.value.message == f"`{path}`, line 2: {reason}"
