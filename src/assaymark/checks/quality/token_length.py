"""How many tokens texts have. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from assaymark.checks.quality.quantiles import quantile_metrics, quantiles
from assaymark.checks.quality.record_texts import TextSettings, raw_records, record_place
from assaymark.checks.quality.reference_settings import ReferenceFile
from assaymark.checks.rates import add_counts
from assaymark.contracts.check import CheckMeta
from assaymark.errors import InputError
from assaymark.model.finding import Finding, Severity, finding_at
from assaymark.model.measurement import Counts, NotMeasured, Result, count, share
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.numbers import plural
from assaymark.model.subject import SubjectKind
from assaymark.statistics.buckets import bucket_of

if TYPE_CHECKING:
    from assaymark.contracts.check import DetectionsById
    from assaymark.contracts.source import Batch

_OVER = "too-many-tokens"
_TOTAL, _OVER_RATE = "quality.tokens-total", "quality.tokens-over-rate"
_STEM = "quality.tokens"


class TokenLengthSettings(TextSettings):
    """What a policy may set."""

    tokenizer: ReferenceFile | None = Field(
        default=None,
        description="the `tokenizer.json` of the model: `path`, and `sha256` of the stored bytes",
    )
    most: Annotated[int, Field(ge=1, le=10**9)] = Field(
        default=2048,
        description="tokens above which a record does not fit",
        json_schema_extra={"stricter": "lower"},
    )


@dataclass(slots=True)
class TokenTally:
    """Tokens counted so far."""

    rows: int = 0
    skipped: int = 0
    over: int = 0
    total: int = 0

    lengths: dict[str, int] = field(default_factory=dict)
    """Bucket, as a string because JSON keys are strings, to the records in it."""


class TokenLength:
    """How many tokens the records have for the model of the policy, and how many records have too many.

    ## Why it matters
    A model sees tokens and not characters: what does not fit its context is cut without a word, and how
    much data there is, authorities ask in tokens. The same text has several times as many in one language
    as in another.

    ## Remediation
    Split the listed records, or train with a longer context. State the total where the size of the
    training data is asked for, together with the tokenizer.

    ## Known limits
    Tokens are those of one tokenizer, the `tokenizer.json` that the policy names by path and digest; without
    one nothing is counted. Special tokens that a training run adds are not counted. Texts of a record are
    tokenized one by one, as they were written, and added up. Quantiles are over records that have text, exact
    below 128 tokens and at most 1/64 too high above; the interval says so, and what records that could not
    be read may change.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="token-length",
        family="quality",
        summary="how many tokens records have for a model",
        version="1",
        added="0.1",
        metrics=(
            *quantile_metrics(
                _STEM,
                "tokens that {} of the records do not exceed",
                "tokens of the record that has the most",
            ),
            Metric(
                name=_TOTAL,
                summary="tokens of all records together",
                unit=Unit.COUNT,
                direction=Direction.EITHER,
            ),
            Metric(
                name=_OVER_RATE,
                summary="share of records with more tokens than `most`",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                rules=(_OVER,),
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
    )
    Settings: ClassVar[type[BaseModel]] = TokenLengthSettings

    def __init__(
        self,
        settings: TokenLengthSettings,
        labels: Mapping[str, tuple[str, ...]],  # noqa: ARG002 - it reads none
    ) -> None:
        self._settings = settings
        # Read at once, so that a tokenizer that is not there ends the audit before it begins.
        named = settings.tokenizer
        self._tokenizer = None if named is None else load_tokenizer(named)

    def start(self) -> TokenTally:
        """Return the tally that has seen nothing."""
        return TokenTally()

    def update(self, state: TokenTally, batch: Batch, detections: DetectionsById) -> TokenTally:  # noqa: ARG002 - it reads none
        """Count the tokens in `batch`."""
        state.rows += batch.rows
        state.skipped += len(batch.skipped)
        lengths: dict[str, int] = {}
        for _, _, tokens in self._counted(batch):
            state.over += tokens > self._settings.most
            state.total += tokens
            bucket = str(bucket_of(tokens))
            lengths[bucket] = lengths.get(bucket, 0) + 1
        state.lengths = add_counts(state.lengths, lengths)
        return state

    def merge(self, a: TokenTally, b: TokenTally) -> TokenTally:
        """Return the sum of both tallies."""
        return TokenTally(
            rows=a.rows + b.rows,
            skipped=a.skipped + b.skipped,
            over=a.over + b.over,
            total=a.total + b.total,
            lengths=add_counts(a.lengths, b.lengths),
        )

    def find(self, batch: Batch, detections: DetectionsById) -> Iterator[Finding]:  # noqa: ARG002 - likewise
        """Yield one finding for each record that does not fit."""
        for row, line, tokens in self._counted(batch):
            if tokens > self._settings.most:
                location = record_place(batch.file, row, line)
                yield finding_at(self.meta.id, _OVER, location, Severity.LOW)

    def finish(self, state: TokenTally, *, sampled: bool) -> Iterator[Result]:
        """Yield the quantiles, the total, and the share of records that do not fit."""
        name = self.meta.id
        if self._tokenizer is None:
            reason = "the policy names no tokenizer"
            for each in self.meta.metrics:
                yield NotMeasured(metric=each.name, check=name, labels=(), reason=reason)
            return
        yield from quantiles(
            _STEM, self.meta.id, state.lengths, lost=state.skipped, sampled=sampled
        )
        if sampled or state.skipped:
            lost_text = f"{plural(state.skipped, 'record')} could not be read"
            reason = "the rows are a sample" if sampled else lost_text
            yield NotMeasured(metric=_TOTAL, check=name, labels=(), reason=reason)
        else:
            yield count(_TOTAL, name, (), state.total)
        found = Counts(hits=state.over, judged=state.rows, unjudged=state.skipped)
        yield share(_OVER_RATE, name, (), found, sampled=sampled)

    def _counted(self, batch: Batch) -> Iterator[tuple[int, int | None, int]]:
        """Yield row, line and tokens of each record that has any text."""
        if self._tokenizer is None:
            return
        records = [
            (each, [text.text for text in each.texts if text.text.strip()])
            for each in raw_records(batch, self._settings.fields)
        ]
        every = [text for _, texts in records for text in texts]
        encoded = iter(self._tokenizer.encode_batch_fast(every, add_special_tokens=False))
        for record, texts in records:
            tokens = sum(len(next(encoded).ids) for _ in texts)
            if texts:
                yield record.row, record.line, tokens


@functools.lru_cache(maxsize=4)
def load_tokenizer(named: ReferenceFile) -> Any:
    """Return the tokenizer of a policy; read once in each process.

    Raises:
        InputError: The file cannot be read, is not the one that the policy means, or is no tokenizer.
    """
    from tokenizers import Tokenizer

    data = named.data("tokenizer")
    try:
        tokenizer = Tokenizer.from_str(data.decode())
    except Exception:  # noqa: BLE001 - the library raises nothing narrower, and its words quote the file
        raise InputError(f"`{named.path}` is no tokenizer of the `tokenizers` library") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
