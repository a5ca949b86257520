"""Drift: what is found now against what a report says, beyond chance and beyond a margin."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from assaymark.guard.watch.baseline import Audited, Drift, audited_rates
from assaymark.model.measurement import Counts, NotMeasured, Result, count, share
from assaymark.model.subject import SubjectKind
from assaymark.policy.guarding import GuardRules, guard_rules
from assaymark.statistics.gaps import Sample

from .test_alarms import rates

RULES: GuardRules = guard_rules(
    {
        "input": [
            {"detector": "pii-patterns", "entities": ["US_SSN"], "do": "redact"},
            {"detector": "pii-names", "do": "flag"},
        ],
        "output": [{"detector": "harm", "do": "block"}],
    }
)


def rate(metric: str, label: str, hits: int, judged: int = 1000) -> Result:
    """A share as a check reports it."""
    counts = Counts(hits=hits, judged=judged, unjudged=0)
    labels = (("entity", label),) if label else ()
    return share(metric, "check", labels, counts, sampled=False)


AUDITED = Audited("pii.row-rate", "US_SSN", "request", ("pii-patterns",), Sample(20, 1000))


def test_what_is_compared() -> None:
    """Shares of one label that a rule of the guard looks for on the side that was audited; nothing else."""
    dataset = [
        rate("pii.row-rate", "US_SSN", 20),
        rate("pii.row-rate", "CREDIT_CARD", 20),
        rate("pii.row-rate", "", 30),
        rate("harm.row-rate", "violence", 5),
        rate("pii.unjudged-rate", "US_SSN", 5),
        count("pii.count", "check", (("entity", "US_SSN"),), 5),
        NotMeasured(metric="pii.row-rate", check="c", labels=(("entity", "X"),), reason="no"),
    ]
    answers = [rate("harm.row-rate", "violence", 5), rate("pii.row-rate", "US_SSN", 1)]

    found = audited_rates([(SubjectKind.DATASET, dataset), (SubjectKind.OUTPUTS, answers)], RULES)

    names = ("pii-names",)
    assert found == (
        AUDITED._replace(detectors=("pii-patterns", "pii-names")),
        Audited("pii.row-rate", "CREDIT_CARD", "request", names, Sample(20, 1000)),
        Audited("harm.row-rate", "violence", "response", ("harm",), Sample(5, 1000)),
    )


def live(hits: int, requests: int, **changes: Any) -> Any:
    """The last minutes, with so many requests that hold a number."""
    found = Counter({("request", "pii-patterns/US_SSN"): hits})
    return rates(requests=requests, answered=requests, found=found, **changes)


@pytest.mark.parametrize(
    ("hits", "requests", "is_drift"),
    [
        pytest.param(0, 0, False, id="nobody came"),
        pytest.param(90, 99, False, id="too few to say"),
        pytest.param(2, 100, False, id="the same share"),
        pytest.param(5, 100, False, id="more, within chance"),
        pytest.param(30, 1000, False, id="more, within the margin"),
        pytest.param(70, 1000, True, id="more"),
        pytest.param(0, 1000, False, id="less, within chance and margin"),
    ],
)
def test_drift_beyond_doubt(hits: int, requests: int, *, is_drift: bool) -> None:
    """In both directions, and only where counts of this size show it."""
    found = list(Drift(audited=(AUDITED,)).alarms(live(hits, requests)))

    assert bool(found) is is_drift


def test_less_than_audited_is_drift_too() -> None:
    """A share that is gone may mean that nobody looks any longer."""
    audited = AUDITED._replace(sample=Sample(100, 1000))

    (alarm,) = Drift(audited=(audited,)).alarms(live(0, 1000))

    assert (
        alarm.summary == "US_SSN in 0.00% of the requests of the last minutes; 10.00% were audited"
    )


def test_what_an_alarm_says() -> None:
    """Which share, how large it is, and how large it was."""
    (alarm,) = Drift(audited=(AUDITED,)).alarms(live(100, 1000))

    assert alarm.name == "drift"
    assert alarm.labels == (("metric", "pii.row-rate"), ("label", "US_SSN"), ("side", "request"))
    assert alarm.summary == (
        "US_SSN in 10.00% of the requests of the last minutes; 2.00% were audited"
    )
    assert alarm.value == 0.1


def test_many_shares_share_one_doubt() -> None:
    """What would be an alarm alone is none among two hundred: somebody always is an outlier."""
    others = tuple(
        Audited("pii.row-rate", f"E{n}", "request", ("pii-patterns",), Sample(20, 1000))
        for n in range(200)
    )
    found = Counter({("request", f"pii-patterns/E{n}"): 20 for n in range(200)})
    found["request", "pii-patterns/US_SSN"] = 62
    now = rates(found=found)

    alone = list(Drift(audited=(AUDITED,)).alarms(now))
    among = list(Drift(audited=(AUDITED, *others)).alarms(now))

    assert len(alone) == 1
    assert among == []


def test_answers_are_counted_where_there_were_some() -> None:
    """Of the side of answers, requests that were not sent on are no trials."""
    audited = AUDITED._replace(side="response")
    found = Counter({("response", "pii-patterns/US_SSN"): 10})

    few = rates(requests=1000, answered=50, found=found)
    many = rates(requests=1000, answered=120, found=found)

    assert list(Drift(audited=(audited,)).alarms(few)) == []
    assert [each.value for each in Drift(audited=(audited,), doubt=0.1).alarms(many)] == [10 / 120]
