"""
The report as SARIF 2.1.0, for code scanning.

* Every finding that the evidence names is a result, and so is every requirement that is not met. A
  requirement has no place in the data, so it points at its line in the policy.
* `error` is kept for what really denies: findings of a broken requirement that is enforced. Otherwise a
  pull request would fail for data that the policy allows.
* UNDECIDED is `open`, waived is an accepted suppression, and met requirements are rules without a result.
* `partialFingerprints` name the place, not the bytes, so a finding stays the same from run to run.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", sections 3.27 and 3.49.
Validated against its schema in tests/report/test_sarif.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from assaymark.model.codec import format_time
from assaymark.model.decision import Enforcement, Status, Verdict
from assaymark.model.evidence import SubjectEvidence
from assaymark.model.finding import Finding, Location, Severity
from assaymark.model.subject import Subject
from assaymark.report.advice import next_step, unused_waivers, waiver
from assaymark.report.display_text import name, prose
from assaymark.report.found import what
from assaymark.report.gaps import gaps
from assaymark.report.verdict import headline, summary, waivers_behind
from assaymark.report.view import Item, Mark, Report, tally
from assaymark.report.wording import all_seen, demand, enforcement, item_subject

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FINGERPRINT = "assaymark/v1"
MAX_RESULTS = 5_000  # GitHub shows as many; the findings themselves are in findings.parquet

_EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.UNDECIDED: 3}
_LEVELS = {Enforcement.DENY: "error", Enforcement.WARN: "warning", Enforcement.AUDIT: "note"}
_URI_LIMIT = 1_000  # characters of a path; a longer one is shortened and leads nowhere
_GLOB = frozenset("*?[")


def render(report: Report) -> str:
    """Return the report as SARIF 2.1.0 JSON."""
    items = report.items
    results = [*_requirement_results(items, report), *_finding_results(items, report)]
    rules = _rules(report)
    index = {rule["id"]: position for position, rule in enumerate(rules)}
    for result in results:
        result["ruleIndex"] = index[result["ruleId"]]
    run = {
        "tool": {
            "driver": {
                "name": "assaymark",
                "version": name(report.attestation.tool) or "unknown",
                "rules": rules,
            }
        },
        "automationDetails": {"id": f"assaymark/{name(report.policy.name)}/"},
        "invocations": [_invocation(report)],
        "artifacts": [_artifact(each.subject) for each in report.evidence.subjects],
        "columnKind": "unicodeCodePoints",
        "results": results[:MAX_RESULTS],
        "properties": _properties(report, items, left_out=max(0, len(results) - MAX_RESULTS)),
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _requirement_rule(requirement: str) -> str:
    return f"requirement/{name(requirement)}"


def _finding_rule(finding: Finding) -> str:
    return f"{name(finding.check)}/{name(finding.rule)}"


def _rules(report: Report) -> list[dict[str, Any]]:
    rules = {}
    for each in report.policy.requirements:
        text = demand(each.clause, report.vocabulary)
        advice = "" if each.remediation is None else f" {prose(each.remediation)}"
        rules[_requirement_rule(each.id)] = {
            "shortDescription": {"text": f"the policy demands `{name(each.id)}`"},
            "fullDescription": {"text": text},
            "help": {"text": f"{text}.{advice}"},
            "defaultConfiguration": {"level": _LEVELS[each.enforce]},
            "properties": {
                "enforcement": each.enforce.value,
                "severity": each.severity.value,
                "tags": [name(control) for control in each.controls],
            },
        }
    for subject in report.evidence.subjects:
        for finding in subject.findings.sample:
            text = f"`{name(finding.rule)}` was seen by the check `{name(finding.check)}`"
            rules[_finding_rule(finding)] = {
                "shortDescription": {"text": text},
                "help": {
                    "text": f"{text}. `assaymark checks show {name(finding.check)}` explains it."
                },
                "defaultConfiguration": {"level": "warning"},
                "properties": {"severity": finding.severity.value},
            }
    return [{"id": each, **rules[each]} for each in sorted(rules)]


def _requirement_results(items: tuple[Item, ...], report: Report) -> Iterator[dict[str, Any]]:
    for item in items:
        if item.mark is Mark.MET:
            continue
        is_open = item.outcome.status is Status.UNDECIDED
        text = f"{item_subject(item)}: {all_seen(item)}; {enforcement(item.outcome)}."
        step = next_step(item)
        result = {
            "ruleId": _requirement_rule(item.outcome.requirement),
            # SARIF 3.27.10: a result that is no failure has the level `none`.
            "kind": "open" if is_open else "fail",
            "level": "none" if is_open else _LEVELS[item.outcome.enforce],
            "message": {"text": text if step is None else f"{text} {step}"},
            "locations": [_policy_location(item, report)],
            "partialFingerprints": {FINGERPRINT: _fingerprint(item)},
            "properties": {"status": item.mark.value},
        }
        yield result | _suppressions([item])


def _finding_results(items: tuple[Item, ...], report: Report) -> Iterator[dict[str, Any]]:
    for subject in report.evidence.subjects:
        concerned = _by_fingerprint(items, subject)
        for finding in subject.findings.sample:
            about = concerned.get(finding.fingerprint, [])
            result = {
                "ruleId": _finding_rule(finding),
                "kind": "fail",
                "level": _level(finding, about),
                "message": {"text": what(finding)},
                "locations": [_location(finding.location, subject.subject)],
                "partialFingerprints": {FINGERPRINT: finding.fingerprint},
                "properties": {
                    "confidence": finding.confidence,
                    "severity": finding.severity.value,
                    "requirements": sorted({name(each.outcome.requirement) for each in about}),
                },
            }
            if finding.other is not None:
                result["relatedLocations"] = [_location(finding.other, subject.subject)]
            yield result | _suppressions(about)


def _by_fingerprint(items: tuple[Item, ...], subject: SubjectEvidence) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        if item.subject is subject:
            for finding in item.places.sampled:
                found.setdefault(finding.fingerprint, []).append(item)
    return found


def _level(finding: Finding, items: list[Item]) -> str:
    broken = [each for each in items if each.outcome.status is Status.BROKEN]
    if any(each.decides for each in broken):
        return "error"
    if broken and finding.severity.rank >= Severity.MEDIUM.rank:
        return "warning"
    return "note"


def _suppressions(items: list[Item]) -> dict[str, Any]:
    """Suppress what is waived, unless the same place also breaks a requirement that is not."""
    excused = [each for each in items if each.mark is Mark.WAIVED]
    if not excused or any(each.mark is Mark.BROKEN for each in items):
        return {}
    # No `status`: to leave it out means accepted, and early editions of the schema call it `state`.
    return {
        "suppressions": [{"kind": "external", "justification": waiver(each)} for each in excused]
    }


def _location(place: Location, subject: Subject) -> dict[str, Any]:
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": file_uri(subject, place.file)},
    }
    if place.line is not None:
        physical["region"] = {"startLine": place.line}
    return {
        "physicalLocation": physical,
        "logicalLocations": [
            {"fullyQualifiedName": f"row {place.row}, {name(place.field)}", "kind": "element"}
        ],
        "properties": {
            "row": place.row,
            "field": name(place.field),
            "charOffset": place.start,
            "charLength": place.end - place.start,
        },
    }


def file_uri(subject: Subject, file: str) -> str:
    """Return where a file is, as a percent-encoded reference relative to where the audit ran.

    Files of a directory get the directory's name in front. A pattern is no directory, so there the file's
    own name stands alone.
    """
    path = file
    if file != subject.name and not _GLOB.intersection(subject.name):
        path = f"{subject.name.rstrip('/')}/{file}"
    if len(path) > _URI_LIMIT:
        path = name(path)
    encoded = quote(path.encode("utf-8", "surrogatepass"), safe="/")
    return f"file://{encoded}" if encoded.startswith("/") else encoded or "-"


def _policy_location(item: Item, report: Report) -> dict[str, Any]:
    file, _, line = item.requirement.origin.rpartition(":")
    if not file or not line.isascii() or not line.isdigit() or int(line) < 1:
        file, line = (report.policy.files[0].name if report.policy.files else "policy"), "1"
    uri = quote(name(file, _URI_LIMIT).encode(), safe="/")
    return {
        "physicalLocation": {
            "artifactLocation": {
                "uri": f"file://{uri}" if uri.startswith("/") else uri or "policy"
            },
            "region": {"startLine": int(line)},
        }
    }


def _fingerprint(item: Item) -> str:
    # By name, not by digest: the same requirement on tomorrow's version of the data is the same result.
    subject = "" if item.subject is None else item.subject.subject.name
    parts = ("requirement", item.outcome.requirement, subject)
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:32]


def _invocation(report: Report) -> dict[str, Any]:
    decision = report.decision
    notes = [
        {"level": "warning", "message": {"text": f"{gap.title}: {line}"}}
        for gap in gaps(report)
        for line in gap.lines[:100]
    ]
    notes += [
        {"level": "warning", "message": {"text": each}} for each in unused_waivers(report)[:100]
    ]
    return {
        "executionSuccessful": True,
        "exitCode": _EXIT_CODES[decision.verdict],
        "exitCodeDescription": f"{headline(report)} {summary(report)}",
        "endTimeUtc": format_time(decision.decided_at),
        "toolExecutionNotifications": notes,
    }


def _artifact(subject: Subject) -> dict[str, Any]:
    artifact: dict[str, Any] = {
        "location": {"uri": file_uri(subject, subject.name)},
        "roles": ["analysisTarget"],
        "properties": {
            "kind": subject.kind.value,
            "files": subject.files,
        },
    }
    if subject.declared is not None:
        # Over what the user said, so that nobody takes it for one over the model.
        artifact["properties"] |= {
            "declared": {name(key): name(value) for key, value in subject.declared.items()},
            "declaredDigest": subject.digest,
        }
        return artifact
    artifact["properties"]["digest"] = subject.digest
    if subject.files == 1:
        artifact["length"] = subject.size
        artifact["hashes"] = {"sha-256": subject.digest}
    return artifact


def _properties(report: Report, items: tuple[Item, ...], *, left_out: int) -> Mapping[str, Any]:
    return {
        "verdict": report.decision.verdict.value,
        "waivers": [name(each) for each in waivers_behind(report)],
        "policy": {
            "name": name(report.policy.name),
            "version": name(report.policy.version),
            "digest": report.policy.digest,
        },
        "evidenceDigest": report.attestation.evidence_digest,
        "requirements": {mark.value: number for mark, number in tally(items).items()},
        "findings": sum(each.findings.total for each in report.evidence.subjects),
        "resultsLeftOut": left_out,
    }
