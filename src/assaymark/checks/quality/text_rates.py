"""
Rates over records by what stands in their text, for checks that need no detector.

A subclass says what it sees in one text, or in a record as a whole; the rest is counting, as in
`assaymark.checks.rates`: a record with many hits of one kind counts once, one that could not be read may
hide any, and sums of whole numbers do not depend on how the rows fell into batches.

tests/checks/quality/test_encoding_damage.py, and tests/checks/test_contract.py for every check
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from assaymark.checks.quality.record_texts import RawRecord, TextSettings, raw_records
from assaymark.checks.rates import RowTally, add_counts
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Finding, Location, Severity, finding_at
from assaymark.model.measurement import Counts, Result, share

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assaymark.contracts.check import DetectionsById
    from assaymark.contracts.source import Batch


class Seen(NamedTuple):
    """One place where something was seen."""

    rule: str

    text: int | None = None
    """Index among the texts of the record; `None`: the record as a whole."""

    start: int = 0
    end: int = 0


class TextRateCheck(ABC):
    """A check that reports in what share of the records it saw something in the text.

    A subclass declares `meta` with the rate as first metric, its one label name among it, and `rules`, every
    value of that label. It overrides `seen`.
    """

    meta: ClassVar[CheckMeta]
    Settings: ClassVar[type[BaseModel]] = TextSettings
    rules: ClassVar[tuple[str, ...]]
    severity: ClassVar[Severity] = Severity.LOW

    def __init__(self, settings: Any, labels: Mapping[str, tuple[str, ...]]) -> None:  # noqa: ARG002 - it reads no detector
        self.settings = settings

    @abstractmethod
    def seen(self, record: RawRecord) -> Iterable[Seen]:
        """Yield what stands in one record, in the order of its places."""

    def start(self) -> RowTally:
        """Return the tally that has seen nothing."""
        return RowTally()

    def update(self, state: RowTally, batch: Batch, detections: DetectionsById) -> RowTally:  # noqa: ARG002 - it reads none
        """Count the records of `batch`."""
        hits: defaultdict[str, int] = defaultdict(int)
        for record in raw_records(batch, self.settings.fields):
            rules = {each.rule for each in self.seen(record)}
            for rule in {*rules, ""} if rules else ():
                hits[rule] += 1
        state.rows += batch.rows
        state.skipped += len(batch.skipped)
        state.hits = add_counts(state.hits, hits)
        return state

    def merge(self, a: RowTally, b: RowTally) -> RowTally:
        """Return the sum of both tallies."""
        return a.merge(b)

    def find(self, batch: Batch, detections: DetectionsById) -> Iterator[Finding]:  # noqa: ARG002 - likewise
        """Yield one finding for each place, by record."""
        for record in raw_records(batch, self.settings.fields):
            for each in self.seen(record):
                location = Location(
                    file=batch.file,
                    row=record.row,
                    line=record.line,
                    field="" if each.text is None else record.texts[each.text].field,
                    start=each.start,
                    end=each.end,
                )
                yield finding_at(self.meta.id, each.rule, location, self.severity)

    def finish(self, state: RowTally, *, sampled: bool) -> Iterator[Result]:
        """Yield the share of records with anything, and with each kind of it."""
        rate = self.meta.metrics[0]
        (name,) = rate.labels
        for label in ("", *self.rules):
            labels = ((name, label),) if label else ()
            counts = Counts(
                hits=state.hits.get(label, 0), judged=state.rows, unjudged=state.skipped
            )
            yield share(rate.name, self.meta.id, labels, counts, sampled=sampled)
