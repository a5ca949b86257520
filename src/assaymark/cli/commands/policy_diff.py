"""`assaymark policy diff`: what changes when one policy takes another's place."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from assaymark.cli.completing import POLICY
from assaymark.cli.report_paths import REPORT, evidence_in, read_document
from assaymark.cli.show import Show, output_options


@click.command("diff")
@click.argument("before", metavar="A", type=POLICY)
@click.argument("after", metavar="B", type=POLICY)
@click.option("--evidence", type=REPORT, metavar="PATH", help="Decide this evidence under both.")
@output_options
def command(show: Show, before: str, after: str, *, evidence: Path | None) -> None:
    """Show what policy B tightens, loosens, adds and removes compared with policy A.

    With --evidence, an `evidence.json` or the folder that holds one, also which verdicts come out
    differently. Nothing is scanned.
    """
    from assaymark.engine.catalog import installed_catalog
    from assaymark.policy.difference import difference
    from assaymark.policy.load import load_policy
    from assaymark.policy.replay import read_evidence

    catalog = installed_catalog()
    found = difference(
        load_policy(before, catalog),
        load_policy(after, catalog),
        catalog,
        evidence=None if evidence is None else read_evidence(read_document(evidence_in(evidence))),
        now=datetime.now(UTC),
    )
    show.result(found.to_plain(), found.render())
