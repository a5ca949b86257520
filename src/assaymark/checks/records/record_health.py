"""The records themselves. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from assaymark.checks.rates import NoSettings, add_counts
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Finding, Location, Severity, finding_at
from assaymark.model.measurement import Counts, NotMeasured, Result, count, share
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assaymark.contracts.check import DetectionsById
    from assaymark.contracts.source import Batch


@dataclass(slots=True)
class RecordTally:
    """Records counted so far."""

    read: int = 0
    empty: int = 0
    skipped: int = 0

    unread: dict[str, int] = field(default_factory=dict)
    """Field to the records whose value there nobody looked at."""


class RecordHealth:
    """How many records there are, how many hold no text, and how many could not be read.

    ## Why it matters
    Every other rate is a share of these records. A file that lost half of its lines, or a column that
    came through empty, makes a dataset look clean because there is nothing left to look at. This check
    says how much was there to be judged, so that a policy can demand it.

    ## Remediation
    Open the listed records: each finding names the file, the record, the line and why it could not be
    read. Repair the export that wrote them rather than the file. For empty records, check that the
    right column was chosen (`--field`). The report names the fields nobody looked at: judge all of them,
    or remove what cannot be judged from the data.

    ## Known limits
    Empty means white space only; a record of filler such as `n/a` counts as text. How many records an
    unreadable stretch holds is known only where the format has record borders, such as lines. Empty
    records are counted, not listed. Where rows are sampled, these numbers are still about all of them.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="record-health",
        family="records",
        summary="how many records there are, and how many are empty or unreadable",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name="records.count",
                summary="records that were read",
                unit=Unit.COUNT,
                direction=Direction.EITHER,
            ),
            Metric(
                name="records.empty-rate",
                summary="share of records that hold no text but white space",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
            ),
            Metric(
                name="records.unreadable-rate",
                summary="share of records that could not be read",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                rules=("*",),
            ),
            Metric(
                name="records.unread-fields",
                summary="fields whose values nobody looked at",
                unit=Unit.COUNT,
                direction=Direction.LOWER,
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
    )
    Settings: ClassVar[type[BaseModel]] = NoSettings

    def __init__(self, settings: NoSettings, labels: Mapping[str, tuple[str, ...]]) -> None:
        pass

    def start(self) -> RecordTally:
        """Return the tally that has seen nothing."""
        return RecordTally()

    def update(self, state: RecordTally, batch: Batch, detections: DetectionsById) -> RecordTally:  # noqa: ARG002 - it reads none
        """Count the records of `batch`."""
        state.read += batch.rows
        state.empty += batch.empty
        state.skipped += sum(not each.whole_file for each in batch.skipped)
        state.unread = add_counts(state.unread, batch.unread)
        return state

    def merge(self, a: RecordTally, b: RecordTally) -> RecordTally:
        """Return the sum of both tallies."""
        return RecordTally(
            read=a.read + b.read,
            empty=a.empty + b.empty,
            skipped=a.skipped + b.skipped,
            unread=add_counts(a.unread, b.unread),
        )

    def find(self, batch: Batch, detections: DetectionsById) -> Iterator[Finding]:  # noqa: ARG002 - it reads none
        """Yield one finding for each record that could not be read."""
        for each in sorted(batch.skipped, key=lambda skipped: skipped.row):
            location = Location(
                file=batch.file, row=each.row, line=each.line, field="", start=0, end=0
            )
            yield finding_at(self.meta.id, each.reason, location, Severity.MEDIUM)

    def finish(self, state: RecordTally, *, sampled: bool) -> Iterator[Result]:
        """Yield the number of records and the shares of empty and of unreadable ones."""
        name, all_records = self.meta.id, state.read + state.skipped
        if sampled:
            reason = "the rows are a sample, which does not tell how many there are"
            yield NotMeasured(metric="records.count", check=name, labels=(), reason=reason)
        else:
            yield count("records.count", name, (), state.read, at_most=all_records)
        # A record that could not be read may have been empty.
        empty = Counts(hits=state.empty, judged=state.read, unjudged=state.skipped)
        yield share("records.empty-rate", name, (), empty, sampled=sampled)
        unreadable = Counts(hits=state.skipped, judged=all_records, unjudged=0)
        yield share("records.unreadable-rate", name, (), unreadable, sampled=sampled)
        yield count("records.unread-fields", name, (), len(state.unread))
