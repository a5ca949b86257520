"""`assaymark audit`: from data and a policy to evidence, a decision and a signed report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assaymark.cli.asking import Models, kept_answers, model_options, preview_shown
from assaymark.cli.by_identity import Keyless, keyless_options, sealing
from assaymark.cli.completing import POLICY
from assaymark.cli.demands import missing
from assaymark.cli.exit_status import status_of_verdict
from assaymark.cli.given import digests_of, sources_of, stated_names
from assaymark.cli.output_folder import FINDINGS, OutputFolder, demand_apart
from assaymark.cli.passphrase import passphrase_option
from assaymark.cli.progress import progress
from assaymark.cli.prompting import prompts_written
from assaymark.cli.reading import reading_options
from assaymark.cli.report_files import write_report
from assaymark.cli.show import Show, one_line, output_options
from assaymark.cli.signing import KEY, note_on, open_signer
from assaymark.cli.third_parties import Asked, third_party_options
from assaymark.cli.waiving import PutForward, foreseen, read_waivers, waiver_options
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.cli.baseline import Baseline, Comparison
    from assaymark.report.view import Report


@click.command(
    "audit",
    epilog="Network: of the options, `--model`, `--timestamp` and `--keyless` alone connect to one; besides, "
    "an address as PATH, a detector of the policy that asks a service, and a Ray cluster.",
)
@click.argument("policy", type=POLICY)
@click.option("--dataset", "datasets", multiple=True, metavar="PATH", help="Data to judge.")
@click.option("--outputs", multiple=True, metavar="PATH", help="Recorded model outputs to judge.")
@model_options
@click.option(
    "--model-files",
    multiple=True,
    metavar="PATH",
    help="Files of weights to judge by their documents and form.",
)
@click.option("--manifest", metavar="PATH", help="A document that describes the data.")
@click.option(
    "--baseline",
    "earlier",
    metavar="REPORT",
    help="Say what is better and what is worse than in an earlier audit.",
)
@reading_options
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where the report goes: a new or empty folder, or an earlier report's.",
)
@click.option("--key", type=KEY, help="Sign with this key: a file, or a URI (docs/keys.md).")
@passphrase_option
@keyless_options
@click.option(
    "--as",
    "images",
    multiple=True,
    metavar="NAME",
    help="Also sign for oci:REGISTRY/REPOSITORY@sha256:DIGEST, the image that the subject is distributed as.",
)
@third_party_options
@waiver_options
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
    "--today", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Date to judge dates by."
)
@click.option(
    "--resume",
    is_flag=True,
    help="Keep costly answers in DIR.cache and DIR.answers, and go on from there.",
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
    models: Models,
    model_files: tuple[str, ...],
    manifest: str | None,
    earlier: str | None,
    field: str | None,
    file_format: str | None,
    max_ratio: float,
    out: Path,
    key: str | None,
    passphrase_fd: int | None,
    keyless: Keyless,
    images: tuple[str, ...],
    asked: Asked,
    put_forward: PutForward,
    workers: int | None,
    executor: str,
    sample: int | None,
    nonce: str | None,
    today: datetime | None,
    resume: bool,
) -> None:
    r"""Judge data by POLICY and write evidence, findings and a report into DIR.

    PATH is a file, a folder, a pattern, a URL, or `-` for standard input: JSON Lines, CSV, Parquet, Arrow
    or plain text, also compressed. Of each record everything is read that is text, unless `--field` names
    some of it. POLICY is a file, or `pack:NAME`.

    With `--model`, the checks of POLICY put prompts to a model: an endpoint, a local model, a function or a
    recording. Every prompt is counted, answered or not. What it says is kept in DIR.answers while the audit
    lasts, for its owner alone: a run that ends early goes on with --resume and pays for nothing twice.

    DIR gets evidence.json, findings.parquet, report.html, report.md, report.sarif, report.junit.xml and
    report.oscal.json; with `--key` also report.sigstore.json, which `assaymark gate` demands, and its
    projections. If anything fails, DIR stays as it was. A report that was signed there before goes to
    DIR/earlier with its proof, evidence and sign-offs: a log may ask for it.

    With `--keyless`, a Sigstore instance vouches for who signed, instead of a key; it learns the digest and
    the signature, and its log shows the identity to everybody.

    With `--timestamp`, an authority says when the signature was there; with `--log`, the signature goes into
    a transparency log, and the proof into DIR. Both are part of report.sigstore.json.

    With `--as`, the report also says under which digest the one subject is distributed. That is your word:
    nothing is computed from it, and whoever relies on it is told so.

    With `--waiver`, a broken requirement that a signed waiver excuses does not deny; it stays broken in every
    count. The key that signs the report cannot have granted it. DIR/waivers keeps the signed waivers.

    With `--baseline`, numbers are set beside those of REPORT, the folder or evidence.json of an earlier
    audit: better, worse, or no evidence of either. That decides nothing.

    With `--today`, checks of dates judge by that day and not by the clock's, and the evidence comes out the
    same on any other day; either way it says which day that was.

    DIR.cache holds detectors' answers and none of the text; it belongs with the data. A later audit with
    --resume costs what changed, and gives the same evidence.

    \b
    Exit status:
      0  every enforced requirement is met
      1  at least one is broken
      2  the command line, the policy or the data is wrong
      3  none is broken, but at least one could not be decided
      4  a waiver is not authentic, or the trust file is not to be believed
    """
    from assaymark.engine.catalog import installed_catalog
    from assaymark.engine.plan import columns_of_policy
    from assaymark.engine.run import audit
    from assaymark.policy.decide import decide
    from assaymark.policy.load import load_policy

    every = (*datasets, *outputs, *model_files)
    demand_apart(out, (*every, *models.paths))
    stated = stated_names(
        images,
        len(every) + len(models.names),
        is_signed=key is not None or keyless.is_asked,
    )
    if key is not None and keyless.is_asked:
        raise UsageError("`--key` and `--keyless` were both given", hint="name one of them")
    keyless.demand_usable()
    folder = OutputFolder(out)
    catalog = installed_catalog()
    loaded = load_policy(policy, catalog)
    if models.prompts is not None:
        show.page(*prompts_written(loaded, catalog, models.prompts))
        return
    believed = put_forward.believed()
    baseline = None if earlier is None else _baseline_at(earlier)
    # Before the long work, so that a wrong passphrase is found at once.
    signer = None if key is None else open_signer(key, passphrase_fd)
    third_parties = asked.open(signs_with_key=signer is not None)
    if signer is not None and (note := note_on(signer.public_key)):
        show.note(note)
    auditor = None if signer is None else signer.public_key.fingerprint
    waivers = read_waivers(put_forward, datetime.now(UTC), auditor=auditor)
    if waivers:
        digests = None if models.names else digests_of(every)
        for line in foreseen(waivers, loaded, digests, datetime.now(UTC)):
            show.note(line)
    sources = sources_of(
        datasets,
        outputs,
        model_files,
        field=field,
        file_format=file_format,
        max_ratio=max_ratio,
        manifest=manifest,
        columns=columns_of_policy(loaded, catalog),
    )
    answers = out.with_name(f"{out.name}.answers")
    trials = models.trials(answers)
    if models.dry_run:
        show.page(*preview_shown(loaded, catalog, trials))
        return
    with kept_answers(answers, trials, resume=resume), folder:
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
                trials=[replace(each, on_progress=update) for each in trials],
                today=(today or datetime.now(UTC)).date(),
            )
        applied = tuple(each.waiver for each in waivers)
        decision = decide(loaded, evidence, applied, datetime.now(UTC))
        with sealing(signer, keyless) as seal:
            report = write_report(
                folder,
                loaded,
                evidence,
                decision,
                seal,
                catalog,
                images=stated,
                waivers=waivers,
                third_parties=third_parties,
            )
        files = folder.publish()
    comparison = None
    if baseline is not None:
        comparison = baseline.against(evidence, catalog, loaded.confidence)
    _show(show, report, files, comparison)
    if believed is not None and signer is not None:
        for note in missing(believed, asked, out):
            show.note(note)
    for each in folder.kept:
        show.note(f"what was signed there before is kept in `{each}`")
    for each in folder.leftovers():
        show.note(f"`{each}` is of an audit that was killed; unless it still runs, remove it")
    ctx.exit(status_of_verdict(decision.verdict))


def _baseline_at(place: str) -> Baseline:
    from assaymark.cli.baseline import Baseline

    return Baseline.at(place)


def _show(
    show: Show, report: Report, files: tuple[Path, ...], comparison: Comparison | None
) -> None:
    from assaymark.report.json_summary import summarise
    from assaymark.report.text import render

    names = [str(path) for path in files]
    text = render(report, color=show.color, files=names)
    summary = summarise(report, files=names)
    if comparison is not None:
        summary = {**summary, "baseline": comparison.to_plain()}
        lines = map(one_line, comparison.lines(report.vocabulary))
        text = "\n".join([text.rstrip("\n"), "", *lines])
    show.page(summary, text, styled=show.color)
