"""
Which decoded characters are worth showing.

Escapes of blanks and marks are in every page, address and source file, and decoding them would only make
each be read twice. So an escape counts where it hides a letter, a digit or a mark of which values consist;
where one does, all escapes of the same word do. A blank or mark counts, too, between two digits, and what no
value holds, such as a control character, between two characters of a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from assaymark.detectors.views.inserted import is_control
from assaymark.detectors.views.offsets import Rewriting, Seen
from assaymark.detectors.views.unicode import is_disguise, is_hole

_TELLING = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@.-_+%\\")
"""The last two begin another disguise."""
_BLANK = re.compile(r"\s")
_DIGITS = "0123456789"
_OF_VALUES = _TELLING - {"%", "\\"}


class Decoded(NamedTuple):
    """One character and the escape that says it."""

    start: int
    end: int
    value: str
    counts: bool = False
    """Whether it counts wherever it stands."""

    @property
    def is_telling(self) -> bool:
        """Whether it is of the kind that values consist of, or a disguise in turn."""
        return self.value in _TELLING or is_disguise(self.value)


def shown(text: str, found: Iterable[Decoded]) -> Seen | None:
    """Return `text` with those of the escapes resolved that count; they come in order."""
    result = Rewriting(text)
    for word in _words(text, found):
        whole = any(each.is_telling for each in word)
        for each in word:
            if whole or each.counts or _is_inside(text, each):
                result.replace(each.start, each.end, each.value)
    return result.seen()


def _words(text: str, found: Iterable[Decoded]) -> Iterator[list[Decoded]]:
    """Yield the printable ones, those together that no blank stands between."""
    word: list[Decoded] = []
    for each in found:
        if not (" " <= each.value <= "~" or is_disguise(each.value) or _is_foreign(each.value)):
            continue
        if word and _BLANK.search(text, word[-1].end, each.start):
            yield word
            word = []
        word.append(each)
    if word:
        yield word


def _is_inside(text: str, escape: Decoded) -> bool:
    before, after = text[max(escape.start - 1, 0) : escape.start], text[escape.end : escape.end + 1]
    beside = _OF_VALUES if _is_foreign(escape.value) else _DIGITS
    return bool(before and after) and before in beside and after in beside


def _is_foreign(character: str) -> bool:
    return is_control(character) or character in "\u2028\u2029" or is_hole(character)
