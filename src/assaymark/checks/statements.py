"""
Checks over what documents say: each has rules, and each rule is a number of its own.

* A rule is counted by its metric, so a policy can bound one and leave another.
* What a document may hold beyond what could be understood widens every number upwards; so does what a
  check itself could not decide. Nobody can say that a rule is kept before everything was read.
* A remark is a finding that no number counts, such as the branch of an OR that was chosen.

tests/checks/test_statements.py
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from assaymark.checks.rates import NoSettings
from assaymark.model.finding import Finding, Location, Severity, finding_at
from assaymark.model.manifest import Place
from assaymark.model.measurement import NotMeasured, Result, count
from assaymark.model.metric import Direction, Metric, Unit

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assaymark.contracts.check import CheckMeta
    from assaymark.model.evidence import Coverage
    from assaymark.model.manifest import Manifest
    from assaymark.model.subject import Subject

_DOCUMENT = re.compile(r"`([^`]+)`")  # problems start with the name of their document


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, and the number of its breaches."""

    id: str
    """Such as `LIC-010`; never reused."""

    metric: str
    summary: str
    """What is counted."""

    severity: Severity = Severity.HIGH

    def as_metric(self) -> Metric:
        """Return the number that counts its breaches."""
        return Metric(
            name=self.metric,
            summary=self.summary,
            unit=Unit.COUNT,
            direction=Direction.LOWER,
            rules=(self.id, f"{self.id}:*"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One place where a rule is broken, or may be."""

    rule: str
    detail: str = ""
    """What exactly, from a closed vocabulary or the name of a licence; never words of a document."""

    place: Place | None = None
    """`None` for the subject as a whole."""

    severity: Severity | None = None
    """Where it is another than the rule's."""

    is_open: bool = False
    """Whether nobody can tell: it widens the number instead of raising it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that a reader should know and no number counts."""

    text: str
    """In the check's vocabulary."""

    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A rule about which nothing can be said, and why."""

    rule: str
    reason: str


class StatementCheck(ABC):
    """A check over a manifest. A subclass declares `meta` and `rules`, and says what breaks them."""

    meta: ClassVar[CheckMeta]
    Settings: ClassVar[type[BaseModel]] = NoSettings
    rules: ClassVar[tuple[Rule, ...]]

    def __init__(self, settings: BaseModel) -> None:
        self.settings = settings

    @abstractmethod
    def judge(self, manifest: Manifest, subject: Subject) -> Iterable[Breach | Remark | Silence]:
        """Yield what the documents break, in any order."""

    def inspect(
        self,
        subject: Subject,
        coverage: Coverage,  # noqa: ARG002 - documents are no rows
        manifest: Manifest,
    ) -> tuple[Iterable[Finding], Iterable[Result]]:
        """Judge the documents."""
        said = list(self.judge(manifest, subject))
        return reported(self.meta.id, self.rules, said, manifest, subject)


def reported(
    check: str,
    rules: tuple[Rule, ...],
    said: Iterable[Breach | Remark | Silence],
    manifest: Manifest,
    subject: Subject,
) -> tuple[list[Finding], list[Result]]:
    """Return what a check said as findings, and as one number for each of its rules."""
    every = list(said)
    findings = [
        _finding(check, rules, each, subject) for each in every if not isinstance(each, Silence)
    ]
    unique = {each.fingerprint: each for each in findings}
    ordered = sorted(
        unique.values(), key=lambda each: (each.location.file, each.location.field, each.rule)
    )
    return ordered, list(_results(check, rules, every, len(manifest.problems)))


def _results(
    check: str, rules: tuple[Rule, ...], said: list[Breach | Remark | Silence], problems: int
) -> Iterator[Result]:
    breaches = {each for each in said if isinstance(each, Breach)}
    silent = {each.rule: each.reason for each in said if isinstance(each, Silence)}
    sure = Counter(each.rule for each in breaches if not each.is_open)
    unsure = Counter(each.rule for each in breaches if each.is_open)
    for rule in rules:
        if rule.id in silent and not sure[rule.id]:
            reason = silent[rule.id]
            yield NotMeasured(metric=rule.metric, check=check, labels=(), reason=reason)
        else:
            most = sure[rule.id] + unsure[rule.id] + problems
            yield count(rule.metric, check, (), sure[rule.id], at_most=most)


def _finding(
    check: str, rules: tuple[Rule, ...], said: Breach | Remark, subject: Subject
) -> Finding:
    place = said.place or Place(file=subject.name)
    if isinstance(said, Remark):
        rule, severity = said.text, Severity.INFO
    else:
        rule = f"{said.rule}:{said.detail}" if said.detail else said.rule
        usual = next(each.severity for each in rules if each.id == said.rule)
        severity = said.severity or (Severity.MEDIUM if said.is_open else usual)
    location = Location(file=place.file, row=0, line=place.line, field=place.field, start=0, end=0)
    return finding_at(check, rule, location, severity)


def place_of_problem(problem: str, subject: Subject) -> Place:
    """Return the document and field that a problem names; the subject where it names none."""
    named = _DOCUMENT.match(problem)
    file, _, field = (named[1] if named else subject.name).partition("#")
    return Place(file=file, field=field)
