"""When the data was collected. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from assaymark.checks.provenance.days import Days, parse_days
from assaymark.checks.statements import Breach, Rule, StatementCheck
from assaymark.contracts.check import CheckMeta
from assaymark.model.finding import Finding, Severity
from assaymark.model.manifest import Place, Topic
from assaymark.model.measurement import NotMeasured, Result, count
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from assaymark.model.evidence import Coverage
    from assaymark.model.manifest import Manifest
    from assaymark.model.subject import Subject

_RULE = Rule(
    id="PRV-003",
    metric="provenance.date-faults",
    summary="dates of collection that are missing, impossible, or older than the policy allows",
)
_JUDGED_ON = Metric(
    name="provenance.dates-judged-on",
    summary="day that counted as today, as the number YYYYMMDD",
    unit=Unit.COUNT,
    direction=Direction.EITHER,
)
_GRACE = timedelta(days=1)
_TOPICS = (Topic.COLLECTED_FROM, Topic.COLLECTED_UNTIL, Topic.ISSUED)


class CollectionDatesSettings(BaseModel):
    """What a policy may set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_age_days: int | None = Field(
        default=None,
        ge=1,
        description="age of the last collected day above which the data is too old; `null`: any age",
        json_schema_extra={"stricter": "lower"},
    )
    as_of: date | None = Field(
        default=None,
        description="day that counts as today; `null`: the day that the audit declares (`audit --today`)",
    )


class CollectionDates(StatementCheck):
    """Whether it is stated when the data was collected, and the dates are possible and recent enough.

    ## Rules
    - `PRV-003` (high, medium where said): `missing` (medium), no document says when collection ended;
      `unreadable`, a date is none of ISO 8601; `reversed`, it ends before it starts; `future`, a date lies
      after today; `no-today`, nobody declared a day as today, which leaves the number open;
      `after-release`, data was collected after it was released; `too-old` (medium), the last collected day
      is older than `max_age_days`.

    ## Why it matters
    The period decides which consents, terms and opt-outs held, and what a model cannot know. Dates that
    contradict each other mean that somebody filled in a form.

    ## Remediation
    State `collected: {from, until}` and `issued` in a manifest, or `dataCollectionTimeframe` and
    `datePublished` in Croissant.

    ## Known limits
    A month or a year is read as all of its days, and faulted only where none of them is possible. One
    day's grace covers time zones. It reads no clock: today is the day that the policy or the audit declares,
    and `provenance.dates-judged-on` keeps it in the evidence, so that the same declared day gives the
    same evidence again.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="collection-dates",
        family="provenance",
        summary="whether it is stated when data was collected, and dates are possible and recent",
        version="2",
        added="0.1",
        metrics=(_RULE.as_metric(), _JUDGED_ON),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
    )
    Settings: ClassVar[type[BaseModel]] = CollectionDatesSettings
    rules: ClassVar[tuple[Rule, ...]] = (_RULE,)
    settings: CollectionDatesSettings

    def inspect(
        self, subject: Subject, coverage: Coverage, manifest: Manifest
    ) -> tuple[Iterable[Finding], Iterable[Result]]:
        """Judge the documents, and keep by which day."""
        findings, results = super().inspect(subject, coverage, manifest)
        return findings, [*results, self._judged_on()]

    def _judged_on(self) -> Result:
        name, check = _JUDGED_ON.name, self.meta.id
        if (today := self.settings.as_of) is None:
            reason = "nobody declared a day as today"
            return NotMeasured(metric=name, check=check, labels=(), reason=reason)
        return replace(count(name, check, (), int(today.strftime("%Y%m%d"))), n=1)

    def judge(
        self,
        manifest: Manifest,
        subject: Subject,  # noqa: ARG002 - the documents say it
    ) -> Iterator[Breach]:
        """Compare the dates with each other and with today."""
        today = self.settings.as_of
        read: dict[Topic, list[tuple[Days, Place]]] = {each: [] for each in _TOPICS}
        for said in manifest.about(*_TOPICS):
            days = parse_days(said.value)
            if days is None:
                yield Breach(rule="PRV-003", detail="unreadable", place=said.place)
            else:
                read[said.topic].append((days, said.place))
                if today is not None and days.first > today + _GRACE:
                    yield Breach(rule="PRV-003", detail="future", place=said.place)
        if today is None and any(read.values()):
            yield Breach(rule="PRV-003", detail="no-today", is_open=True)
        starts, ends, issued = (read[each] for each in _TOPICS)
        if not list(manifest.about(Topic.COLLECTED_UNTIL)):
            is_open = bool(manifest.problems)
            yield Breach(
                rule="PRV-003", detail="missing", severity=Severity.MEDIUM, is_open=is_open
            )
        for start, _ in starts:
            for end, place in ends:
                if end.last < start.first:
                    yield Breach(rule="PRV-003", detail="reversed", place=place)
        for release, _ in issued:
            for day, place in (*starts, *ends):
                if day.first > release.last:
                    yield Breach(rule="PRV-003", detail="after-release", place=place)
        yield from self._age(ends, today)

    def _age(self, ends: list[tuple[Days, Place]], today: date | None) -> Iterator[Breach]:
        if self.settings.max_age_days is None or today is None:
            return
        for end, place in ends:
            if (today - end.last).days > self.settings.max_age_days:
                yield Breach(
                    rule="PRV-003", detail="too-old", place=place, severity=Severity.MEDIUM
                )
