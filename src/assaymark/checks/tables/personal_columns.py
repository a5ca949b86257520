"""Columns of personal data. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from assaymark.checks.tables.column_names import announces
from assaymark.checks.tables.column_tally import MOST_COLUMNS, ColumnTally, TableTally
from assaymark.contracts.check import CheckMeta
from assaymark.model.intervals import Interval
from assaymark.model.measurement import EXACT, Measured, NotMeasured, Result, share
from assaymark.model.metric import COLUMN, Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from assaymark.contracts.check import DetectionsById
    from assaymark.contracts.source import Batch
    from assaymark.model.finding import Finding

_COLUMNS, _SHARE = "tables.personal-columns", "tables.personal-share"

_INDEX = re.compile(r"\[\d+\]")
_COVERED = 0.8
_IMPERSONAL = frozenset({"DATE_TIME", "URL", "UUID"})
"""What says nothing about a person by itself; a date does in a column that is named after births."""

_Ends = tuple[bool, bool, bool]

_ANY = ""
"""Key of the cells that are personal data of any kind; no entity is empty."""


class PersonalColumnsSettings(BaseModel):
    """What a policy may set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        default=0.5,
        description="share of a column's values from which on the column is of their kind",
        json_schema_extra={"stricter": "lower"},
    )
    named_share: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        default=0.1,
        description="the same for a column whose name announces the kind, as `e_mail` does",
        json_schema_extra={"stricter": "lower"},
    )


class PersonalColumns:
    """How many columns of a table are personal data: card numbers, e-mail addresses, names, dates of birth.

    ## Why it matters
    A column of e-mail addresses is one decision, not a million findings: somebody exported it, and somebody
    can leave it out. Judging the column as a whole also sees what single cells do not show. A date is a date;
    a thousand dates under `date_of_birth` are dates of birth.

    ## Remediation
    Leave the column out, or replace its values by pseudonyms if rows must stay linked. The report has one
    line for each column with the share of its values that are personal data. Where a free-text column
    shows a small share, the findings of `pii-exposure` name the rows.

    ## Known limits
    A value counts where the detector `pii` sees one entity in at least four fifths of its letters and
    digits, so a comment with an address in it does not. What the detector is not set up for is not seen:
    names need a tagger. A value that the tagger cannot read, such as one in another language, is unjudged
    for names and judged for the rest. Addresses of pages, UUIDs and dates count under their own label and
    as personal data only where the name of the column announces a birth. Names of columns are understood
    in English and in the common words of German, French and Spanish. Numbers of up to six digits are not
    read as text, so a column of ZIP codes or ages is judged by its longer values only: see `k-anonymity`
    for these. Fields of JSON are columns, too, the members of a list together.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="personal-columns",
        family="tables",
        summary="columns whose values are personal data",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name=_COLUMNS,
                summary="columns of which a large enough share of values is personal data",
                unit=Unit.COUNT,
                direction=Direction.LOWER,
                labels=("entity",),
            ),
            Metric(
                name=_SHARE,
                summary="share of a column's values that are personal data; without a label the worst",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                labels=(COLUMN,),
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
        detectors=("pii",),
        places=False,
    )
    Settings: ClassVar[type[BaseModel]] = PersonalColumnsSettings

    def __init__(
        self, settings: PersonalColumnsSettings, labels: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._settings = settings
        self._labels = labels["pii"]

    def start(self) -> TableTally:
        """Return the tally that has seen nothing."""
        return TableTally()

    def update(self, state: TableTally, batch: Batch, detections: DetectionsById) -> TableTally:
        """Count the values of `batch`."""
        answer = detections["pii"]
        texts = batch.texts.column("text").to_pylist()
        covered: defaultdict[int, defaultdict[str, set[int]]] = defaultdict(
            lambda: defaultdict(set)
        )
        for span in answer.spans:
            covered[span.text][span.entity].update(range(span.start, span.end))
        columns: dict[str, ColumnTally] = {}
        for index, name in enumerate(batch.texts.column("field").to_pylist()):
            text = texts[index]
            if text.isspace() or not text:
                continue
            shown = _INDEX.sub("[*]", name)
            tally = columns.setdefault(shown, ColumnTally())
            kinds = _kinds(text, covered[index]) if index in covered else []
            if any(_is_personal(each, shown) for each in kinds):
                kinds.append(_ANY)
            for each in kinds:
                tally.hits[each] = tally.hits.get(each, 0) + 1
            if index not in answer.unjudged:
                tally.judged += 1
                continue
            tally.unjudged += 1
            for each in self._known(shown, kinds, answer.judged_for.get(index, ())):
                tally.settled[each] = tally.settled.get(each, 0) + 1
        return state.merge(TableTally(skipped=len(batch.skipped), columns=columns))

    def _known(
        self, column: str, kinds: Collection[str], judged_for: Collection[str]
    ) -> Collection[str]:
        """Return of which entities it is known whether an unjudged value is one: seen, or looked for."""
        known = {*kinds, *judged_for}
        if all(each in known for each in self._labels if _is_personal(each, column)):
            known.add(_ANY)
        return known

    def merge(self, a: TableTally, b: TableTally) -> TableTally:
        """Return the sum of both tallies."""
        return a.merge(b)

    def find(self, batch: Batch, detections: DetectionsById) -> Iterator[Finding]:  # noqa: ARG002 - the whole column is meant
        """Yield nothing: a column is no place in a row."""
        return iter(())

    def finish(self, state: TableTally, *, sampled: bool) -> Iterator[Result]:
        """Yield the columns of each kind, the share of the worst column, and the share of each."""
        reason = ""
        if not self._labels:
            reason = "the detector `pii` has nothing switched on"
        elif state.columns is None:
            reason = f"there are more than {MOST_COLUMNS:,} columns"
        elif not state.columns:
            reason = "there are no values"
        columns = {} if reason else dict(sorted((state.columns or {}).items()))
        for entity in (_ANY, *self._labels):
            yield self._number(entity, columns, state.skipped, reason=reason, sampled=sampled)
        shares = [
            share(
                _SHARE,
                self.meta.id,
                ((COLUMN, name),),
                each.counts(_ANY, state.skipped),
                sampled=sampled,
            )
            for name, each in columns.items()
        ]
        measured = [each for each in shares if isinstance(each, Measured)]
        if measured:
            # The one that may be worst decides whether all of them are good enough.
            yield replace(
                max(measured, key=lambda each: (each.interval.high, each.value)), labels=()
            )
        else:
            why = reason or "no value could be judged"
            yield NotMeasured(metric=_SHARE, check=self.meta.id, labels=(), reason=why)
        yield from shares

    def _number(
        self,
        entity: str,
        columns: Mapping[str, ColumnTally],
        skipped: int,
        *,
        reason: str,
        sampled: bool,
    ) -> Result:
        """Count the columns that are `entity`; the ends count those that must be and those that may be."""
        labels = (("entity", entity),) if entity else ()
        if sampled:
            reason = (
                reason or "the rows are a sample, which does not tell the columns of the others"
            )
        if reason:
            return NotMeasured(metric=_COLUMNS, check=self.meta.id, labels=labels, reason=reason)
        ends = [self._is_of(entity, name, tally, skipped) for name, tally in columns.items()]
        low, value, high = (sum(each) for each in zip(*ends, strict=True))
        interval = Interval(low=float(low), high=float(high), level=1.0)
        return Measured(
            metric=_COLUMNS,
            check=self.meta.id,
            labels=labels,
            value=float(value),
            n=len(columns),
            interval=interval,
            method=EXACT,
            counts=None,
        )

    def _is_of(self, entity: str, name: str, tally: ColumnTally, skipped: int) -> _Ends:
        """Return whether a column is `entity`: for certain, by what could be judged, and possibly."""
        counts = tally.counts(entity, skipped)
        bound = self._settings.share
        if entity and announces(name, entity):
            bound = min(bound, self._settings.named_share)
        found = (
            counts.hits >= bound * counts.total,
            counts.judged > 0 and counts.hits >= bound * counts.judged,
            counts.hits + counts.unjudged >= bound * counts.total,
        )
        if entity:
            return found
        # A column is personal data, too, where it is of one kind whose share is enough by its name.
        kinds = [
            self._is_of(each, name, tally, skipped)
            for each in self._labels
            if _is_personal(each, name)
        ]
        must, does, may = (any(each) for each in zip(found, *kinds, strict=True))
        return must, does, may


def _kinds(text: str, covered: Mapping[str, set[int]]) -> list[str]:
    """Return the entities that cover nearly all letters and digits of `text`."""
    places = {place for place, each in enumerate(text) if each.isalnum()}
    return [
        entity
        for entity, span in covered.items()
        if len(span & places) >= _COVERED * len(places) > 0
    ]


def _is_personal(entity: str, column: str) -> bool:
    """Return whether a value that is an `entity` says something about a person."""
    return entity not in _IMPERSONAL or (entity == "DATE_TIME" and announces(column, entity))
