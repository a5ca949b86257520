"""
The run-time section of a policy as a value: what happens to what passes by.

Every rule that fits applies, and the strongest action wins, so a rule that is added never opens anything.
`assaymark.policy.guard_section` checks the section as it is written; `assaymark.guard` acts on it.

tests/policy/test_guard_section.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Literal, TypeAlias

from assaymark.policy.document import GuardPart

OperatorName: TypeAlias = Literal["replace", "mask", "hash", "encrypt", "pseudonym"]


class Phase(StrEnum):
    """What is on its way, and where to."""

    INPUT = "input"
    """From people to the model."""

    OUTPUT = "output"
    """From the model to people."""

    TOOL_CALLS = "tool_calls"
    """From the model to tools."""

    TOOL_RESULTS = "tool_results"
    """From tools to the model."""


STANDS_IN = {Phase.TOOL_CALLS: Phase.OUTPUT, Phase.TOOL_RESULTS: Phase.INPUT}
"""Whose rules hold where a policy has none for a phase."""

STREAMED = frozenset({Phase.OUTPUT, Phase.TOOL_CALLS})
"""What a model may send piece by piece."""


class Action(IntEnum):
    """What is done with what a rule finds; the greater one wins."""

    ALLOW = 0
    """It is recorded."""

    FLAG = 1
    """It is recorded, and the verdict says so."""

    REDACT = 2
    BLOCK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRule:
    """One rule."""

    detector: str
    action: Action

    entities: tuple[str, ...] | None
    """The entities or categories that it is about; `None` for all that the detector has switched on."""

    above: float | None
    """Findings with a lower score are none; `None` for what the detector itself takes for a finding."""

    operator: OperatorName
    """What takes the place of a value; only where the action is `REDACT`."""

    fails_closed: bool
    """Whether what the detector cannot judge is blocked; else it passes and is recorded as unjudged.

    Where neither the rule nor the section says, that is what becomes of it under a rule that may change or
    stop something. A rule that could at most flag a text does not stop those that it cannot read."""

    deadline: float
    """Seconds that the detector may take."""

    def is_about(self, label: str, score: float, least: float = 0.0) -> bool:
        """Return whether the rule fits a finding of its detector, which takes less than `least` for none."""
        enough = least if self.above is None else self.above
        return score >= enough and (self.entities is None or label in self.entities)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """The section, every default filled in."""

    rules: Mapping[Phase, tuple[GuardRule, ...]]
    """Of every phase; none means that nothing is looked at."""

    deadline: float
    """Seconds that all checks of a request may take together."""

    holds_whole_answers: bool
    """Whether a streamed answer is judged, and sent, only once it is whole."""

    refuses_bad_json: bool
    """Whether arguments of a tool that are no JSON are blocked; else they are judged as text."""

    refuses_uninspected: bool
    """Whether content that no detector reads, such as an image, is blocked."""

    def detectors(self) -> tuple[str, ...]:
        """Return the detectors that any rule needs, each once."""
        names = (each.detector for rules in self.rules.values() for each in rules)
        return tuple(dict.fromkeys(names))


def guard_rules(section: Mapping[str, Any]) -> GuardRules:
    """Return the section `guard` of a loaded policy as a value."""
    part = GuardPart.model_validate(dict(section))
    written = {each: getattr(part, each.value) for each in Phase}
    return GuardRules(
        rules={
            phase: tuple(_rule(each, part) for each in written[phase] or written.get(other, ()))
            for phase in Phase
            for other in [STANDS_IN.get(phase, phase)]
        },
        deadline=part.deadline_ms / 1000,
        holds_whole_answers=part.stream == "buffer",
        refuses_bad_json=part.invalid_json == "block",
        refuses_uninspected=part.uninspected == "block",
    )


def _rule(written: Mapping[str, Any], part: GuardPart) -> GuardRule:
    entities = written.get("entities")
    action = Action[str(written["do"]).upper()]
    on_error = written.get("on_error") or part.on_error
    return GuardRule(
        detector=written["detector"],
        action=action,
        entities=None if entities is None else tuple(entities),
        above=written.get("above"),
        operator=written.get("with", "replace"),
        fails_closed=action >= Action.REDACT if on_error is None else on_error == "block",
        deadline=written.get("deadline_ms", part.check_deadline_ms) / 1000,
    )


def in_lines(section: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section as `policy explain` shows it."""
    if not section:
        return
    rules = guard_rules(section)
    for phase in Phase:
        other = STANDS_IN.get(phase)
        if not section.get(phase.value) and other is not None and section.get(other.value):
            yield f"{phase.value}: as {other.value}"
        elif not rules.rules[phase]:
            yield f"{phase.value}: nothing is looked at"
        else:
            yield "\n    ".join([f"{phase.value}:", *map(_in_words, rules.rules[phase])])
    how = (
        "held until they are whole"
        if rules.holds_whole_answers
        else "sent as far as they are final"
    )
    yield f"streamed answers are {how}"
    yield f"a request is judged within {rules.deadline:g} s"
    json = "blocked" if rules.refuses_bad_json else "judged as text"
    other_content = "blocked" if rules.refuses_uninspected else "passed on"
    yield f"arguments that are no JSON are {json}; content that nothing reads is {other_content}"


def _in_words(rule: GuardRule) -> str:
    about = "" if rule.entities is None else f" {', '.join(rule.entities)}"
    above = f" from {rule.above:g}" if rule.above is not None else ""
    how = f" by {rule.operator}" if rule.action is Action.REDACT else ""
    fails = "block" if rule.fails_closed else "let pass"
    return (
        f"{rule.action.name.lower()} {rule.detector}{about}{above}{how}; "
        f"if unjudged after {rule.deadline:g} s: {fails}"
    )
