from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.model.metric import Unit
from assaymark.model.numbers import (
    compact,
    exact_percent,
    file_size,
    one_in,
    percent,
    plural,
    quantity,
    whole,
)


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0%"),
        (1.0, "100%"),
        (0.25, "25%"),
        (1 / 3, "33.33%"),
        (0.07, "7%"),
        (0.0001, "0.01%"),
        (2.789e-07, "0.00002789%"),
        (0.9999999, "99.99999%"),
        (1 - 2**-53, "99.99999999999999%"),
    ],
)
def test_percent(share: float, shown: str) -> None:
    """Four digits, never in scientific notation, and never 100% for less than all."""
    assert percent(share) == shown


@given(st.floats(0.0, 1.0))
def test_only_nothing_is_0_and_only_all_is_100_percent(share: float) -> None:
    """A reader can tell `none` from `hardly any`, and `all` from `nearly all`."""
    shown = percent(share)

    assert (shown == "0%") == (share == 0.0)
    assert (shown == "100%") == (share == 1.0)
    assert re.fullmatch(r"\d+(\.\d+)?%", shown)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (12_000.0, "12,000"),
        (2.5, "2.5"),
        (0.000012345, "0.00001234"),
        (1_234_567.5, "1,235,000"),
        (float("inf"), "inf"),
    ],
)
def test_whole(number: float, shown: str) -> None:
    """Thousands are separated, whole numbers have no decimals, and none is in scientific notation."""
    assert whole(number) == shown


def test_quantity_follows_the_unit() -> None:
    """The same number is a percentage or a count."""
    assert quantity(1.0, Unit.SHARE) == "100%"
    assert quantity(1.0, Unit.COUNT) == "1"


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0001, "1 in 10,000"), (0.02, "1 in 50"), (0.03, None), (0.5, None), (0.0, None)],
)
def test_one_in(share: float, shown: str | None) -> None:
    """Small shares that are one in a whole number are also said that way."""
    assert one_in(share) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (999, "999"), (1000, "1k"), (2.5e6, "2.5M"), (4e15, "4P")]
)
def test_compact(value: float, shown: str) -> None:
    """Tick labels stay short."""
    assert compact(value) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_234_567, "1.23 MB"),
        (5 * 10**15, "5 PB"),
    ],
)
def test_file_size(size: int, shown: str) -> None:
    """Sizes are in decimal units."""
    assert file_size(size) == shown


def test_plural() -> None:
    """One is one, and irregular nouns are given."""
    assert [plural(1, "row"), plural(2, "row"), plural(0, "entry", "entries")] == [
        "1 row",
        "2 rows",
        "0 entries",
    ]


@given(st.floats(0.0, 1.0))
def test_a_limit_keeps_every_digit_that_it_was_written_with(share: float) -> None:
    """Two limits that differ read differently, however little apart, and never scientifically."""
    text = exact_percent(share)

    assert float(Decimal(text.removesuffix("%")) / 100) == share
    assert "e" not in text.lower()


@given(st.floats())
def test_every_number_has_words(number: float) -> None:
    """Numbers that no data has, such as the smallest float, are said too: a decision raises nothing."""
    assert one_in(number) is None or 1e-16 < number <= 0.1
    assert all(text(number) for text in (exact_percent, percent, whole))
