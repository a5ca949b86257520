"""In which language texts are. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from assaymark.checks.quality.record_texts import (
    RecordText,
    TextSettings,
    record_place,
    record_texts,
)
from assaymark.checks.rates import RowTally
from assaymark.contracts.check import CheckMeta
from assaymark.errors import MissingExtraError
from assaymark.model.finding import Finding, Severity, finding_at
from assaymark.model.measurement import NotMeasured, Result, share
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from assaymark.contracts.check import DetectionsById
    from assaymark.contracts.source import Batch

_READ = 1_000  # characters; a language shows long before
_OTHER, _OPEN = "other-language", "unclear"

_VARIETIES: Mapping[str, frozenset[str]] = {
    "ar": frozenset({"ary", "arz"}),
    "bs": frozenset({"hr", "sr"}),
    "hr": frozenset({"bs", "sr"}),
    "no": frozenset({"nn"}),
    "sr": frozenset({"bs", "hr"}),
    "zh": frozenset({"yue", "wuu"}),
}
"""What the identifier tells apart and one written standard covers."""


class LanguageSettings(TextSettings):
    """What a policy may set."""

    languages: tuple[Annotated[str, Field(pattern="^[a-z]{2,3}$")], ...] = Field(
        default=(),
        description="languages that the data may be in, as ISO 639 codes such as `en`",
        json_schema_extra={"stricter": "same"},
    )
    certainty: Annotated[float, Field(gt=0.5, lt=1.0)] = Field(
        default=0.9,
        description="probability from which on a text is in one of them, or in a certain other one",
    )


class Language:
    """How many records are in another language than the data is said to be in.

    ## Why it matters
    Detectors of personal data and harm know some languages and are blind in others, and say so rarely. Text
    in a language that nobody expected is text that nobody checked; it also changes what a model learns.

    ## Remediation
    Read some of the listed records. Add the language to the policy if it belongs there, and the detectors
    for it; else filter the source.

    ## Known limits
    Languages come from py3langid, 140 of them, by runs of bytes (Lui and Baldwin 2012); it needs the extra
    `language` and no network. A record is in a language of the policy where these have 0.9 of the
    probability together (`certainty`), in another one where a certain other has; between, it is unclear and
    unjudged: mostly short texts, names, code, and text that mixes languages. Of 9,316 public texts in 17
    languages, 0.2 % were placed wrongly and 24 % were unclear; of the 5,597 that are not English none
    passed as English, and 81 % were named as another language.
    Varieties count as their written standard (Cantonese as `zh`); Bosnian, Croatian and Serbian count as
    each other. Transliterated text is mostly unclear. Records without letters are in no language and are
    judged. The first 1,000 characters are read. The model computes in single precision, so a text that
    is just at the limit may come out differently on another kind of processor.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="language",
        family="quality",
        summary="share of records in another language than the policy names",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name="quality.other-language-rate",
                summary="share of records that are in none of the languages of the policy",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                rules=(_OTHER,),
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
    )
    Settings: ClassVar[type[BaseModel]] = LanguageSettings

    def __init__(self, settings: LanguageSettings, labels: Mapping[str, tuple[str, ...]]) -> None:  # noqa: ARG002 - it reads none
        # Asked for at once, so that an audit that cannot answer does not begin.
        if settings.languages and find_spec("py3langid") is None:
            raise MissingExtraError("the check `language`", extra="language")
        self._settings = settings
        self._codes = frozenset(settings.languages).union(
            *(_VARIETIES.get(each, frozenset()) for each in settings.languages)
        )

    def start(self) -> RowTally:
        """Return the tally that has seen nothing."""
        return RowTally()

    def update(self, state: RowTally, batch: Batch, detections: DetectionsById) -> RowTally:  # noqa: ARG002 - it reads none
        """Count the records of `batch`."""
        verdicts = [verdict for _, verdict in self._judged(batch)]
        seen = RowTally(
            rows=batch.rows,
            skipped=len(batch.skipped),
            unjudged=verdicts.count(_OPEN),
            hits={"": verdicts.count(_OTHER)},
        )
        return state.merge(seen)

    def merge(self, a: RowTally, b: RowTally) -> RowTally:
        """Return the sum of both tallies."""
        return a.merge(b)

    def find(self, batch: Batch, detections: DetectionsById) -> Iterator[Finding]:  # noqa: ARG002 - likewise
        """Yield one finding for each record in another language."""
        for record, verdict in self._judged(batch):
            if verdict == _OTHER:
                location = record_place(batch.file, record.row, record.line)
                yield finding_at(
                    self.meta.id,
                    _OTHER,
                    location,
                    Severity.LOW,
                    confidence=self._settings.certainty,
                )

    def finish(self, state: RowTally, *, sampled: bool) -> Iterator[Result]:
        """Yield the share of records in another language."""
        name, (rate,) = self.meta.id, self.meta.metrics
        if not self._settings.languages:
            reason = "the policy names no languages"
            yield NotMeasured(metric=rate.name, check=name, labels=(), reason=reason)
            return
        yield share(rate.name, name, (), state.counts(""), sampled=sampled)

    def _judged(self, batch: Batch) -> Iterator[tuple[RecordText, str]]:
        """Yield the records in which letters stand, and what they are; empty where as they should be."""
        if not self._codes:
            return
        for record in record_texts(batch, self._settings.fields):
            text = record.text[:_READ]
            if any(map(str.isalpha, text)):
                yield record, self._verdict(text)

    def _verdict(self, text: str) -> str:
        ranked = _identifier().rank(text)
        if _chance(ranked, self._codes) >= self._settings.certainty:
            return ""
        # Certain of one other language, not merely uncertain of these: a short text is a little of each.
        best, _ = ranked[0]
        other = {best, *_VARIETIES.get(best, ())} - self._codes
        return _OTHER if _chance(ranked, other) >= self._settings.certainty else _OPEN


def _chance(ranked: Sequence[tuple[str, float]], codes: Collection[str]) -> float:
    """Return the probability of one of `codes`."""
    return math.fsum(float(chance) for code, chance in ranked if code in codes)


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
