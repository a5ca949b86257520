"""`assaymark redact`: the same files without what detectors find in them."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assaymark.cli.completing import POLICY
from assaymark.cli.exit_status import ExitStatus, Terminated
from assaymark.cli.progress import redacting
from assaymark.cli.reading import reading_options
from assaymark.cli.redacting import MODES
from assaymark.cli.redaction_key import given_secret, redaction_key_options
from assaymark.cli.show import Show, output_options

if TYPE_CHECKING:
    from assaymark.redaction.redactor import Redactor
    from assaymark.redaction.verifying import Left
    from assaymark.redaction.workplace import Progress


@click.command("redact")
@click.argument("subject", metavar="INPUT")
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="OUTPUT",
    help="A new file, or for a directory or pattern a new directory.",
)
@click.option(
    "--policy", metavar="P", type=POLICY, help="Take the detectors' settings from this policy."
)
@click.option(
    "--detectors",
    metavar="ID,…",
    help="Which detectors; by default the policy's, else `pii` and `secrets`.",
)
@click.option(
    "--mode",
    type=click.Choice(MODES),
    default="replace",
    show_default=True,
    help="What takes the place of a value.",
)
@click.option(
    "--entity",
    "entities",
    multiple=True,
    metavar="E=MODE",
    help="Another mode for one entity; `keep` leaves it. May be repeated.",
)
@redaction_key_options
@click.option(
    "--vault",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where pseudonyms are remembered; made where it does not exist.",
)
@click.option("--space", default="", metavar="NAME", help="Keep pseudonyms apart, as for a tenant.")
@click.option(
    "--lives",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help="Forget after so many days what pseudonyms stand for.",
)
@click.option("--keep-unread", is_flag=True, help="Let records through that could not be read.")
@click.option("--verify", is_flag=True, help="Look through the output with the same detectors.")
@reading_options
@output_options
@click.pass_context
def command(  # noqa: PLR0913 - one parameter for each option
    ctx: click.Context,
    show: Show,
    subject: str,
    *,
    out: Path,
    policy: str | None,
    detectors: str | None,
    mode: str,
    entities: tuple[str, ...],
    key_file: Path | None,
    key_fd: int | None,
    vault: Path | None,
    space: str,
    lives: int | None,
    keep_unread: bool,
    verify: bool,
    field: str | None,
    file_format: str | None,
    max_ratio: float,
) -> None:
    r"""Write INPUT again as OUTPUT, without what detectors find in it, in the same format.

    Everything is looked through that an audit reads: values at any depth, keys that are data, long numbers.
    Outside what is replaced every byte of a text file stays. A record that cannot be read or judged is
    withheld. OUTPUT.changes.jsonl says where what was replaced, and no value.

    \b
    replace    <EMAIL_ADDRESS>
    mask       ****
    hash       <EMAIL_ADDRESS:…>: equal values look equal; nothing leads back
    pseudonym  an invented value in the same form; the vault leads back
    encrypt    <EMAIL_ADDRESS=…>: the key leads back
    drop       the whole record is left out

    A run that was ended goes on where it was when it is started again with the same words.

    \b
    Exit status:
      0  OUTPUT is there
      1  with --verify: something is still found in it
      2  the command line, the policy, a key or the data is wrong; there is no OUTPUT
      3  with --verify: a part of it could not be judged
    """
    from assaymark.cli.redacting import (
        Means,
        load_detectors,
        make_operators,
        parse_modes,
        settings_of,
    )
    from assaymark.engine.catalog import installed_catalog
    from assaymark.inputs.formats import format_named
    from assaymark.inputs.listing import list_files
    from assaymark.inputs.paths import parse_fields
    from assaymark.inputs.reading import Reading
    from assaymark.inputs.selection import Selection
    from assaymark.redaction.change_log import SUFFIX
    from assaymark.redaction.files import redact_files
    from assaymark.redaction.redactor import Redactor
    from assaymark.redaction.run import Run
    from assaymark.redaction.treatment import Redacting

    secret = given_secret(key_file, key_fd)
    days = None if lives is None else timedelta(days=lives)
    means = Means(secret=secret, vault=vault, space=space, lives=days)
    how = Reading(
        selection=Selection(parse_fields(field)),
        format=None if file_format is None else format_named(file_format),
        max_ratio=max_ratio,
    )
    files = list_files(subject)
    looking = load_detectors(installed_catalog(), detectors, policy)
    modes = parse_modes(entities, looking.entities)
    log = out.with_name(out.name + SUFFIX)
    with ExitStack() as stack, redacting(show) as on_progress:
        operators, otherwise = make_operators(modes, mode, looking.names, means, stack)
        redactor = Redactor(
            detectors=looking.detectors,
            operators=operators,
            otherwise=otherwise,
            looked_for=looking.looked_for,
        )
        treatment = Redacting(
            redactor=redactor, modes=modes, otherwise=mode, keeps_unread=keep_unread
        )
        settings = settings_of(
            looking, modes, mode, means, field=field, format=file_format, keep_unread=keep_unread
        )
        run = Run(
            files=files,
            how=how,
            treatment=treatment,
            target=out,
            log=log,
            settings=settings,
            keeps_unread=keep_unread,
            on_progress=on_progress,
        )
        try:
            made = redact_files(run)
        except (KeyboardInterrupt, Terminated):
            show.note("ended before it was whole: the same command goes on from here")
            raise
        left = _look_again(out, redactor, field, file_format) if verify else None
    for each in looking.blind_spots:
        show.note(f"note: {each}")
    if made.nulls:
        show.note(
            "note: cells of numbers and dates cannot hold such a replacement; they are null now, and "
            "nothing leads back to what they held"
        )
    show.result(_data(made, out, log, left), *_lines(made, out, log, left))
    if left is not None and left.counts:
        ctx.exit(ExitStatus.NOT_MET)
    if left is not None and left.unjudged:
        ctx.exit(ExitStatus.UNDECIDED)


def _look_again(out: Path, redactor: Redactor, field: str | None, form: str | None) -> Left:
    from assaymark.inputs.open import open_source
    from assaymark.model.subject import SubjectKind
    from assaymark.redaction.verifying import left_in

    source = open_source(str(out), kind=SubjectKind.DATASET, field=field, format=form)
    return left_in(source, redactor)


def _data(made: Progress, out: Path, log: Path, left: Left | None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "output": str(out),
        "log": str(log),
        "records": made.total,
        "changed": made.changed,
        "counts": dict(sorted(made.counts.items())),
        "nulls": dict(sorted(made.nulls.items())),
        "dropped": dict(sorted(made.dropped.items())),
        "withheld": dict(sorted(made.withheld.items())),
        "unread": dict(sorted(made.unread.items())),
    }
    if left is not None:
        data["left"] = {"counts": dict(left.counts), "unjudged": left.unjudged}
    return data


def _lines(made: Progress, out: Path, log: Path, left: Left | None) -> list[str]:
    lines = [f"{made.total:,} records, {made.changed:,} changed"]
    for title, counts in (
        ("replaced", made.counts),
        ("made null", made.nulls),
        ("dropped for", made.dropped),
        ("withheld", made.withheld),
        ("not read", made.unread),
    ):
        lines += [f"{title:<12} {number:>9,}  {name}" for name, number in sorted(counts.items())]
    if left is not None:
        lines += [f"{'still found':<12} {each:>9,}  {name}" for name, each in left.counts.items()]
        if left.unjudged:
            lines.append(f"{'not judged':<12} {left.unjudged:>9,}  texts or records")
        if not left.counts and not left.unjudged:
            lines.append("nothing is found in the output by the same detectors")
    return [*lines, f"output       {out}", f"change log   {log}"]
