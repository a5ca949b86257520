from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.inputs.numbers import EXACT, LONG, is_short_number, number_text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, None),
        (-7, None),
        (1699, None),
        (999_999, None),
        (-999_999, None),
        (1_000_000, "1000000"),
        (-1_000_000, "-1000000"),
        (10**20, "100000000000000000000"),
        (4111111111111111.0, "4111111111111111"),
        (-1e6, "-1000000"),
        (999_999.0, None),
        (1e6 + 0.5, None),
        (float(EXACT - 1), "9007199254740991"),
        (float(EXACT), None),
        (float("inf"), None),
        (float("nan"), None),
        (Decimal(7), None),
        (Decimal(10**20), "100000000000000000000"),
        (Decimal("7.00"), None),
        (Decimal("4111111111111111.00"), "4111111111111111"),
        (Decimal("-4111111111111111.0"), "-4111111111111111"),
        (Decimal("4111111111111111.01"), None),
        (Decimal("1E+7"), "10000000"),
        (Decimal("NaN"), None),
        (True, None),
        ("1000000", None),
        (None, None),
    ],
)
def test_which_numbers_are_text(value: Any, expected: str | None) -> None:
    """Whole numbers of 7 digits and more, of whatever type."""
    assert number_text(value) == expected


@given(st.integers(-EXACT + 1, EXACT - 1) | st.integers(-2 * LONG, 2 * LONG))
def test_an_integer_reads_the_same_however_it_was_stored(number: int) -> None:
    """As pandas, a database and JSON store it: the digits that were written, or nothing."""
    stored = (number, float(number), Decimal(number), Decimal(f"{number}.00"))

    expected = str(number) if abs(number) >= LONG else None
    assert {number_text(each) for each in stored} == {expected}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("0", True),
        ("16999", True),
        ("999999", True),
        ("-7", True),
        ("+7", True),
        (" 7\t", True),
        ("000007", True),
        ("1000000", False),
        ("0000007", False),
        ("7.0", False),
        ("1,000", False),
        ("1 2", False),
        ("7a", False),
        ("--7", False),
        ("-", False),
        ("", False),
        (" ", False),
        ("\u0667", False),
    ],
)
def test_which_cells_are_short_numbers(cell: str, expected: object) -> None:
    """Six digits and a sign, and nothing beside them but white space."""
    assert is_short_number(cell) is expected


@given(st.integers(-EXACT + 1, EXACT - 1) | st.integers(-2 * LONG, 2 * LONG))
def test_csv_and_typed_columns_agree(number: int) -> None:
    """A whole number is text in both or in neither."""
    assert is_short_number(str(number)) is (number_text(number) is None)
