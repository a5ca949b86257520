from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.model.intervals import Interval, clopper_pearson
from assaymark.model.measurement import (
    CLOPPER_PEARSON,
    EXACT,
    Counts,
    Measured,
    NotMeasured,
    count,
    share,
)


@st.composite
def counts(draw: st.DrawFn) -> Counts:
    """Counts of at least one judged row."""
    judged = draw(st.integers(1, 400))
    return Counts(
        hits=draw(st.integers(0, judged)), judged=judged, unjudged=draw(st.integers(0, 400))
    )


def _share(these: Counts, *, sampled: bool) -> Measured:
    result = share("f.rate", "c", (), these, sampled=sampled)
    assert isinstance(result, Measured)
    return result


def test_a_share_of_everything_is_a_fact() -> None:
    """Where every row was judged, both ends of the interval are the share itself."""
    result = share(
        "f.rate", "c", (("e", "X"),), Counts(hits=3, judged=12, unjudged=0), sampled=False
    )

    assert result == Measured(
        metric="f.rate",
        check="c",
        labels=(("e", "X"),),
        value=0.25,
        n=12,
        interval=Interval(low=0.25, high=0.25, level=1.0),
        method=EXACT,
        counts=Counts(hits=3, judged=12, unjudged=0),
    )


def test_rows_that_could_not_be_judged_may_all_be_hits() -> None:
    """Three hits in six judged rows and four unjudged ones: between 3 and 7 of 10."""
    result = _share(Counts(hits=3, judged=6, unjudged=4), sampled=False)

    assert result.value == 0.5
    assert result.interval == Interval(low=0.3, high=0.7, level=1.0)


def test_a_sampled_share_has_exact_binomial_limits_around_both_readings() -> None:
    """The lower limit takes unjudged rows as clean, the upper one as hits."""
    result = _share(Counts(hits=3, judged=6, unjudged=4), sampled=True)

    assert result.method == CLOPPER_PEARSON
    assert result.interval.low == clopper_pearson(3, 10, level=0.95).low
    assert result.interval.high == clopper_pearson(7, 10, level=0.95).high
    assert result.interval.level == 0.95


@pytest.mark.parametrize(
    ("unjudged", "reason"), [(0, "there are no rows"), (7, "none of 7 rows could be judged")]
)
@pytest.mark.parametrize("sampled", [True, False])
def test_no_judged_row_is_no_number(unjudged: int, reason: str, *, sampled: bool) -> None:
    """Nothing judged is said as such, never as 0."""
    these = Counts(hits=0, judged=0, unjudged=unjudged)

    result = share("f.rate", "c", (), these, sampled=sampled)

    assert result == NotMeasured(metric="f.rate", check="c", labels=(), reason=reason)


@given(counts(), st.booleans())
def test_a_row_that_becomes_unjudged_only_widens_the_interval(
    these: Counts,
    sampled: bool,  # noqa: FBT001 - drawn by Hypothesis
) -> None:
    """Losing the judgement of one row, clean or hit, never moves an end inwards."""
    before = _share(these, sampled=sampled).interval

    for lost_hit in (0, 1):
        if these.judged > 1 and lost_hit <= these.hits and these.hits - lost_hit < these.judged:
            worse = Counts(
                hits=these.hits - lost_hit, judged=these.judged - 1, unjudged=these.unjudged + 1
            )
            after = _share(worse, sampled=sampled).interval

            assert after.low <= before.low
            assert after.high >= before.high


def test_a_count_may_have_an_upper_end() -> None:
    """A whole number is exact; what could not be read may add to it."""
    assert count("f.rows", "c", (), 7).interval == Interval(low=7.0, high=7.0, level=1.0)
    assert count("f.rows", "c", (), 7, at_most=9).interval == Interval(low=7.0, high=9.0, level=1.0)


@pytest.mark.parametrize(
    ("hits", "judged", "unjudged"), [(2, 1, 0), (-1, 1, 0), (0, -1, 5), (0, 1, -1), (0, 2**53, 1)]
)
def test_counts_that_no_rows_can_have_are_refused(hits: int, judged: int, unjudged: int) -> None:
    """More hits than rows, negative rows and more rows than JSON can carry do not exist."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message follows
        Counts(hits=hits, judged=judged, unjudged=unjudged)

    assert str(error.value) == "expected 0 <= hits <= judged, unjudged >= 0, and at most 2**53 rows"


@pytest.mark.parametrize(("value", "n"), [(math.nan, 1), (math.inf, 1), (0.0, -1)])
def test_a_number_that_is_none_is_refused(value: float, n: int) -> None:
    """NaN and infinity are not measured; see `NotMeasured`."""
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message follows
        Measured(
            metric="f.rate",
            check="c",
            labels=(),
            value=value,
            n=n,
            interval=Interval(low=0.0, high=1.0, level=1.0),
            method=EXACT,
            counts=None,
        )

    assert str(error.value) == "expected a finite value and n >= 0"
