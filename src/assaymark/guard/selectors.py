"""
Which fields of a document are judged, as whoever calls the guard names them.

A dataset may have a column with any name, so `parse_fields` takes what is no path as a name. Here a path that
is misspelt would leave a text unjudged: it is refused.

tests/guard/test_selectors.py
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from assaymark.errors import UsageError
from assaymark.inputs.paths import FieldPath, parse_fields

Fields: TypeAlias = str | Sequence[str | FieldPath] | None
"""Paths as text, separated by commas, or a list of such texts and of parsed paths; none for everything."""

_BRACKETS = r'\[(?:\*|\d{1,9}|"[^"]*")\]'
_NAME = r'[^\s.\[\]*"](?:[^.\[\]*"]*[^\s.\[\]*"])?'
_FIRST = re.compile(rf"{_BRACKETS}|{_NAME}")
_NEXT = re.compile(rf"{_BRACKETS}|\.{_NAME}")


def named(fields: Fields) -> tuple[FieldPath, ...]:
    """Return the paths that `fields` name.

    Raises:
        UsageError: One is misspelt or empty, or it is neither text nor a list of texts and paths.
    """
    if fields is None:
        return ()
    if isinstance(fields, str):
        return _parsed(fields)
    given: Any = fields
    if isinstance(given, Iterable) and not isinstance(given, bytes | dict):
        each_given = list(given)
        if all(isinstance(each, str | FieldPath) for each in each_given):
            return tuple(
                path
                for each in each_given
                for path in (_parsed(each) if isinstance(each, str) else (each,))
            )
    raise UsageError(
        "fields are field paths as text, or a list of them",
        hint="write, say, `messages[*].content, title`",
    )


def _parsed(text: str) -> tuple[FieldPath, ...]:
    try:
        paths = parse_fields(text)
    except UsageError:
        raise UsageError(
            f"a field has no name in `{text}`", hint="write, say, `messages, prompt`"
        ) from None
    for each in paths:
        _demand_path(each.text)
    return paths


def _demand_path(text: str) -> None:
    found = _FIRST.match(text)
    at = found.end() if found else 0
    while found and at < len(text):
        found = _NEXT.match(text, at)
        at = found.end() if found else at
    if not found:
        raise UsageError(
            f"`{text}` is no field path: `{text[at:]}` cannot be read",
            hint='write, say, `title`, `messages[*].content`, `notes[0]`, and other keys as `["a.b"]`',
        )
