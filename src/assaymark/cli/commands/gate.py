"""`assaymark gate`: admit or deny, offline, on signed reports alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assaymark.cli.admitting import artifact_at, lines_of, presented_in
from assaymark.cli.completing import POLICY
from assaymark.cli.exit_status import ExitStatus
from assaymark.cli.log_options import LOG_DIR
from assaymark.cli.report_paths import REPORT
from assaymark.cli.show import Show, output_options
from assaymark.cli.trusting import Opening, opened, opening_options
from assaymark.errors import AssaymarkError, NotAuthenticError, UsageError

if TYPE_CHECKING:
    from assaymark.attest.trust.trust import Trust
    from assaymark.gate.admission import LogView, RefusedLog
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
@opening_options
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
@click.option(
    "--log",
    "directories",
    multiple=True,
    type=LOG_DIR,
    metavar="DIR",
    help="A log that reports are in, or a copy: shows whether a report is missing. May be repeated.",
)
@click.option("--explain", is_flag=True, help="Show every step that was taken.")
@output_options
@click.pass_context
def command(  # noqa: PLR0913 - one parameter for each option
    ctx: click.Context,
    show: Show,
    reports: tuple[Path, ...],
    *,
    trust: Path,
    opening: Opening,
    subjects: tuple[str, ...],
    policies: tuple[str, ...],
    directories: tuple[Path, ...],
    explain: bool,
) -> None:
    r"""Admit every --subject if REPORT… prove a PASS for its very bytes; deny otherwise.

    REPORT is a bundle, or the folder that `assaymark audit` filled. Give all reports that you have, and the
    revocations, policy releases, waivers and sign-offs that are not in such a folder: a newer FAIL or a
    revocation overrules an older PASS.

    Subjects are hashed here: a file, a folder, a pattern, a URL, or oci-layout:DIR[:REF]; of
    oci:REGISTRY/REPOSITORY@sha256:DIGEST the digest is believed. Of a model behind an address, such as
    openai:MODEL@URL, nothing can be hashed: it is the same if it is asked as the same.

    \b
    Exit status:
      0  admitted
      1  denied; also where a report lacks the time stamp, log entry or witness that is demanded
      2  the command line, the trust file or a path is wrong
      3  the newest word on a subject is UNDECIDED
      4  a document among those given, the log or the trust file is not authentic
    """
    from assaymark.gate.gate import gate

    with _denying(trust):
        if "-" in subjects:
            raise UsageError("a subject is identified by its bytes, so it cannot be standard input")
        believed = opened(trust, opening)
        now = datetime.now(UTC)
        logs = [_view(each, believed, opening, now) for each in directories]
        artifacts = [artifact_at(each, show) for each in subjects]
        admission = gate(
            [each for report in reports for each in presented_in(report)],
            believed,
            artifacts,
            now,
            reevaluate_with=_policies(policies) if policies else None,
            logs=logs,
        )
    show.result(admission.to_plain(), *lines_of(admission, explain=explain))
    ctx.exit(_STATUS[admission.ruling.value])


@contextmanager
def _denying(trust: Path) -> Iterator[None]:
    """Let an error say in JSON what every answer of the gate says: that nothing is admitted."""
    try:
        yield
    except AssaymarkError as error:
        answer: dict[str, Any] = {"admitted": False, "ruling": None, "refusals": []}
        if isinstance(error, NotAuthenticError):
            # Documents and the log are answered by the gate itself, so it is the trust file.
            answer["ruling"] = "not-authentic"
            answer["refusals"] = [
                {
                    "step": error.step,
                    "ruling": "not-authentic",
                    "code": "trust-file",
                    "about": str(trust),
                    "reason": error.message,
                    **({"hint": error.hint} if error.hint else {}),
                }
            ]
        error.answer = answer
        raise


def _view(log: Path, believed: Trust, opening: Opening, now: datetime) -> LogView | RefusedLog:
    from assaymark.cli.log_view import view_of
    from assaymark.gate.admission import RefusedLog

    folder = opening.state_folder()
    folder.make()
    try:
        return view_of(log, believed.anchors, folder.heads, now)
    except NotAuthenticError as error:
        return RefusedLog(str(log), error)


def _policies(locations: tuple[str, ...]) -> list[Policy]:
    from assaymark.engine.catalog import installed_catalog
    from assaymark.policy.load import load_policy

    catalog = installed_catalog()
    return [load_policy(each, catalog) for each in locations]
