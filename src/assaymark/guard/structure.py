"""
What looks like structure: ids, counts, names of models; nothing that anybody says.

Structure is left alone only while it is plain. What an API calls an id and does not look like one is judged.

tests/guard/proxy/test_coverage.py and tests/guard/test_messages.py
"""

from __future__ import annotations

import re
from typing import Any

PLAIN = re.compile(r"[\w.:/+|=-]{0,256}", re.ASCII)
OPAQUE = re.compile(r"[\w.:/+|=-]*", re.ASCII)
_LARGEST = 10**11
"""Numbers of structure are smaller: counts, and times in seconds."""


def is_plain(value: Any, text: re.Pattern[str] = PLAIN) -> bool:
    """Return whether `value` is structure: small numbers, words, and lists and objects of them."""
    match value:
        case None | bool():
            return True
        case int() | float():
            return abs(value) < _LARGEST
        case str():
            return text.fullmatch(value) is not None
        case list():
            return all(is_plain(each, text) for each in value)
        case dict():
            return all(is_plain(each, text) for pair in value.items() for each in pair)
    return False
