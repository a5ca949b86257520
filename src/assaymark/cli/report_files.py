"""
The files of a report, as `audit` writes them: evidence, the signed report, and the forms for people.

`evidence.json` is written first and signed by its digest; the forms for people name the digest of the
bundle, so they come last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaymark.cli.output_folder import BUNDLE, EVIDENCE, SUMMARY, TEST_RESULT, OutputFolder
from assaymark.model.decision import Verdict

if TYPE_CHECKING:
    from assaymark.attest.keys import Signer
    from assaymark.contracts.catalog import Catalog
    from assaymark.model.decision import Decision
    from assaymark.model.evidence import Evidence
    from assaymark.model.subject import Sha256
    from assaymark.policy.policy import Policy
    from assaymark.report.view import Report


def write_report(
    folder: OutputFolder,
    policy: Policy,
    evidence: Evidence,
    decision: Decision,
    signer: Signer | None,
    catalog: Catalog,
) -> Report:
    """Write every file of the report into `folder`, and return what they show.

    Args:
        folder: Where to; nothing is published.
        policy: What was decided by.
        evidence: What was decided on.
        decision: What `decide` said.
        signer: Signs the report; `None` leaves it unsigned.
        catalog: What is installed, for the words that checks use about themselves.
    """
    from assaymark.attest.statement import TOOL, valid_until
    from assaymark.canonical import canonical_bytes, sha256_of
    from assaymark.model.codec import to_plain
    from assaymark.report.view import Attestation, Report
    from assaymark.report.vocabulary import Vocabulary
    from assaymark.report.write import render_all

    evidence_bytes = canonical_bytes(to_plain(evidence))
    folder.write(EVIDENCE, evidence_bytes)
    digest = sha256_of(evidence_bytes)
    bundle = None
    if signer is not None:
        bundle = _sign(folder, policy, evidence, decision, digest, signer)
    report = Report(
        policy=policy,
        evidence=evidence,
        decision=decision,
        attestation=Attestation(
            signer=None if signer is None else signer.public_key.fingerprint,
            report_digest=None if bundle is None else sha256_of(bundle),
            evidence_digest=digest,
            valid_until=valid_until(policy, decision.decided_at),
            tool=f"{TOOL.name} {TOOL.version}",
        ),
        vocabulary=Vocabulary.of(catalog, policy),
    )
    for name, data in render_all(report).items():
        folder.write(name, data)
    return report


def _sign(
    folder: OutputFolder,
    policy: Policy,
    evidence: Evidence,
    decision: Decision,
    evidence_digest: Sha256,
    signer: Signer,
) -> bytes:
    """Sign the report and its projections, and return the report's bundle."""
    from assaymark.attest.bundle import sign
    from assaymark.attest.statement import (
        build_report_statement,
        build_svr_statement,
        build_test_result_statement,
    )

    report = build_report_statement(policy, evidence, decision, evidence_digest=evidence_digest)
    bundle = sign(report, signer)
    folder.write(BUNDLE, bundle)
    folder.write(TEST_RESULT, sign(build_test_result_statement(policy, evidence, decision), signer))
    if decision.verdict is Verdict.PASS:
        folder.write(SUMMARY, sign(build_svr_statement(policy, evidence, decision), signer))
    return bundle
