"""
From a bound and a result to met, broken or undecided.

* The interval decides, not the estimate: `at_most` is met by the upper end and broken by the lower one.
* Judgements that rest on a sample share one error budget (Holm 1979), so that adding requirements to a
  policy does not add false verdicts. A judgement without evidence keeps its place in the budget.
* A judgement shows the interval that it was made with, so its status can be read off it.

tests/policy/test_decide.py holds these.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assaymark.model.decision import Judgement, Status
from assaymark.model.intervals import Interval, at_least, at_most, lower_limit, upper_limit
from assaymark.model.measurement import (
    CLOPPER_PEARSON,
    CLUSTERED,
    EXACT,
    SQUARE_AND_ADD,
    Contrast,
    Counts,
    Measured,
    NotMeasured,
)
from assaymark.policy.policy import Bound
from assaymark.policy.wording import limit, seen
from assaymark.statistics.contrasts import doubt_below, doubt_over
from assaymark.statistics.contrasts import limits as gap_limits
from assaymark.statistics.power import in_two_digits, times_to_decide

_OUT_OF_REACH = 20  # times as many templates, which somebody has to write


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One bound and what is known about it for one subject."""

    bound: Bound
    result: Measured | NotMeasured

    @property
    def fact(self) -> Measured | None:
        """The result, where all rows were read; `None` where it rests on a sample or is missing."""
        if isinstance(self.result, Measured) and self.result.method == EXACT:
            return self.result
        return None

    @property
    def is_statistical(self) -> bool:
        """Whether chance can decide it. Missing evidence might have been a sample, so it counts."""
        return self.fact is None


def judge(cases: Sequence[Case], *, tail: float) -> list[Judgement]:
    """Judge every case, in order; those that rest on a sample share `tail` by Holm's step-down procedure.

    Source:
        Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
        Statistics 6 (1979), 65-70. Claims that a bound is met and claims that it is broken are two
        families, one for each end of the interval.
    """
    statistical = [index for index, case in enumerate(cases) if case.is_statistical]
    met = _holm({i: _doubt_met(cases[i]) for i in statistical}, tail)
    broken = _holm({i: _doubt_broken(cases[i]) for i in statistical}, tail)
    return [
        _judgement(
            case,
            met=met[index] if fact is None else _Claim(_meets(fact, case.bound), 0.0),
            broken=broken[index] if fact is None else _Claim(_breaks(fact, case.bound), 0.0),
        )
        for index, (case, fact) in enumerate((each, each.fact) for each in cases)
    ]


@dataclass(frozen=True, slots=True)
class _Claim:
    proven: bool
    tail: float
    """The share of the error budget that the claim was tested at; 0 where chance has no part."""


def _holm(doubts: dict[int, float], tail: float) -> dict[int, _Claim]:
    """Test claims, the least doubtful first, each at the budget divided by the claims left.

    Claims that are equally doubtful get the same share, and once one fails the rest keep its share:
    so no order of writing shows, and each interval says what its claim's status says.
    """
    claims: dict[int, _Claim] = {}
    alive = True
    share = tail
    for doubt, tied in itertools.groupby(
        sorted(doubts, key=doubts.__getitem__), doubts.__getitem__
    ):
        if alive:
            share = tail / (len(doubts) - len(claims))
            alive = doubt <= share
        claims.update({index: _Claim(alive, share) for index in tied})
    return claims


def _doubt_met(case: Case) -> float:
    """P-value against `the bound is met`; 1 where there is no evidence, 0 where no share breaks it."""
    if (contrast := _contrast(case.result)) is not None:
        if case.bound.at_most is not None:
            return 0.0 if case.bound.at_most >= 1.0 else doubt_below(contrast, case.bound.at_most)
        return 0.0 if _floor(case.bound) <= 0.0 else doubt_over(contrast, _floor(case.bound))
    counts = _sample_counts(case.result)
    if counts is None:
        return 1.0
    limit = case.bound.at_most
    if limit is not None:
        worst = counts.hits + counts.unjudged
        return 0.0 if limit >= 1.0 else at_most(worst, counts.total, limit)
    floor = _floor(case.bound)
    return 0.0 if floor <= 0.0 else at_least(counts.hits, counts.total, floor)


def _doubt_broken(case: Case) -> float:
    """P-value against `the bound is broken`; 1 where there is no evidence."""
    if (contrast := _contrast(case.result)) is not None:
        # A limit of 0 is broken by any gap that is shown, so what no gap can break is told apart here.
        if case.bound.at_most is not None:
            return 1.0 if case.bound.at_most >= 1.0 else doubt_over(contrast, case.bound.at_most)
        return 1.0 if _floor(case.bound) <= 0.0 else doubt_below(contrast, _floor(case.bound))
    counts = _sample_counts(case.result)
    if counts is None:
        return 1.0
    if case.bound.at_most is not None:
        return at_least(counts.hits, counts.total, case.bound.at_most)
    return at_most(counts.hits + counts.unjudged, counts.total, _floor(case.bound))


def _sample_counts(result: Measured | NotMeasured) -> Counts | None:
    if isinstance(result, Measured) and result.method == CLOPPER_PEARSON:
        return result.counts
    return None


def _contrast(result: Measured | NotMeasured) -> Contrast | None:
    if isinstance(result, Measured) and result.method in (SQUARE_AND_ADD, CLUSTERED):
        return result.contrast
    return None


def _floor(bound: Bound) -> float:
    # INVARIANT: `load` sets exactly one of the two, so this is only asked where `at_least` is set.
    return 0.0 if bound.at_least is None else bound.at_least


def _meets(fact: Measured, bound: Bound) -> bool:
    if bound.at_most is not None:
        return fact.interval.high <= bound.at_most
    return fact.interval.low >= _floor(bound)


def _breaks(fact: Measured, bound: Bound) -> bool:
    if bound.at_most is not None:
        return fact.interval.low > bound.at_most
    return fact.interval.high < _floor(bound)


def _judgement(case: Case, *, met: _Claim, broken: _Claim) -> Judgement:
    status = Status.MET if met.proven else Status.BROKEN if broken.proven else Status.UNDECIDED
    base = Judgement(
        metric=case.bound.metric,
        labels=case.bound.labels,
        bound=str(case.bound),
        status=status,
        because="",
        value=None,
        interval=None,
        counts=None,
    )
    if isinstance(case.result, NotMeasured):
        return replace(base, because=f"not measured: {case.result.reason}")
    # `at_most` is met by the upper end and broken by the lower one; `at_least` the other way round.
    low, high = (broken, met) if case.bound.at_most is not None else (met, broken)
    interval = _interval_at(case.result, low.tail, high.tail)
    because = _because(case.result, interval, case.bound, status)
    if status is Status.UNDECIDED and (contrast := _contrast(case.result)) is not None:
        because += f"; {_more_rows(contrast, case.bound, low.tail, high.tail)}"
    return replace(
        base,
        because=because,
        value=case.result.value,
        interval=interval,
        counts=case.result.counts,
    )


def _interval_at(result: Measured, low_tail: float, high_tail: float) -> Interval:
    """Return the interval that the two claims about `result` were tested with."""
    if (contrast := _contrast(result)) is not None:
        return gap_limits(contrast, low_tail=low_tail, high_tail=high_tail)
    counts = _sample_counts(result)
    if counts is None:
        return result.interval
    return Interval(
        low=lower_limit(counts.hits, counts.total, tail=low_tail),
        high=upper_limit(counts.hits + counts.unjudged, counts.total, tail=high_tail),
        level=1.0 - low_tail - high_tail,
    )


def _because(result: Measured, interval: Interval, bound: Bound, status: Status) -> str:
    number = seen(
        result.value, interval, result.counts, bound.unit, is_exact=result.method == EXACT
    )
    link = {
        Status.MET: "which keeps",
        Status.BROKEN: "which breaks",
        Status.UNDECIDED: "which neither keeps nor breaks",
    }[status]
    return f"{number}, {link} the limit: {limit(bound)}"


def _more_rows(contrast: Contrast, bound: Bound, low_tail: float, high_tail: float) -> str:
    """Say how many rows or templates would decide, or that more of them would not, with the reason."""
    edge = bound.at_most if bound.at_most is not None else _floor(bound)
    unit, kind = contrast.rows, "rows"
    if contrast.is_clustered:
        unit, kind = contrast.templates, "templates"
    times = times_to_decide(contrast, edge, low_tail=low_tail, high_tail=high_tail)
    if times is None:
        # What is left of an interval without chance: what nobody could judge, and the gap's own place.
        is_known = all(not each.counts.unjudged for family in contrast.families for each in family)
        reason = "the gap lies at the limit" if is_known else "too many could not be judged"
        return f"more {kind} like these would not decide it, because {reason}"
    needed = f"about {in_two_digits(unit * times):,} {kind} like these {unit:,} would decide it"
    if contrast.is_clustered and times > _OUT_OF_REACH:
        return f"{needed}, which is out of reach"
    return f"{needed}, if the shares stayed as they are"
