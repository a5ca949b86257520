"""
What a policy would run and demand, before anything is run.

`explain` answers the questions of somebody who did not write the policy: which detectors look for what,
which numbers must keep which limits and why, what chance is allowed to do, and which controls of which
texts nobody tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from assaymark.contracts.catalog import Catalog
from assaymark.model.evidence import Settings
from assaymark.model.metric import Unit
from assaymark.model.numbers import percent
from assaymark.model.subject import Sha256
from assaymark.policy.diagnostics import printable
from assaymark.policy.guarding import in_lines
from assaymark.policy.merged import clause_document
from assaymark.policy.policy import Framework, Policy, PolicyFile, Requirement, bounds_of
from assaymark.policy.settings_words import settings_line
from assaymark.policy.wording import in_words

COVERAGES = ("tested", "person", "not-covered")


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorPlan:
    """A detector that would run."""

    id: str
    summary: str
    labels: tuple[str, ...]
    """Entities or categories that are switched on."""

    settings: Settings

    idle: tuple[str, ...]
    """Those of `settings` that the others make idle; a person is spared them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPlan:
    """A check that would run."""

    id: str
    summary: str
    on: tuple[str, ...]
    detectors: tuple[str, ...]
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkPlan:
    """How much of a published text the policy reaches."""

    id: str
    title: str
    version: str
    source: str
    mapped: date
    coverage: Mapping[str, int]
    """Number of controls that are tested, need a person, or are not covered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a policy would run and demand."""

    name: str
    version: str
    owner: str
    description: str
    digest: Sha256
    valid_until: date | None
    report_days: int
    confidence: float
    statistical_bounds: int
    """Bounds on shares: should a subject be sampled, they divide the error among them."""

    detectors: tuple[DetectorPlan, ...]
    checks: tuple[CheckPlan, ...]
    requirements: tuple[Requirement, ...]
    """The gravest first; among equals in the order of the policy."""

    frameworks: tuple[FrameworkPlan, ...]
    guard: Mapping[str, Any]
    files: tuple[PolicyFile, ...]

    def to_plain(self) -> dict[str, Any]:
        """Return the form that `--json` prints."""
        return {
            "name": self.name,
            "version": self.version,
            "owner": self.owner,
            "description": self.description,
            "digest": self.digest,
            "validUntil": None if self.valid_until is None else self.valid_until.isoformat(),
            "reportDays": self.report_days,
            "confidence": self.confidence,
            "statisticalBounds": self.statistical_bounds,
            "detectors": [
                {
                    "id": each.id,
                    "summary": each.summary,
                    "labels": list(each.labels),
                    "settings": dict(each.settings),
                }
                for each in self.detectors
            ],
            "checks": [
                {
                    "id": each.id,
                    "summary": each.summary,
                    "on": list(each.on),
                    "detectors": list(each.detectors),
                    "settings": dict(each.settings),
                }
                for each in self.checks
            ],
            "requirements": [_requirement_plain(each) for each in self.requirements],
            "frameworks": [
                {
                    "id": each.id,
                    "title": each.title,
                    "version": each.version,
                    "source": each.source,
                    "mapped": each.mapped.isoformat(),
                    "coverage": dict(each.coverage),
                }
                for each in self.frameworks
            ],
            "guard": dict(self.guard),
            "files": [{"name": each.name, "sha256": each.digest} for each in self.files],
        }

    def render(self) -> str:
        """Return the explanation as a person reads it."""
        sections = [
            _heading(self),
            _section("Detectors", [_detector_line(each) for each in self.detectors]),
            _section("Checks", [_check_line(each) for each in self.checks]),
            _section("Requirements", [_requirement_lines(each) for each in self.requirements]),
            _chance(self),
            _section("Guard", list(in_lines(self.guard))),
            _section("Frameworks", [_framework_line(each) for each in self.frameworks]),
            _section("Files", [f"{each.name}  sha256:{each.digest}" for each in self.files]),
        ]
        return printable("\n\n".join(each for each in sections if each))


def explain(policy: Policy, catalog: Catalog) -> Explanation:
    """Return what `policy` would run and demand.

    Args:
        policy: As `load_policy` returns it.
        catalog: What it was loaded with.
    """
    return Explanation(
        name=policy.name,
        version=policy.version,
        owner=policy.owner,
        description=policy.description,
        digest=policy.digest,
        valid_until=policy.valid_until,
        report_days=policy.report_days,
        confidence=policy.confidence,
        statistical_bounds=sum(
            bound.unit is Unit.SHARE
            for each in policy.requirements
            for bound in bounds_of(each.clause)
        ),
        detectors=tuple(
            _detector_plan(catalog, name, settings) for name, settings in policy.detectors.items()
        ),
        checks=tuple(
            _check_plan(catalog, name, settings) for name, settings in policy.checks.items()
        ),
        requirements=tuple(sorted(policy.requirements, key=lambda each: -each.severity.rank)),
        frameworks=tuple(_framework_plan(each) for each in policy.frameworks),
        guard=policy.guard,
        files=policy.files,
    )


def _detector_plan(catalog: Catalog, name: str, settings: Settings) -> DetectorPlan:
    spec = catalog.detectors[name]
    parsed = spec.settings.model_validate(dict(settings))
    return DetectorPlan(
        id=name,
        summary=spec.summary,
        labels=spec.labels(parsed),
        settings=settings,
        idle=() if spec.idle is None else tuple(spec.idle(parsed)),
    )


def _check_plan(catalog: Catalog, name: str, settings: Settings) -> CheckPlan:
    meta = catalog.checks[name].meta
    return CheckPlan(
        id=name,
        summary=meta.summary,
        on=tuple(each.value for each in meta.on),
        detectors=meta.detectors,
        settings=settings,
    )


def _framework_plan(framework: Framework) -> FrameworkPlan:
    counted = Counter(each.coverage for each in framework.controls)
    return FrameworkPlan(
        id=framework.id,
        title=framework.title,
        version=framework.version,
        source=framework.source,
        mapped=framework.mapped,
        coverage={each: counted[each] for each in COVERAGES},
    )


def _requirement_plain(requirement: Requirement) -> dict[str, Any]:
    return {
        "id": requirement.id,
        "inWords": in_words(requirement.clause),
        "clause": clause_document(requirement.clause),
        "on": [each.value for each in requirement.on],
        "severity": requirement.severity.value,
        "enforce": requirement.enforce.value,
        "controls": list(requirement.controls),
        "remediation": requirement.remediation,
        "overridable": requirement.overridable,
        "origin": requirement.origin,
    }


def _heading(explanation: Explanation) -> str:
    lines = [f"{explanation.name} {explanation.version}, owned by {explanation.owner}"]
    if explanation.description:
        lines.append(explanation.description.strip())
    until = (
        f"valid until {explanation.valid_until}" if explanation.valid_until else "valid without end"
    )
    lines.append(f"{until}; a report under it is valid for {explanation.report_days} days")
    lines.append(f"sha256:{explanation.digest}")
    return "\n".join(lines)


def _section(title: str, items: list[str]) -> str:
    return "\n".join([title, *(f"  {each}" for each in items)]) if items else ""


def _detector_line(plan: DetectorPlan) -> str:
    about = f": {', '.join(plan.labels)}" if plan.labels else ""
    skip = ("entities", "categories", *plan.idle)
    return f"{plan.id}{about}{settings_line(plan.settings, skip=skip)}"


def _check_line(plan: CheckPlan) -> str:
    return f"{plan.id}: {plan.summary}, on {' and '.join(plan.on)}{settings_line(plan.settings)}"


def _requirement_lines(requirement: Requirement) -> str:
    kinds = " and ".join(each.value for each in requirement.on)
    force = f"{requirement.severity.value}, {requirement.enforce.value}"
    lines = [
        f"{force}: {requirement.id}  ({requirement.origin})",
        f"  on {kinds}: {in_words(requirement.clause)}",
    ]
    if requirement.controls:
        lines.append(f"  for {', '.join(requirement.controls)}")
    if requirement.remediation is not None:
        lines.append(f"  if not: {requirement.remediation.strip()}")
    return "\n  ".join(lines)


def _chance(explanation: Explanation) -> str:
    bounds = explanation.statistical_bounds
    doubt = percent(1 - explanation.confidence)
    return (
        "Chance\n"
        f"  if a subject is sampled, its {bounds} bound{'' if bounds == 1 else 's'} share an error of "
        f"{doubt} among them (Holm)"
    )


def _framework_line(plan: FrameworkPlan) -> str:
    tested, person, uncovered = (plan.coverage[each] for each in COVERAGES)
    return (
        f"{plan.id}: {plan.title}, {plan.version}, mapped {plan.mapped}\n"
        f"    {tested} controls tested, {person} need a person, {uncovered} not covered\n"
        f"    {plan.source}"
    )
