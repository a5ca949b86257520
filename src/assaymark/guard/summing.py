"""
From what became of each field to what a guard says.

tests/guard/test_guard.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from assaymark.guard.message_fields import Kind
from assaymark.guard.messages import Content
from assaymark.guard.verdict import UNREAD, Checked, Finding, Unjudged, Verdict
from assaymark.policy.guarding import Action, Phase

if TYPE_CHECKING:
    from assaymark.guard.field import Seen
    from assaymark.model.subject import Sha256


class Field(Protocol):
    """A field on its way."""

    @property
    def blocked(self) -> bool:
        """Whether nothing more leaves."""
        ...

    def feed(self, text: str) -> str:
        """Take the next piece; return what may leave."""
        ...

    def finish(self) -> str:
        """Say that the text is whole; return the rest."""
        ...

    def parts(self) -> Iterable[tuple[str, Seen]]:
        """Yield what was found, with JSON pointers."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one field."""

    content: Content
    text: str
    blocked: bool

    changed: bool
    """Whether something was replaced; escapes of JSON may be written otherwise without that."""

    findings: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...]

    @classmethod
    def of(cls, content: Content, field: Field) -> Outcome:
        """Judge a field that is there as a whole."""
        place = content.place
        if content.kind is Kind.OTHER:
            lapse = Unjudged(
                detector="",
                reason=UNREAD,
                passed=not content.is_refused,
                message=place.message,
                field=content.pointer,
                earlier=place.is_old,
            )
            return cls(
                content, "", content.is_refused, changed=False, findings=(), unjudged=(lapse,)
            )
        text = field.feed(content.text)
        text += field.finish()
        findings, unjudged = told(field.parts(), place.message, place.pointer, earlier=place.is_old)
        changed = any(seen.changed for _, seen in field.parts())
        return cls(content, text, field.blocked, changed, findings, unjudged)

    @property
    def passed(self) -> Any:
        """What may stand there; nothing of it where it can be passed as a whole only."""
        if self.blocked and (self.content.place.is_old or self.content.kind is Kind.VALUE):
            return self.content.withheld
        return self.content.passed(self.text)

    @property
    def is_other(self) -> bool:
        """Whether something else stands there than what came."""
        place, kind = self.content.place, self.content.kind
        if kind is Kind.OTHER or (self.blocked and place.is_old):
            return self.blocked and place.is_old
        return (
            self.changed or self.blocked if kind is Kind.VALUE else self.text != self.content.text
        )


def told(
    parts: Iterable[tuple[str, Seen]], message: int, pointer: str, *, earlier: bool = False
) -> tuple[tuple[Finding, ...], tuple[Unjudged, ...]]:
    """Return what was seen in a field as a guard says it, with the field's place."""
    findings: list[Finding] = []
    unjudged: dict[Unjudged, None] = {}
    for inner, seen in parts:
        where = f"{pointer}#{inner}" if inner else pointer
        findings += [
            Finding(
                detector=each.detector,
                entity=each.entity,
                start=each.start,
                end=each.end,
                score=each.score,
                action=each.action,
                view=each.view,
                message=message,
                field=where,
                earlier=earlier,
            )
            for each in seen.hits
        ]
        for lapse in seen.lapses:
            unjudged[
                Unjudged(
                    detector=lapse.detector,
                    reason=lapse.reason,
                    passed=lapse.passed,
                    message=message,
                    field=where,
                    earlier=earlier,
                )
            ] = None
    return tuple(findings), tuple(unjudged)


def verdict_of(*, blocked: bool, changed: bool, findings: Iterable[Finding]) -> Verdict:
    """Return what comes of a field or a request."""
    if blocked:
        return Verdict.BLOCK
    if changed:
        return Verdict.REDACT
    flagged = any(each.action >= Action.FLAG for each in findings)
    return Verdict.FLAG if flagged else Verdict.ALLOW


def summed(
    messages: Sequence[Mapping[str, Any]],
    outcomes: Sequence[Outcome],
    *,
    phase: Phase,
    rewrite: Callable[..., tuple[Mapping[str, Any], ...]],
    policy: Sha256,
    detectors: Mapping[str, Sha256],
    recalled: int = 0,
) -> Checked:
    """Return what a guard says of `messages`, given what became of their fields."""
    changed = any(each.changed or (each.blocked and each.content.place.is_old) for each in outcomes)
    new = {each.content: each.passed for each in outcomes if each.is_other}
    findings = tuple(finding for each in outcomes for finding in each.findings)
    return Checked(
        verdict=verdict_of(
            blocked=any(each.blocked and not each.content.place.is_old for each in outcomes),
            changed=changed,
            findings=findings,
        ),
        phase=phase,
        messages=rewrite(messages, new) if new else tuple(messages),
        findings=findings,
        unjudged=tuple(lapse for each in outcomes for lapse in each.unjudged),
        policy=policy,
        detectors=dict(detectors),
        recalled=recalled,
    )
