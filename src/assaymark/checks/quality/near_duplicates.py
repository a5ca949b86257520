"""Texts that are almost the same. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BaseModel, Field

from assaymark.checks.quality.record_texts import TextSettings, record_place, record_texts
from assaymark.checks.quality.whole_subject import WholeSubjectCheck
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Finding, Severity, finding_at
from assaymark.model.measurement import Counts, NotMeasured, Result, share
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from assaymark.checks.quality.sketches import Arranged, Limits, Sketches
    from assaymark.contracts.check import DetectionsById
    from assaymark.contracts.source import Batch
    from assaymark.model.finding import Location

_RULE = "near-duplicate"
_NO_LINE = -1


class NearDuplicatesSettings(TextSettings):
    """What a policy may set."""

    similarity: Annotated[float, Field(ge=0.5, le=1.0)] = Field(
        default=0.8,
        description="Jaccard similarity of their word runs from which on two records are near duplicates",
        json_schema_extra={"stricter": "lower"},
    )
    words: Annotated[int, Field(ge=1, le=20)] = Field(
        default=5, description="words in a run; fewer make short texts with one change alike"
    )
    most_records: Annotated[int, Field(ge=1, le=100_000_000)] = Field(
        default=2_000_000, description="records that are compared; each takes about 130 bytes"
    )
    most_runs: Annotated[int, Field(ge=1, le=10_000_000_000)] = Field(
        default=50_000_000,
        description="distinct runs of words that are kept of all records together, of 4 bytes each",
    )


class NearDuplicates(WholeSubjectCheck[NearDuplicatesSettings]):
    """How many records are almost the same as an earlier one.

    ## Why it matters
    Most copies in text from the web are not exact: a date, a name or a footer differs (Lee et al. 2022).
    They are learnt by heart like exact ones, tilt every number that is counted over records, and let a
    test set leak into a training set that shares no single record with it.

    ## Remediation
    Keep one record of each group; each finding names a record, an earlier one that it resembles, and how
    much (as its confidence). Where the copies come from a template, remove the template's text or set
    `fields` to what differs. `exact-duplicates` counts the exact ones alone.

    ## Known limits
    Two records are near duplicates where the sets of their runs of `words` words, without case and marks,
    have at least the Jaccard similarity `similarity`; 5 and 0.8 are what Lee et al. 2022 and the data sets
    after them use. Texts of fewer words than a run are compared whole. Candidates are found by MinHash:
    of the pairs exactly at the threshold one in a thousand is missed at most, of more similar ones fewer;
    every reported pair is then counted out, exactly for records of fewer than 1,024 distinct runs. For
    longer ones, and where all records together have more than `most_runs`, the similarity is estimated
    from the 1,024 (then 512, and so on to 64) smallest hashes, with a standard error of at most 0.5
    divided by their root. A record is compared with the 32 records before it in each bucket, so in
    very repetitive data some pairs are missed whose like is counted with others. Similarity is not
    transitive: a chain of small changes counts each link. Scripts without spaces between words are
    compared by characters. A record that could not be read is counted as one more at most, although it
    could resemble several. Records are compared within one subject, over all its files, and always all of
    them, also where others are sampled.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="near-duplicates",
        family="quality",
        summary="share of records that are almost the same as an earlier one",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name="quality.near-duplicate-rate",
                summary="share of records that are near duplicates of an earlier one, exact ones included",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                rules=(_RULE,),
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
    )
    Settings: ClassVar[type[BaseModel]] = NearDuplicatesSettings

    def start(self) -> Sketches:
        """Return the sketches of nothing."""
        from assaymark.checks.quality.sketches import Sketches

        return Sketches()

    def update(self, state: Sketches, batch: Batch, detections: DetectionsById) -> Sketches:  # noqa: ARG002 - it reads none
        """Sketch the texts of `batch`."""
        import numpy as np

        from assaymark.checks.quality.minhash import band_keys, bands_for, shingles
        from assaymark.checks.quality.sketches import MOST_KEPT, Chunk, Sketches, smallest

        records = list(record_texts(batch, self._settings.fields))
        seen = Sketches(rows=batch.rows, skipped=len(batch.skipped), records=len(records))
        if records:
            sets = shingles([each.text for each in records], self._settings.words)
            keys = band_keys(sets, bands_for(self._settings.similarity))
            lines = [_NO_LINE if each.line is None else each.line for each in records]
            chunk = Chunk(
                file=batch.file,
                rows=np.array([each.row for each in records], np.int64),
                lines=np.array(lines, np.int64),
                keys=keys,
                sets=smallest(sets, MOST_KEPT),
            )
            seen.chunks = [chunk]
            seen.members = len(chunk.sets.hashes)
        return state.merge(seen, self._limits())

    def merge(self, a: Sketches, b: Sketches) -> Sketches:
        """Return the sum of both."""
        return a.merge(b, self._limits())

    def finish(self, state: Sketches, *, sampled: bool) -> Iterator[Result]:
        """Yield the share of records that are near duplicates of earlier ones."""
        name, (rate,) = self.meta.id, self.meta.metrics
        if state.chunks is None or sampled:
            reason = (
                "the rows are a sample, in which there are fewer duplicates"
                if sampled
                else "there is more text than `most_records` and `most_runs` allow"
            )
            yield NotMeasured(metric=rate.name, check=name, labels=(), reason=reason)
            return
        hits = len(state.alike(self._settings.similarity))
        counts = Counts(hits=hits, judged=state.rows, unjudged=state.skipped)
        yield share(rate.name, name, (), counts, sampled=False)

    def conclude(self, state: Sketches) -> Iterator[Finding]:
        """Yield one finding for each record that is like an earlier one, by file and row."""
        if state.chunks is None:
            return
        arranged = state.arranged()
        for each in state.alike(self._settings.similarity):
            location = _place(arranged, each.record)
            yield finding_at(
                self.meta.id,
                _RULE,
                location,
                Severity.LOW,
                confidence=each.similarity,
                other=_place(arranged, each.earlier),
            )

    def _limits(self) -> Limits:
        from assaymark.checks.quality.sketches import Limits

        return Limits(self._settings.most_records, self._settings.most_runs)


def _place(arranged: Arranged, record: int) -> Location:
    line = int(arranged.lines[record])
    return record_place(
        arranged.files[record], int(arranged.rows[record]), None if line == _NO_LINE else line
    )
