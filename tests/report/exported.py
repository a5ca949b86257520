"""Subjects, evidence and documents that every exported form is tried with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from assaymark.canonical import digest_of
from assaymark.model.evidence import Coverage, Evidence, FindingLog, Sample, SubjectEvidence
from assaymark.model.manifest import (
    FileStatement,
    GeneratorStatement,
    LicenceStatement,
    Manifest,
    OptOutStatement,
    Place,
    Scope,
    SourceStatement,
    Statement,
    Topic,
)
from assaymark.model.measurement import Counts, NotMeasured, Result, count, share
from assaymark.model.subject import Sha256, Subject, SubjectKind
from assaymark.report.origin import NamedReport, Origin

DIGEST = Sha256("ab" * 32)
OTHER = Sha256("cd" * 32)
WHEN = datetime(2026, 11, 21, 12, tzinfo=UTC)
AT = Place(file="assaymark.yaml")
EMAIL = (("entity", "EMAIL_ADDRESS"),)
RESULTS: tuple[Result, ...] = (
    share("pii.row-rate", "p", EMAIL, Counts(hits=3, judged=999, unjudged=1), sampled=False),
    count("records.count", "record-health", (), 1000),
    NotMeasured(metric="x.gap", check="x", labels=(), reason="the policy names no columns"),
)


def subject(
    kind: SubjectKind = SubjectKind.DATASET,
    name: str = "birds",
    results: tuple[Result, ...] = RESULTS,
    **fields: Any,
) -> SubjectEvidence:
    """Return a subject of one file, unless told otherwise."""
    sample = fields.pop("sample", None)
    return SubjectEvidence(
        subject=Subject(
            **{"kind": kind, "name": name, "digest": DIGEST, "files": 1, "size": 9, **fields}
        ),
        coverage=Coverage(
            rows=1000, read=1000, empty=0, texts=1000, skipped={}, fields={}, sample=sample
        ),
        results=results,
        findings=FindingLog(total=0, digest=digest_of([]), sample=()),
    )


def statements(**said: str) -> tuple[Statement, ...]:
    """Return one statement for each topic."""
    return tuple(
        Statement(topic=Topic(topic.replace("_", "-")), value=value, place=AT)
        for topic, value in said.items()
    )


WHOLE = Manifest(
    documents=("assaymark.yaml",),
    problems=("`card.yaml` says a key twice",),
    statements=(
        *statements(name="Birds", version="2", url="https://example.org/b", originator="Birds Ltd"),
        *statements(originator="Wings Ltd", attribution="Birds Ltd", confidentiality="public"),
        *statements(personal_data="yes", collected_until="2025-05-01", intended_use="naming birds"),
    ),
    licences=(
        LicenceStatement(expression="cc-by-4.0", place=AT),
        LicenceStatement(
            expression="other",
            name="House terms",
            link="https://example.org/t",
            place=AT,
            scope=Scope.SOURCE,
            of="notes",
        ),
    ),
    sources=(
        SourceStatement(
            id="notes",
            place=AT,
            url="https://example.org/n",
            originator="Field Ltd",
            digest=f"sha256:{OTHER}",
            parents=("books", "nowhere"),
            method="scraped",
        ),
        SourceStatement(id="books", place=AT, url="shelf 3", digest="crc:12", status="superseded"),
    ),
    generators=(GeneratorStatement(model="parrot-1", place=AT),),
    opt_outs=(OptOutStatement(signal="tdmrep", value="0", place=AT, of="notes"),),
    files=(
        FileStatement(path="rows.jsonl", place=AT, digests=(("sha256", DIGEST), ("sha1", "xy"))),
        FileStatement(path="rows.jsonl", place=AT, digests=(("sha256", DIGEST),)),
    ),
)


def evidence(*subjects: SubjectEvidence) -> Evidence:
    """Return evidence about `subjects`."""
    return Evidence(tool="assaymark 0.1.0", detectors=(), checks=(), subjects=subjects)


CASES = {
    "dataset": ((subject(),), None),
    "documented": ((subject(),), WHOLE),
    "folder": ((subject(files=3, tree=OTHER),), WHOLE),
    "sampled": ((subject(sample=Sample(rows=10, seed=DIGEST, nonce=None)),), None),
    "model": ((subject(SubjectKind.MODEL, "m", files=0, declared={"model": "m"}),), WHOLE),
    "several": ((subject(), subject(SubjectKind.OUTPUTS), subject(SubjectKind.MODEL)), WHOLE),
    "nothing measured": ((subject(SubjectKind.MODEL, "", ()),), None),
}

ORIGIN = Origin(
    evidence=OTHER,
    report=NamedReport(statement=DIGEST, bundle=OTHER, decided_at=WHEN),
    documents=(("assaymark.yaml", DIGEST),),
)
