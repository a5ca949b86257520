"""
Exact binomial statistics, in the standard library alone.

They stand this low because the decision needs them: a verifier that replays a decision must get the
same answer without numpy or scipy. Golden values in `tests/model/test_intervals.py` come from scipy and
from the papers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

_BISECTIONS = 200  # halvings; the result stops moving in double precision after about 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A closed interval, and how sure it is."""

    low: float
    high: float

    level: float
    """Confidence in (0, 1]; 1.0 where nothing was estimated and the ends are facts."""


def clopper_pearson(hits: int, trials: int, *, level: float) -> Interval:
    """Two-sided exact interval for a binomial proportion.

    Conservative also when rows are drawn without replacement.

    Args:
        hits: Successes, 0 to `trials`.
        trials: Rows drawn, at least 1.
        level: Confidence in (0, 1), such as 0.95.

    Source:
        Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
        binomial", Biometrika 26 (1934), 404-413.
    """
    tail = (1.0 - level) / 2.0
    return Interval(
        low=lower_limit(hits, trials, tail=tail),
        high=upper_limit(hits, trials, tail=tail),
        level=level,
    )


def lower_limit(hits: int, trials: int, *, tail: float) -> float:
    """Largest share `p` with P(X >= hits) <= tail; one-sided exact lower limit."""
    _demand_counts(hits, trials)
    if hits == 0:
        return 0.0
    return _solve(lambda share: at_least(hits, trials, share) <= tail, keep="left")


def upper_limit(hits: int, trials: int, *, tail: float) -> float:
    """Smallest share `p` with P(X <= hits) <= tail; one-sided exact upper limit."""
    _demand_counts(hits, trials)
    if hits == trials:
        return 1.0
    return _solve(lambda share: at_most(hits, trials, share) > tail, keep="right")


def wilson(hits: int, trials: int, *, level: float) -> Interval:
    """Score interval for a binomial proportion.

    Source:
        Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927),
        209-212.
    """
    _demand_counts(hits, trials)
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    share = hits / trials
    denominator = 1.0 + z * z / trials
    centre = (share + z * z / (2.0 * trials)) / denominator
    half = z * math.sqrt(share * (1.0 - share) / trials + z * z / (4.0 * trials**2)) / denominator
    return Interval(low=max(0.0, centre - half), high=min(1.0, centre + half), level=level)


def at_most(hits: int, trials: int, share: float) -> float:
    """P(X <= hits) for X binomial with `trials` and `share`: the evidence against a larger share."""
    if hits >= trials:
        return 1.0
    return _incomplete_beta(trials - hits, hits + 1, 1.0 - share)


def at_least(hits: int, trials: int, share: float) -> float:
    """P(X >= hits) for X binomial with `trials` and `share`: the evidence against a smaller share."""
    if hits <= 0:
        return 1.0
    return _incomplete_beta(hits, trials - hits + 1, share)


def _demand_counts(hits: int, trials: int) -> None:
    if trials < 1 or not 0 <= hits <= trials:
        raise ValueError(f"expected 0 <= hits <= trials and trials >= 1, got {hits} of {trials}")


def _solve(holds: Callable[[float], bool], *, keep: Literal["left", "right"]) -> float:
    """Return the border in [0, 1] up to which the monotone `holds` is true."""
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        if middle in (low, high):
            break
        if holds(middle):
            low = middle
        else:
            high = middle
    return low if keep == "left" else high


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function I_x(a, b), by its continued fraction.

    Source:
        Abramowitz and Stegun, Handbook of Mathematical Functions, 26.5.8; evaluated with the modified
        Lentz method.
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    # The fraction converges fast only left of the mean; the symmetry I_x(a,b) = 1 - I_1-x(b,a) serves.
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _incomplete_beta(b, a, 1.0 - x)
    log_front = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return math.exp(log_front) * _continued_fraction(a, b, x) / a


def _continued_fraction(a: float, b: float, x: float) -> float:
    tiny, precise = 1e-300, 1e-15
    c = 1.0
    d = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0), tiny)
    result = d
    # Terms needed grow with sqrt(max(a, b)); 100,000 serve counts far beyond 10^9.
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        d = 1.0 / _away_from_zero(1.0 + even * d, tiny)
        c = _away_from_zero(1.0 + even / c, tiny)
        result *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        d = 1.0 / _away_from_zero(1.0 + odd * d, tiny)
        c = _away_from_zero(1.0 + odd / c, tiny)
        result *= d * c
        if abs(d * c - 1.0) < precise:
            return result
    raise ArithmeticError(f"the beta fraction did not converge for a={a}, b={b}, x={x}")


def _away_from_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
