"""
A logged decision under another policy: what it would have been, as far as the log can tell.

The log holds what was found, with places and scores, and no text. So actions, thresholds and entities can be
decided again; what nobody looked for, or what came after a block, cannot. The answer is therefore a range,
and the reasons why it is one.

* `low` is what the verdict would have been at least, `high` what follows from the log at most.
* A reason says that a policy that looks further might have found more than the log has, so that the verdict
  may be any from `low` on.

tests/guard/life/test_redecide.py compares it with guards that judge the texts themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from assaymark.guard.decisions.records import (
    LoggedDecision,
    LoggedFinding,
    LoggedLapse,
    MoreFindings,
    VerdictName,
)
from assaymark.guard.verdict import Verdict
from assaymark.model.subject import Sha256
from assaymark.policy.guarding import Action, GuardRule, GuardRules, Phase

_SIDES = {
    "request": (Phase.INPUT, Phase.TOOL_RESULTS),
    "response": (Phase.OUTPUT, Phase.TOOL_CALLS),
}
_CALLS = re.compile(r"/(?:tool_calls|function_call|arguments|partial_json)(?:[/#]|\Z)")
_EVERY = (0.0,)
_MAYBE_CALLS = re.compile(r"/input(?:[/#]|\Z)")


class Open(StrEnum):
    """Why more may have been found than the log has."""

    NOT_ASKED = "a detector was not asked then"
    CHANGED = "a detector is another version, or has other settings"
    WIDER = "a rule looks for more than the rules of then did"
    RULES_UNKNOWN = "the rules of then are not in the log"
    ENDED = "what came after the block was not judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a policy for replays."""

    rules: GuardRules
    detectors: Mapping[str, Sha256]
    """Id to digest; empty where it is not known."""

    leasts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Detectors that score whole texts: from which score on a finding counts where a rule names none; several
    where that depends on the finding. Of all others every finding counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redecided:
    """What a decision would have been."""

    was: Verdict
    low: Verdict
    high: Verdict
    reasons: frozenset[Open]

    @property
    def comparison(self) -> str:
        """`same`, `stricter`, `laxer`, or `unknown` where the log does not tell."""
        if self.low > self.was:
            return "stricter"
        if self.reasons:
            return "unknown"
        if self.high < self.was:
            return "laxer"
        return "same" if self.low is self.high else "unknown"


def redecided(decision: LoggedDecision, new: Known, old: GuardRules | None) -> Redecided:
    """Return what `decision` would have been.

    Args:
        decision: As it was logged.
        new: The policy to decide by.
        old: The rules by which it was decided; `None` where nobody knows them.
    """
    ranges = [
        (Verdict.ALLOW, Verdict.BLOCK if decision.more_unjudged else Verdict.ALLOW),
        *(_of_finding(each, new) for each in decision.findings),
        *(_of_count(each, new) for each in decision.more),
        *(_of_lapse(each, new.rules) for each in decision.unjudged),
    ]
    was = Verdict[decision.verdict.name]
    low, high = max(low for low, _ in ranges), max(high for _, high in ranges)
    reasons = frozenset(_reasons(decision, new, old, blocks=low is Verdict.BLOCK))
    return Redecided(was=was, low=low, high=high, reasons=reasons)


def _of_finding(found: LoggedFinding, new: Known) -> tuple[Verdict, Verdict]:
    verdicts = [
        _verdict(found, new.rules.rules[phase], least)
        for phase in _phases(found)
        for least in new.leasts.get(found.detector, _EVERY)
    ]
    return min(verdicts), max(verdicts)


def _of_count(counted: MoreFindings, new: Known) -> tuple[Verdict, Verdict]:
    """Return what is possible where neither score nor turn is known."""
    ranges = [
        _of_finding(
            LoggedFinding(
                side=counted.side,
                field="",
                start=0,
                end=1,
                entity=counted.entity,
                score=score,
                detector=counted.detector,
                view="",
                action=counted.action,
                earlier=earlier,
            ),
            new,
        )
        for score in (0.0, 1.0)
        for earlier in (False, True)
    ]
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _verdict(found: LoggedFinding, rules: Iterable[GuardRule], least: float) -> Verdict:
    fitting = [
        each.action
        for each in rules
        if each.detector == found.detector and each.is_about(found.entity, found.score, least)
    ]
    verdict = Verdict[max(fitting, default=Action.ALLOW).name]
    # What is blocked in an earlier turn is withheld, and the conversation goes on.
    return Verdict.REDACT if found.earlier and verdict is Verdict.BLOCK else verdict


def _of_lapse(lapse: LoggedLapse, rules: GuardRules) -> tuple[Verdict, Verdict]:
    blocked = Verdict.REDACT if lapse.earlier else Verdict.BLOCK
    if not lapse.detector:
        # An image, or arguments that are no JSON; of which of the two the log does not tell.
        refuses = (rules.refuses_uninspected, rules.refuses_bad_json)
        verdicts = [blocked if each else Verdict.ALLOW for each in refuses]
        return min(verdicts), max(verdicts)
    verdicts = []
    for phase in _SIDES.get(lapse.side, tuple(Phase)):
        asking = [each for each in rules.rules[phase] if each.detector == lapse.detector]
        closed = any(each.fails_closed for each in asking)
        verdicts.append(blocked if closed else Verdict.ALLOW)
    return min(verdicts), max(verdicts)


def _phases(found: LoggedFinding) -> tuple[Phase, ...]:
    """Return under which rules a finding may stand; mostly those of all of them are the same."""
    if found.side == "response" and found.field and not _MAYBE_CALLS.search(found.field):
        return (Phase.TOOL_CALLS if _CALLS.search(found.field) else Phase.OUTPUT,)
    return _SIDES.get(found.side, tuple(Phase))


def _reasons(
    decision: LoggedDecision, new: Known, old: GuardRules | None, *, blocks: bool
) -> Iterable[Open]:
    """Yield why the verdict may be a stronger one than the log shows."""
    if blocks:
        return  # It cannot be stronger.
    if decision.verdict is VerdictName.BLOCK:
        yield Open.ENDED
    if old is None:
        yield Open.RULES_UNKNOWN
    for phase in Phase:
        for rule in new.rules.rules[phase]:
            then = decision.detectors.get(rule.detector)
            now = new.detectors.get(rule.detector)
            if then is None:
                yield Open.NOT_ASKED
            elif now is not None and now != then:
                yield Open.CHANGED
            elif old is not None and not _is_covered(rule, old.rules[phase], new.leasts):
                yield Open.WIDER


def _is_covered(
    rule: GuardRule, before: Iterable[GuardRule], leasts: Mapping[str, tuple[float, ...]]
) -> bool:
    """Return whether all that a rule minds was minded, and so logged, by the rules of then."""
    own = leasts.get(rule.detector, _EVERY)
    for each in before:
        if each.detector != rule.detector:
            continue
        wide = each.entities is None or (
            rule.entities is not None and set(rule.entities) <= set(each.entities)
        )
        if wide and _reaches(each.above, rule.above, own):
            return True
    return False


def _reaches(old: float | None, new: float | None, own: tuple[float, ...]) -> bool:
    """Return whether scores from `old` on hold all from `new` on; without a score, the detector's own."""
    if old is None:
        return new is None or max(own) <= new
    return old <= (min(own) if new is None else new)
