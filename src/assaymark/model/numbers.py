"""
Numbers in words, the same in decisions, in every form of a report, and on the terminal.

A share never rounds to 100% unless it is 1, nor to 0% unless it is 0: a reader must be able to tell
`all` from `nearly all`. Tested in tests/model/test_numbers.py.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal

from assaymark.model.metric import Unit

_DIGITS = 4  # significant digits of a number that is not whole
_MAX_DIGITS = 17  # enough to tell any two doubles apart
_KILO = 1000
_LEAST_SHARE = 2.0**-53  # below it there are more rows than a report can count


def percent(share: float) -> str:
    """Return a share in [0, 1] as a percentage, such as `0.025%`, never in scientific notation."""
    for digits in range(_DIGITS, _MAX_DIGITS + 1):
        text = significant(100.0 * share, digits)
        if text != "100" or share == 1.0:
            break
    return f"{text}%"


def exact_percent(share: float) -> str:
    """Return a share as a percentage with every digit that it was written with, such as `0.0125%`."""
    return f"{format((Decimal(repr(share)) * 100).normalize(), 'f')}%"


def whole(number: float) -> str:
    """Return a number with thousands separators; a whole one without decimals."""
    if not math.isfinite(number):
        return str(number)
    return f"{number:,.0f}" if number == int(number) else significant(number, _DIGITS)


def quantity(value: float, unit: Unit) -> str:
    """Return `value` in its unit: a share as a percentage, a count with separators."""
    return percent(value) if unit is Unit.SHARE else whole(value)


def one_in(share: float) -> str | None:
    """Return `1 in 10,000` for a small share that is one in a whole number; else `None`."""
    if not _LEAST_SHARE <= share <= 0.1:  # noqa: PLR2004 - above that a percentage is the plainer form
        return None
    rows = 1.0 / share
    if abs(rows - round(rows)) > 1e-6 * rows:
        return None
    return f"1 in {round(rows):,}"


def compact(value: float) -> str:
    """Return a count for the tick of an axis, such as `10k` or `2.5M`."""
    for suffix in ("", "k", "M", "G", "T"):
        if value < _KILO:
            return f"{value:.3g}{suffix}"
        value /= _KILO
    return f"{value:.3g}P"


def file_size(size: int) -> str:
    """Return bytes in decimal units, such as `1.2 MB`."""
    if size < _KILO:
        return "1 byte" if size == 1 else f"{size} bytes"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= _KILO
        if value < _KILO:
            return f"{value:.3g} {unit}"
    return f"{value / _KILO:.3g} PB"


def moment(time: datetime) -> str:
    """Return a time as a person writes it, in UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def plural(number: int, one: str, many: str | None = None) -> str:
    """Return the number with its noun: `1 row`, `2 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def significant(value: float, digits: int) -> str:
    """Return `value` with so many significant digits, never in scientific notation."""
    return format(Decimal(f"{value:.{digits}g}"), ",f")
