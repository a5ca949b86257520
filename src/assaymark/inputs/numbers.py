"""
Numbers that are text: card and social security numbers are often stored as numbers.

* An integer is text.
* A whole number of a type that knows fractions is text from 7 digits on, because pandas makes
  `4111111111111111.0` of an integer column with a gap. Smaller ones are measurements.
* In a list any number is text from 7 digits on: below are token ids and vectors.

A float counts up to 2**53 only, since beyond it the digits are no longer those that were written.

tests/inputs/test_numbers.py
"""

from __future__ import annotations

from decimal import Decimal

LONG = 10**6
"""The smallest number of 7 digits: as many as a telephone number has."""

EXACT = 2**53


def number_text(value: object, *, in_list: bool = False) -> str | None:
    """Return the decimal digits of a number that is text, or `None`.

    Args:
        value: Anything; what is no number is no text here.
        in_list: Whether it is an element of a list.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return None if in_list and -LONG < value < LONG else str(value)
    if isinstance(value, float):
        is_text = LONG <= abs(value) < EXACT and value.is_integer()
        return str(int(value)) if is_text else None
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        has_scale = str(value.as_tuple().exponent).startswith("-")
        is_text = value.copy_abs() >= LONG or not (has_scale or in_list)
        return str(int(value)) if is_text else None
    return None
