"""Texts that come twice. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

from pydantic import BaseModel, Field

from assaymark.checks.quality.record_texts import TextSettings, record_place, record_texts
from assaymark.checks.quality.whole_subject import WholeSubjectCheck
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Finding, Severity, finding_at
from assaymark.model.measurement import Counts, NotMeasured, Result, share
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assaymark.contracts.check import DetectionsById
    from assaymark.contracts.source import Batch

_DIGEST = 16  # bytes; two of 10 million texts are taken for one with a chance below 2**-81
_NO_LINE = -1
_RECORD = [("high", "<u8"), ("low", "<u8"), ("row", "<i8"), ("line", "<i8")]
_RULE = "exact-duplicate"


class ExactDuplicatesSettings(TextSettings):
    """What a policy may set."""

    most_records: Annotated[int, Field(ge=1, le=1_000_000_000)] = Field(
        default=10_000_000,
        description="records that are compared; each takes 32 bytes, and 90 while they are sorted",
    )


class _Sorted(NamedTuple):
    """All records by text; within one text by file and row."""

    files: list[str]
    file: NDArray[Any]
    """Of each record, an index into `files`."""

    records: NDArray[Any]
    first: NDArray[Any]
    """Of each record, the index of the first one with its text."""


@dataclass(slots=True)
class DigestTally:
    """Records with their digests, as they came."""

    rows: int = 0
    skipped: int = 0

    records: int = 0
    """Records that have text."""

    chunks: list[tuple[str, Any]] | None = field(default_factory=list)
    """File, and an array of its records; `None` once there were too many."""

    def merge(self, other: DigestTally, *, most: int) -> DigestTally:
        """Return the sum of both. Changes this one."""
        self.rows += other.rows
        self.skipped += other.skipped
        self.records += other.records
        if self.chunks is None or other.chunks is None or self.records > most:
            self.chunks = None
        else:
            self.chunks.extend(other.chunks)
        return self

    def sort(self) -> _Sorted:
        """Bring the same texts together."""
        import numpy as np

        chunks = self.chunks or []
        files = sorted({file for file, _ in chunks})
        index = {file: number for number, file in enumerate(files)}
        records = np.concatenate([np.zeros(0, _RECORD), *(each for _, each in chunks)])
        file = np.repeat(
            np.array([index[name] for name, _ in chunks], np.int64),
            [len(each) for _, each in chunks],
        )
        order = np.lexsort((records["row"], file, records["low"], records["high"]))
        records, file = records[order], file[order]
        starts = np.ones(len(records), bool)
        starts[1:] = (records["high"][1:] != records["high"][:-1]) | (
            records["low"][1:] != records["low"][:-1]
        )
        first = np.maximum.accumulate(np.where(starts, np.arange(len(records)), 0))
        return _Sorted(files, file, records, first)


class ExactDuplicates(WholeSubjectCheck[ExactDuplicatesSettings]):
    """How many records repeat the text of an earlier record, character for character.

    ## Why it matters
    A model sees a repeated text more often than the others, learns it by heart, and gives it away later:
    how often a text stands in the training data decides most whether it can be drawn out again (Lee et al.
    2022, Kandpal et al. 2022). In data for evaluation, copies count one mistake many times.

    ## Remediation
    Keep the first record of each text and drop the listed ones; each finding names both places. Where
    copies carry different labels, look at them first: somebody was not sure.

    ## Known limits
    Texts are compared after white space is evened out and accents are brought into one form (Unicode
    NFC); a difference in case, punctuation or a date makes two texts, which `near-duplicates` is for. The
    text of a record is its fields by which datasets call their text, all of them together, or those that
    the policy names; an id beside it does not count. Records without text repeat nothing. Texts are
    compared within one subject, over all its files, and always all of them, also where others are sampled.
    Beyond `most_records` nothing is compared. A text is known by 16 bytes of its BLAKE2b digest.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="exact-duplicates",
        family="quality",
        summary="share of records that repeat the text of an earlier one",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name="quality.duplicate-rate",
                summary="share of records whose text is that of an earlier record",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                rules=(_RULE,),
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
    )
    Settings: ClassVar[type[BaseModel]] = ExactDuplicatesSettings

    def start(self) -> DigestTally:
        """Return the tally that has seen nothing."""
        return DigestTally()

    def update(self, state: DigestTally, batch: Batch, detections: DetectionsById) -> DigestTally:  # noqa: ARG002 - it reads none
        """Take the digests of the texts of `batch`."""
        import numpy as np

        rows = [
            (*_halves(each.text), each.row, _NO_LINE if each.line is None else each.line)
            for each in record_texts(batch, self._settings.fields)
        ]
        chunk = [(batch.file, np.array(rows, _RECORD))] if rows else []
        seen = DigestTally(
            rows=batch.rows, skipped=len(batch.skipped), records=len(rows), chunks=[*chunk]
        )
        return self.merge(state, seen)

    def merge(self, a: DigestTally, b: DigestTally) -> DigestTally:
        """Return the sum of both tallies."""
        return a.merge(b, most=self._settings.most_records)

    def finish(self, state: DigestTally, *, sampled: bool) -> Iterator[Result]:
        """Yield the share of records that come again."""
        name, (rate,) = self.meta.id, self.meta.metrics
        if state.chunks is None or sampled:
            reason = (
                "the rows are a sample, in which there are fewer duplicates"
                if sampled
                else f"there are more than {self._settings.most_records:,} records with text"
            )
            yield NotMeasured(metric=rate.name, check=name, labels=(), reason=reason)
            return
        hits = len(_repeats(state.sort()))
        counts = Counts(hits=hits, judged=state.rows, unjudged=state.skipped)
        yield share(rate.name, name, (), counts, sampled=False)

    def conclude(self, state: DigestTally) -> Iterator[Finding]:
        """Yield one finding for each record that repeats another, by file and row."""
        import numpy as np

        seen = state.sort()
        repeats = _repeats(seen)
        order = np.lexsort((seen.records["row"][repeats], seen.file[repeats]))
        for index in repeats[order].tolist():
            location = _place(seen, index)
            yield finding_at(
                self.meta.id,
                _RULE,
                location,
                Severity.LOW,
                other=_place(seen, int(seen.first[index])),
            )


def _halves(text: str) -> tuple[int, int]:
    digest = hashlib.blake2b(text.encode(), digest_size=_DIGEST).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big")


def _repeats(seen: _Sorted) -> NDArray[Any]:
    import numpy as np

    return np.flatnonzero(seen.first != np.arange(len(seen.first)))


def _place(seen: _Sorted, index: int) -> Any:
    record = seen.records[index]
    line = int(record["line"])
    return record_place(
        seen.files[seen.file[index]], int(record["row"]), None if line == _NO_LINE else line
    )
