# ruff: noqa: D102 - a mutant does what its name says
"""`check_contract` says which law a check breaks. Each check here breaks one."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, ConfigDict

from assaymark.checks.pii.pii_exposure import PiiExposure
from assaymark.checks.records.record_health import RecordHealth, RecordTally
from assaymark.errors import MissingExtraError
from assaymark.model.finding import Finding
from assaymark.model.measurement import Measured, NotMeasured, Result, count
from assaymark.model.subject import SubjectKind
from assaymark.testing import check_contract


class Whole(RecordHealth):
    __doc__ = RecordHealth.__doc__


class Undocumented(RecordHealth):
    """Says nothing."""


class LooseSettings(BaseModel):
    """Settings that accept a misspelt key."""

    model_config = ConfigDict(extra="ignore")


class UnexplainedSettings(BaseModel):
    """A setting that says nothing about itself."""

    model_config = ConfigDict(extra="forbid")

    limit: int = 1


class Loose(Whole):
    __doc__ = RecordHealth.__doc__
    Settings: ClassVar[type[BaseModel]] = LooseSettings


class Unexplained(Whole):
    __doc__ = RecordHealth.__doc__
    Settings: ClassVar[type[BaseModel]] = UnexplainedSettings


class LastBatchWins(Whole):
    __doc__ = RecordHealth.__doc__

    def merge(self, a: RecordTally, b: RecordTally) -> RecordTally:
        return b if b.read or b.skipped else a


class ForgetsInUpdate(Whole):
    __doc__ = RecordHealth.__doc__

    def update(self, _: RecordTally, batch: Any, detections: Any) -> RecordTally:
        return super().update(self.start(), batch, detections)


class Silent(Whole):
    __doc__ = RecordHealth.__doc__

    def finish(self, state: RecordTally, *, sampled: bool) -> Iterator[Result]:
        results = super().finish(state, sampled=sampled)
        return (each for each in results if each.metric != "records.empty-rate")


class ZeroForNothing(Whole):
    __doc__ = RecordHealth.__doc__

    def finish(self, state: RecordTally, *, sampled: bool) -> Iterator[Result]:
        for each in super().finish(state, sampled=sampled):
            if isinstance(each, NotMeasured):
                yield count(each.metric, each.check, (), 0)
            else:
                yield each


class Twice(Whole):
    __doc__ = RecordHealth.__doc__

    def finish(self, state: RecordTally, *, sampled: bool) -> Iterator[Result]:
        yield from super().finish(state, sampled=sampled)
        yield from super().finish(state, sampled=sampled)


class Labelled(Whole):
    __doc__ = RecordHealth.__doc__

    def finish(self, state: RecordTally, *, sampled: bool) -> Iterator[Result]:
        yield from super().finish(state, sampled=sampled)
        yield count("records.count", self.meta.id, (("entity", "A"),), 0)


class Undeclared(Whole):
    __doc__ = RecordHealth.__doc__

    def finish(self, state: RecordTally, *, sampled: bool) -> Iterator[Result]:
        yield from super().finish(state, sampled=sampled)
        yield count("records.more", self.meta.id, (), 0)


class AnothersName(Whole):
    __doc__ = RecordHealth.__doc__

    def finish(self, state: RecordTally, *, sampled: bool) -> Iterator[Result]:
        for each in super().finish(state, sampled=sampled):
            yield replace(each, check="another") if isinstance(each, Measured) else each


class Quotes(PiiExposure):
    __doc__ = PiiExposure.__doc__

    def shape(self, matched: str) -> str:
        return matched


class WrongFingerprint(Whole):
    __doc__ = RecordHealth.__doc__

    def find(self, batch: Any, detections: Any) -> Iterator[Finding]:
        for each in super().find(batch, detections):
            yield replace(each, fingerprint="0" * 32)


class FirstOfBatch(Whole):
    __doc__ = RecordHealth.__doc__

    def find(self, batch: Any, detections: Any) -> Iterator[Finding]:
        yield from list(super().find(batch, detections))[:1]


@pytest.mark.parametrize(
    ("check", "law"),
    [
        (Undocumented, "the docstring of `record-health` has no section `Why it matters`"),
        (
            Loose,
            "the settings of `record-health` accept unknown keys, so a misspelt setting would do nothing",
        ),
        (Unexplained, "the setting `limit` of `record-health` has no description"),
        (LastBatchWins, "`record-health` depends on how rows fall into batches"),
        (ForgetsInUpdate, "`update` of `record-health` disagrees with its `merge`"),
        (Silent, "`record-health` reports nothing for [('records.empty-rate', ())]"),
        (
            ZeroForNothing,
            "`record-health` reports `records.empty-rate` although there were no rows",
        ),
        (Twice, "`record-health` reports a metric twice for the same labels"),
        (Labelled, "`record-health` reports `records.count` with a label that it does not declare"),
        (Undeclared, "`record-health` reports `records.more`, which it does not declare"),
        (AnothersName, "`record-health` reports under another check's id"),
        (Quotes, "a finding of `pii-exposure` quotes the text that it is about"),
        (
            WrongFingerprint,
            "a finding of `record-health` has a fingerprint that does not follow from its place",
        ),
        (FirstOfBatch, "findings of `record-health` depend on how rows fall into batches"),
    ],
    ids=lambda each: each.__name__ if isinstance(each, type) else "",
)
def test_names_the_law_that_is_broken(check: Any, law: str) -> None:
    """Each mutant breaks one law, and is told which."""
    with pytest.raises(AssertionError) as caught:
        check_contract(check, examples=200)

    assert str(caught.value) == law


@pytest.mark.parametrize(
    ("change", "law"),
    [
        ({"id": "Record_Health"}, "the id `Record_Health` is not kebab-case"),
        ({"family": "Records"}, "the family `Records` is not kebab-case"),
        ({"family": "rows"}, "the metric `records.count` does not start with `rows.`"),
        ({"metrics": ()}, "`record-health` declares no metric"),
        ({"on": ()}, "`record-health` says no kind of subject that it judges"),
        ({"summary": " "}, "`record-health` has no summary"),
        ({"summary": "Counts."}, "the summary of `record-health` ends with a full stop"),
        (
            {"metrics": RecordHealth.meta.metrics[:1] * 2},
            "`record-health` declares a metric twice",
        ),
        (
            {"metrics": (replace(RecordHealth.meta.metrics[0], name="records.Count"),)},
            "the metric `records.Count` is not kebab-case",
        ),
    ],
)
def test_names_what_is_declared_wrongly(change: Mapping[str, Any], law: str) -> None:
    """A declaration that a policy could not be checked against is refused."""

    class Changed(Whole):
        __doc__ = RecordHealth.__doc__
        meta = replace(RecordHealth.meta, **change)

    with pytest.raises(AssertionError) as caught:
        check_contract(Changed)

    assert str(caught.value) == law


def test_a_subject_check_must_answer_the_same_again() -> None:
    """What a subject check says follows from the subject, not from the call."""

    class Fickle:
        __doc__ = RecordHealth.__doc__
        meta = replace(
            RecordHealth.meta,
            metrics=RecordHealth.meta.metrics[:1],
            on=(SubjectKind.DATASET,),
        )
        Settings = RecordHealth.Settings
        calls = 0

        def __init__(self, settings: Any) -> None:
            pass

        def inspect(self, *_: Any) -> tuple[list[Finding], list[Result]]:
            Fickle.calls += 1
            return [], [count("records.count", "record-health", (), Fickle.calls)]

    with pytest.raises(AssertionError) as caught:
        check_contract(Fickle)  # type: ignore[arg-type]

    assert str(caught.value) == "`record-health` answers differently when asked again"


def test_without_hypothesis_it_names_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The laws are held with invented subjects, so there is no contract without Hypothesis."""
    monkeypatch.setitem(sys.modules, "hypothesis", None)

    with pytest.raises(MissingExtraError) as caught:
        check_contract(RecordHealth)

    assert caught.value.hint == "pip install 'assaymark[testing]'"
