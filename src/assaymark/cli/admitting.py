"""
What the gate is shown, and how its answer is told; for every command that asks it.

tests/cli/test_verify_and_gate.py and tests/cli/test_guard_serve.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.cli.progress import hashing
from assaymark.cli.report_paths import (
    bundle_in,
    documents_in,
    evidence_beside,
    is_earlier,
    proof_beside,
    read_document,
)
from assaymark.cli.show import Show
from assaymark.model.subject import KnownBy

if TYPE_CHECKING:
    from assaymark.gate.admission import Admission, Artifact, PresentedReport
    from assaymark.gate.grounds import Grounds

_HOW_KNOWN = {
    KnownBy.DECLARED: "a model behind an address: known by its name as declared, nothing was hashed",
    KnownBy.OCI_LAYOUT: "an OCI image: manifest and blobs were hashed here",
    KnownBy.OCI_NAME: "an OCI image: the digest is taken from its name, nothing was hashed",
}


def artifact_at(location: str, show: Show) -> Artifact:
    """Return what is deployed, hashed here."""
    from assaymark.gate.admission import Artifact
    from assaymark.inputs.identity import identity_of

    with hashing(show, location) as update:
        found = identity_of(location, on_bytes=update)
    return Artifact(location, found.digest, found.tree, found.known_by)


def presented_in(report: Path) -> Iterator[PresentedReport]:
    """Yield the documents of a report, or of the folder of one."""
    from assaymark.gate.admission import PresentedReport

    bundle = bundle_in(report)
    for path in documents_in(report):
        # Evidence lies beside a report, and not beside what signs it off or excuses.
        evidence = evidence_beside(path) if path.name == bundle.name else None
        proof = proof_beside(path)
        yield PresentedReport(
            name=str(path),
            bundle=read_document(path),
            evidence=None if evidence is None else read_document(evidence),
            proof=None if proof is None else read_document(proof),
            is_earlier=is_earlier(path, report),
        )


def _period(ground: Grounds) -> str:
    from assaymark.model.codec import format_time

    return f"{format_time(ground.decided_at)}, valid until {format_time(ground.valid_until)}"


def _rests_on(ground: Grounds) -> Iterator[str]:
    """Yield what the report would not count without, one line each."""
    from assaymark.model.codec import format_time

    for waiver in ground.waivers:
        until = format_time(waiver.expires_at)
        yield (
            f"{waiver.requirement} is waived by {waiver.id}, approved by {waiver.approver}, until {until}"
        )
    for signature in ground.signatures:
        verb = "signed off by" if "reviewer" in signature.roles else "also signed by"
        yield f"{verb} {signature.signer} {signature.fingerprint}"
    for stamp in ground.timestamps:
        yield f"stamped by {stamp.authority} at {format_time(stamp.at)}"
    if ground.entry is not None:
        yield f"entry {ground.entry.index} of {ground.entry.size:,} in the log {ground.entry.log}"
        for seen in ground.entry.witnesses:
            yield f"witnessed by {seen.witness} at {format_time(seen.at)}"


def lines_of(admission: Admission, *, explain: bool) -> list[str]:
    """Return what a gate answered, for people."""
    lines = [admission.ruling.value]
    for each in admission.refusals:
        lines.append(f"  {each.about}: {each.reason}")
        if each.hint:
            lines.append(f"    hint: {each.hint}")
    if admission.grounds and not admission.admitted:
        lines.append("proven, and not admitted because of the above")
    for ground in admission.grounds:
        lines += [
            f"  {ground.artifact}  sha256:{ground.digest}",
            f"    PASS by {ground.report}, signed by {ground.signer} {ground.fingerprint}",
            f"    policy {ground.policy} {ground.policy_version}  sha256:{ground.policy_digest}",
            f"    decided {_period(ground)}",
            *(f"    {each}" for each in _rests_on(ground)),
        ]
        if ground.known_by is not KnownBy.BYTES:
            lines.append(f"    {_HOW_KNOWN[ground.known_by]}")
        if ground.stated:
            lines.append("    that it holds what was audited is stated by the auditor")
        if ground.reevaluated:
            lines.append("    decided again here from its evidence: the same answer")
    if explain:
        lines += ["", "steps", *admission.explain()]
    return lines
