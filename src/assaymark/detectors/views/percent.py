"""
The `percent` view: percent-encoded bytes read as UTF-8.

Escapes of spaces and of marks that no value consists of stay, and so do bytes that are no UTF-8. `%25` is
followed as far as it hides another escape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assaymark.detectors.views.decoding import Decoded, shown
from assaymark.detectors.views.offsets import Seen
from assaymark.detectors.views.view import View

_SIZES = ((0xF0, 4), (0xE0, 3), (0xC0, 2))
_RUN = re.compile(r"(?:%(?:25){0,8}[0-9A-Fa-f]{2})+")


def see(text: str) -> Seen | None:
    """Return `text` with its escapes resolved."""
    return shown(text, _resolved(text)) if "%" in text else None


def _resolved(text: str) -> Iterator[Decoded]:
    for run in _RUN.finditer(text):
        places, octets = _octets(text, run.start(), run.end())
        index = 0
        while index < len(octets):
            size = _size(octets[index])
            try:
                value = octets[index : index + size].decode()
            except UnicodeDecodeError:
                index += 1
                continue
            yield Decoded(places[index][0], places[index + size - 1][1], value)
            index += size


def _octets(text: str, start: int, end: int) -> tuple[list[tuple[int, int]], bytes]:
    """Return the place and the value of every octet of a run."""
    places: list[tuple[int, int]] = []
    octets = bytearray()
    while start < end:
        digits = start + 1
        # `%25` followed by two digits is an escaped escape.
        while text.startswith("25", digits) and digits + 4 <= end and text[digits + 2] != "%":
            digits += 2
        places.append((start, digits + 2))
        octets.append(int(text[digits : digits + 2], 16))
        start = digits + 2
    return places, bytes(octets)


def _size(first: int) -> int:
    """Return how many octets a character takes whose first one is `first`."""
    return next((size for least, size in _SIZES if first >= least), 1)


PERCENT = View(
    name="percent",
    summary="percent-encoded characters such as `%34` and `%40`",
    trigger=r"%[0-9A-Fa-f]{2}",
    signs="%",
    is_led_by_sign=True,
    see=see,
)
