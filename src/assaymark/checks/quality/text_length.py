"""How long texts are. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BaseModel, Field, model_validator

from assaymark.checks.quality.quantiles import quantile_metrics, quantiles
from assaymark.checks.quality.record_texts import TextSettings, record_place, record_texts
from assaymark.checks.rates import add_counts
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Finding, Severity, finding_at
from assaymark.model.measurement import Counts, Result, share
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind
from assaymark.statistics.buckets import bucket_of

if TYPE_CHECKING:
    from assaymark.contracts.check import DetectionsById
    from assaymark.contracts.source import Batch

_SHORT, _LONG = "too-short", "too-long"
_STEM = "quality.length"


class TextLengthSettings(TextSettings):
    """What a policy may set."""

    fewest: Annotated[int, Field(ge=0, le=10**9)] = Field(
        default=0,
        description="characters below which a record is too short",
        json_schema_extra={"stricter": "higher"},
    )
    most: Annotated[int, Field(ge=1, le=10**9)] = Field(
        default=1_000_000,
        description="characters above which a record is too long",
        json_schema_extra={"stricter": "lower"},
    )

    @model_validator(mode="after")
    def _in_order(self) -> TextLengthSettings:
        if self.fewest > self.most:
            raise ValueError("`fewest` is more than `most`, so every record would be wrong")
        return self


@dataclass(slots=True)
class LengthTally:
    """Lengths counted so far."""

    rows: int = 0
    skipped: int = 0
    short: int = 0
    long: int = 0

    lengths: dict[str, int] = field(default_factory=dict)
    """Bucket, as a string because JSON keys are strings, to the records in it."""


class TextLength:
    """How long the texts of records are, and how many are too short or too long.

    ## Why it matters
    A median that halves from one version to the next is a broken export long before anybody reads it. Records
    of a few characters teach nothing, and those beyond the context of a model are cut without a word.

    ## Remediation
    The listed records are outside the bounds that the policy sets. Split what is too long where it has
    parts, and look at what is too short: an extraction that failed looks like that.

    ## Known limits
    Lengths are Unicode code points of a record's text after white space is evened out, all of its text
    fields together; `token-length` counts the tokens of a model. Quantiles are over records that have text;
    they are the value of that rank, exact below 128 characters and at most 1/64 too long above; the
    interval says so, and also what records that could not be read may change. A record without text
    is judged and not too short: see `record-health`.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="text-length",
        family="quality",
        summary="how long the texts of records are",
        version="1",
        added="0.1",
        metrics=(
            *quantile_metrics(
                _STEM,
                "characters that {} of the texts do not exceed",
                "characters of the longest text",
            ),
            Metric(
                name="quality.short-rate",
                summary="share of records with fewer characters than `fewest`",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                rules=(_SHORT,),
            ),
            Metric(
                name="quality.long-rate",
                summary="share of records with more characters than `most`",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                rules=(_LONG,),
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
    )
    Settings: ClassVar[type[BaseModel]] = TextLengthSettings

    def __init__(
        self,
        settings: TextLengthSettings,
        labels: Mapping[str, tuple[str, ...]],  # noqa: ARG002 - it reads none
    ) -> None:
        self._settings = settings

    def start(self) -> LengthTally:
        """Return the tally that has seen nothing."""
        return LengthTally()

    def update(self, state: LengthTally, batch: Batch, detections: DetectionsById) -> LengthTally:  # noqa: ARG002 - it reads none
        """Count the lengths in `batch`."""
        state.rows += batch.rows
        state.skipped += len(batch.skipped)
        lengths: dict[str, int] = {}
        for each in record_texts(batch, self._settings.fields):
            rule = self._rule(len(each.text))
            state.short += rule == _SHORT
            state.long += rule == _LONG
            bucket = str(bucket_of(len(each.text)))
            lengths[bucket] = lengths.get(bucket, 0) + 1
        state.lengths = add_counts(state.lengths, lengths)
        return state

    def merge(self, a: LengthTally, b: LengthTally) -> LengthTally:
        """Return the sum of both tallies."""
        return LengthTally(
            rows=a.rows + b.rows,
            skipped=a.skipped + b.skipped,
            short=a.short + b.short,
            long=a.long + b.long,
            lengths=add_counts(a.lengths, b.lengths),
        )

    def find(self, batch: Batch, detections: DetectionsById) -> Iterator[Finding]:  # noqa: ARG002 - likewise
        """Yield one finding for each record that is too short or too long."""
        for each in record_texts(batch, self._settings.fields):
            if rule := self._rule(len(each.text)):
                location = record_place(batch.file, each.row, each.line)
                yield finding_at(self.meta.id, rule, location, Severity.LOW)

    def finish(self, state: LengthTally, *, sampled: bool) -> Iterator[Result]:
        """Yield the quantiles, and the shares of records out of bounds."""
        yield from quantiles(
            _STEM, self.meta.id, state.lengths, lost=state.skipped, sampled=sampled
        )
        for name, hits in (("quality.short-rate", state.short), ("quality.long-rate", state.long)):
            found = Counts(hits=hits, judged=state.rows, unjudged=state.skipped)
            yield share(name, self.meta.id, (), found, sampled=sampled)

    def _rule(self, length: int) -> str:
        if length < self._settings.fewest:
            return _SHORT
        return _LONG if length > self._settings.most else ""
