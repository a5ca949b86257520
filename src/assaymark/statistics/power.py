"""
How much evidence a question needs: power, the smallest effect that could have been seen, rows still missing.

The functions about two shares use the normal approximation of the textbooks, for planning; a decision never
rests on them. tests/inference/test_power.py
"""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

from assaymark.model.measurement import Contrast, Counts, GroupCounts
from assaymark.statistics.contrasts import limits
from assaymark.statistics.sides import Answers, Clustered

_NORMAL = NormalDist()
_GROWTH = 4.0
_MOST_TIMES = _GROWTH**10
_DIGITS = 2  # of a number of rows that is only a guide
_CLOSE = 1.05  # nearer than the digits that are told
_HALVINGS = 60
_TWO = 2
_PLANNED = 20  # halvings; a size to plan with needs no more digits
_NEARLY_ALL = 0.99


def power_of_two_shares(
    first: float, second: float, rows: tuple[int, int], *, tail: float, corrected: bool = True
) -> float:
    """Chance that a one-sided test at `tail` tells two true shares apart.

    `Phi((|p1 - p2| - (1/n1 + 1/n2) / 2 - z * s0) / s1)` with the pooled standard error `s0` and the unpooled
    `s1`. The continuity correction stands for the caution of exact limits; without it the power is that of a
    score test.

    Source:
        Fleiss, Levin and Paik, "Statistical Methods for Rates and Proportions", 3rd edition, Wiley 2003,
        section 4.2.
    """
    n1, n2 = rows
    pooled = (n1 * first + n2 * second) / (n1 + n2)
    null = math.sqrt(pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2))
    error = math.sqrt(first * (1.0 - first) / n1 + second * (1.0 - second) / n2)
    excess = abs(first - second) - _NORMAL.inv_cdf(1.0 - tail) * null
    if corrected:
        excess -= (1.0 / n1 + 1.0 / n2) / 2.0
    if error == 0.0:
        return 1.0 if excess > 0.0 else 0.0
    return _NORMAL.cdf(excess / error)


def rows_for_two_shares(
    first: float, second: float, *, tail: float, power: float, corrected: bool = True
) -> int:
    """Rows that each of two equal groups needs for `power`; at least 1.

    Source:
        Fleiss, Levin and Paik 2003, equations 4.14 and 4.15.

    Raises:
        ValueError: The shares are equal, so that no number of rows tells them apart.
    """
    if first == second:
        raise ValueError("expected two shares that differ")
    mean = (first + second) / 2.0
    null = math.sqrt(2.0 * mean * (1.0 - mean))
    error = math.sqrt(first * (1.0 - first) + second * (1.0 - second))
    root = _NORMAL.inv_cdf(1.0 - tail) * null + _NORMAL.inv_cdf(power) * error
    difference = abs(first - second)
    rows = (root / difference) ** 2
    if corrected:
        rows = rows / 4.0 * (1.0 + math.sqrt(1.0 + 4.0 / (rows * difference))) ** 2
    return max(1, math.ceil(rows))


def detectable_difference(
    base: float, rows: tuple[int, int], *, tail: float, power: float, corrected: bool = True
) -> float | None:
    """Smallest drop below the share `base` that is found with `power`; `None` where not even a drop to 0 is.

    The effect that a run of this size could have seen. What it did not find below it, it has not refuted.
    """

    def found(drop: float) -> bool:
        chance = power_of_two_shares(base, base - drop, rows, tail=tail, corrected=corrected)
        return chance >= power

    if not found(base):
        return None
    low, high = 0.0, base
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if found(middle) else (middle, high)
    return high


def rows_to_decide(
    contrast: Contrast, bound: float, *, low_tail: float, high_tail: float
) -> int | None:
    """Rows after which the interval of a gap would lie on one side of `bound`, if all shares stayed.

    Rounded up to two digits, because the shares will not stay; `None` as for `times_to_decide`.
    """
    times = times_to_decide(contrast, bound, low_tail=low_tail, high_tail=high_tail)
    return None if times is None else in_two_digits(contrast.rows * times)


def in_two_digits(number: float) -> int:
    """Return a number that is only a guide, rounded up to two digits."""
    needed = math.ceil(number)
    step: int = 10 ** max(0, len(str(needed)) - _DIGITS)
    return math.ceil(needed / step) * step


def times_to_decide(
    contrast: Contrast, bound: float, *, low_tail: float, high_tail: float
) -> float | None:
    """How many times as many rows it would take, at least 1, if all shares stayed.

    Where rows are answers to templates, more of them means answers to more templates like these: more answers
    to the same ones would say nothing new about templates.

    Returns:
        The factor; `None` where even a million times as many would not do, as when the gap is the bound, or
        when too many rows could not be judged.
    """

    def decides(times: float) -> bool:
        if contrast.is_clustered:
            interval = limits(contrast, low_tail=low_tail, high_tail=high_tail, times=times)
        else:
            interval = limits(_scaled(contrast, times), low_tail=low_tail, high_tail=high_tail)
        return interval.high <= bound or interval.low > bound

    high = 1.0
    while not decides(high):
        high *= _GROWTH
        if high > _MOST_TIMES:
            return None
    low = high / _GROWTH
    while high / low > _CLOSE:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high


def _scaled(contrast: Contrast, times: float) -> Contrast:
    families = tuple(
        tuple(_scaled_group(group, times) for group in family) for family in contrast.families
    )
    return replace(contrast, families=families)


def _scaled_group(group: GroupCounts, times: float) -> GroupCounts:
    counts = group.counts
    hits, judged = round(counts.hits * times), round(counts.judged * times)
    # Rounding may not make more hits than rows.
    scaled = Counts(hits=min(hits, judged), judged=judged, unjudged=round(counts.unjudged * times))
    return replace(group, counts=scaled)


def detectable_gap(contrast: Contrast, *, tail: float, power: float) -> float | None:
    """Smallest drop below the larger of two shares that answers to these templates would show with `power`.

    The group with the smaller share gets the larger one's answers, thinned out until the lower limit of the
    difference is above 0 by as much as chance takes away in `1 - power` of all runs. So templates that do the
    same to both groups, and shares too rare to tell how templates spread, count as they do in the decision.

    Args:
        contrast: A gap between groups that answered templates; of several the first two are looked at.
        tail: Of one direction, after every division of it.
        power: Chance to find it.

    Returns:
        The difference; `None` where not even a drop to almost nothing would have been found.
    """
    groups = [Answers.of(each, contrast.scale) for each in contrast.families[0][:_TWO]]
    if len(groups) < _TWO:
        return None
    larger, smaller = sorted(groups, key=lambda each: each.least().rate, reverse=True)
    base, other = larger.least().rate, smaller.least().rate
    # What a run says about its own spread is an estimate too, so half of the chance to miss is left for that.
    room = 1.0 + _NORMAL.inv_cdf((1.0 + power) / 2.0) / -_NORMAL.inv_cdf(tail)

    def found(drop: float) -> bool:
        thinned = _thinned(smaller, (base - drop) / other)
        seen = base - thinned.least().rate
        width = seen - Clustered(larger, thinned, 1.0).lower_difference(tail)
        return seen >= room * width

    most = base * _NEARLY_ALL
    if other == 0.0 or not found(most):
        return None
    low, high = 0.0, most
    for _ in range(_PLANNED):
        middle = (low + high) / 2.0
        low, high = (low, middle) if found(middle) else (middle, high)
    return high


def _thinned(answers: Answers, part: float) -> Answers:
    """Return answers with a part of their hits, whole ones, so that rare hits as rare as they would be."""
    clusters, total, kept = [], 0.0, 0
    for hits, judged, unjudged in answers.clusters:
        total += hits * part
        own = min(round(total) - kept, judged)
        kept += own
        clusters.append((own, judged, unjudged))
    return Answers(tuple(clusters), answers.scale)
