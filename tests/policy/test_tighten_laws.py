"""Laws of tightening: joining demands loses none of them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assaymark.model.decision import Enforcement
from assaymark.model.finding import Severity
from assaymark.model.subject import SubjectKind
from assaymark.policy.policy import AllOf, AnyOf, Bound, Clause, Not, Requirement
from assaymark.policy.strictness import (
    IncomparableError,
    Stricter,
    Way,
    is_loosened,
    stricter_of,
)
from assaymark.policy.tighten import (
    is_at_least_as_strict,
    loosenings,
    stricter_clause,
    stricter_requirement,
)

METRICS = ("a", "b")


def bounds() -> st.SearchStrategy[Bound]:
    """Bounds on one of two metrics, by floor or ceiling."""
    limit = st.integers(0, 4).map(float)
    return st.one_of(
        st.builds(Bound, metric=st.sampled_from(METRICS), labels=st.just(()), at_most=limit),
        st.builds(Bound, metric=st.sampled_from(METRICS), labels=st.just(()), at_least=limit),
    )


def clauses() -> st.SearchStrategy[Clause]:
    """Clauses of any form, a few levels deep."""

    def larger(inner: st.SearchStrategy[Clause]) -> st.SearchStrategy[Clause]:
        several = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return st.one_of(
            st.builds(AllOf, several), st.builds(AnyOf, several), st.builds(Not, inner)
        )

    return st.recursive(bounds(), larger, max_leaves=5)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Clause, Clause]:
    """Two clauses of the same form with different limits."""
    first = draw(clauses())

    def vary(clause: Clause) -> Clause:
        match clause:
            case Bound(at_most=None):
                return replace(clause, at_least=float(draw(st.integers(0, 4))))
            case Bound():
                return replace(clause, at_most=float(draw(st.integers(0, 4))))
            case AllOf(inner):
                return AllOf(tuple(map(vary, inner)))
            case AnyOf(inner):
                return AnyOf(tuple(map(vary, inner)))
            case Not(one):
                return Not(vary(one))

    return first, vary(first)


def is_met(clause: Clause, values: dict[str, int]) -> bool:
    """Whether exact `values` meet `clause`."""
    match clause:
        case Bound(metric=metric, at_most=float(limit)):
            return values[metric] <= limit
        case Bound(metric=metric, at_least=limit):
            return values[metric] >= (limit or 0.0)
        case AllOf(inner):
            return all(is_met(each, values) for each in inner)
        case AnyOf(inner):
            return any(is_met(each, values) for each in inner)
        case Not(one):
            return not is_met(one, values)


VALUES = st.fixed_dictionaries(dict.fromkeys(METRICS, st.integers(0, 5)))


@given(pairs(), VALUES)
def test_the_stricter_of_two_is_met_only_where_both_are(
    pair: tuple[Clause, Clause], values: dict[str, int]
) -> None:
    """Joining demands loses neither of them, under however many `not`s."""
    a, b = pair

    joined = stricter_clause(a, b)

    assert joined is not None
    if is_met(joined, values):
        assert is_met(a, values)
        assert is_met(b, values)


@given(clauses(), clauses(), VALUES)
def test_what_counts_as_tightened_is_never_met_where_the_parent_is_not(
    child: Clause, parent: Clause, values: dict[str, int]
) -> None:
    """No evidence passes a child that would fail its parent."""
    if is_at_least_as_strict(child, parent) and is_met(child, values):
        assert is_met(parent, values)


@given(pairs())
def test_a_requirement_loosens_itself_nowhere(pair: tuple[Clause, Clause]) -> None:
    """Joining is idempotent, and the join of two loosens neither."""
    a, b = (
        Requirement(
            id="x",
            clause=each,
            on=(SubjectKind.DATASET,),
            severity=Severity.LOW,
            enforce=Enforcement.DENY,
        )
        for each in pair
    )

    joined = stricter_requirement(a, b)

    assert loosenings(a, a) == []
    assert joined is not None
    assert loosenings(a, joined) == []
    assert loosenings(b, joined) == []


JSON = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.text("ab", max_size=2),
    st.lists(st.sampled_from(["x", "y", "z"]), max_size=3),
)


@given(st.builds(Way, st.sampled_from(Stricter), JSON), JSON, JSON)
def test_the_stricter_setting_loosens_neither(way: Way, a: object, b: object) -> None:
    """Where two settings can be compared, their join is at least as strict as both."""
    try:
        joined = stricter_of(way, a, b)
    except IncomparableError:
        assert is_loosened(way, a, b)
        assert is_loosened(way, b, a)
        return

    assert not is_loosened(way, a, joined)
    assert not is_loosened(way, b, joined)
