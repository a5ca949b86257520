"""`assaymark audit`: from data and a policy to evidence, a decision and a signed report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assaymark.cli.completing import POLICY
from assaymark.cli.exit_status import status_of_verdict
from assaymark.cli.output_folder import FINDINGS, OutputFolder, demand_apart
from assaymark.cli.passphrase import passphrase_option
from assaymark.cli.progress import progress
from assaymark.cli.reading import reading_options
from assaymark.cli.report_files import write_report
from assaymark.cli.show import Show, output_options
from assaymark.cli.signing import open_signer
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.contracts.source import Source
    from assaymark.report.view import Report


@click.command("audit")
@click.argument("policy", type=POLICY)
@click.option("--dataset", "datasets", multiple=True, metavar="PATH", help="Data to judge.")
@click.option("--outputs", multiple=True, metavar="PATH", help="Recorded model outputs to judge.")
@click.option("--manifest", metavar="PATH", help="A document that describes the data.")
@reading_options
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where the report goes: a new or empty folder, or an earlier report's.",
)
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="Sign with this key.")
@passphrase_option
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes to use.")
@click.option(
    "--executor",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Where they run: on this machine, or on a Ray cluster (extra `ray`).",
)
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Judge N rows at random.")
@click.option(
    "--nonce", metavar="TEXT", help="Makes the draw of --sample unforeseeable to the data's maker."
)
@click.option(
    "--resume", is_flag=True, help="Keep costly answers in DIR.cache, and go on from there."
)
@output_options
@click.pass_context
def command(  # noqa: PLR0913 - one parameter for each option
    ctx: click.Context,
    show: Show,
    policy: str,
    *,
    datasets: tuple[str, ...],
    outputs: tuple[str, ...],
    manifest: str | None,
    field: str | None,
    file_format: str | None,
    max_ratio: float,
    out: Path,
    key: Path | None,
    passphrase_fd: int | None,
    workers: int | None,
    executor: str,
    sample: int | None,
    nonce: str | None,
    resume: bool,
) -> None:
    r"""Judge data by POLICY and write evidence, findings and a report into DIR.

    PATH is a file, a folder, a pattern, a URL, or `-` for standard input: JSON Lines, CSV, Parquet, Arrow
    or plain text, also compressed. Of each record everything is read that is text, unless `--field` names
    some of it. POLICY is a file, or `pack:NAME`.

    DIR gets evidence.json, findings.parquet, report.html, report.md, report.sarif, report.junit.xml and
    report.oscal.json; with `--key` also report.sigstore.json, which `assaymark gate` demands, and its
    projections. If anything fails, DIR stays as it was.

    DIR.cache holds detectors' answers and none of the text; it belongs with the data. A later audit with
    --resume costs what changed, and gives the same evidence.

    \b
    Exit status:
      0  every enforced requirement is met
      1  at least one is broken
      2  the command line, the policy or the data is wrong
      3  none is broken, but at least one could not be decided
    """
    from assaymark.engine.catalog import installed_catalog
    from assaymark.engine.run import audit
    from assaymark.policy.decide import decide
    from assaymark.policy.load import load_policy

    demand_apart(out, (*datasets, *outputs))
    folder = OutputFolder(out)
    catalog = installed_catalog()
    loaded = load_policy(policy, catalog)
    # Before the long work, so that a wrong passphrase is found at once.
    signer = None if key is None else open_signer(key, passphrase_fd)
    sources = _sources(
        datasets,
        outputs,
        field=field,
        file_format=file_format,
        max_ratio=max_ratio,
        manifest=manifest,
    )
    with folder:
        with progress(show) as update:
            evidence = audit(
                loaded,
                sources,
                catalog,
                findings_path=folder.path(FINDINGS),
                workers=workers,
                executor=executor,
                sample=sample,
                nonce=nonce,
                cache_path=out.with_name(f"{out.name}.cache") if resume else None,
                on_progress=update,
            )
        decision = decide(loaded, evidence, (), datetime.now(UTC))
        report = write_report(folder, loaded, evidence, decision, signer, catalog)
        files = folder.publish()
    _show(show, report, files)
    for each in folder.leftovers():
        show.note(f"`{each}` is of an audit that was killed; unless it still runs, remove it")
    ctx.exit(status_of_verdict(decision.verdict))


def _sources(
    datasets: tuple[str, ...],
    outputs: tuple[str, ...],
    *,
    field: str | None,
    file_format: str | None,
    max_ratio: float,
    manifest: str | None,
) -> list[Source]:
    from assaymark.inputs.open import open_source
    from assaymark.model.subject import SubjectKind

    if manifest is not None and len(datasets) != 1:
        raise UsageError(
            f"`--manifest` describes one dataset, got {len(datasets)}",
            hint="audit one dataset at a time, or put the document beside the data",
        )
    return [
        open_source(
            path, kind=kind, field=field, format=file_format, max_ratio=max_ratio, manifest=document
        )
        for kind, paths, document in (
            (SubjectKind.DATASET, datasets, manifest),
            (SubjectKind.OUTPUTS, outputs, None),
        )
        for path in paths
    ]


def _show(show: Show, report: Report, files: tuple[Path, ...]) -> None:
    from assaymark.report.json_summary import summarise
    from assaymark.report.text import render

    names = [str(path) for path in files]
    show.result(summarise(report, files=names), render(report, color=show.color, files=names))
