"""`assaymark export`: what an audit learned, in forms that inventories, catalogues and authorities read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from assaymark.cli.exporting import FORMS, collected, demand_ending, written
from assaymark.cli.report_paths import REPORT, evidence_in
from assaymark.cli.show import Show, output_options
from assaymark.errors import UsageError


@click.command("export")
@click.argument("evidence", type=REPORT)
@click.option(
    "--as",
    "form",
    type=click.Choice(list(FORMS)),
    default="cyclonedx",
    show_default=True,
    help="The form; see below.",
)
@click.option(
    "--manifest",
    "manifests",
    metavar="PATH",
    multiple=True,
    help="A document about the dataset; may be given several times.",
)
@click.option(
    "--created",
    metavar="TIME",
    help="When the document counts as made, for SPDX. Else the report's decision, else now.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="A new file.",
)
@output_options
def command(
    show: Show,
    evidence: Path,
    *,
    form: str,
    manifests: tuple[str, ...],
    created: str | None,
    output: Path,
) -> None:
    r"""Write what an audit learned of its subjects in a form that others read.

    EVIDENCE is an `evidence.json` or the folder that holds one. Documents that `--manifest` names add
    licences, sources and files; they are about the one dataset, or the one subject there is. It states
    what was measured and no verdict: that stands in the signed report, which is named by its digest where
    it lies beside the evidence. Whether its signature holds is asked with `assaymark verify`.

    \b
    Forms:
      cyclonedx         CycloneDX 1.6, a bill of materials with data and models
      spdx              SPDX 3.0.1, with the Dataset and AI profiles
      croissant         Croissant 1.1 with RAI, of one dataset
      training-summary  draft of the summary that Article 53(1)(d) of the EU AI Act demands; .md or .docx
      datasheet         a datasheet of one dataset, after Gebru and others; .md or .docx

    \b
    Exit status:
      0  it is written
      2  the evidence or a document cannot be used, or the file is there already
      4  the report beside the evidence is none, or about other evidence
    """
    from assaymark.cli.new_file import write_new

    demand_ending(form, output)
    exported = collected(evidence_in(evidence), manifests, _moment(created))
    write_new(output, written(form, output, exported))
    problems = exported.manifest.problems
    told = {
        "output": str(output),
        "form": form,
        "madeFrom": dict(exported.origin.digests()),
        "notUnderstood": list(problems),
    }
    show.result(told, f"wrote `{output}`", *(f"  not understood: {each}" for each in problems))


def _moment(text: str | None) -> datetime | None:
    from assaymark.errors import EvidenceError
    from assaymark.model.codec import parse_time

    if text is None:
        return None
    try:
        return parse_time(text)
    except EvidenceError:
        raise UsageError(
            "`--created` is no time", hint="write it as `2026-01-31T12:00:00Z`"
        ) from None
