"""
Names of fields and columns as reports may show them.

A key belongs to the schema, or it is data: `{"alice@example.org": …}` is keyed by a person, and the first
line of a CSV file without a header holds values. A name that looks like a value is never shown; its
position is, from which a person can find it.

tests/inputs/test_names.py
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

_MAX_NAME = 128  # characters
_SHOWN = 10  # names that a hint lists
_MANY_DIGITS = 7  # as many as a telephone number has; a year or a version has fewer

_KEY = re.compile(r"[^\W\d][\w.-]*")
_DIGIT = re.compile(r"\d")

# As keys and tokens are made: long, of capitals and digits or of many digits, and no word.
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Z]*[0-9])[A-Z0-9]{16,}(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])(?=(?:[A-Za-z]*[0-9]){3})[A-Za-z0-9]{20,}(?![A-Za-z0-9])"
)


def looks_like_a_value(name: str) -> bool:
    """Return whether `name` is more likely a value than the name of a column."""
    return (
        "@" in name
        or len(name) > _MAX_NAME
        or len(_DIGIT.findall(name)) >= _MANY_DIGITS
        or _TOKEN.search(name) is not None
    )


def is_plain_key(key: str) -> bool:
    """Return whether a key of JSON is an identifier and no value."""
    return len(key) <= _MAX_NAME and _is_plain(key)


# Records of one file have the same keys; the length is checked before, so that what is kept is small.
@lru_cache(maxsize=4096)
def _is_plain(key: str) -> bool:
    return _KEY.fullmatch(key) is not None and not looks_like_a_value(key)


def shown_key(key: str, position: int) -> str:
    """Return a key of a JSON record as it may be shown.

    Args:
        key: The key as it stands.
        position: Its place among the keys of its object, from 0.
    """
    return key if is_plain_key(key) else f"$[{position}]"


def shown_columns(names: Sequence[str]) -> list[str]:
    """Return one distinct name for each column; `column N` counts from 1."""
    shown: list[str] = []
    for position, name in enumerate(names, start=1):
        plain = name.strip()
        if not plain or looks_like_a_value(plain) or not plain.isprintable():
            plain = f"column {position}"
        shown.append(plain if plain not in shown else f"{plain} (column {position})")
    return shown


def name_hint(wanted: str, existing: Iterable[str]) -> str:
    """Return what to write instead of `wanted`, or what there is."""
    names = list(existing)
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(f"`{each}`" for each in near) + "?"
    if not names:
        return "there are no named fields"
    some = ", ".join(f"`{each}`" for each in names[:_SHOWN])
    return f"there are {some}" + (" and more" if len(names) > _SHOWN else "")
