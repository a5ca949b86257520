"""
Numbers that are text: card and social security numbers are often stored as numbers.

A whole number is text from 7 digits on, of whatever type it is: pandas makes `4111111111111111.0` of an
integer column with a gap. Shorter ones are counts, ages, row numbers and token ids. Presidio takes 1640
to 1699 and 16400 to 16999 for German telephone numbers, so that a column of ids would raise false
alarms. So too a cell of CSV that is nothing but such a number. In a place that was named with `--field`
every number is meant (`walk`, `delimited`).

A float counts up to 2**53 only, since beyond it the digits are no longer those that were written.

tests/inputs/test_numbers.py
"""

from __future__ import annotations

import re
from decimal import Decimal

LONG = 10**6
"""The smallest number of 7 digits: as many as a telephone number has."""

EXACT = 2**53

_SHORT = re.compile(r"\s*[-+]?[0-9]{1,6}\s*")


def number_text(value: object) -> str | None:
    """Return the decimal digits of a number that is text, or `None`; what is no number is no text here."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return None if -LONG < value < LONG else str(value)
    if isinstance(value, float):
        is_text = LONG <= abs(value) < EXACT and value.is_integer()
        return str(int(value)) if is_text else None
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return str(int(value)) if value.copy_abs() >= LONG else None
    return None


def is_short_number(cell: str) -> bool:
    """Return whether a cell of CSV is a whole number of fewer than 7 digits, and nothing else."""
    return _SHORT.fullmatch(cell) is not None
