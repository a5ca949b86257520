"""What all checks over documents have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assaymark.checks.registry import BUILTIN
from assaymark.checks.statements import Breach, Remark, Rule, Silence, StatementCheck
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Severity
from assaymark.model.manifest import Manifest, Place
from assaymark.model.metric import Direction
from assaymark.model.subject import SubjectKind
from checks.judged import COVERAGE, SUBJECT, judged

RULES = (
    Rule(id="A-1", metric="made.up", summary="a"),
    Rule(id="A-2", metric="made.too", summary="b", severity=Severity.LOW),
)
PLACE = Place(file="f", field="x", line=2)


class MadeUp(StatementCheck):
    """Says what a test wants."""

    meta = CheckMeta(
        id="made-up",
        family="made",
        summary="s",
        version="1",
        added="0.1",
        metrics=tuple(each.as_metric() for each in RULES),
        on=(SubjectKind.DATASET,),
    )
    rules = RULES
    said: tuple[Any, ...] = ()

    def judge(self, *_: Any) -> Iterator[Any]:
        """Say it."""
        yield from self.said


def say(*said: Any) -> type[MadeUp]:
    """A check that says this."""

    class Saying(MadeUp):
        pass

    Saying.said = said
    return Saying


def test_each_rule_is_a_number_of_its_own() -> None:
    """A breach counts, an open one widens, the same one twice counts once, a remark counts nowhere."""
    found = judged(
        say(
            Breach(rule="A-1", place=PLACE),
            Breach(rule="A-1", place=PLACE),
            Breach(rule="A-1", detail="d", place=PLACE),
            Breach(rule="A-2", place=PLACE, is_open=True),
            Remark(text="chosen:x", place=PLACE),
        )
    )

    assert found.rules == ["A-1", "A-1:d", "A-2", "chosen:x"]
    assert found.numbers == {"made.up": (2, 2), "made.too": (0, 1)}


def test_a_problem_widens_every_number() -> None:
    """Nobody can say that a rule is kept before everything was read."""
    found = judged(say(Breach(rule="A-1")), more=Manifest(problems=("`a` is odd", "b")))

    assert found.numbers == {"made.up": (1, 3), "made.too": (0, 2)}


def test_silence_is_a_number_that_is_not_measured() -> None:
    """Unless something was broken all the same."""
    quiet = judged(say(Silence(rule="A-1", reason="r"), Silence(rule="A-2", reason="q")))
    broken = judged(say(Silence(rule="A-1", reason="r"), Breach(rule="A-1")))

    assert quiet.reasons == {"made.up": "r", "made.too": "q"}
    assert broken.numbers["made.up"] == (1, 1)


def test_findings_say_where_and_how_bad() -> None:
    """The rule's severity unless the breach has its own; medium where nobody can tell; info for a remark."""
    check = say(
        Breach(rule="A-1"),
        Breach(rule="A-2", place=PLACE),
        Breach(rule="A-2", detail="worse", place=PLACE, severity=Severity.CRITICAL),
        Breach(rule="A-2", detail="open", place=PLACE, is_open=True),
        Remark(text="r", place=PLACE),
    )

    findings, _ = check(check.Settings()).inspect(SUBJECT, COVERAGE, Manifest())

    assert [
        (each.rule, each.severity.value, each.location.file, each.location.line)
        for each in findings
    ] == [
        ("A-1", "high", "data", None),
        ("A-2", "low", "f", 2),
        ("A-2:open", "medium", "f", 2),
        ("A-2:worse", "critical", "f", 2),
        ("r", "info", "f", 2),
    ]


STATED = [each for each in BUILTIN if issubclass(each, StatementCheck)]


@pytest.mark.parametrize("check", STATED, ids=lambda each: each.meta.id)
def test_every_rule_is_on_its_page(check: type[StatementCheck]) -> None:
    """A reader of a finding finds its rule explained; a policy finds a number for each."""
    page = check.__doc__ or ""

    assert all(f"`{each.id}`" in page for each in check.rules)
    # A number that counts no rule is told, not bounded: the day by which dates were judged.
    counted = {e.name for e in check.meta.metrics if e.direction is not Direction.EITHER}
    assert {each.metric for each in check.rules} == counted


def test_ids_of_rules_are_taken_once() -> None:
    """A rule belongs to one check."""
    ids = [rule.id for check in STATED for rule in check.rules]

    assert len(set(ids)) == len(ids)
