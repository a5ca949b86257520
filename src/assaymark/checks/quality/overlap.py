"""
Records that share runs of words with references: the counting behind leakage and contamination.

The state is whole numbers and the runs that were found, each once, so it is as large as the overlap, and
the order of batches changes nothing. tests/checks/quality/test_train_test_leakage.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from assaymark.checks.quality.record_texts import RecordText, record_place, record_texts
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Finding, Location, Severity, finding_at

if TYPE_CHECKING:
    from assaymark.checks.quality.references import References
    from assaymark.contracts.check import DetectionsById
    from assaymark.contracts.source import Batch

_MOST_CHUNKS = 64


@dataclass(slots=True)
class OverlapTally:
    """What was found so far."""

    rows: int = 0
    skipped: int = 0

    hits: int = 0
    """Records with at least one run of a reference."""

    chunks: list[Any] = field(default_factory=list)
    """Arrays of the indices of runs that were found."""

    def merge(self, other: OverlapTally) -> OverlapTally:
        """Return the sum of both."""
        merged = OverlapTally(
            rows=self.rows + other.rows,
            skipped=self.skipped + other.skipped,
            hits=self.hits + other.hits,
            chunks=[*self.chunks, *other.chunks],
        )
        if len(merged.chunks) > _MOST_CHUNKS:
            merged.chunks = [merged.found()]
        return merged

    def found(self) -> Any:
        """Return the index of every run that was found, ascending."""
        import numpy as np

        return np.unique(np.concatenate([np.zeros(0, np.int64), *self.chunks]))


class _Overlapping(NamedTuple):
    """A record that shares a run with a reference."""

    record: RecordText
    first: int
    """The first run of it that is a reference's, as an index of runs."""


class OverlapCheck:
    """A check that compares records with the references of its settings; a subclass says what it reports."""

    meta: ClassVar[CheckMeta]
    rule: ClassVar[str]
    severity: ClassVar[Severity] = Severity.MEDIUM

    def __init__(self, settings: Any, labels: Mapping[str, tuple[str, ...]]) -> None:  # noqa: ARG002 - it reads no detector
        self.settings = settings
        # Read at once, so that a reference that is not there ends the audit before it begins.
        self.references: References | None = None
        if settings.references:
            from assaymark.checks.quality.references import load_references

            self.references = load_references(settings.references, settings.words)

    def start(self) -> OverlapTally:
        """Return the tally that has seen nothing."""
        return OverlapTally()

    def update(self, state: OverlapTally, batch: Batch, detections: DetectionsById) -> OverlapTally:  # noqa: ARG002 - it reads none
        """Look the texts of `batch` up."""
        seen = OverlapTally(rows=batch.rows, skipped=len(batch.skipped))
        if self.references is not None:
            overlapping, runs = self._overlapping(self.references, batch)
            seen.hits = len(overlapping)
            seen.chunks = [runs] if len(runs) else []
        return state.merge(seen)

    def merge(self, a: OverlapTally, b: OverlapTally) -> OverlapTally:
        """Return the sum of both tallies."""
        return a.merge(b)

    def find(self, batch: Batch, detections: DetectionsById) -> Iterator[Finding]:  # noqa: ARG002 - likewise
        """Yield one finding for each record with a run of a reference, and where that run stands first."""
        if self.references is None:
            return
        for record, run in self._overlapping(self.references, batch)[0]:
            origin = self.references.records[int(self.references.owners[run])]
            location = record_place(batch.file, record.row, record.line)
            yield finding_at(
                self.meta.id,
                self.rule,
                location,
                self.severity,
                other=Location(
                    file=origin.file, row=origin.row, line=None, field="", start=0, end=0
                ),
            )

    def _overlapping(self, references: References, batch: Batch) -> tuple[list[_Overlapping], Any]:
        import numpy as np

        from assaymark.checks.quality.minhash import runs_of

        records = list(record_texts(batch, self.settings.fields))
        runs = runs_of([each.text for each in records], self.settings.words)
        # A text of fewer words than a run is hashed whole, and is no run of a reference.
        places = np.where(
            runs.words[runs.owners] >= self.settings.words, references.look_up(runs.hashes), -1
        )
        is_found = places >= 0
        owners, first = np.unique(runs.owners[is_found], return_index=True)
        found = places[is_found]
        overlapping = [
            _Overlapping(records[owner], int(found[at]))
            for owner, at in zip(owners.tolist(), first.tolist(), strict=True)
        ]
        return overlapping, np.unique(found)
