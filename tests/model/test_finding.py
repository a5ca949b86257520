from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.model.finding import Location, Severity, fingerprint_of, shape_of

PLACE = Location(file="a.jsonl", row=3, line=4, field="text", start=5, end=9)


@given(st.text(max_size=60))
def test_a_shape_keeps_no_letter_and_no_digit(value: str) -> None:
    """Whatever the text, its form holds only masks and ASCII marks, and has at most 49 characters."""
    shape = shape_of(value)

    assert set(shape) <= {*"xX9·…", *string.punctuation, " "}
    assert len(shape) == min(len(value), 49)


def test_a_shape_shows_the_form() -> None:
    """Case, digits and separators stay visible; what is not ASCII becomes a dot."""
    assert shape_of("Ab-12 @ż\t\n") == "Xx-99 @x··"
    assert shape_of("1" * 48) == "9" * 48
    assert shape_of("1" * 49) == "9" * 48 + "…"


@pytest.mark.parametrize(
    "other",
    [
        ("d", "R", PLACE),
        ("c", "S", PLACE),
        ("c", "R", Location(file="b", row=3, line=4, field="text", start=5, end=9)),
        ("c", "R", Location(file="a.jsonl", row=4, line=4, field="text", start=5, end=9)),
        ("c", "R", Location(file="a.jsonl", row=3, line=4, field="t", start=5, end=9)),
        ("c", "R", Location(file="a.jsonl", row=3, line=4, field="text", start=6, end=9)),
        ("c", "R", Location(file="a.jsonl", row=3, line=4, field="text", start=5, end=8)),
    ],
)
def test_a_fingerprint_names_one_place(other: tuple[str, str, Location]) -> None:
    """Another check, rule, file, row, field or span has another fingerprint."""
    assert fingerprint_of(*other) != fingerprint_of("c", "R", PLACE)


def test_a_fingerprint_stays_for_ever() -> None:
    """Reports of all versions agree on it, so the value itself is fixed; the line does not count."""
    without_line = Location(file="a.jsonl", row=3, line=None, field="text", start=5, end=9)

    assert fingerprint_of("c", "R", PLACE) == "45979f79fc0010fcfd6e89d3ebed128f"
    assert fingerprint_of("c", "R", without_line) == fingerprint_of("c", "R", PLACE)


def test_severities_rise() -> None:
    """`rank` orders them as they are declared."""
    assert [each.rank for each in Severity] == [0, 1, 2, 3, 4]
