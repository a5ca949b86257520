"""
`allow_list` of Presidio's analyzer: what a client says is no value, by words or by patterns in bounded time.

tests/guard/apis/test_presidio_analyzer.py
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from assaymark.detectors.pii.ad_hoc import Place
from assaymark.guard.apis.presidio_forms import AnalyzeRequest
from assaymark.guard.apis.reading import RefusedError

_DEFAULT_FLAGS = 26
"""`DOTALL | MULTILINE | IGNORECASE`."""

_FLAGS = 0x2 | 0x8 | 0x10 | 0x20 | 0x40 | 0x80
"""Ignoring case, several lines, dots for line ends, Unicode, verbose, ASCII; others act on the process."""

_ALLOWED_CHARACTERS = 2_000
_SECONDS = 0.5


def not_allowed(request: AnalyzeRequest, text: str, places: Sequence[Place]) -> Sequence[Place]:
    """Leave out what the client says is no value."""
    allowed = [each for each in request.allow_list or () if each]
    if not allowed:
        return places
    if request.allow_list_match != "regex":
        words = set(allowed)
        return [each for each in places if text[each.start : each.end] not in words]
    import regex  # type: ignore[import-untyped] # ships no types

    flags = _DEFAULT_FLAGS if request.regex_flags is None else request.regex_flags
    pattern = "|".join(allowed)
    if flags & ~_FLAGS or len(pattern) > _ALLOWED_CHARACTERS:
        raise RefusedError(
            400, "`regex_flags` or `allow_list` is beyond what is taken", code="invalid_request"
        )
    try:
        compiled = regex.compile(pattern, flags=flags)
    except (regex.error, ValueError, OverflowError, RecursionError):
        raise RefusedError(
            400, "a pattern in `allow_list` does not compile", code="invalid_request"
        ) from None
    until = time.monotonic() + _SECONDS
    return [each for each in places if not _matches(compiled, text[each.start : each.end], until)]


def _matches(pattern: Any, word: str, until: float) -> bool:
    try:
        return pattern.search(word, timeout=max(until - time.monotonic(), 0.001)) is not None
    except TimeoutError:
        return False
