"""
What the commands of a log do with decision logs: say what is in one, prove one entry, judge such a proof.

A proof is two files: the entry as it stands in the log, and beside it `<entry>.tlog-proof`. Whoever gets both
and has the verifier key of the log needs nothing else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assaymark.cli.log_options import entries
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assaymark.attest.tlog.note import NoteKey
    from assaymark.attest.tlog.proof import LoggedEntry
    from assaymark.guard.decisions.search import Summary, Wanted

PROOF = ".tlog-proof"

_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An entry of a decision log, as a command line names it."""

    request_id: str | None
    index: int | None

    def __bool__(self) -> bool:
        """Whether one is named."""
        return self.request_id is not None or self.index is not None


def entry_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--request` and `--entry`, and hand the command a `Named`."""

    @click.option(
        "--request",
        "request_id",
        metavar="ID",
        help="Of a decision log: the decision on this request.",
    )
    @click.option(
        "--entry",
        "index",
        type=click.IntRange(min=0),
        metavar="N",
        help="Of a decision log: this entry.",
    )
    @functools.wraps(command)
    def wrapped(*args: Any, request_id: str | None, index: int | None, **kwargs: Any) -> Any:
        if request_id is not None and index is not None:
            raise UsageError("name one thing to prove: `--request` or `--entry`")
        return command(*args, named=Named(request_id=request_id, index=index), **kwargs)

    return wrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """What is acknowledged and under no checkpoint yet."""

    entries: int
    torn: int
    """Bytes that nobody was told are there."""

    @classmethod
    def beside(cls, directory: Path, log_key: NoteKey) -> Journal | None:
        """Read the journal of the decision log in `directory`; `None` where it has none.

        Raises:
            LogError: Acknowledged entries are missing.
        """
        from assaymark.attest.tlog.reader import LogReader
        from assaymark.attest.tlog.refusal import LogError
        from assaymark.guard.decisions.journal import JOURNAL, read_waiting

        folder = directory / JOURNAL
        if not folder.is_dir():
            return None
        for attempt in range(_TRIES):
            try:
                waiting = read_waiting(folder, LogReader.open(directory, log_key).size)
            except LogError:
                # A server at work moves entries from here to there while we look.
                if attempt == _TRIES - 1:
                    raise
                continue
            return cls(entries=len(waiting.entries), torn=waiting.torn)
        raise AssertionError  # the last try returns or raises

    def to_plain(self) -> dict[str, int]:
        """Return the form for `--json`."""
        return {"entries": self.entries, "tornBytes": self.torn}

    def lines(self) -> list[str]:
        """Return what to tell a person."""
        lines = []
        if self.entries:
            lines.append(
                f"journal    {entries(self.entries)} acknowledged, under no checkpoint yet"
            )
        if self.torn:
            lines.append(f"torn       {self.torn:,} bytes that were never acknowledged")
        return lines


def summary_plain(summary: Summary) -> dict[str, Any]:
    """Return what is in a decision log, for `--json`."""
    return {
        "decisions": summary.decisions,
        "verdicts": dict(sorted(summary.verdicts.items())),
        "open": sorted(summary.open),
        "shadows": summary.shadows,
        "events": summary.events,
        "unlogged": summary.unlogged,
        "refused": summary.refused,
    }


def summary_lines(summary: Summary) -> list[str]:
    """Return what is in a decision log, for a person."""
    verdicts = ", ".join(f"{name} {count:,}" for name, count in sorted(summary.verdicts.items()))
    lines = [f"decisions  {summary.decisions:,}{f' ({verdicts})' if verdicts else ''}"]
    if summary.open:
        count = "1 stream" if len(summary.open) == 1 else f"{len(summary.open):,} streams"
        lines.append(f"open       {count} without a decision")
    if summary.shadows:
        lines.append(f"shadows    {summary.shadows:,}")
    lines.append(f"events     {summary.events:,}")
    if summary.unlogged or summary.refused:
        lines.append(
            f"missing    {summary.unlogged:,} answers left unlogged, {summary.refused:,} were refused"
        )
    return lines


def prove_entry(directory: Path, log_key: NoteKey, named: Named) -> tuple[int, int, bytes, bytes]:
    """Return index, size of the log, entry and proof of one entry of a decision log.

    Args:
        directory: The log.
        log_key: Its key.
        named: Which entry; of several decisions under one id the last.

    Raises:
        UsageError: There is none.
        LogError: The log does not hold at that place, or is no decision log.
    """
    from assaymark.attest.tlog.reader import LogReader
    from assaymark.attest.tlog.tiles import TILE_WIDTH
    from assaymark.guard.decisions.entry import parse_entry
    from assaymark.guard.decisions.search import Wanted

    reader = LogReader.open(directory, log_key)
    index = named.index
    if index is None:
        index = _index_of(reader.entries(), Wanted(request_id=named.request_id))
    if index is None or index >= reader.size:
        by_id = named.request_id is not None
        sought = f"decision on `{named.request_id}`" if by_id else f"entry {index}"
        raise UsageError(
            f"there is no {sought} among the {reader.size:,} entries of the log",
            hint="search with `assaymark log search`; what was decided just now is sealed within seconds",
        )
    entry = reader.bundle(index // TILE_WIDTH)[index % TILE_WIDTH]
    parse_entry(entry)
    return index, reader.size, entry, reader.prove_inclusion(index).render()


def _index_of(found: Any, wanted: Wanted) -> int | None:
    from assaymark.guard.decisions.search import Search

    search = Search(wanted, most=1)
    for each in found:
        search.take(each)
    return next((each.index for each in search.found()), None)


def verify_entry(
    file: Path,
    log_key: NoteKey,
    witnesses: Sequence[NoteKey],
    threshold: int,
    read: Callable[[Path], bytes],
) -> LoggedEntry:
    """Demand that the entry in `file` stands in a log, as the proof beside it says.

    Raises:
        LogError: It does not, or it is no entry of a decision log.
        UsageError: There is no proof beside it.
    """
    from datetime import UTC, datetime

    from assaymark.attest.tlog.proof import verify_proof
    from assaymark.guard.decisions.entry import parse_entry

    beside = file.with_name(file.name + PROOF)
    if not beside.is_file():
        raise UsageError(
            f"`{file}` is no log, and there is no proof `{beside.name}` beside it",
            hint="name the directory of a log, or what `log prove -o` wrote, with its proof beside it",
        )
    entry, proof = read(file), read(beside)
    found = verify_proof(entry, proof, log_key, witnesses, threshold, now=datetime.now(UTC))
    parse_entry(entry)
    return found
