"""
Measurements: one number over many rows, or the reason why there is none.

INVARIANT: an absent number is a `NotMeasured`, never NaN, 0 or a missing key. Numbers that cannot be,
such as more hits than rows, raise `ValueError` where they are made, so that nothing later must ask.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from assaymark.model.intervals import Interval, clopper_pearson

_MOST_ROWS = 2**53  # what JSON can carry exactly

Labels: TypeAlias = tuple[tuple[str, str], ...]
"""Label names and values, sorted by name; empty for the metric over all labels."""

EXACT = "exact"
"""Every row was read: the interval's ends are facts, apart only by what could not be judged."""

CLOPPER_PEARSON = "clopper-pearson"
"""Rows were drawn at random: the ends are exact binomial limits."""


SQUARE_AND_ADD = "square-and-add"
"""Groups were compared: the ends are exact binomial limits of their shares, squared and added."""


CLUSTERED = "clustered-square-and-add"
"""Answers to templates were compared: the same, of as many independent rows as the templates are worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The whole numbers behind a share."""

    hits: int
    """Rows in which it was seen."""

    judged: int
    """Rows that could be judged, hits included."""

    unjudged: int
    """Rows that could not be judged and showed no hit: any of them may be one."""

    def __post_init__(self) -> None:
        """Refuse counts that no rows can have."""
        if not 0 <= self.hits <= self.judged or self.unjudged < 0 or self.total > _MOST_ROWS:
            raise ValueError("expected 0 <= hits <= judged, unjudged >= 0, and at most 2**53 rows")

    @property
    def total(self) -> int:
        """Rows that the share is about."""
        return self.judged + self.unjudged

    def plus(self, other: Counts) -> Counts:
        """Return the counts of both."""
        return Counts(
            hits=self.hits + other.hits,
            judged=self.judged + other.judged,
            unjudged=self.unjudged + other.unjudged,
        )


class Comparison(StrEnum):
    """How groups are compared."""

    DIFFERENCE = "difference"
    """The largest share less the smallest."""

    RATIO = "ratio"
    """The smallest share divided by the largest."""

    CALIBRATION = "calibration"
    """The largest distance of a group's share from what was predicted for it."""

    SHARE = "share"
    """The share of one group alone, where its rows come in clusters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCounts:
    """The rows of one group."""

    name: str
    """What its rows share: the values of the columns that make groups, joined by ` / `."""

    counts: Counts

    expected: float | None = None
    """The mean of what was predicted for its judged rows, in [0, 1], where shares are compared with that."""

    clusters: tuple[tuple[int, int, int], ...] | None = None
    """Hits, judged and unjudged of each template, where rows are answers to templates; in one order for all
    groups of a family, so that the same template can be compared across them."""

    def __post_init__(self) -> None:
        """Refuse a prediction that is no probability, and clusters that are not what was counted."""
        if self.expected is not None and not 0.0 <= self.expected <= 1.0:
            raise ValueError("expected a mean prediction in [0, 1]")
        if self.clusters is not None:
            whole = Counts(hits=0, judged=0, unjudged=0)
            for hits, judged, unjudged in self.clusters:
                each = Counts(hits=hits, judged=judged, unjudged=unjudged)
                whole = whole.plus(each)
            if whole != self.counts:
                raise ValueError("expected clusters that add up to the counts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """What a gap between groups was computed from; enough to compute it again at any confidence."""

    comparison: Comparison

    families: tuple[tuple[GroupCounts, ...], ...]
    """Groups are compared within a family, and the worst of all families counts: equalized odds has one for
    each outcome, most gaps have one."""

    scale: int | None = None
    """How many units make a row, where rows have scores in [0, 1] rather than hits: scores are counted in
    whole units, so that their sum does not depend on its order. `None` where a row is one unit."""

    cases: tuple[str, ...] | None = None
    """What the templates are called, in the order of `GroupCounts.clusters`, where there is one family; no
    decision rests on it."""

    def __post_init__(self) -> None:
        """Refuse a scale that is none, and names that do not fit the templates."""
        if self.scale is not None and self.scale < 1:
            raise ValueError("expected a scale of at least 1")
        if self.cases is not None and (
            len(self.families) != 1
            or len(set(self.cases)) != len(self.cases)
            or any(len(group.clusters or ()) != len(self.cases) for group in self.families[0])
        ):
            raise ValueError("expected one family, and a name for each template")

    @property
    def is_clustered(self) -> bool:
        """Whether its groups come in clusters."""
        return any(group.clusters is not None for family in self.families for group in family)

    @property
    def templates(self) -> int:
        """Templates that it rests on; 0 where rows are no answers to templates."""
        return max(len(group.clusters or ()) for family in self.families for group in family)

    @property
    def rows(self) -> int:
        """Rows that it rests on, judged or not, over all groups."""
        units = sum(group.counts.total for family in self.families for group in family)
        return units // (self.scale or 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A number that a check could compute, and how far to trust it."""

    metric: str
    check: str
    labels: Labels

    value: float
    """In the metric's declared unit. Always finite."""

    n: int
    """Rows that the number rests on."""

    interval: Interval
    method: str
    """`exact`, `clopper-pearson`, `square-and-add`, `clustered-square-and-add`, or the method that a later
    check names."""

    counts: Counts | None
    """What a share was counted from; `None` for other units."""

    contrast: Contrast | None = None
    """What a gap between groups was computed from; `None` where it is none."""

    def __post_init__(self) -> None:
        """Refuse a number that is none."""
        if not math.isfinite(self.value) or self.n < 0:
            raise ValueError("expected a finite value and n >= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """The check ran, or should have run, and cannot say."""

    metric: str
    check: str
    labels: Labels
    reason: str


Result: TypeAlias = Measured | NotMeasured


def share(
    metric: str, check: str, labels: Labels, counts: Counts, *, sampled: bool, level: float = 0.95
) -> Result:
    """Turn counts into a share with its interval.

    A row that could not be judged may hide a hit, so the upper end counts it as one and the lower end
    does not. Where every row was read, nothing else is uncertain; where rows were drawn at random, both
    ends are exact binomial limits on top.

    Source:
        Manski, "Partial Identification of Probability Distributions", Springer 2003, chapter 1, for the
        bounds under missing data; Clopper and Pearson 1934 for the limits.
    """
    if counts.judged == 0:
        reason = (
            f"none of {counts.total:,} rows could be judged"
            if counts.total
            else "there are no rows"
        )
        return NotMeasured(metric=metric, check=check, labels=labels, reason=reason)
    worst = counts.hits + counts.unjudged
    if sampled:
        low = clopper_pearson(counts.hits, counts.total, level=level).low
        high = clopper_pearson(worst, counts.total, level=level).high
        interval, method = Interval(low=low, high=high, level=level), CLOPPER_PEARSON
    else:
        interval = Interval(low=counts.hits / counts.total, high=worst / counts.total, level=1.0)
        method = EXACT
    return Measured(
        metric=metric,
        check=check,
        labels=labels,
        value=counts.hits / counts.judged,
        n=counts.total,
        interval=interval,
        method=method,
        counts=counts,
    )


def count(
    metric: str, check: str, labels: Labels, number: int, *, at_most: int | None = None
) -> Measured:
    """State a whole number; `at_most` is how large it may be if what was unreadable all counts."""
    high = number if at_most is None else at_most
    return Measured(
        metric=metric,
        check=check,
        labels=labels,
        value=float(number),
        n=number,
        interval=Interval(low=float(number), high=float(high), level=1.0),
        method=EXACT,
        counts=None,
    )
