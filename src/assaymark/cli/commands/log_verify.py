"""`assaymark log verify`: a whole log, against itself, its witnesses and the past; or one proved entry."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assaymark.cli.decision_log import Journal, summary_lines, summary_plain, verify_entry
from assaymark.cli.log_options import (
    entries,
    head_store,
    log_key_option,
    note_key,
    place,
    witness_option,
)
from assaymark.cli.report_paths import read_document
from assaymark.cli.show import Show, output_options

if TYPE_CHECKING:
    from assaymark.attest.tlog.proof import LoggedEntry
    from assaymark.attest.tlog.verify import LogSummary


@click.command("verify")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, exists=True))
@log_key_option
@witness_option
@click.option(
    "--witnesses",
    "threshold",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="How many of the witnesses must have signed the checkpoint.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Remember the log here, and refuse one that forgot or rewrote what was seen.",
)
@click.option(
    "--reports-only", is_flag=True, help="Demand that every entry is about a signed statement."
)
@click.option(
    "--decisions-only",
    is_flag=True,
    help="Demand that every entry is one of a decision log, and count them.",
)
@output_options
def command(
    show: Show,
    directory: Path,
    *,
    log_vkey: str,
    witness_vkeys: tuple[str, ...],
    threshold: int,
    state: Path | None,
    reports_only: bool,
    decisions_only: bool,
) -> None:
    r"""Make the tree of the log in DIR anew from its entries and compare every file and the checkpoint.

    DIR may also be an entry of a decision log in a file that `log prove` wrote, with its proof beside it.

    \b
    Exit status:
      0  the log holds, or the entry is in it
      2  the command line, a key or a path is wrong
      4  it does not hold, it is smaller than it was, or it says two things about one past
    """
    from assaymark.attest.tlog.verify import verify_log
    from assaymark.guard.decisions.search import Summary

    log_key = note_key(log_vkey)
    witnesses = [note_key(each) for each in witness_vkeys]
    if directory.is_file():
        found = verify_entry(directory, log_key, witnesses, threshold, read_document)
        show.result(_plain_entry(found), *_lines_of_entry(found))
        return
    counted = Summary()
    summary = verify_log(
        directory,
        log_key,
        heads=head_store(state, "heads.json"),
        witnesses=witnesses,
        threshold=threshold,
        now=datetime.now(UTC),
        reports_only=reports_only,
        on_entry=counted.take if decisions_only else lambda _: None,
    )
    journal = Journal.beside(directory, log_key)
    data, lines = _plain(summary), _lines(summary, remembers=state is not None)
    if decisions_only:
        data["decisions"] = summary_plain(counted)
        lines += summary_lines(counted)
    if journal is not None:
        data["journal"] = journal.to_plain()
        lines += journal.lines()
    show.result(data, *lines)


def _plain_entry(found: LoggedEntry) -> dict[str, Any]:
    from assaymark.model.codec import format_time

    return {
        "holds": True,
        "origin": found.checkpoint.origin,
        "index": found.index,
        "size": found.checkpoint.size,
        "witnesses": [
            {"name": each.witness.name, "at": format_time(each.at)} for each in found.cosignatures
        ],
    }


def _lines_of_entry(found: LoggedEntry) -> list[str]:
    from assaymark.model.codec import format_time

    return [
        "the entry is in the log",
        f"origin     {found.checkpoint.origin}",
        f"stands     {place(found.index, found.checkpoint.size)}",
        *(
            f"witness    {each.witness.name} at {format_time(each.at)}"
            for each in found.cosignatures
        ),
    ]


def _plain(summary: LogSummary) -> dict[str, Any]:
    from assaymark.model.codec import format_time

    head, seen = summary.checkpoint, summary.seen_before
    return {
        "holds": True,
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "witnesses": [
            {"name": each.witness.name, "at": format_time(each.at)} for each in summary.cosignatures
        ],
        "seenBefore": None if seen is None else {"size": seen.size, "root": seen.root.hex()},
        "leftovers": list(summary.leftovers),
    }


def _lines(summary: LogSummary, *, remembers: bool) -> list[str]:
    from assaymark.model.codec import format_time

    head, seen = summary.checkpoint, summary.seen_before
    lines = ["the log holds", f"origin     {head.origin}", f"size       {entries(head.size)}"]
    lines.append(f"root       {head.root.hex()}")
    lines += [
        f"witness    {each.witness.name} at {format_time(each.at)}" for each in summary.cosignatures
    ]
    if seen is not None:
        lines.append(f"before     continues the {seen.size:,} that were seen before")
    elif remembers:
        lines.append("before     seen for the first time, so nothing speaks against a rollback")
    else:
        lines.append("before     not compared; `--state DIR` remembers what was seen")
    if summary.leftovers:
        count = len(summary.leftovers)
        lines.append(
            f"leftovers  {count} of an append that was not finished; the next one clears them"
        )
    return lines
