"""
The limits of a share, against other people's numbers.

Reference numbers are from scipy 1.17.1: `beta.ppf`, `beta.isf`, `binom.cdf`, `binom.sf` and
`binomtest(...).proportion_ci(method="wilson")`. Published ones name their table.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.model.intervals import (
    Interval,
    at_least,
    at_most,
    clopper_pearson,
    lower_limit,
    upper_limit,
    wilson,
)

# hits, trials, level, Clopper-Pearson low and high, Wilson low and high
REFERENCE = [
    (0, 1, 0.95, 0.0, 0.975, 0.0, 0.793450685623),
    (1, 1, 0.95, 0.025, 1.0, 0.206549314377, 1.0),
    (0, 10, 0.95, 0.0, 0.308497107819, 0.0, 0.277532799863),
    (3, 10, 0.95, 0.0667395111777, 0.65245285006, 0.107791267406, 0.603221852539),
    (10, 10, 0.95, 0.691502892181, 1.0, 0.722467200137, 1.0),
    (1, 100, 0.95, 0.000253146032977, 0.0544593853921, 0.00176743206414, 0.0544861961787),
    (50, 100, 0.99, 0.368861437359, 0.631138562641, 0.375279625045, 0.624720374955),
    (30, 30000, 0.95, 0.000674794331692, 0.00142725696517, 0.000700589463183, 0.00142718670536),
    (7, 123456, 0.9, 2.6611520001e-05, 0.000106497751551, 3.07439651829e-05, 0.00010456883743),
    (500, 10**6, 0.999, 0.000429695647584, 0.000577919927692, 0.000431650142174, 0.000579166479313),
    (10**6, 10**9, 0.95, 0.000998041960676, 0.00100196092882, 0.000998042932196, 0.00100196090158),
    (1, 10**9, 0.95, 2.5317807984e-11, 5.57164342912e-09, 1.76524554957e-10, 5.6649342433e-09),
    (10**9 - 1, 10**9, 0.95, 0.999999994428, 0.999999999975, 0.999999994335, 0.999999999823),
    (5 * 10**8, 10**9, 0.95, 0.499969009748, 0.500030990252, 0.499969010248, 0.500030989752),
    (0, 10**9, 0.95, 0.0, 3.68887944731e-09, 0.0, 3.84145880594e-09),
]  # fmt: skip

# Each line: hits, trials, share, then the probability of at most and of at least so many hits
TAILS = [
    (0, 10, 0.1, 0.34867844009999993, 1.0),
    (3, 10, 0.5, 0.171875, 0.9453125),
    (30, 30000, 0.0005, 0.9998035149126644, 0.0004169035820051666),
    (30, 30000, 0.002, 1.395673031789509e-05, 0.9999932361110763),
    (500, 1000, 0.5, 0.5126125090891802, 0.5126125090891802),
    (0, 10**9, 1e-09, 0.3678794409875026, 1.0),
    (10**6, 10**9, 0.001002, 0.022804001142307833, 0.9772500525352248),
    (4 * 10**8, 10**9, 0.4, 0.500013734193697, 0.5000120174197726),
]

LEVELS = st.floats(0.5, 0.9999)
TAIL = st.floats(1e-6, 0.25)
SHARES = st.floats(0.0, 1.0)


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    """Hits and trials, few and many, with hits at the ends."""
    trials = draw(st.one_of(st.integers(1, 50), st.integers(1, 10**9)))
    return draw(st.one_of(st.sampled_from([0, trials]), st.integers(0, trials))), trials


@pytest.mark.parametrize(("hits", "trials", "level", "low", "high", "_", "__"), REFERENCE)
def test_clopper_pearson_agrees_with_scipy(
    hits: int, trials: int, level: float, low: float, high: float, _: float, __: float
) -> None:
    """The exact limits are the quantiles of the beta distribution, to eight digits."""
    interval = clopper_pearson(hits, trials, level=level)

    assert interval.low == pytest.approx(low, rel=1e-8)
    assert interval.high == pytest.approx(high, rel=1e-8)
    assert interval.level == level


@pytest.mark.parametrize(("hits", "trials", "level", "_", "__", "low", "high"), REFERENCE)
def test_wilson_agrees_with_scipy(
    hits: int, trials: int, level: float, _: float, __: float, low: float, high: float
) -> None:
    """The score interval is scipy's, apart by rounding; ends near 0 are right to 1e-16."""
    interval = wilson(hits, trials, level=level)

    assert interval.low == pytest.approx(low, rel=1e-7, abs=1e-16)
    assert interval.high == pytest.approx(high, rel=1e-7)


@pytest.mark.parametrize(
    ("hits", "trials", "exact", "score"),
    [
        (81, 263, (0.2527, 0.3676), (0.2553, 0.3662)),
        (15, 148, (0.0578, 0.1617), (0.0624, 0.1605)),
        (0, 20, (0.0000, 0.1684), (0.0000, 0.1611)),
        (1, 29, (0.0009, 0.1776), (0.0061, 0.1718)),
    ],
)
def test_intervals_agree_with_the_literature(
    hits: int, trials: int, exact: tuple[float, float], score: tuple[float, float]
) -> None:
    """Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I."""
    clopper, wilsons = clopper_pearson(hits, trials, level=0.95), wilson(hits, trials, level=0.95)

    assert (round(clopper.low, 4), round(clopper.high, 4)) == exact
    assert (round(wilsons.low, 4), round(wilsons.high, 4)) == score


@pytest.mark.parametrize(("hits", "trials", "share", "below", "above"), TAILS)
def test_tails_agree_with_scipy(
    hits: int, trials: int, share: float, below: float, above: float
) -> None:
    """Both tails are those of the binomial distribution, also where a billion rows were drawn."""
    assert at_most(hits, trials, share) == pytest.approx(below, rel=1e-7)
    assert at_least(hits, trials, share) == pytest.approx(above, rel=1e-7)


@pytest.mark.parametrize("trials", [1, 2, 7, 30])
@pytest.mark.parametrize("share", [0.0, 1e-9, 0.05, 0.3, 0.5, 0.77, 1.0])
def test_tails_agree_with_the_sum_of_all_terms(trials: int, share: float) -> None:
    """For few rows the tails are the plain sums of the binomial terms."""
    terms = [
        math.comb(trials, k) * share**k * (1.0 - share) ** (trials - k) for k in range(trials + 1)
    ]

    for hits in range(trials + 1):
        assert at_most(hits, trials, share) == pytest.approx(sum(terms[: hits + 1]), abs=1e-12)
        assert at_least(hits, trials, share) == pytest.approx(sum(terms[hits:]), abs=1e-12)


@given(counts(), LEVELS)
def test_both_intervals_contain_the_estimate(case: tuple[int, int], level: float) -> None:
    """0 <= low <= estimate <= high <= 1, and no end is NaN."""
    hits, trials = case

    for interval in (clopper_pearson(hits, trials, level=level), wilson(hits, trials, level=level)):
        assert 0.0 <= interval.low <= hits / trials * (1 + 1e-12)
        assert hits / trials * (1 - 1e-12) <= interval.high <= 1.0


@given(counts(), TAIL)
def test_limits_grow_with_the_hits(case: tuple[int, int], tail: float) -> None:
    """One hit more moves neither limit down."""
    hits, trials = case

    if hits < trials:
        assert lower_limit(hits, trials, tail=tail) <= lower_limit(hits + 1, trials, tail=tail)
        assert upper_limit(hits, trials, tail=tail) <= upper_limit(hits + 1, trials, tail=tail)


@given(counts(), TAIL, TAIL)
def test_limits_widen_with_the_confidence(case: tuple[int, int], a: float, b: float) -> None:
    """A smaller tail gives an interval that holds the one of a larger tail."""
    hits, trials = case
    strict, loose = sorted((a, b))

    assert lower_limit(hits, trials, tail=strict) <= lower_limit(hits, trials, tail=loose)
    assert upper_limit(hits, trials, tail=strict) >= upper_limit(hits, trials, tail=loose)


@given(st.integers(0, 40), st.integers(0, 200), TAIL)
def test_the_two_limits_mirror_each_other(hits: int, misses: int, tail: float) -> None:
    """Counting the misses turns the interval round."""
    trials = max(1, hits + misses)
    hits = min(hits, trials)

    mirrored = 1.0 - lower_limit(trials - hits, trials, tail=tail)

    assert upper_limit(hits, trials, tail=tail) == pytest.approx(mirrored, abs=1e-12)


@given(counts(), TAIL, SHARES)
def test_limits_and_tails_say_the_same(case: tuple[int, int], tail: float, share: float) -> None:
    """A share lies above the upper limit exactly where so few hits would surprise; likewise below."""
    hits, trials = case
    high, low = upper_limit(hits, trials, tail=tail), lower_limit(hits, trials, tail=tail)

    # Within a rounding of the border either answer is right.
    if share > high * (1 + 1e-9):
        assert at_most(hits, trials, share) <= tail
    if share < high * (1 - 1e-9):
        assert at_most(hits, trials, share) >= tail
    if share < low * (1 - 1e-9):
        assert at_least(hits, trials, share) <= tail
    if share > low * (1 + 1e-9):
        assert at_least(hits, trials, share) >= tail


@given(counts(), SHARES, SHARES)
def test_tails_are_monotone_probabilities(case: tuple[int, int], a: float, b: float) -> None:
    """`at_most` falls and `at_least` grows with the share, within [0, 1] and apart by rounding."""
    hits, trials = case
    small, large = sorted((a, b))

    assert 0.0 <= at_most(hits, trials, large) <= at_most(hits, trials, small) + 1e-9 <= 1.0 + 1e-9
    assert (
        0.0 <= at_least(hits, trials, small) <= at_least(hits, trials, large) + 1e-9 <= 1.0 + 1e-9
    )


@pytest.mark.parametrize("trials", [1, 5, 20, 60])
@pytest.mark.parametrize("share", [0.001, 0.03, 0.1, 0.37, 0.5, 0.9])
def test_clopper_pearson_covers_at_least_at_its_level(trials: int, share: float) -> None:
    """Summed over all outcomes, the interval holds the true share with probability >= 95 %."""
    covered = sum(
        math.comb(trials, hits) * share**hits * (1.0 - share) ** (trials - hits)
        for hits in range(trials + 1)
        if (each := clopper_pearson(hits, trials, level=0.95)).low <= share <= each.high
    )

    assert covered >= 0.95


@pytest.mark.parametrize(("trials", "digits"), [(10**12, 1e-5), (2**53, 0.02)])
def test_counts_as_large_as_json_carries_have_limits(trials: int, digits: float) -> None:
    """No count that evidence can hold makes the arithmetic fail; the Poisson limits are approached."""
    interval = clopper_pearson(1, trials, level=0.95)

    assert interval.low * trials == pytest.approx(0.0253178, rel=digits)
    assert interval.high * trials == pytest.approx(5.5716434, rel=digits)


@pytest.mark.parametrize("case", [(0, 0), (-1, 5), (6, 5), (1, -1)])
def test_impossible_counts_are_refused(case: tuple[int, int]) -> None:
    """More hits than trials, or no trials, have no interval."""
    hits, trials = case
    said = f"expected 0 <= hits <= trials and trials >= 1, got {hits} of {trials}"

    for limits in (clopper_pearson, wilson):
        with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message follows
            limits(hits, trials, level=0.95)

        assert str(error.value) == said


@pytest.mark.parametrize(
    ("low", "high", "level", "message"),
    [
        (0.5, 0.4, 1.0, "expected finite ends, the lower one first"),
        (math.nan, 0.4, 1.0, "expected finite ends, the lower one first"),
        (0.0, math.inf, 1.0, "expected finite ends, the lower one first"),
        (0.0, 1.0, 0.0, "expected a level above 0 and at most 1"),
        (0.0, 1.0, 1.01, "expected a level above 0 and at most 1"),
        (0.0, 1.0, math.nan, "expected a level above 0 and at most 1"),
    ],
)
def test_what_is_no_interval_cannot_be_made(
    low: float, high: float, level: float, message: str
) -> None:
    """Ends that are not finite or stand the wrong way round, and impossible levels, are refused."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message follows
        Interval(low=low, high=high, level=level)

    assert str(error.value) == message
