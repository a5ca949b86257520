"""The data that a command line names: opened as sources, or known by digest before the long work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.contracts.source import Source
    from assaymark.inputs.oci import OciName
    from assaymark.model.subject import Sha256


def digests_of(locations: tuple[str, ...]) -> frozenset[Sha256] | None:
    """Hash what will be judged; `None` where that would fetch it or use it up."""
    from assaymark.inputs.identity import identity_of
    from assaymark.inputs.locations import STDIN, scheme_of

    if any(each == STDIN or scheme_of(each) is not None for each in locations):
        return None
    return frozenset(identity_of(each).digest for each in locations)


def sources_of(
    datasets: tuple[str, ...],
    outputs: tuple[str, ...],
    model_files: tuple[str, ...],
    *,
    field: str | None,
    file_format: str | None,
    max_ratio: float,
    manifest: str | None,
    columns: tuple[str, ...],
) -> list[Source]:
    """Open the data.

    Raises:
        UsageError: A manifest is to describe something else than one dataset, or an option is out of range.
        InputError: Something cannot be read.
    """
    from assaymark.inputs.open import open_source
    from assaymark.model.subject import SubjectKind

    if manifest is not None and len(datasets) != 1:
        raise UsageError(
            f"`--manifest` describes one dataset, got {len(datasets)}",
            hint="audit one dataset at a time, or put the document beside the data",
        )
    return [
        open_source(
            path,
            kind=kind,
            field=field,
            format=file_format,
            max_ratio=max_ratio,
            manifest=document,
            columns=columns,
        )
        for kind, paths, document in (
            (SubjectKind.DATASET, datasets, manifest),
            (SubjectKind.OUTPUTS, outputs, None),
            (SubjectKind.MODEL, model_files, None),
        )
        for path in paths
    ]


def stated_names(images: tuple[str, ...], subjects: int, *, is_signed: bool) -> list[OciName]:
    """Read the names after `--as`; before the long work, refuse what could not be signed after it."""
    from assaymark.attest.statement_subjects import demand_one_audited, demand_signable
    from assaymark.inputs.oci import parse_oci_name

    names = [parse_oci_name(each) for each in images]
    if is_signed:
        demand_signable(subjects + len(names))
    if not names:
        return names
    if not is_signed:
        raise UsageError("`--as` is a word of the signed report", hint="sign it: `--key KEY`")
    demand_one_audited(subjects)
    if len({each.digest for each in names}) != len(names):
        raise UsageError("`--as` names one digest twice", hint="one name for each digest is enough")
    return names
