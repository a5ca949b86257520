from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.inputs.numbers import EXACT, LONG, number_text


@pytest.mark.parametrize(
    ("value", "alone", "in_list"),
    [
        (0, "0", None),
        (-7, "-7", None),
        (999_999, "999999", None),
        (1_000_000, "1000000", "1000000"),
        (-1_000_000, "-1000000", "-1000000"),
        (10**20, "100000000000000000000", "100000000000000000000"),
        (4111111111111111.0, "4111111111111111", "4111111111111111"),
        (-1e6, "-1000000", "-1000000"),
        (999_999.0, None, None),
        (1e6 + 0.5, None, None),
        (float(EXACT - 1), "9007199254740991", "9007199254740991"),
        (float(EXACT), None, None),
        (float("inf"), None, None),
        (float("nan"), None, None),
        (Decimal(7), "7", None),
        (Decimal(10**20), "100000000000000000000", "100000000000000000000"),
        (Decimal("7.00"), None, None),
        (Decimal("4111111111111111.00"), "4111111111111111", "4111111111111111"),
        (Decimal("-4111111111111111.0"), "-4111111111111111", "-4111111111111111"),
        (Decimal("4111111111111111.01"), None, None),
        (Decimal("1E+7"), "10000000", "10000000"),
        (Decimal("NaN"), None, None),
        (True, None, None),
        ("7", None, None),
        (None, None, None),
    ],
)
def test_which_numbers_are_text(value: Any, alone: str | None, in_list: str | None) -> None:
    """Integers; whole numbers of 7 digits and more; in a list the latter alone."""
    assert (number_text(value), number_text(value, in_list=True)) == (alone, in_list)


@given(st.integers(LONG, EXACT - 1), st.sampled_from([1, -1]))
def test_an_integer_reads_the_same_however_it_was_stored(size: int, sign: int) -> None:
    """As pandas, a database and JSON store it, the digits are those that were written."""
    number = sign * size

    stored = (number, float(number), Decimal(number), Decimal(f"{number}.00"))
    assert {number_text(each) for each in stored} == {str(number)}
    assert {number_text(each, in_list=True) for each in stored} == {str(number)}
