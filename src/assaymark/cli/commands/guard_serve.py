"""`assaymark guard serve`: the APIs of models, guarded by a policy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assaymark.cli.admitting import artifact_at, lines_of, presented_in
from assaymark.cli.exit_status import ExitStatus
from assaymark.cli.operating import audited_in, demand_operable, serve_operated
from assaymark.cli.report_paths import REPORT
from assaymark.cli.show import Show, output_options
from assaymark.cli.trusting import Opening, opened, opening_options
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.guard.guard import Guard
    from assaymark.guard.proxy.settings import ServeSettings
    from assaymark.model.subject import Sha256


@click.command("serve")
@click.argument("settings", metavar="SERVE.yaml", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--check", is_flag=True, help="Only say whether it would serve, and what another process holds."
)
@click.option(
    "--require-report",
    "reports",
    multiple=True,
    type=REPORT,
    metavar="REPORT",
    help="Serve only if the gate admits this; may be repeated.",
)
@click.option(
    "--trust",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="TRUST.yaml",
    help="Whom the gate believes.",
)
@click.option(
    "--subject",
    "subjects",
    multiple=True,
    metavar="PATH",
    help="What the report is about, such as the model; may be repeated.",
)
@opening_options
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    show: Show,
    settings: Path,
    *,
    check: bool,
    reports: tuple[Path, ...],
    trust: Path | None,
    subjects: tuple[str, ...],
    opening: Opening,
) -> None:
    r"""Serve chat completions, responses, messages, completions and embeddings, guarded by a policy.

    SERVE.yaml names the policy, the addresses that answer, and who may ask; docs/proxy.md explains it. The
    server listens on this machine only, unless the file says otherwise and has keys.

    With --require-report the gate has to admit every --subject on a report that was decided by the very
    policy that is served.

    \b
    Exit status:
      0  it served until it was told to stop, or would serve
      1  the gate denies
      2  the settings, the policy or a path is wrong
      3  the gate cannot decide
      4  a document, or the trust file, is not authentic
    """
    from assaymark.guard.proxy.settings_file import load_settings

    known = load_settings(settings)
    with _guard_of(known) as guard:
        if reports or trust is not None or subjects:
            status = _admitted(show, guard.policy, reports, trust, subjects, opening)
            if status is not ExitStatus.MET:
                ctx.exit(status)
        told = _told(known, guard)
    pinned = frozenset({guard.policy}) if reports else None
    audited = audited_in(reports, trust, opening)
    if check:
        held = demand_operable(known, pinned=pinned, audited=audited)
        show.result(
            {**told, "held": [{"message": each.message, "hint": each.hint} for each in held]},
            f"would serve policy sha256:{guard.policy}",
            *(f"but not now: {each.message}; {each.hint}" for each in held),
        )
        return
    serve_operated(show, known, told, pinned=pinned, audited=audited)


def _guard_of(settings: ServeSettings) -> Guard:
    from assaymark.guard.guard import Guard
    from assaymark.redaction.keys import read_secret

    kept = settings.pseudonyms
    if kept is None:
        return Guard.load(settings.policy)
    return Guard.load(
        settings.policy, secret=read_secret(kept.key), vault=kept.vault, lives=kept.lives
    )


def _admitted(
    show: Show,
    policy: Sha256,
    reports: Sequence[Path],
    trust: Path | None,
    subjects: Sequence[str],
    opening: Opening,
) -> ExitStatus:
    """Ask the gate; return how the command ends if it is not admitted."""
    from assaymark.gate.gate import gate

    if not reports or trust is None or not subjects:
        raise UsageError(
            "the gate needs a report, whom to believe, and what is deployed",
            hint="give `--require-report`, `--trust` and `--subject` together",
        )
    admission = gate(
        [each for report in reports for each in presented_in(report)],
        opened(trust, opening),
        [artifact_at(each, show) for each in subjects],
        datetime.now(UTC),
    )
    if not admission.admitted:
        show.result({"serving": False, **admission.to_plain()}, *lines_of(admission, explain=False))
        return {
            "undecided": ExitStatus.UNDECIDED,
            "not-authentic": ExitStatus.NOT_AUTHENTIC,
        }.get(admission.ruling.value, ExitStatus.NOT_MET)
    others = [each for each in admission.grounds if each.policy_digest != policy]
    if others:
        lines = [f"  {e.artifact}: decided by sha256:{e.policy_digest}" for e in others]
        show.result(
            {"serving": False, **admission.to_plain()},
            f"denied: the policy that is served is sha256:{policy}",
            *lines,
        )
        return ExitStatus.NOT_MET
    return ExitStatus.MET


def _told(settings: ServeSettings, guard: Guard) -> dict[str, Any]:
    return {
        "policy": {"sha256": guard.policy},
        "detectors": dict(guard.detectors),
        "listen": {"host": settings.listen.host, "port": settings.listen.port},
        "upstreams": [{"name": each.name, "url": each.url} for each in settings.upstreams],
        "keys": [each.name for each in settings.keys],
    }
