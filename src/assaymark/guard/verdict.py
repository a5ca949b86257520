"""
What a guard says: verdict, findings, and what could not be judged. Never a value.

tests/guard/test_guard.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from assaymark.guard.places import place_of
from assaymark.model.subject import Sha256
from assaymark.policy.guarding import Action, Phase

UNREAD = "nothing reads it"
"""Why something is unjudged that no detector could have judged."""


class Verdict(IntEnum):
    """What comes of a request; the greater one wins."""

    ALLOW = 0
    """Nothing was found that a rule minds."""

    FLAG = 1
    """It passes as it is, and something was found."""

    REDACT = 2
    """It passes changed."""

    BLOCK = 3
    """It does not pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something found in one field. Never the value."""

    detector: str
    entity: str
    """Entity or category."""

    start: int
    """First character, in code points of the field's text as it came."""

    end: int
    """One past the last character."""

    score: float
    action: Action
    view: str = ""
    """In which other form of the text it was seen."""

    message: int = 0
    """Index of the message."""

    field: str = ""
    """JSON pointer in the message; behind `#`, a pointer into the JSON that the field holds.

    Its keys may be what somebody said; `to_plain` tells it without them."""

    earlier: bool = False
    """Whether it stands in an earlier turn, where what is blocked is withheld and the rest goes on."""

    def to_plain(self) -> dict[str, Any]:
        """Return the form for logs: what a user may have named is `*`."""
        return {
            "message": self.message,
            "field": place_of(self.field),
            "start": self.start,
            "end": self.end,
            "entity": self.entity,
            "score": self.score,
            "detector": self.detector,
            "view": self.view,
            "action": self.action.name.lower(),
            **({"earlier": True} if self.earlier else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """Something that a rule should have judged and could not."""

    detector: str
    """Empty where no detector could have."""

    reason: str
    passed: bool
    """Whether it passes all the same, because the policy says so."""

    message: int = 0
    field: str = ""
    earlier: bool = False
    """As in `Finding`."""

    def to_plain(self) -> dict[str, Any]:
        """Return the form for logs: what a user may have named is `*`."""
        return {
            "message": self.message,
            "field": place_of(self.field),
            "detector": self.detector,
            "reason": self.reason,
            "passed": self.passed,
            **({"earlier": True} if self.earlier else {}),
        }


def unable(findings: Iterable[Finding], unjudged: Iterable[Unjudged]) -> tuple[Unjudged, ...]:
    """Return what was blocked because it could not be judged; nothing where content was blocked."""
    if any(each.action is Action.BLOCK and not each.earlier for each in findings):
        return ()
    return tuple(each for each in unjudged if not (each.passed or each.earlier))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a guard says of messages."""

    verdict: Verdict
    phase: Phase

    messages: tuple[Mapping[str, Any], ...]
    """As they may pass. Where the verdict is `BLOCK`, what stands before that which was blocked."""

    findings: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...]

    policy: Sha256
    """Digest of the policy that was applied."""

    detectors: Mapping[str, Sha256]
    """Id of each detector that was asked to its digest."""

    recalled: int = 0
    """How many answers about texts were there already, since they had been judged under this policy."""

    @property
    def blocked_unjudged(self) -> bool:
        """Whether it is blocked because it could not be judged, and not for what it says."""
        return bool(unable(self.findings, self.unjudged))

    def to_plain(self) -> dict[str, Any]:
        """Return all but the messages, for logs: no content."""
        return {
            "verdict": self.verdict.name.lower(),
            "phase": self.phase.value,
            "findings": [each.to_plain() for each in self.findings],
            "unjudged": [each.to_plain() for each in self.unjudged],
            "policy": self.policy,
            "detectors": dict(self.detectors),
            "recalled": self.recalled,
        }
