"""
Presidio's phone recognizer without the work that cannot find anything.

Presidio searches a text once for each of eight regions, and `phonenumbers` parses every run of digits
each time. Here the runs are listed once, and each is tried in the regions in which it could be a number
until one takes it whole. All numbers have one score, and Presidio drops what lies within another, so
what other regions would find inside adds nothing. Only where no region takes a run whole, and some
region may take a part of it, is that region searched as Presidio searches it. What is found is found by
`phonenumbers`' own matcher.

tests/detectors/pii/test_phone.py compares with Presidio's own recognizer.
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from phonenumbers import PhoneNumber, PhoneNumberMatch, PhoneNumberMatcher
from presidio_analyzer import EntityRecognizer
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

from assaymark.detectors.pii.patterns.phone_abroad import holds_behind_plus
from assaymark.detectors.pii.patterns.phone_candidates import (
    MOST_PARTS_AT,
    Candidate,
    candidates_in,
    digits_behind_plus,
    may_be_cut,
    most_tries,
    parts_of,
    reading_of,
    stands_free,
)
from assaymark.detectors.pii.patterns.phone_regions import MIN_VALID_LENIENCY, Region, region
from assaymark.detectors.pii.patterns.phone_validity import NEVER, lengths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assaymark.detectors.pii.patterns.phone_regions import Reading

_MAX_TRIES = 65_535
"""`phonenumbers`' own default, after which it gives a text up."""

_SOME_NUMBER = PhoneNumber()
"""Which number a match is, nobody asks."""


class _Matcher(PhoneNumberMatcher):
    """`phonenumbers`' search in one region, which parses only what may be a number there."""

    def __init__(self, text: str, where: Region, leniency: int) -> None:
        super().__init__(text, where.code, leniency=leniency)
        self._where = where

    def takes(self, candidate: str, offset: int, *, holds: bool | None, code: str) -> bool:
        """Return whether all of `candidate` is a number in the region, given what it holds there."""
        if holds and self.leniency == MIN_VALID_LENIENCY:
            return stands_free(self.text, candidate, offset)
        self.preferred_region = code
        return super()._parse_and_verify(candidate, offset) is not None

    def _parse_and_verify(self, candidate: str, offset: int) -> PhoneNumberMatch | None:
        where = self._where
        holds = where.holds(reading_of(candidate))
        if holds is False or not self.takes(candidate, offset, holds=holds, code=where.code):
            return None
        return PhoneNumberMatch(offset, candidate, _SOME_NUMBER)


class PhoneSearch:
    """Finds the numbers of some regions."""

    def __init__(self, regions: Sequence[str], leniency: int) -> None:
        self._codes = tuple(regions)
        self._regions: tuple[Region, ...] = tuple(map(region, regions))
        self._leniency = leniency
        self._shortest = min((each.shortest for each in self._regions), default=0)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where Presidio finds numbers, none of them within another, from left to right."""
        if self._leniency < MIN_VALID_LENIENCY:
            return _outer(self._searched(text, self._codes))
        found: list[tuple[int, int]] = []
        open_codes: set[str] = set()
        candidates = list(candidates_in(text))
        for each in candidates:
            if len(each.text) < self._shortest:
                continue
            whole = self._is_whole(text, each)
            if whole:
                found.append((each.start, each.end))
            if not whole or may_be_cut(each.text):
                parts = parts_of(each.text)
                if parts:
                    open_codes.update(self._may_hold_any(parts))
        if len(text) * MOST_PARTS_AT >= _MAX_TRIES and most_tries(candidates) >= _MAX_TRIES:
            tried = [[reading_of(each.text), *parts_of(each.text)] for each in candidates]
            if sum(map(len, tried)) >= _MAX_TRIES:
                # Giving up loses numbers, and those of a region without any are none.
                return _outer(self._searched(text, self._may_hold_any(chain(*tried))))
        return _outer([*found, *self._searched(text, open_codes)]) if open_codes else found

    def _is_whole(self, text: str, candidate: Candidate) -> bool:
        """Return whether all of `candidate` is a number in any region."""
        start, _, written = candidate
        digits = digits_behind_plus(written)
        if digits is not None and self._regions and self._leniency == MIN_VALID_LENIENCY:
            holds = holds_behind_plus(digits)
            if holds is not None:
                return holds and stands_free(text, written, start)
        reading = reading_of(written)
        is_plain = self._is_plain(reading)
        if is_plain and self._leniency == MIN_VALID_LENIENCY:
            return stands_free(text, written, start)
        if not is_plain and not self._may_be_unplain(reading):
            return False
        matcher: _Matcher | None = None
        # Behind a plus sign stands the country code, whatever the region.
        for where in self._regions[: 1 if written.startswith("+") else None]:
            holds = where.holds(reading)
            if holds is not False:
                matcher = matcher or _Matcher(text, where, self._leniency)
                if matcher.takes(written, start, holds=holds, code=where.code):
                    return True
        return False

    def _is_plain(self, reading: Reading) -> bool:
        """Return whether these are the digits of a number in any region, with no prefix in front."""
        if reading is None or len(reading) > 1:
            return False
        (digits,) = reading
        return len(digits) in self._lengths and self._plain.fullmatch(digits) is not None

    def _may_hold_somewhere(self, reading: Reading) -> bool:
        return self._may_be_unplain(reading) or self._is_plain(reading)

    def _may_be_unplain(self, reading: Reading) -> bool:
        """Return whether these may be read as a number behind a prefix, or in other ways."""
        if reading is None:
            return True
        if len(reading) > 1:
            return any(map(self._readable.fullmatch, reading))
        (digits,) = reading
        return bool(self._prefixed.match(digits) and self._readable.fullmatch(digits))

    @cached_property
    def _known(self) -> list[Region]:
        return [each for each in self._regions if each.metadata is not None]

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        """Digits alone that are a number in some region, with no prefix in front."""
        return _any_of(each.plain for each in self._known)

    @cached_property
    def _lengths(self) -> frozenset[int]:
        """How many digits those may be."""
        return frozenset().union(*(lengths(each.metadata.country_code) for each in self._known))

    @cached_property
    def _prefixed(self) -> re.Pattern[str]:
        """What may have a prefix in any region."""
        return _any_of(each.prefixed for each in self._known)

    @cached_property
    def _readable(self) -> re.Pattern[str]:
        """What may be read as a number in any region."""
        return _any_of(each.readable for each in self._known)

    def _may_hold_any(self, readings: Iterable[Reading]) -> list[str]:
        """Return the codes of the regions in which one of `readings` may be a number."""
        some = list(filter(self._may_hold_somewhere, dict.fromkeys(readings)))
        return [where.code for where in self._regions if any(map(where.may_hold, some))]

    def _searched(self, text: str, codes: Iterable[str]) -> Iterator[tuple[int, int]]:
        for code in codes:
            searched = (
                PhoneNumberMatcher(text, code, leniency=self._leniency)
                if self._leniency < MIN_VALID_LENIENCY
                else _Matcher(text, region(code), self._leniency)
            )
            for each in searched:
                yield each.start, each.end


class QuickPhoneRecognizer(PhoneRecognizer):  # type: ignore[misc] # no types
    """Presidio's phone recognizer, with the same answers."""

    def analyze(
        self,
        text: str,
        entities: list[str],  # noqa: ARG002 - Presidio's signature
        nlp_artifacts: Any = None,
    ) -> list[Any]:
        """Return the phone numbers in `text`, whichever region they are of."""
        search = PhoneSearch(self.supported_regions, self.leniency)
        results = [
            self._get_recognizer_result(Candidate(*each, ""), text, "some", nlp_artifacts)
            for each in search.spans(text)
        ]
        kept: list[Any] = EntityRecognizer.remove_duplicates(results)
        return kept


def _any_of(patterns: Iterable[re.Pattern[str]]) -> re.Pattern[str]:
    return re.compile("|".join(dict.fromkeys(each.pattern for each in patterns)) or NEVER)


def _outer(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return those that do not lie within another one, each once."""
    kept: list[tuple[int, int]] = []
    furthest = -1
    for start, end in sorted(set(spans), key=lambda each: (each[0], -each[1])):
        if end > furthest:
            kept.append((start, end))
            furthest = end
    return kept
