"""
A policy written out: merged with its parents, every default filled in, as one document.

The document is itself a valid policy without `extends`; loading it gives the same digest. The digest is
what gates pin, so it covers all that can change a decision, a run or a claim, and neither comments nor
file names nor the policy's own tests.

tests/policy/test_merged.py holds both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assaymark.canonical import digest_of
from assaymark.policy.document import API_VERSION
from assaymark.policy.policy import AllOf, AnyOf, Bound, Clause, Framework, Not, Policy, Requirement
from assaymark.policy.settings import CHECKS, DETECTORS, OVERRIDABLE


def to_document(policy: Policy) -> dict[str, Any]:
    """Return the merged view of `policy` in the form of a policy file."""
    metadata: dict[str, Any] = {
        "name": policy.name,
        "version": policy.version,
        "owner": policy.owner,
        "description": policy.description,
        "report_days": policy.report_days,
    }
    if policy.valid_until is not None:
        metadata["valid_until"] = policy.valid_until.isoformat()
    document: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "kind": "Policy",
        "metadata": metadata,
        "confidence": policy.confidence,
        "detectors": {
            name: {**settings, **_open(policy, DETECTORS, name)}
            for name, settings in sorted(policy.detectors.items())
        },
    }
    sections = {
        "checks": [
            {"id": name, **settings, **_open(policy, CHECKS, name)}
            for name, settings in sorted(policy.checks.items())
        ],
        "requirements": [_requirement(each) for each in policy.requirements],
        "frameworks": [_framework(each) for each in policy.frameworks],
        "guard": dict(policy.guard),
    }
    return document | {name: each for name, each in sections.items() if each}


def with_digest(policy: Policy) -> Policy:
    """Return `policy` with the digest of its merged document."""
    return replace(policy, digest=digest_of(to_document(policy)))


def _open(policy: Policy, section: str, name: str) -> dict[str, bool]:
    return {OVERRIDABLE: True} if f"{section}.{name}" in policy.overridable else {}


def _requirement(requirement: Requirement) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": requirement.id,
        **clause_document(requirement.clause),
        "on": [each.value for each in requirement.on],
        "severity": requirement.severity.value,
        "enforce": requirement.enforce.value,
    }
    if requirement.controls:
        document["controls"] = list(requirement.controls)
    if requirement.remediation is not None:
        document["remediation"] = requirement.remediation
    if requirement.overridable:
        document["overridable"] = True
    return document


def clause_document(clause: Clause) -> dict[str, Any]:
    """Return `clause` as a policy file writes it."""
    match clause:
        case Bound():
            document: dict[str, Any] = {"metric": clause.metric}
            if clause.labels:
                document["where"] = dict(clause.labels)
            if clause.at_most is not None:
                document["at_most"] = clause.at_most
            else:
                document["at_least"] = clause.at_least
            return document
        case AllOf(clauses):
            return {"all_of": [clause_document(each) for each in clauses]}
        case AnyOf(clauses):
            return {"any_of": [clause_document(each) for each in clauses]}
        case Not(inner):
            return {"not": clause_document(inner)}


def _framework(framework: Framework) -> dict[str, Any]:
    return {
        "id": framework.id,
        "title": framework.title,
        "version": framework.version,
        "source": framework.source,
        "mapped": framework.mapped.isoformat(),
        "controls": [
            {
                "id": each.id.removeprefix(f"{framework.id}:"),
                "title": each.title,
                "coverage": each.coverage,
                "note": each.note,
            }
            for each in framework.controls
        ],
    }
