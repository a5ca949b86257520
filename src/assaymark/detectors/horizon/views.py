"""
From where on a text that is read in several forms is not final.

A detector behind views is as far as it is with the text itself and with every form of it, brought back to
places in the text. A form is final only as far as each view on the way to it is:

* character references, percent and backslash escapes count by the run without blanks that they stand in;
* look-alikes of other scripts, bullets and voids count by that run too, the rest of Unicode by the characters
  beside it;
* base 64 counts by the whole run, over its line breaks;
* what was inserted, spelled, spaced, broken or is behind a path is told by patterns, see
  `assaymark.detectors.horizon.tail`.

tests/detectors/horizon/test_horizons.py holds the property.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from assaymark.detectors.horizon.tail import PatternEnding, Tail, compile_tail
from assaymark.detectors.views import broken, inserted, paths, spaced, spelled
from assaymark.detectors.views.forms import forms
from assaymark.detectors.views.known import VIEWS
from assaymark.detectors.views.unicode import BY_WORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assaymark.contracts.detector import Horizon
    from assaymark.detectors.views.forms import Form
    from assaymark.detectors.views.view import View

_SHARED_FLAGS = re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE
_REGEX_ASCII, _RE_ASCII = 0x80, int(re.ASCII)

_JOINING = {
    "inserted": inserted.PATTERNS,
    "spelled": spelled.PATTERNS,
    "spaced": spaced.PATTERNS,
    "broken": broken.PATTERNS,
    "paths": paths.PATTERNS,
}
_ESCAPED = {"html": "&", "percent": "%", "escapes": "\\"}
_DIGITS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_=-")
_WRAPPED = 60
"""Digits of base 64 before a line break across which a run goes on."""

_NEIGHBOURS = 8
"""Characters beside one beyond ASCII that decide how it is read."""


class ViewedHorizon:
    """The horizon of a detector behind views.

    Args:
        horizon: Of the detector itself.
        views: Names of the views.
    """

    def __init__(self, horizon: Horizon, views: Sequence[str]) -> None:
        self._horizon = horizon
        self._views: tuple[View, ...] = tuple(e for name, e in VIEWS.items() if name in views)
        self._names = frozenset(each.name for each in self._views)
        self._marks = "".join(mark for name, mark in _ESCAPED.items() if name in self._names)
        self._joining = _joining(tuple(name for name in _JOINING if name in self._names))

    def settled(self, text: str) -> int:
        """Return how many of the first characters no continuation gives another answer."""
        reached = self._seen_alike(text)
        # A form that is to come has the text up to there, and after it who knows what. What may begin a match
        # may begin one with less text behind it, too, so the text as it stands need not be asked.
        place = self._horizon.settled(text[:reached])
        found, _ = forms(text, self._views)
        for form in found:
            place = min(place, self._of_form(form, reached, len(text)))
        return place

    def _of_form(self, form: Form, reached: int, size: int) -> int:
        """Return how many characters of the original the answer for `form` is final for."""
        for _, seen in form.steps:
            reached = seen.reached(reached)
            reached = self._seen_alike(seen.text[:reached])
        inside = self._horizon.settled(form.text[:reached])
        return size if inside == len(form.text) else form.trace(inside, inside + 1)[0].start

    def _seen_alike(self, text: str) -> int:
        """Return how many of the first characters every view sees alike, whatever follows.

        Views come one after the other. So what one of them leaves open is unknown text to the next one.
        """
        start = _run_without_blanks(text)
        place = min(
            [len(text), *(at for each in self._marks if (at := text.find(each, start)) >= 0)]
        )
        if "unicode" in self._names:
            place = _unicode(text[:place])
        if "base64" in self._names:
            opened = _base64(text[:place])
            if opened < place and "unicode" in self._names:
                opened = _under_a_mark(text[:opened])
            place = opened
        return place if self._joining is None else self._joining.pending(text[:place])


def _unicode(text: str) -> int:
    word = BY_WORD.search(text, _run_without_blanks(text))
    place = len(text) if word is None else word.start()
    first = max(len(text) - _NEIGHBOURS, 0)
    if not text[first:].isascii():
        beyond = next(n for n, each in enumerate(text[first:], first) if not each.isascii())
        place = min(place, max(beyond - 1, 0))
    return min(place, _under_a_mark(text))


def _under_a_mark(text: str) -> int:
    """Return where the character begins that a mark would take along if it came next."""
    return len(text) - 1 if text and not text[-1].isspace() else len(text)


def _base64(text: str) -> int:
    """Return where the run of base 64 at the end of `text` begins, over its line breaks."""
    place = len(text)
    while True:
        start = place
        while start and text[start - 1] in _DIGITS:
            start -= 1
        before = start - (
            2 if text[:start].endswith("\r\n") else text[:start].endswith(("\n", "\r"))
        )
        wrapped = text[max(before - _WRAPPED, 0) : before]
        if before == start or len(wrapped) < _WRAPPED or not _DIGITS.issuperset(wrapped):
            return start
        place = before


def _run_without_blanks(text: str) -> int:
    start = len(text)
    while start and text[start - 1] not in " \t\r\n":
        start -= 1
    return start


@cache
def _joining(names: tuple[str, ...]) -> Tail | None:
    endings = [
        PatternEnding(
            each.pattern,
            (each.flags & _SHARED_FLAGS) | (_REGEX_ASCII if each.flags & _RE_ASCII else 0),
            name=f"the view `{name}`",
        )
        for name in names
        for each in _JOINING[name]
    ]
    return compile_tail(endings) if endings else None
