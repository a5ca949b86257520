"""What a run would ask: counted before anything is asked, each prompt once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assaymark.contracts.target import Answer, Capability, Category
from assaymark.engine.probing.answer_store import AnswerStore
from assaymark.engine.probing.limits import Tokens
from assaymark.engine.probing.plan import Asked, demanded_probes, preview, probes_of, questions
from assaymark.errors import UsageError
from engine.fakes import policy
from engine.probing.fakes import asking, probe_catalog


class Silent:
    """A target that is never asked."""

    name = "silent"
    digest = "7" * 64

    def __init__(self, *capabilities: Capability) -> None:
        self.capabilities = frozenset(capabilities)


CHAT: Any = Silent(Capability.CHAT)


def test_two_checks_that_ask_the_same_are_one_call_each(tmp_path: Path) -> None:
    """Draws are counted for each check, calls once."""
    probes = probes_of(asking("says", "says-again", prompts=10, repeats=2), probe_catalog())

    plan = preview(probes, CHAT, None)
    with AnswerStore(tmp_path / "a") as store:
        asked = list(questions(probes, plan, CHAT, store))

    assert plan.checks == (
        Asked(check="says", prompts=10, draws=20),
        Asked(check="says-again", prompts=10, draws=20),
    )
    assert (plan.draws, plan.calls, plan.known) == (40, 20, 0)
    assert len({key for key, _ in asked}) == len(asked) == 20


def test_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    """Neither counted as a call, nor in the tokens."""
    probes = probes_of(asking(prompts=700), probe_catalog())
    with AnswerStore(tmp_path / "a") as store:
        plan = preview(probes, CHAT, store)
        for key, _ in list(questions(probes, plan, CHAT, store))[:650]:
            store.keep(key, Answer(category=Category.ANSWERED, text="x"), settled=True)
        store.flush()
        again = preview(probes, CHAT, store)
        rest = list(questions(probes, again, CHAT, store))

    assert (again.known, again.calls) == (650, 50)
    assert again.tokens.total < plan.tokens.total
    assert [prompt.messages[0].content.rstrip("!") for _, prompt in rest] == [
        f"question {number}" for number in range(650, 700)
    ]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"asks": "log-probabilities"}, "the model offers no log-probabilities"),
        ({"broken": "ids"}, "the check raised ValueError"),
        ({"broken": "prompts"}, "the check raised KeyError"),
    ],
)
def test_a_check_that_cannot_be_run_is_not_asked(
    tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    """With its reason; the others are."""
    probes = probes_of(asking("says", **settings), probe_catalog())

    plan = preview(probes, CHAT, None)
    with AnswerStore(tmp_path / "a") as store:
        asked = list(questions(probes, plan, CHAT, store))

    (check,) = plan.checks
    assert check.refused is not None
    assert check.refused.startswith(reason)
    assert not plan.is_run("says")
    assert (plan.draws, plan.calls, plan.tokens) == (0, 0, Tokens(0, 0))
    assert asked == []


def test_a_policy_that_asks_nothing_is_told_apart() -> None:
    """It has no probes, and whoever demands one hears of it."""
    rules = policy("marks")

    assert probes_of(rules, probe_catalog()) == ()
    with pytest.raises(UsageError, match="no check of the policy puts prompts to a model"):
        demanded_probes(rules, probe_catalog())
