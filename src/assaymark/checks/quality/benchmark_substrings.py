"""Benchmarks in the data, by windows. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from assaymark.checks.quality.record_texts import RecordText, record_place, record_texts
from assaymark.checks.quality.reference_settings import ReferenceSettings
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Finding, Location, Severity, finding_at
from assaymark.model.measurement import Counts, NotMeasured, Result, share
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from assaymark.checks.quality.windows import WindowReferences
    from assaymark.contracts.check import DetectionsById
    from assaymark.contracts.source import Batch

_RULE = "shares-benchmark-substring"


class BenchmarkSubstringsSettings(ReferenceSettings):
    """What a policy may set."""

    characters: Annotated[int, Field(ge=20, le=500)] = Field(
        default=50,
        description="letters and digits in a window",
        json_schema_extra={"stricter": "lower"},
    )


@dataclass(slots=True)
class SubstringTally:
    """What was found so far."""

    rows: int = 0
    skipped: int = 0
    items: set[int] = field(default_factory=set)
    """Benchmark items of which a window stands in the data."""


class BenchmarkSubstrings:
    """How many items of the benchmarks that the policy names share a run of 50 characters with the data.

    ## Why it matters
    The rule of whole runs of words misses an item that was reformatted, or of which only the question
    stands in the data. The rule of 50 characters is the one that the reports of large models use, so a
    number by it can be set beside theirs.

    ## Remediation
    Remove the listed records, or report the benchmark's result on its clean items apart. Each finding names
    a record of the data and the first item that it shares a window with.

    ## Known limits
    An item counts where any window of `characters` letters and digits of it stands in one record, case,
    spacing and punctuation aside (GPT-4 Technical Report 2023, appendix C, which draws three windows of each
    item by chance: here all are looked up, so the number is at least as high). Instructions that many items
    share make all of them count; `benchmark-contamination` asks for most of an item. Shorter items cannot be
    found and are unjudged. Paraphrases and translations are not seen. Where rows of the data could not be
    read, the rate is not known.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="benchmark-substrings",
        family="quality",
        summary="share of benchmark items of which a run of characters stands in the data",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name="quality.contaminated-substring-rate",
                summary="share of benchmark items of which a window of `characters` stands in the data",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                rules=(_RULE,),
            ),
        ),
        on=(SubjectKind.DATASET,),
    )
    Settings: ClassVar[type[BaseModel]] = BenchmarkSubstringsSettings

    def __init__(
        self,
        settings: BenchmarkSubstringsSettings,
        labels: Mapping[str, tuple[str, ...]],  # noqa: ARG002 - it reads no detector
    ) -> None:
        self._settings = settings
        # Read at once, so that a reference that is not there ends the audit before it begins.
        self._references: WindowReferences | None = None
        if settings.references:
            from assaymark.checks.quality.windows import load_windows

            self._references = load_windows(settings.references, settings.characters)

    def start(self) -> SubstringTally:
        """Return the tally that has seen nothing."""
        return SubstringTally()

    def update(
        self,
        state: SubstringTally,
        batch: Batch,
        detections: DetectionsById,  # noqa: ARG002 - it reads none
    ) -> SubstringTally:
        """Look the windows of `batch` up."""
        state.rows += batch.rows
        state.skipped += len(batch.skipped)
        if self._references is not None:
            state.items.update(self._shared(self._references, batch)[1])
        return state

    def merge(self, a: SubstringTally, b: SubstringTally) -> SubstringTally:
        """Return the sum of both tallies."""
        return SubstringTally(
            rows=a.rows + b.rows, skipped=a.skipped + b.skipped, items=a.items | b.items
        )

    def find(self, batch: Batch, detections: DetectionsById) -> Iterator[Finding]:  # noqa: ARG002 - likewise
        """Yield one finding for each record that shares a window with an item."""
        if self._references is None:
            return
        for record, hashed in self._shared(self._references, batch)[0]:
            origin = self._references.records[self._references.first_item(hashed)]
            location = record_place(batch.file, record.row, record.line)
            yield finding_at(
                self.meta.id,
                _RULE,
                location,
                Severity.MEDIUM,
                other=Location(
                    file=origin.file, row=origin.row, line=None, field="", start=0, end=0
                ),
            )

    def finish(self, state: SubstringTally, *, sampled: bool) -> Iterator[Result]:
        """Yield the share of items that are contaminated."""
        name, (rate,) = self.meta.id, self.meta.metrics
        if self._references is None or sampled or not state.rows or state.skipped:
            reason = (
                "the policy names no references"
                if self._references is None
                else "there are no rows"
                if not state.rows
                else "not all rows were read, and the others may hold any of it"
            )
            yield NotMeasured(metric=rate.name, check=name, labels=(), reason=reason)
            return
        counts = Counts(
            hits=len(state.items),
            judged=len(self._references.records) - self._references.too_short,
            unjudged=self._references.too_short,
        )
        yield share(rate.name, name, (), counts, sampled=False)

    def _shared(
        self, references: WindowReferences, batch: Batch
    ) -> tuple[list[tuple[RecordText, int]], list[int]]:
        """Return the records that share a window, each with its first, and every item that has one."""
        import numpy as np

        from assaymark.checks.quality.windows import reduced, windows_of

        records = list(record_texts(batch, self._settings.fields))
        windows = windows_of([reduced(each.text) for each in records], self._settings.characters)
        is_found, items = references.items_with(windows.hashes)
        owners, first = np.unique(windows.owners[is_found], return_index=True)
        found: Any = windows.hashes[is_found]
        shared = [
            (records[owner], int(found[at]))
            for owner, at in zip(owners.tolist(), first.tolist(), strict=True)
        ]
        return shared, items.tolist()
