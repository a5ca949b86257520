"""`assaymark verify`: who says what about which bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assaymark.cli.report_paths import REPORT, bundle_in, evidence_beside, read_document
from assaymark.cli.show import Show, output_options
from assaymark.cli.trusting import trust_options, trusted
from assaymark.errors import NotAuthenticError

if TYPE_CHECKING:
    from assaymark.attest.report import AuditReport
    from assaymark.attest.verify import VerifiedStatement


@click.command("verify")
@click.argument("report", type=REPORT)
@trust_options
@click.option(
    "--type",
    "kind",
    type=click.Choice(["report", "test-result", "svr"]),
    default="report",
    show_default=True,
    help="Which kind of statement REPORT has to be.",
)
@output_options
def command(show: Show, report: Path, *, key: Path | None, trust: Path | None, kind: str) -> None:
    r"""Check the signature of REPORT and say who signed what about which bytes.

    REPORT is a bundle, or the folder that `assaymark audit` filled. If `evidence.json` lies beside it, its
    digest has to be the one that was signed.

    This proves who said something, not that it is good news: `assaymark gate` admits or denies.

    \b
    Exit status:
      0  authentic
      2  the command line, the trust file or a path is wrong
      4  not authentic
    """
    from assaymark.attest.predicates import AUDIT_REPORT, SVR, TEST_RESULT
    from assaymark.attest.report import read_report
    from assaymark.attest.verify import verify

    bundle = bundle_in(report)
    types = {"report": AUDIT_REPORT, "test-result": TEST_RESULT, "svr": SVR}
    statement = verify(
        read_document(bundle),
        trusted(key, trust).keys,
        now=datetime.now(UTC),
        predicate_type=types[kind],
    )
    audited = read_report(statement) if kind == "report" else None
    evidence = None if audited is None else _evidence_that_matches(bundle, audited)
    data, lines = _told(statement, audited, evidence)
    show.result(data, "\n".join(lines))


def _evidence_that_matches(bundle: Path, audited: AuditReport) -> Path | None:
    """Hold `evidence.json` beside the bundle, where there is one, against the signed digest."""
    from assaymark.attest.verify import Step
    from assaymark.canonical import sha256_of

    path = evidence_beside(bundle)
    if path is None:
        return None
    digest = sha256_of(read_document(path))
    signed = audited.evidence.digest["sha256"]
    if digest != signed:
        raise NotAuthenticError(
            Step.REPORT,
            f"`{path}` is not the evidence that was signed: expected sha256 {signed}, got {digest}",
            hint="the file was changed after the audit, or belongs to another report",
        )
    return path


def _told(
    statement: VerifiedStatement, audited: AuditReport | None, evidence: Path | None
) -> tuple[dict[str, Any], list[str]]:
    """Return what was proven, as data and as lines."""
    from assaymark.model.codec import format_time

    signer = statement.signer
    data: dict[str, Any] = {
        "authentic": True,
        "signer": {"name": signer.name, "fingerprint": signer.public_key.fingerprint},
        "predicateType": statement.predicate_type,
        "subjects": [{"name": each.name, "sha256": each.digest} for each in statement.subjects],
    }
    lines = [
        "authentic",
        f"signed by  {signer.name}  {signer.public_key.fingerprint}",
        f"says       {statement.predicate_type}",
    ]
    lines += [f"about      {each.name}  sha256:{each.digest}" for each in statement.subjects]
    if audited is not None:
        policy = {"name": audited.policy.name, "version": audited.policy_version}
        data |= {
            "verdict": audited.decision.verdict.value,
            "summary": audited.decision.summary,
            "policy": {**policy, "sha256": audited.policy_digest},
            "decidedAt": format_time(audited.validity.decided_at),
            "validUntil": format_time(audited.validity.valid_until),
            "evidence": {
                "sha256": audited.evidence.digest["sha256"],
                "file": None if evidence is None else str(evidence),
            },
        }
        beside = "not beside the report" if evidence is None else f"{evidence} matches"
        lines += [
            f"verdict    {audited.decision.verdict.value}: {audited.decision.summary}",
            f"policy     {policy['name']} {policy['version']}  sha256:{audited.policy_digest}",
            f"decided    {data['decidedAt']}, valid until {data['validUntil']}",
            f"evidence   {beside}",
        ]
    return data, lines
