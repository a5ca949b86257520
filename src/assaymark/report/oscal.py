"""
The report as OSCAL assessment results, for governance tools that speak NIST's format.

* Measurements become observations; a requirement becomes one finding for each control that it names, or one
  under its own name where it names none; what is broken becomes a risk, with the waiver as its response.
* OSCAL knows only satisfied and not satisfied. UNDECIDED is not satisfied, for the reason `other`.
* A control whose tests reach only a part of it says so in its remarks, because OSCAL has no third state.
* A control that no test of this run reaches is never among the reviewed controls; it is listed beside them.
* Ids are UUIDs of version 5 over digests and the time of the decision, so equal reports have equal bytes.

Source: NIST, "Open Security Controls Assessment Language", version 1.2, assessment results model. Validated
against its schema in tests/report/test_oscal.py.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from assaymark.model.codec import format_time
from assaymark.model.decision import Status
from assaymark.model.evidence import SubjectEvidence
from assaymark.model.measurement import Labels, Measured, Result
from assaymark.model.numbers import percent, plural, whole
from assaymark.report.advice import next_step, unused_waivers, waiver, waivers
from assaymark.report.controls import ControlRow, control_tables
from assaymark.report.display_text import name, prose, quoted
from assaymark.report.found import place, what
from assaymark.report.gaps import gaps
from assaymark.report.markdown_inline import inline
from assaymark.report.verdict import headline, summary, title, validity
from assaymark.report.view import Item, Mark, Report
from assaymark.report.wording import (
    MARK_WORDS,
    PARTLY_MET,
    all_seen,
    coverage,
    demand,
    enforcement,
    item_subject,
    method,
    metric,
    signature,
    subject_name,
)

OSCAL_VERSION = "1.2.1"
NAMESPACE = "https://assaymark.dev/ns/oscal"

_ROOT = uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE)
_PLACES = 20  # findings named under one requirement
_NOT_TOKEN = re.compile(r"[^A-Za-z0-9._-]")


def render(report: Report) -> str:
    """Return the report as OSCAL assessment results in JSON."""
    document = _Document(report).build()
    return json.dumps({"assessment-results": document}, indent=1, sort_keys=True) + "\n"


def token(text: str) -> str:
    """Return `text` as an OSCAL token; two texts that differ in more than a colon stay different."""
    safe = _NOT_TOKEN.sub("_", name(text, 80))
    if safe != text.replace(":", "_"):
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        safe = f"{safe}_{digest[:8]}"
    return safe if safe[:1].isalpha() or safe[:1] == "_" else f"_{safe}"


class _Document:
    """One document: knows the report and the ids that follow from it."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._items = report.items
        self._time = format_time(report.decision.decided_at)
        self._key = f"{report.attestation.evidence_digest}/{report.policy.digest}/{self._time}"
        self._tool = self._id("tool")
        self._plan = self._id("plan")
        self._partly_met = {
            row.id: row
            for table in control_tables(report)
            for row in table.rows
            if row.is_partly_met
        }

    def build(self) -> dict[str, Any]:
        """Return the document."""
        report = self._report
        policy = inline(f"{quoted(report.policy.name)} {quoted(report.policy.version)}")
        return {
            "uuid": self._id("document"),
            "metadata": {
                "title": f"Assaymark audit under the policy {policy}",
                "last-modified": self._time,
                "version": self._time,
                "oscal-version": OSCAL_VERSION,
                "props": _props(
                    {
                        "policy-digest": report.policy.digest,
                        "evidence-digest": report.attestation.evidence_digest,
                        "tool": report.attestation.tool,
                    }
                ),
                "remarks": inline(f"{signature(report)}; {validity(report)}."),
            },
            "import-ap": {
                "href": f"#{self._plan}",
                "remarks": "The policy takes the place of an assessment plan.",
            },
            "results": [self._result()],
            "back-matter": {"resources": [self._policy_resource()]},
        }

    def _id(self, *parts: str) -> str:
        return str(uuid.uuid5(_ROOT, _hashable(self._key, *parts)))

    def _policy_resource(self) -> dict[str, Any]:
        policy = self._report.policy
        links = [
            {"href": _href(each.name), "hashes": [_sha256(each.digest)]} for each in policy.files
        ]
        return {
            "uuid": self._plan,
            "title": inline(f"policy {quoted(policy.name)} {quoted(policy.version)}"),
            "description": inline(prose(policy.description)) or "no description",
            "props": _props(
                {
                    "digest": policy.digest,
                    **{f"file-{index}": each.name for index, each in enumerate(policy.files)},
                }
            ),
        } | ({"rlinks": links} if links else {})

    def _result(self) -> dict[str, Any]:
        report = self._report
        result = {
            "uuid": self._id("result"),
            "title": title(report),
            "description": inline(f"{headline(report)} {summary(report)}"),
            "start": self._time,
            "end": self._time,
            "props": _props(
                {
                    "verdict": report.decision.verdict.value,
                    "confidence": percent(report.decision.budget.confidence),
                    "error-budget": report.decision.budget.method,
                }
            ),
            "local-definitions": self._definitions(),
            "reviewed-controls": self._reviewed(),
            "observations": [*self._observations()],
            "risks": [
                self._risk(each) for each in self._items if each.outcome.status is Status.BROKEN
            ],
            "findings": [each for item in self._items for each in self._findings(item)],
            "remarks": self._remarks(),
        }
        # OSCAL has no empty lists.
        return {key: value for key, value in result.items() if value not in ([], "")}

    def _definitions(self) -> dict[str, Any]:
        tool = {
            "uuid": self._tool,
            "type": "software",
            "title": inline(quoted(self._report.attestation.tool)),
            "description": "What measured and decided.",
            "status": {"state": "operational"},
        }
        definitions: dict[str, Any] = {
            "assessment-assets": {
                "components": [tool],
                "assessment-platforms": [
                    {
                        "uuid": self._id("platform"),
                        "uses-components": [{"component-uuid": self._tool}],
                    }
                ],
            }
        }
        if subjects := self._report.evidence.subjects:
            definitions["inventory-items"] = [_inventory_item(each) for each in subjects]
        return definitions

    def _reviewed(self) -> dict[str, Any]:
        selections = []
        for table in control_tables(self._report):
            tested = [{"control-id": token(row.id)} for row in table.rows if row.mark is not None]
            if tested:
                about = "controls that no framework of the policy maps"
                if table.framework is not None:
                    about = f"{prose(table.framework.title, 200)} {quoted(table.framework.version)}"
                selections.append({"description": inline(about), "include-controls": tested})
        if not selections:
            ids = [{"control-id": token(each.id)} for each in self._report.policy.requirements]
            about = "The policy names no control, so its requirements stand for themselves."
            selections.append({"description": about, "include-controls": ids})
        return {"control-selections": selections}

    def _remarks(self) -> str:
        lines = [
            f"- {inline(gap.title)}: {inline(line)}"
            for gap in gaps(self._report)
            for line in gap.lines
        ]
        parts = ["\n".join(["Not tested:", "", *lines])] if lines else []
        parts += [inline(each) for each in unused_waivers(self._report)]
        return "\n\n".join(parts)

    def _observations(self) -> Iterator[dict[str, Any]]:
        for subject in self._report.evidence.subjects:
            for result in subject.results:
                yield {
                    "uuid": self._observation_id(subject, result.metric, result.labels),
                    "title": inline(metric(result.metric, result.labels, self._report.vocabulary)),
                    "description": inline(_number(result)),
                    "props": _props({"metric": result.metric, "check": result.check}),
                    "methods": ["TEST"],
                    "types": ["finding" if isinstance(result, Measured) else "discovery"],
                    "origins": [{"actors": [{"type": "tool", "actor-uuid": self._tool}]}],
                    "subjects": [
                        {"subject-uuid": _subject_id(subject), "type": "inventory-item"},
                    ],
                    "relevant-evidence": [
                        {"href": "evidence.json", "description": "the numbers as they were signed"}
                    ],
                    "collected": self._time,
                }

    def _observation_id(self, subject: SubjectEvidence, metric_name: str, labels: Labels) -> str:
        return self._id("observation", subject.subject.digest, metric_name, repr(labels))

    def _related(self, item: Item) -> dict[str, Any]:
        subject = item.subject
        found = (
            [] if subject is None else [each for each in item.readings if each.result is not None]
        )
        if subject is None or not found:
            return {}
        ids = [
            self._observation_id(subject, each.bound.metric, each.bound.labels) for each in found
        ]
        return {"related-observations": [{"observation-uuid": each} for each in dict.fromkeys(ids)]}

    def _findings(self, item: Item) -> Iterator[dict[str, Any]]:
        for target in item.outcome.controls or (item.outcome.requirement,):
            text = f"{demand(item.requirement.clause, self._report.vocabulary)}. {all_seen(item)}."
            finding = {
                "uuid": self._id("finding", *_key(item), target),
                "title": inline(f"{quoted(item.outcome.requirement)}: {MARK_WORDS[item.mark]}"),
                "description": inline(text),
                "props": _props(
                    {
                        "requirement": item.outcome.requirement,
                        "control": target,
                        "status": item.mark.value,
                        "severity": item.outcome.severity.value,
                        "enforcement": item.outcome.enforce.value,
                    }
                ),
                "target": _target(item, target, self._partly_met.get(target)),
            } | self._related(item)
            if item.outcome.status is Status.BROKEN:
                finding["related-risks"] = [{"risk-uuid": self._id("risk", *_key(item))}]
            yield finding

    def _risk(self, item: Item) -> dict[str, Any]:
        places = "; ".join(
            f"{place(each.location)}: {what(each)}" for each in item.places.sampled[:_PLACES]
        )
        risk: dict[str, Any] = {
            "uuid": self._id("risk", *_key(item)),
            "title": inline(f"{quoted(item.outcome.requirement)} is broken: {item_subject(item)}"),
            "description": inline(places) or "no places are recorded",
            "statement": inline(f"{all_seen(item)}; {enforcement(item.outcome)}."),
            "status": "deviation-approved" if item.outcome.excused_by else "open",
            "props": _props({"severity": item.outcome.severity.value}),
        }
        if item.waivers:
            risk["deadline"] = format_time(item.waivers[0].expires_at)
        if responses := [*self._acceptances(item), *self._advice(item)]:
            risk["remediations"] = responses
        return risk | self._related(item)

    def _acceptances(self, item: Item) -> Iterator[dict[str, Any]]:
        for id_, text in zip(item.outcome.excused_by, waivers(item), strict=True):
            yield {
                "uuid": self._id("waiver", *_key(item), id_),
                "lifecycle": "completed",
                "title": "accepted by a waiver",
                "description": inline(text),
                "props": [{"name": "type", "value": "accept"}, *_props({"waiver": id_})],
            }

    def _advice(self, item: Item) -> Iterator[dict[str, Any]]:
        if (step := next_step(item)) is not None:
            yield {
                "uuid": self._id("remediation", *_key(item)),
                "lifecycle": "recommendation",
                "title": "as the policy advises",
                "description": inline(step),
            }


def _number(result: Result) -> str:
    if not isinstance(result, Measured):
        return f"not measured: {prose(result.reason)}"
    if result.counts is None:
        low, high = whole(result.interval.low), whole(result.interval.high)
        text = f"{whole(result.value)}, between {low} and {high}"
    else:
        counts = result.counts
        low, high = percent(result.interval.low), percent(result.interval.high)
        text = f"{counts.hits:,} of {plural(counts.judged, 'row')} ({percent(result.value)})"
        text += f", {counts.unjudged:,} could not be judged, between {low} and {high}"
    return f"{text} ({method(result)})"


def _target(item: Item, target: str, partly_met: ControlRow | None) -> dict[str, Any]:
    reasons = {Mark.MET: "pass", Mark.UNDECIDED: "other"}
    status = {
        "state": "satisfied" if item.mark is Mark.MET else "not-satisfied",
        "reason": reasons.get(item.mark, "fail"),
    }
    note = waiver(item) or next_step(item)
    if note is None and partly_met is not None:
        missing = [f"{each}: none given" for each in partly_met.not_given]
        reach = [prose(each, 300) for each in (partly_met.note, *missing) if each]
        note = f"{PARTLY_MET}: {'; '.join(reach)}"
    if note is not None:
        status["remarks"] = inline(note)
    return {"type": "objective-id", "target-id": token(target), "status": status}


def _inventory_item(each: SubjectEvidence) -> dict[str, Any]:
    subject = each.subject
    size = f"{coverage(each)}, {plural(subject.files, 'file')}"
    known = {"known-by": "the digest of its bytes"}
    if subject.declared is not None:
        size = coverage(each)
        known = {"known-by": "what is declared; its digest covers no bytes of the model"}
    return {
        "uuid": _subject_id(each),
        "description": inline(f"{subject_name(subject)}: {size}"),
        "props": _props({"asset-id": subject.digest, "kind": subject.kind.value, **known}),
    }


def _subject_id(subject: SubjectEvidence) -> str:
    # By the subject's own digest, so that every report about the same subject names it alike.
    return str(uuid.uuid5(_ROOT, subject.subject.digest))


def _key(item: Item) -> tuple[str, str]:
    return item.outcome.requirement, item.outcome.subject or "none"


def _hashable(*parts: str) -> str:
    joined = "\x1f".join(parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


def _props(values: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"name": key, "ns": NAMESPACE, "value": prose(name(value, 400)) or "-"}
        for key, value in values.items()
    ]


def _href(file: str) -> str:
    return quote(name(file).encode(), safe="/") or "-"


def _sha256(digest: str) -> dict[str, str]:
    return {"algorithm": "SHA-256", "value": digest}
