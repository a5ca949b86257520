"""`assaymark gate`: admit or deny, offline, on signed reports alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assaymark.cli.completing import POLICY
from assaymark.cli.exit_status import ExitStatus
from assaymark.cli.report_paths import REPORT, bundle_in, evidence_beside, read_document
from assaymark.cli.show import Show, output_options
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.gate.admission import Admission, Artifact, Grounds, PresentedReport
    from assaymark.policy.policy import Policy

_STATUS = {
    "admitted": ExitStatus.MET,
    "denied": ExitStatus.NOT_MET,
    "undecided": ExitStatus.UNDECIDED,
    "not-authentic": ExitStatus.NOT_AUTHENTIC,
}


@click.command("gate")
@click.argument("reports", metavar="REPORT…", nargs=-1, required=True, type=REPORT)
@click.option(
    "--trust",
    required=True,
    metavar="TRUST.yaml",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Whom to believe, and under which policies.",
)
@click.option(
    "--subject", "subjects", multiple=True, required=True, metavar="PATH", help="What is deployed."
)
@click.option(
    "--reevaluate",
    "policies",
    multiple=True,
    metavar="POLICY",
    type=POLICY,
    help="Decide the evidence again by this policy and demand the same answer.",
)
@click.option("--explain", is_flag=True, help="Show every step that was taken.")
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    show: Show,
    reports: tuple[Path, ...],
    *,
    trust: Path,
    subjects: tuple[str, ...],
    policies: tuple[str, ...],
    explain: bool,
) -> None:
    r"""Admit every --subject if REPORT… prove a PASS for its very bytes; deny otherwise.

    REPORT is a bundle, or the folder that `assaymark audit` filled. Give all reports that you have: a newer
    FAIL overrules an older PASS. Nothing is fetched; subjects are hashed here.

    \b
    Exit status:
      0  admitted
      1  denied
      2  the command line, the trust file or a path is wrong
      3  the newest word on a subject is UNDECIDED
      4  a report among those given is not authentic
    """
    from assaymark.attest.trust import load_trust
    from assaymark.gate.gate import gate

    if "-" in subjects:
        raise UsageError("a subject is identified by its bytes, so it cannot be standard input")
    believed = load_trust(trust)
    artifacts = [_artifact(each) for each in subjects]
    admission = gate(
        [_presented(each) for each in reports],
        believed,
        artifacts,
        datetime.now(UTC),
        reevaluate_with=_policies(policies) if policies else None,
    )
    show.result(admission.to_plain(), "\n".join(_lines(admission, explain=explain)))
    ctx.exit(_STATUS[admission.ruling.value])


def _artifact(location: str) -> Artifact:
    from assaymark.gate.admission import Artifact
    from assaymark.inputs.identity import identify
    from assaymark.model.subject import SubjectKind

    found = identify(location, kind=SubjectKind.DATASET)
    return Artifact(location, found.digest, found.tree)


def _presented(report: Path) -> PresentedReport:
    from assaymark.gate.admission import PresentedReport

    bundle = bundle_in(report)
    beside = evidence_beside(bundle)
    return PresentedReport(
        name=str(bundle),
        bundle=read_document(bundle),
        evidence=None if beside is None else read_document(beside),
    )


def _policies(locations: tuple[str, ...]) -> list[Policy]:
    from assaymark.engine.catalog import installed_catalog
    from assaymark.policy.load import load_policy

    catalog = installed_catalog()
    return [load_policy(each, catalog) for each in locations]


def _period(ground: Grounds) -> str:
    from assaymark.model.codec import format_time

    return f"{format_time(ground.decided_at)}, valid until {format_time(ground.valid_until)}"


def _lines(admission: Admission, *, explain: bool) -> list[str]:
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
        ]
        if ground.reevaluated:
            lines.append("    decided again here from its evidence: the same answer")
    if explain:
        lines += ["", "steps", *admission.explain()]
    return lines
