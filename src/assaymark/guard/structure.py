"""
What looks like structure: ids, counts, names of models; nothing that anybody says.

Structure is left alone only while it is plain. What an API calls an id and does not look like one is judged,
and so is what is numbers only, such as that of a card: an id of so many digits is rare, and judged it stays.

tests/guard/proxy/test_coverage.py and tests/guard/test_messages.py
"""

from __future__ import annotations

import re
from typing import Any

PLAIN = re.compile(r"[\w.:/+|=-]{0,256}", re.ASCII)
OPAQUE = re.compile(r"[\w.:/+|=-]*", re.ASCII)
_LARGEST = 10**11
"""Numbers of structure are smaller: counts, and times in seconds."""

_LETTER = re.compile("[A-Za-z]")
_DIGITS = 9
"""From which on a text without any letter may be the number of somebody."""

_NUMBER = re.compile(rf"(?:[^0-9]*[0-9]){{{_DIGITS}}}")


def is_plain(value: Any, text: re.Pattern[str] = PLAIN) -> bool:
    """Return whether `value` is structure: small numbers, words, and lists and objects of them."""
    match value:
        case str():
            if text.fullmatch(value) is None:
                return False
            # Most begin with a letter, and this is asked for every event of a stream.
            return len(value) < _DIGITS or value[0].isalpha() or not _is_number(value)
        case list():
            return all(is_plain(each, text) for each in value)
        case dict():
            return all(is_plain(each, text) for pair in value.items() for each in pair)
    return _is_small(value)


def is_count(value: Any) -> bool:
    """Return whether `value` is a small number, or some of them, where an API has numbers."""
    if isinstance(value, list):
        return all(map(is_count, value))
    return _is_small(value)


def _is_small(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and abs(value) < _LARGEST)


def _is_number(text: str) -> bool:
    """Return whether a text of `PLAIN` is numbers only, and may be somebody's."""
    return _LETTER.search(text) is None and _NUMBER.match(text) is not None
