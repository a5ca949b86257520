"""
What an export is made from and in which form: the evidence, the signed report beside it, and documents.

Nothing here says that a signature holds; a report that cannot be read, or that is about other evidence, is
refused all the same, because a document must not name it. tests/cli/test_export.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.cli.output_folder import BUNDLE
from assaymark.cli.report_paths import read_document
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.model.evidence import Evidence, SubjectEvidence
    from assaymark.model.manifest import Manifest
    from assaymark.model.subject import Sha256
    from assaymark.report.origin import NamedReport, Origin
    from assaymark.report.papers.paper import Paper

FORMS: Mapping[str, str] = {
    "cyclonedx": "CycloneDX 1.6",
    "spdx": "SPDX 3.0.1, with the Dataset and AI profiles",
    "croissant": "Croissant 1.1 with RAI, of one dataset",
    "training-summary": "a draft of the summary of training content, AI Act Article 53(1)(d)",
    "datasheet": "a datasheet, of one dataset",
}
"""Form to what it is."""

PAPERS = ("training-summary", "datasheet")
"""Forms for people: Markdown or Word, as the name of the file says."""

_ENDINGS = (".md", ".docx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """All that a form may say."""

    evidence: Evidence
    origin: Origin
    manifest: Manifest
    described: SubjectEvidence | None
    created: datetime


def demand_ending(form: str, output: Path) -> None:
    """Demand that the name of a paper says how it is written.

    Raises:
        UsageError: It ends otherwise.
    """
    if form in PAPERS and output.suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"`{output.name}` does not say in which form it is: expected `.md` or `.docx`",
            hint=f"name the file `{output.stem}.md` or `{output.stem}.docx`",
        )


def collected(evidence: Path, manifests: tuple[str, ...], created: datetime | None) -> Exported:
    """Read everything that an export is made from.

    Args:
        evidence: An `evidence.json`.
        manifests: Documents about the one dataset, or the one subject.
        created: When the document counts as made; `None` for the decision's time, or now.

    Raises:
        EvidenceError: The evidence is none.
        InputError: A document cannot be read.
        NotAuthenticError: The report beside the evidence is none, or about other evidence.
        UsageError: Documents could be about any of several subjects.
    """
    from assaymark.canonical import sha256_of
    from assaymark.inputs.manifest import read_manifest
    from assaymark.model.manifest import merged
    from assaymark.policy.replay import read_evidence
    from assaymark.report.origin import Origin

    data = read_document(evidence)
    found, digest = read_evidence(data), sha256_of(data)
    report = named_report(evidence.with_name(BUNDLE), digest)
    told = [(Path(each).name, read_manifest(each), read_document(Path(each))) for each in manifests]
    return Exported(
        evidence=found,
        origin=Origin(
            evidence=digest,
            report=report,
            documents=tuple((name, sha256_of(content)) for name, _, content in told),
        ),
        manifest=merged(each for _, each, _ in told),
        described=_described(found) if manifests else None,
        created=created or (datetime.now(UTC) if report is None else report.decided_at),
    )


def named_report(bundle: Path, evidence: Sha256) -> NamedReport | None:
    """Return the signed report at `bundle`; `None` where there is none.

    Raises:
        NotAuthenticError: It is no report, or about other evidence.
    """
    from assaymark.attest.container import read_container
    from assaymark.attest.keyless.verifying import claimed_payload, is_keyless
    from assaymark.attest.predicates import AUDIT_REPORT
    from assaymark.attest.statement_reader import read_statement, stated_time
    from assaymark.attest.step import Step
    from assaymark.canonical import sha256_of
    from assaymark.errors import NotAuthenticError
    from assaymark.report.origin import NamedReport

    if not bundle.is_file():
        return None
    data = read_document(bundle)
    payload = claimed_payload(data) if is_keyless(data) else read_container(data).payload
    _, predicate = read_statement(payload, AUDIT_REPORT)
    decided_at = stated_time(AUDIT_REPORT, predicate)
    about = predicate.get("evidence")
    if decided_at is None or not isinstance(about, dict):
        raise NotAuthenticError(Step.REPORT, f"`{bundle.name}` is no audit report")
    if about.get("digest") != {"sha256": evidence}:
        raise NotAuthenticError(
            Step.REPORT, f"`{bundle.name}` is about other evidence than what lies beside it"
        )
    return NamedReport(statement=sha256_of(payload), bundle=sha256_of(data), decided_at=decided_at)


def _described(evidence: Evidence) -> SubjectEvidence:
    """Return the subject that documents are about.

    Raises:
        UsageError: It could be any of several.
    """
    from assaymark.model.subject import SubjectKind

    datasets = [each for each in evidence.subjects if each.subject.kind is SubjectKind.DATASET]
    candidates = datasets or list(evidence.subjects)
    if len(candidates) != 1:
        raise UsageError(
            f"`--manifest` describes one dataset, and the evidence is about {len(candidates)}",
            hint="audit each dataset by itself",
        )
    return candidates[0]


def _dataset(form: str, exported: Exported) -> SubjectEvidence:
    """Return the one dataset, or the one collection of outputs, that `form` describes.

    Raises:
        UsageError: There are none, or several.
    """
    from assaymark.model.subject import SubjectKind

    if (found := exported.described) is None:
        data = [e for e in exported.evidence.subjects if e.subject.kind is not SubjectKind.MODEL]
        datasets = [each for each in data if each.subject.kind is SubjectKind.DATASET] or data
        found = datasets[0] if len(datasets) == 1 else None
    if found is None or found.subject.kind is SubjectKind.MODEL:
        raise UsageError(
            f"`--as {form}` describes one dataset, and the evidence is not about exactly one",
            hint="audit each dataset by itself",
        )
    return found


def written(form: str, output: Path, exported: Exported) -> bytes:
    """Return the bytes of `output`.

    Raises:
        UsageError: `form` cannot describe what was audited.
    """
    evidence, origin, manifest = exported.evidence, exported.origin, exported.manifest
    if form == "cyclonedx":
        from assaymark.report import cyclonedx

        return cyclonedx.render(evidence, origin, manifest, exported.described).encode()
    if form == "spdx":
        from assaymark.report import spdx

        described, created = exported.described, exported.created
        return spdx.render(evidence, origin, manifest, described, created=created).encode()
    if form == "croissant":
        from assaymark.report import croissant

        return croissant.render(evidence, origin, manifest, _dataset(form, exported)).encode()
    paper = _paper(form, exported)
    if output.suffix.lower() == ".docx":
        from assaymark.report.papers import docx

        return docx.render(paper)
    from assaymark.report.papers import markdown

    return markdown.render(paper).encode()


def _paper(form: str, exported: Exported) -> Paper:
    from assaymark.engine.catalog import installed_catalog
    from assaymark.report.papers.datasheet import datasheet
    from assaymark.report.papers.told import Measurements
    from assaymark.report.papers.training_summary import training_summary

    words = {name: metric.summary for name, (metric, _) in installed_catalog().metrics.items()}
    said = (exported.evidence, exported.origin, exported.manifest)
    if form == "datasheet":
        return datasheet(*said, Measurements(_dataset(form, exported), words))
    subjects = exported.evidence.subjects
    alone = subjects[0] if len(subjects) == 1 else None
    return training_summary(*said, Measurements(exported.described or alone, words))
