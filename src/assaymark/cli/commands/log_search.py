"""`assaymark log search`: decisions in a decision log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assaymark.cli.log_options import LOG_DIR, log_key_option, note_key
from assaymark.cli.moments import Moment
from assaymark.cli.show import Show, output_options

if TYPE_CHECKING:
    from assaymark.guard.decisions.search import Found, Search

_VERDICT = click.Choice(["allow", "flag", "redact", "block"])
_KIND = click.Choice(["decision", "begun", "shadow", "event"])


@click.command("search")
@click.argument("directory", metavar="DIR", type=LOG_DIR)
@log_key_option
@click.option("--since", type=Moment(), metavar="TIME", help="From this time on.")
@click.option("--until", type=Moment(), metavar="TIME", help="Before this time.")
@click.option("--verdict", "verdicts", multiple=True, type=_VERDICT, help="With this verdict.")
@click.option("--entity", "entities", multiple=True, metavar="NAME", help="Where this was found.")
@click.option("--policy", metavar="SHA256", help="Under this policy; the first digits are enough.")
@click.option("--tenant", metavar="NAME", help="Of this tenant.")
@click.option("--api", metavar="NAME", help="Of this API, such as `chat.completions`.")
@click.option("--request", "request_id", metavar="ID", help="On this request.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=_KIND,
    help="What kind of entries, `decision` by default; may be repeated.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="Show so many, the latest ones.",
)
@output_options
def command(
    show: Show,
    /,
    directory: Path,
    *,
    log_vkey: str,
    kinds: tuple[str, ...],
    limit: int,
    verdicts: tuple[str, ...],
    entities: tuple[str, ...],
    **wanted: Any,
) -> None:
    r"""Find entries of the decision log in DIR. All that is asked for has to fit.

    The whole log is verified in the same pass, so what is shown stands in it. TIME is such as 2026-01-31,
    2026-01-31T12:00:00Z, or 90m, 12h or 7d for so long ago.

    \b
    Exit status:
      0  the log holds; also where nothing was found
      2  the command line, a key or a path is wrong
      4  the log does not hold, or it is no decision log
    """
    from assaymark.attest.tlog.verify import verify_log
    from assaymark.guard.decisions.search import Search, Wanted

    search = Search(
        Wanted(
            verdicts=frozenset(verdicts),
            entities=frozenset(entities),
            kinds=frozenset(kinds or ("decision",)),
            **wanted,
        ),
        most=limit,
    )
    verify_log(directory, note_key(log_vkey), on_entry=search.take)
    show.result(_plain(search), *_lines(search))


def _plain(search: Search) -> dict[str, Any]:
    found = [{"index": each.index, "entry": json.loads(each.data)} for each in search.found()]
    return {"entries": search.seen, "fitting": search.fitting, "shown": len(found), "found": found}


def _lines(search: Search) -> list[str]:
    found = list(search.found())
    lines = [_line(each) for each in found]
    which = f"the last {len(found):,} of them" if len(found) < search.fitting else "all of them"
    shown = f", {which} above" if found else ""
    return [*lines, f"{search.fitting:,} of {search.seen:,} entries fit{shown}"]


def _line(found: Found) -> str:
    from assaymark.guard.decisions.records import GuardEvent, LoggedDecision, StreamBegun

    entry = found.entry
    if isinstance(entry, GuardEvent):
        detail = ", ".join(
            f"{name} {value}"
            for name, value in sorted(entry.detail.items())
            if isinstance(value, str | int | float)
        )
        return f"{found.index}  {entry.time}  {entry.event}  {detail}"
    words = [str(found.index), entry.time, entry.verdict.value, entry.request_id or "-"]
    words.append(entry.tenant or "-")
    if isinstance(entry, StreamBegun):
        return "  ".join([*words, entry.api, "begun"])
    entities = sorted({each.entity for each in entry.findings if each.entity})
    if isinstance(entry, LoggedDecision):
        words += [entry.api, entry.outcome]
    else:
        words += [f"shadow {entry.policy[:12]}", f"was {entry.enforced.value}"]
    return "  ".join([*words, ", ".join(entities)]).rstrip()
