"""`assaymark diff`: what changed from one version of a dataset, or of evidence, to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assaymark.cli.exit_status import ExitStatus
from assaymark.cli.output_folder import EVIDENCE
from assaymark.cli.reading import reading_options
from assaymark.cli.show import Show, output_options
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assaymark.engine.comparison.changes import Change, Limits
    from assaymark.engine.comparison.profile import Profile
    from assaymark.engine.held import HeldDetector

_DETECTORS = "pii-patterns,secrets"
_SHARE = click.FloatRange(min=0, max=1, min_open=True)


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--column",
    "columns",
    metavar="C",
    multiple=True,
    help="Compare the values of this column, too: a label, a number. Repeatable.",
)
@click.option(
    "--detectors",
    metavar="ID,…",
    default=_DETECTORS,
    show_default=True,
    help="Compare in how many rows these see something; `none` for none.",
)
@click.option(
    "--psi",
    type=click.FloatRange(min=0, min_open=True),
    default=0.25,
    show_default=True,
    metavar="X",
    help="Limit of a population stability index.",
)
@click.option(
    "--distance",
    type=_SHARE,
    default=0.1,
    show_default=True,
    metavar="X",
    help="Limit of a Kolmogorov-Smirnov distance or Jensen-Shannon divergence.",
)
@click.option(
    "--points",
    type=_SHARE,
    default=0.05,
    show_default=True,
    metavar="X",
    help="Limit of a difference of two shares.",
)
@click.option(
    "--confidence",
    type=click.FloatRange(min=0.5, max=1, max_open=True),
    default=0.95,
    show_default=True,
    metavar="P",
    help="Of all comparisons together.",
)
@click.option("--all", "everything", is_flag=True, help="List what is within its limit, too.")
@reading_options
@output_options
@click.pass_context
def command(  # noqa: PLR0913 - one keyword for each option
    ctx: click.Context,
    show: Show,
    old: str,
    new: str,
    *,
    columns: tuple[str, ...],
    detectors: str,
    psi: float,
    distance: float,
    points: float,
    confidence: float,
    everything: bool,
    field: str | None,
    file_format: str | None,
    max_ratio: float,
) -> None:
    r"""Say what changed from OLD to NEW, by how much, and how sure that is.

    Both are datasets, or evidence (an `evidence.json`, or the folder that holds one). Where both are the same
    bytes there is no difference, and nothing is compared. Of datasets are
    compared: unreadable and empty records, fields, text lengths, scripts, repeated texts, the columns that
    --column names, and the rows in which detectors see something. Both are taken as samples of what makes
    such data. A change is beyond its limit where even the lower end of its interval is, within where even
    the upper end is, and else open: few rows show little. No value of the data is shown.

    \b
    Exit status:
      0  both are the same bytes, or every change is within its limit
      1  at least one is beyond
      2  the command line or the data are wrong
      3  none is beyond, but at least one is open or could not be compared
    """
    from assaymark.engine.comparison.changes import Limits, Outcome
    from assaymark.engine.comparison.wording import lines_of, to_plain

    bounds = Limits(psi=psi, distance=distance, points=points)
    evidence = [_evidence_at(each) for each in (old, new)]
    head: dict[str, Any] = {}
    lines: list[str] = []
    if evidence[0] is not None and evidence[1] is not None:
        if columns or field or file_format:
            raise UsageError(
                "`--column`, `--field` and `--format` are for datasets, not for evidence"
            )
        is_same = _same_evidence(evidence[0], evidence[1])
        changes = () if is_same else _of_evidence(evidence[0], evidence[1], bounds, confidence)
    elif evidence[0] is not None or evidence[1] is not None:
        raise UsageError(
            f"one of `{old}` and `{new}` is evidence and the other is not",
            hint="name two datasets, or two evidence files",
        )
    else:
        options = {"field": field, "format": file_format, "max_ratio": max_ratio}
        loaded = _loaded(detectors)
        profiles = [_profile(each, loaded, columns, options, show) for each in (old, new)]
        is_same = profiles[0].is_same_as(profiles[1])
        changes = () if is_same else _of_profiles(profiles, bounds, confidence)
        head, lines = _heads(profiles)
    outcomes = {each.outcome for each in changes}
    plain = {**head, "identical": is_same, "changes": [to_plain(each) for each in changes]}
    if is_same:
        show.result(plain, *lines, "no difference: both are the same bytes")
        return
    show.result(plain, *lines, *lines_of(changes, everything=everything))
    if Outcome.BEYOND in outcomes:
        ctx.exit(ExitStatus.NOT_MET)
    # Nothing that was compared is nothing that is known.
    if Outcome.OPEN in outcomes or not outcomes & {Outcome.WITHIN}:
        ctx.exit(ExitStatus.UNDECIDED)


def _evidence_at(place: str) -> Path | None:
    """Return the evidence that `place` is or holds, if it is any."""
    path = Path(place)
    if path.is_dir():
        return path / EVIDENCE if (path / EVIDENCE).is_file() else None
    return path if path.name.endswith(EVIDENCE) and path.is_file() else None


def _same_evidence(old: Path, new: Path) -> bool:
    """Return whether both hold the same bytes, which have to be evidence for that to say anything.

    Raises:
        EvidenceError: They are none.
    """
    from assaymark.cli.report_paths import read_document
    from assaymark.policy.replay import read_evidence

    data = read_document(old)
    read_evidence(data)
    return data == read_document(new)


def _of_evidence(old: Path, new: Path, bounds: Limits, confidence: float) -> Sequence[Change]:
    from assaymark.cli.report_paths import read_document
    from assaymark.engine.catalog import installed_catalog
    from assaymark.engine.comparison.measured import compare_evidence
    from assaymark.model.metric import Direction
    from assaymark.policy.replay import read_evidence

    metrics = installed_catalog().metrics
    plain = {name for name, (each, _) in metrics.items() if each.direction is Direction.EITHER}
    before, after = (read_evidence(read_document(each)) for each in (old, new))
    return compare_evidence(before, after, bounds, confidence=confidence, plain=plain)


def _loaded(detectors: str) -> Mapping[str, HeldDetector]:
    from assaymark.engine.catalog import installed_catalog
    from assaymark.engine.held import HeldDetector
    from assaymark.errors import RegistryError

    specs = installed_catalog().detectors
    names = [] if detectors == "none" else [each.strip() for each in detectors.split(",")]
    for name in names:
        if name not in specs:
            known = ", ".join(specs)
            raise RegistryError(f"no detector `{name}` is installed", hint=f"choose from {known}")
    return {name: HeldDetector(specs[name], {}) for name in dict.fromkeys(names)}


def _profile(
    place: str,
    detectors: Mapping[str, HeldDetector],
    columns: tuple[str, ...],
    options: Mapping[str, Any],
    show: Show,
) -> Profile:
    from assaymark.cli.progress import progress
    from assaymark.engine.comparison.profile import profile
    from assaymark.engine.run import Progress
    from assaymark.inputs.open import open_source
    from assaymark.model.subject import SubjectKind

    source = open_source(place, kind=SubjectKind.DATASET, columns=columns, **options)
    with progress(show) as update:
        found = profile(
            source,
            detectors,
            columns,
            on_rows=lambda rows: update(Progress(subject=source.name, rows=rows, findings=0)),
        )
    found.subject = source.subject()
    return found


def _of_profiles(
    profiles: Sequence[Profile], bounds: Limits, confidence: float
) -> Sequence[Change]:
    from assaymark.engine.comparison.changes import compare

    old, new = profiles
    return compare(old, new, bounds, confidence=confidence)


def _heads(profiles: Sequence[Profile]) -> tuple[dict[str, Any], list[str]]:
    """Return what the versions are, for scripts and for people."""
    import numpy as np

    old, new = profiles
    shared = len(np.intersect1d(old.distinct(), new.distinct(), assume_unique=True))
    head = {
        side: {
            "name": each.name,
            "records": each.read + each.skipped,
            "texts": len(each.distinct()),
        }
        for side, each in (("old", old), ("new", new))
    }
    lines = [
        f"{side}: {each['name']}, {each['records']:,} records, {each['texts']:,} distinct texts"
        for side, each in head.items()
    ]
    return {**head, "sharedTexts": shared}, [*lines, f"{shared:,} texts are in both"]
