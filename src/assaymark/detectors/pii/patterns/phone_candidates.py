"""
What in a text may be a phone number: runs of digits and punctuation, and how they are read.

The patterns are those of `phonenumbers`; what is left out here is asking them where the answer is plain.

tests/detectors/pii/test_phone.py compares with `phonenumbers`' own search.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from phonenumbers import PhoneNumberMatcher, phonenumbermatcher, phonenumberutil

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assaymark.detectors.pii.patterns.phone_regions import Reading

_WRITTEN_PLAINLY = re.compile(r"([0-9 \-./()\[\]]*)(?:x([0-9]+))?")
_PLUS_AND_PLAINLY = re.compile(r"\+[0-9 \-./()\[\]]*")
_NO_DIGIT = re.compile(r"[^0-9]+")

_LEAST_EXTENDED = 3
_LONGEST_EXTENSION = 9
"""Least digits that the parser takes as a number before an `x`, and most as an extension behind it."""

_SURELY_UNCUT = 20
"""A candidate is cut behind 21 blocks of digits, or 20 digits without a gap."""

_MOST_PARTS = 7
_MOST_PARTS_OF_CHARACTER = 2
"""No more parts of a candidate are tried: six ways to part it, at each character that parts."""

MOST_PARTS_AT = _MOST_PARTS + _MOST_PARTS_OF_CHARACTER
"""No more parts begin at one character."""

# Theirs to change; tests compare with the matcher itself.
_CANDIDATE = phonenumbermatcher._PATTERN  # noqa: SLF001
_SECOND_NUMBER = phonenumberutil._SECOND_NUMBER_START_PATTERN  # noqa: SLF001
_DATE = phonenumbermatcher._SLASH_SEPARATED_DATES  # noqa: SLF001
_TIME_STAMP = phonenumbermatcher._TIME_STAMPS  # noqa: SLF001
_BRACKETS = phonenumbermatcher._MATCHING_BRACKETS  # noqa: SLF001
_PAGES = phonenumbermatcher._PUB_PAGES  # noqa: SLF001
_LEAD = phonenumbermatcher._LEAD_PATTERN  # noqa: SLF001
_BEHIND_TIME_STAMP = phonenumbermatcher._TIME_STAMPS_SUFFIX  # noqa: SLF001


class Candidate(NamedTuple):
    """A run of digits and punctuation in a text."""

    start: int
    end: int
    text: str


class _Parts(PhoneNumberMatcher):
    """A search in which every try fails, for the list of what is tried."""

    def __init__(self, text: str) -> None:
        super().__init__(text, None)
        self.readings: list[Reading] = []

    def _parse_and_verify(self, candidate: str, offset: int) -> None:  # noqa: ARG002 - theirs
        self.readings.append(reading_of(candidate))


def candidates_in(text: str) -> Iterator[Candidate]:
    """Yield what `phonenumbers` would try as a whole if nothing in the text were a number."""
    match = _CANDIDATE.search(text)
    while match:
        start, candidate = match.start(), match.group()
        end = match.end()
        # Those are two numbers, a date or a time only with a slash or a space.
        if not _is_unparted(candidate):
            second = _SECOND_NUMBER.search(candidate)
            if second:
                candidate = candidate[: second.start()]
            end = start + len(candidate)
            stamped = _TIME_STAMP.search(candidate) and _BEHIND_TIME_STAMP.match(
                text[end : end + 8]
            )
            if stamped or _DATE.search(candidate):
                candidate = ""
        if candidate:
            yield Candidate(start, end, candidate)
        match = _CANDIDATE.search(text, max(end, start + 1))


def _is_unparted(candidate: str) -> bool:
    """Return whether `phonenumbers` parts it nowhere: a hyphen parts with a space beside it only."""
    digits = candidate.replace("-", "").removeprefix("+")
    return digits.isascii() and digits.isdecimal()


def may_be_cut(candidate: str) -> bool:
    """Return whether `phonenumbers` might take a part of it even if it is a number as a whole."""
    return len(candidate) > _SURELY_UNCUT and sum(map(str.isdecimal, candidate)) > _SURELY_UNCUT


def most_tries(candidates: Iterable[Candidate]) -> int:
    """Return a bound on how often parts of `candidates` are tried."""
    return sum(_MOST_PARTS + _MOST_PARTS_OF_CHARACTER * len(each.text) for each in candidates)


def parts_of(candidate: str) -> list[Reading]:
    """Return what is tried of a candidate that is no number as a whole."""
    if _is_unparted(candidate):
        return []
    search = _Parts(candidate)
    search._extract_match(candidate, 0)  # noqa: SLF001
    return search.readings[1:]


def reading_of(written: str) -> Reading:
    """Return what the parser may read."""
    digits = written.replace("-", "")
    if digits.isascii() and digits.isdecimal():
        return (digits,)
    plain = _WRITTEN_PLAINLY.fullmatch(written)
    if plain is None:
        return None
    number, extension = plain.groups()
    number = _NO_DIGIT.sub("", number)
    if extension is None or _is_surely_extension(number, extension):
        return (number,)
    # One letter is no number in letters; its digits are an extension, or part of the number.
    return (number, number + extension)


def digits_behind_plus(written: str) -> str | None:
    """Return the digits of what is a plus sign, and then digits and punctuation only."""
    return _NO_DIGIT.sub("", written) if _PLUS_AND_PLAINLY.fullmatch(written) else None


def _is_surely_extension(number: str, extension: str) -> bool:
    """Return whether the parser cuts the extension off: its length is bounded, and that of the rest."""
    return len(number) >= _LEAST_EXTENDED and len(extension) <= _LONGEST_EXTENSION


def stands_free(text: str, candidate: str, start: int) -> bool:
    """Return whether what is around the candidate, and its brackets, let it be a number anywhere."""
    if not _BRACKETS.fullmatch(candidate) or _PAGES.search(candidate):
        return False
    end = start + len(candidate)
    before = "" if start == 0 or _LEAD.match(candidate) else text[start - 1]
    return not any(map(_bars, filter(None, (before, text[end : end + 1]))))


def _bars(beside: str) -> bool:
    """Return whether there is no number beside this character."""
    if beside.isascii():
        return beside.isalpha() or beside in "$%"
    return bool(
        PhoneNumberMatcher._is_invalid_punctuation_symbol(beside)  # noqa: SLF001 - theirs
        or PhoneNumberMatcher._is_latin_letter(beside)  # noqa: SLF001
    )
