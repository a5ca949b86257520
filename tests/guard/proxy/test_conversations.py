"""A conversation that is sent whole costs what is new in each turn; a refused turn does not end it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from assaymark.guard import AnswerMemory
from guard.conftest import guard_of, scripted

from .in_process import InProcess, Script
from .upstream import chat

PATH = "/v1/chat/completions"


def finds(text: str) -> list[tuple[int, int, str]]:
    """Find kites."""
    return [(text.index("kite"), text.index("kite") + 4, "WORD")] if "kite" in text else []


def turns(count: int) -> list[dict[str, Any]]:
    """A conversation in which so many messages were sent."""
    found: list[dict[str, Any]] = []
    for n in range(count):
        found += [
            {"role": "user", "content": f"question {n}"},
            {"role": "assistant", "content": f"answer {n}"},
        ]
    return found[:-1]


def ask(proxy: InProcess, messages: list[dict[str, Any]], said: str) -> Any:
    """Take one turn."""
    script = Script([json.dumps(chat(said)).encode()])
    return asyncio.run(proxy.ask(PATH, {"model": "m", "messages": messages}, script))


@pytest.mark.parametrize("verb", ["redact", "block"])
def test_a_turn_costs_its_own_message_and_answer(verb: str) -> None:
    """The detector is asked about two new texts in each of five turns, and about all under another policy."""
    spec = scripted(finds)
    rules = f"{{input: [{{detector: scripted, do: {verb}}}], output: [{{detector: scripted, do: flag}}]}}"
    memory = AnswerMemory()
    asked = spec.load(None).asked
    fresh: list[list[str]] = []

    with guard_of(rules, extra={"scripted": spec}, memory=memory) as guard:
        proxy = InProcess(guard)
        for n in range(5):
            asked.clear()
            assert ask(proxy, turns(n + 1), f"answer {n}").status == 200
            fresh.append(sorted(text for batch in asked for text in batch))
    asked.clear()
    other = rules.replace("do: flag", "do: allow")
    with guard_of(other, extra={"scripted": spec}, memory=memory) as guard:
        ask(InProcess(guard), turns(5), "answer 4")

    assert fresh == [[f"answer {n}", f"question {n}"] for n in range(5)]
    assert len([text for batch in asked for text in batch]) == 10


def test_a_refused_turn_is_withheld_and_the_chat_goes_on() -> None:
    """The model never sees it; what was said around it is sent as it was."""
    extra = {"scripted": scripted(finds)}
    rules = "{input: [{detector: scripted, do: block}], output: [{detector: scripted, do: flag}]}"
    bad = {"role": "user", "content": "a kite"}
    after = [bad, {"role": "assistant", "content": "no"}, {"role": "user", "content": "a hat"}]

    with guard_of(rules, extra=extra) as guard:
        proxy = InProcess(guard)
        refused, answered = ask(proxy, [bad], "never"), ask(proxy, after, "fine")

    assert (refused.status, answered.status) == (400, 200)
    (sent,) = proxy.upstreams.asked
    assert [each["content"] for each in sent["messages"]] == ["<WITHHELD>", "no", "a hat"]
