"""`assaymark guard replay`: logged decisions under another policy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assaymark.cli.completing import POLICY
from assaymark.cli.log_options import LOG_DIR, log_key_option, note_key
from assaymark.cli.moments import Moment
from assaymark.cli.show import Show, output_options

if TYPE_CHECKING:
    from assaymark.guard.life.replay import Replay

_WORDS = {
    "same": "would be as they were",
    "stricter": "would be stricter",
    "laxer": "would be laxer",
    "unknown": "cannot be told from the log alone",
}


@click.command("replay")
@click.argument("directory", metavar="LOG", type=LOG_DIR)
@click.option(
    "--policy", required=True, metavar="NEW", type=POLICY, help="The policy to decide by."
)
@click.option("--since", type=Moment(), metavar="TIME", help="From this time on.")
@click.option("--until", type=Moment(), metavar="TIME", help="Before this time.")
@log_key_option
@output_options
def command(
    show: Show, directory: Path, *, policy: str, since: str | None, until: str | None, log_vkey: str
) -> None:
    r"""Decide the decisions in the decision log LOG again, by any policy, without their texts.

    The log has what was found, where, and how sure a detector was. So actions, thresholds and entities are
    decided again. What nobody looked for then, what another version of a detector may find, and what came
    after a block is not in the log; such decisions are counted apart, with the reasons. A TIME is a day, a
    moment (2026-01-31T12:00:00Z) or so long ago (7d); the log is verified as a whole all the same.

    \b
    Exit status:
      0  the decisions were decided again, whatever came of it
      2  the policy, the command line, a key or a path is wrong
      4  the log does not hold, or it is no decision log
    """
    from assaymark.attest.tlog.verify import verify_log
    from assaymark.engine.catalog import installed_catalog
    from assaymark.guard.life.replay import Replay, known_of
    from assaymark.guard.life.watching import ShadowMaker
    from assaymark.policy.load import load_policy

    catalog = installed_catalog()
    loaded = load_policy(policy, catalog)
    replay = Replay(known_of(loaded, ShadowMaker(catalog)), since=since or "", until=until)
    verify_log(directory, note_key(log_vkey), on_entry=replay.take)
    show.result(
        {"policy": {"name": loaded.name, "sha256": loaded.digest}, **replay.to_plain()},
        f"{loaded.name} {loaded.version}, sha256:{loaded.digest}",
        *_lines(replay),
    )


def _lines(replay: Replay) -> list[str]:
    counts = replay.comparisons
    lines = [f"{replay.decisions:,} decisions were decided again"]
    lines += [f"  {counts[name]:,} {words}" for name, words in _WORDS.items() if counts[name]]
    changes = [each for each in sorted(replay.outcomes.items()) if each[0][0] != "same"]
    for (_, was, low, high), count in changes:
        now = low if low == high else f"{low} to {high}"
        lines.append(f"    {count:,}: {was} then, {now} now")
    if replay.reasons:
        lines.append("why not")
        lines += [
            f"  {count:,}: {reason}"
            for reason, count in sorted(
                replay.reasons.items(), key=lambda each: (-each[1], each[0])
            )
        ]
    for name, ids in sorted(replay.named.items()):
        lines.append(f"{name}, for example: {', '.join(ids)}")
    if replay.unlogged:
        lines.append(f"{replay.unlogged:,} decisions are not in the log, as it says itself")
    return lines
