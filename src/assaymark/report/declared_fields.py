"""
What documents declare, in the forms that other formats demand: expressions, digests, addresses, days.

A value that a field cannot hold is left out of it, and never bent to fit.

tests/report/test_declared_fields.py
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from assaymark.licences.expression import Both, One, Tree, leaves, tree_of

_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}  # hexadecimal digits
_DIGITS = re.compile(r"[0-9a-fA-F]+")
_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z")


def is_address(text: str) -> bool:
    """Return whether `text` can be followed as it stands."""
    return _ADDRESS.fullmatch(text) is not None


def expression_of(declared: str) -> str | None:
    """Return the SPDX expression that a declaration is; `None` where SPDX cannot write it."""
    tree = tree_of(declared)
    if all(leaf.id and not leaf.name.is_ours for leaf in leaves(tree)):
        return _spelled(tree)
    return None


def _spelled(tree: Tree, *, inside: bool = False) -> str:
    if isinstance(tree, One):
        return tree.id
    word = " AND " if isinstance(tree, Both) else " OR "
    joined = word.join(_spelled(each, inside=True) for each in tree.parts)
    return f"({joined})" if inside else joined


def well_formed(digests: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the digests that are of a known algorithm and as long as it makes them, in lower case."""
    for algorithm, digits in digests:
        name = algorithm.lower().replace("-", "")
        if len(digits) == _LENGTHS.get(name) and _DIGITS.fullmatch(digits):
            yield name, digits.lower()


def day_of(text: str) -> str | None:
    """Return the one day that a date names, as ISO 8601 writes it; `None` for a month, a year or words."""
    day = text.strip()[:10]
    if not (_DAY.fullmatch(text.strip()) or _MOMENT.fullmatch(text.strip())):
        return None
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        return None
