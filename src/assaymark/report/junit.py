"""
The report as JUnit XML, for whatever shows test results.

One test case is one requirement for one subject:

    broken, enforced        failure
    undecided, enforced     error
    waived                  skipped, with the waiver's reason
    broken or undecided,    skipped, with what it would have been: CI systems show skipped tests, and
      not enforced          a failure would stop a build that the policy lets through
    met                     passed

Source: the schema of Apache Ant's JUnit report, which Jenkins, GitLab and others read. Validated against it
in tests/report/test_junit.py.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from assaymark.model.decision import Enforcement
from assaymark.model.subject import Subject
from assaymark.policy.wording import ENFORCEMENT_WORDS
from assaymark.report.advice import next_step, unused_waivers, waiver
from assaymark.report.display_text import name, prose
from assaymark.report.found import place, what
from assaymark.report.gaps import gaps
from assaymark.report.verdict import headline, summary, title
from assaymark.report.view import Item, Mark, Report
from assaymark.report.wording import MARK_WORDS, all_seen, demand, item_subject, signature

_PLACES = 10  # findings listed in one failure
_GAP_LINES = 50  # lines listed for each kind of gap


def render(report: Report) -> bytes:
    """Return the report as JUnit XML in UTF-8."""
    items = report.items
    suite = ET.Element(
        "testsuite",
        {
            "name": _token(report.policy.name),
            "package": "assaymark",
            "id": "0",
            "timestamp": f"{report.decision.decided_at:%Y-%m-%dT%H:%M:%S}",
            # The schema demands a host; a report names none, so that it is the same from any.
            "hostname": "localhost",
            "tests": str(len(items)),
            "time": "0",
        },
    )
    properties = ET.SubElement(suite, "properties")
    for key, value in _properties(report).items():
        ET.SubElement(properties, "property", {"name": key, "value": value})
    outcomes = [_case(suite, item, report) for item in items]
    suite.set("failures", str(outcomes.count("failure")))
    suite.set("errors", str(outcomes.count("error")))
    suite.set("skipped", str(outcomes.count("skipped")))
    ET.SubElement(suite, "system-out").text = _log(report)
    ET.SubElement(suite, "system-err")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _case(suite: ET.Element, item: Item, report: Report) -> str:
    """Add the test case of `item` and return what became of it."""
    case = ET.SubElement(
        suite,
        "testcase",
        {
            "name": _token(item.outcome.requirement),
            "classname": prose(item_subject(item).replace("`", "")),
            "time": "0",
        },
    )
    if item.mark is Mark.MET:
        return "passed"
    outcome, message = _outcome(item)
    details = {"message": message}
    if outcome != "skipped":
        details["type"] = item.outcome.severity.value
    ET.SubElement(case, outcome, details).text = _explanation(item, report)
    return outcome


def _outcome(item: Item) -> tuple[str, str]:
    if (excuse := waiver(item)) is not None:
        return "skipped", excuse
    word, numbers = MARK_WORDS[item.mark], all_seen(item)
    if item.outcome.enforce is not Enforcement.DENY:
        return "skipped", f"{word}, but {ENFORCEMENT_WORDS[item.outcome.enforce]}: {numbers}"
    return ("failure" if item.mark is Mark.BROKEN else "error"), f"{word}: {numbers}"


def _explanation(item: Item, report: Report) -> str:
    lines = [
        f"demands: {demand(item.requirement.clause, report.vocabulary)}",
        f"seen: {all_seen(item)}",
    ]
    if item.outcome.controls:
        lines.append(f"controls: {', '.join(name(each) for each in item.outcome.controls)}")
    if (step := next_step(item)) is not None:
        lines.append(f"to do: {step}")
    found = item.places.sampled
    lines += [f"at {place(each.location)}: {what(each)}" for each in found[:_PLACES]]
    if len(found) > _PLACES:
        lines.append("every place: findings.parquet")
    return "\n".join(lines)


def _identity(subject: Subject) -> str:
    known = "" if subject.declared is None else " (as declared)"
    return f"{subject.digest} {name(subject.name)}{known}"


def _properties(report: Report) -> dict[str, str]:
    subjects = {
        f"subject.{index}": _identity(each.subject)
        for index, each in enumerate(report.evidence.subjects)
    }
    return {
        "verdict": report.decision.verdict.value,
        "policy": f"{name(report.policy.name)} {name(report.policy.version)}",
        "policy.digest": report.policy.digest,
        "evidence.digest": report.attestation.evidence_digest,
        "signature": signature(report),
        **subjects,
    }


def _log(report: Report) -> str:
    lines = [title(report), headline(report), summary(report)]
    lines += unused_waivers(report)
    for gap in gaps(report):
        lines += [f"not tested: {gap.title}", *(f"  {line}" for line in gap.lines[:_GAP_LINES])]
        if len(gap.lines) > _GAP_LINES:
            lines.append(f"  and {len(gap.lines) - _GAP_LINES} more in report.html")
    return "\n".join(lines)


def _token(text: str) -> str:
    """Return a name as the schema's token: folded white space, never empty."""
    return prose(name(text)) or "-"
