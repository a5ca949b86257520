"""The algebra of spans."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from assaymark.redaction.spans import Found, covering, joined, without

PLACES = st.tuples(st.integers(0, 30), st.integers(1, 8)).map(lambda each: (each[0], sum(each)))
FOUND = st.lists(
    st.builds(
        lambda place, name, score: Found(*place, name, score),
        PLACES,
        st.sampled_from("AB"),
        st.sampled_from((0.4, 1.0)),
    )
)


def covered(spans: object) -> set[int]:
    """The places that spans cover."""
    return {place for each in spans for place in range(each[0], each[1])}  # type: ignore[attr-defined]


@given(FOUND)
def test_joined_spans_cover_the_same_and_stand_apart(found: list[Found]) -> None:
    """Nothing is lost, nothing is added, nothing overlaps; order of arrival does not matter."""
    spans = list(joined(found))

    assert covered(spans) == covered(found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    assert spans == list(joined(reversed(found)))


@given(FOUND, st.lists(PLACES))
def test_protected_places_are_taken_out(found: list[Found], walls: list[tuple[int, int]]) -> None:
    """What is left is what was found and is not protected, in order, called as before."""
    spans = list(joined(found))
    left = list(without(spans, walls))

    assert covered(left) == covered(spans) - covered(walls)
    assert left == sorted(left)
    assert all(
        any(a.start <= each.start and each.end <= a.end and a.entity == each.entity for a in spans)
        for each in left
    )


def test_the_surest_names_the_whole() -> None:
    """Score first, then length, then the name."""
    assert list(joined([Found(0, 4, "A", 0.5), Found(2, 9, "B", 0.5), Found(3, 5, "C", 0.9)])) == [
        Found(0, 9, "C", 0.9)
    ]
    assert list(joined([Found(0, 4, "A", 0.5), Found(2, 9, "B", 0.5)])) == [Found(0, 9, "B", 0.5)]
    assert list(joined([Found(0, 4, "B", 0.5), Found(0, 4, "A", 0.5)])) == [Found(0, 4, "A", 0.5)]
    assert list(joined([Found(0, 4, "A", 0.5), Found(4, 5, "B", 0.5)])) == [
        Found(0, 4, "A", 0.5),
        Found(4, 5, "B", 0.5),
    ]


@given(FOUND, st.lists(PLACES))
def test_what_is_overlapped_is_covered_whole(
    found: list[Found], whole: list[tuple[int, int]]
) -> None:
    """A span reaches over whatever it overlaps, what overlaps that, and no further."""
    for each, wide in zip(found, covering(found, whole), strict=True):
        expected = covered([each])
        while more := [one for one in whole if covered([one]) & expected]:
            if covered(more) <= expected:
                break
            expected |= covered(more)

        assert covered([wide]) == expected
        assert wide._replace(start=0, end=0) == each._replace(start=0, end=0)
