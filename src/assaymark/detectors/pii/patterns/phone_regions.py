"""
What a phone number looks like in a region, in one expression, by the metadata of `phonenumbers`.

An attempt cannot be a valid number of a region if it is written in digits and punctuation only, has no
prefix that leads abroad, and neither its digits nor what is left of them behind the country code and the
national prefix fit the general pattern of any region that shares the country code: the parser takes one
of these as the national number, and a valid number fits that pattern.

tests/detectors/pii/test_phone.py compares with `phonenumbers`.
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import phonenumbers
from phonenumbers import PhoneMetadata, phonenumberutil

from assaymark.detectors.pii.patterns.phone_abroad import holds_abroad, without_prefix
from assaymark.detectors.pii.patterns.phone_validity import (
    NEVER,
    either,
    is_valid,
    national,
    valid,
    without_groups,
)

if TYPE_CHECKING:
    Reading = tuple[str, ...] | None
    """What a piece of text may be read as, in digits; `None` if it may be read in other ways."""

# Theirs to change; tests compare with the matcher itself.
_FIRST_GROUP_ONLY = phonenumberutil._formatting_rule_has_first_group_only  # noqa: SLF001

_LEAST_ABROAD = 5
"""Digits of a country code and a national number; a test holds that."""

MIN_VALID_LENIENCY = 1
"""From here on, only valid numbers are matches."""


class Region:
    """What a national number looks like in a region."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.metadata: Any = PhoneMetadata.metadata_for_region(code, None)

    def may_hold(self, reading: Reading) -> bool:
        """Return whether a valid number might be read; `False` is certain."""
        if reading is None:
            return True
        if self.metadata is None:
            return False  # an unknown region takes numbers with a plus sign only
        shortest, fits = self.shortest, self.readable.fullmatch
        return any(len(each) >= shortest and fits(each) for each in reading)

    def holds(self, reading: Reading) -> bool | None:
        """Return whether a valid number is read, surroundings apart; `None` if that is not simply said.

        With no prefix at all in front, the digits are the national number. That decides whether it is
        valid, and how it is written: the matcher takes no number without the national prefix with which
        such numbers are written.
        """
        if reading is None or len(reading) > 1:
            return None if self.may_hold(reading) else False
        if self.metadata is None:
            return False
        (digits,) = reading
        if self.prefixed.match(digits):
            return self._holds_behind_prefix(digits) if self.may_hold(reading) else False
        written = self._written.fullmatch(digits)
        if written is not None and self._demanding[written.lastindex or 0]:
            return False
        return self._is_valid(digits)

    def _holds_behind_prefix(self, digits: str) -> bool | None:
        """Return what `holds` returns, with what may be a national prefix in front.

        Without a country code or what leads abroad in front, the parser strips the prefix and keeps the
        rest if its length is possible. Neither rest nor whole may then be valid.
        """
        abroad = re.match(self.metadata.international_prefix or "(?!)", digits)
        if abroad:
            return holds_abroad(digits[abroad.end() :])
        if self._outland.match(digits):
            return self._holds_behind_code(digits)
        rest = without_prefix(digits, self.metadata)[1]
        for each in {rest, digits}:
            # A zero in front is part of some national numbers, and of no integer.
            if self._national.fullmatch(each) and (each[0] == "0" or self._is_valid(each)):
                return self._holds_behind_zero(digits)
        return False

    def _holds_behind_code(self, digits: str) -> bool | None:
        """Return what `holds` returns, with what may be the country code in front, and no plus sign.

        The parser takes it for that where the whole is no number of the region and the rest is.
        """
        code = str(self.metadata.country_code)
        rest = digits.removeprefix(code)
        if rest == digits or self._abroad.match(digits) or self._own.fullmatch(digits):
            return None
        rest = without_prefix(rest, self.metadata)[1]
        # It strips a prefix once more.
        main = _read_by(self.metadata)[1]
        if not self._own.fullmatch(rest) or without_prefix(rest, main)[1] != rest:
            return None
        return None if rest[0] == "0" else self._is_valid(rest)

    def _holds_behind_zero(self, digits: str) -> bool | None:
        """Return what `holds` returns, where all that is in front is a zero as the national prefix.

        The parser strips it unless the number is one with it and is none without.
        """
        if not self._zero_is_prefix or digits[:1] != "0" or digits[1:2] in {"", "0"}:
            return None
        if self._general.fullmatch(digits):
            return None
        return self._is_valid(digits[1:])

    def _is_valid(self, digits: str) -> bool:
        # What was read is an integer.
        return self._valid.fullmatch(digits.lstrip("0") or "0") is not None

    @cached_property
    def _valid(self) -> re.Pattern[str]:
        return is_valid(self.metadata.country_code)

    @cached_property
    def plain(self) -> re.Pattern[str]:
        """Digits alone of which `holds` says `True`, with no prefix in front, in one expression."""
        free, demanding = [], []
        for way, demands in zip(self._ways, self._demanding[1:], strict=True):
            if demands:
                demanding.append(way)
            else:
                # The first way that fits decides.
                free.append(rf"(?!{either(demanding)}\Z){way}")
        as_written = rf"(?:(?={either(free)}\Z)|(?!{either(self._ways)}\Z))"
        unprefixed = f"(?!{without_groups(self.prefixed.pattern)})"
        return re.compile(f"{unprefixed}{as_written}{valid(self.metadata.country_code)}")

    @cached_property
    def _zero_is_prefix(self) -> bool:
        return all(
            each.national_prefix_for_parsing == "0" and not each.national_prefix_transform_rule
            for each in _read_by(self.metadata)
        )

    @cached_property
    def _outland(self) -> re.Pattern[str]:
        """What may begin with a country code, or with what leads abroad."""
        return re.compile(either([str(self.metadata.country_code), self._abroad.pattern]))

    @cached_property
    def _abroad(self) -> re.Pattern[str]:
        """What may begin with what leads abroad."""
        return re.compile(either(each.international_prefix for each in _read_by(self.metadata)))

    @cached_property
    def _own(self) -> re.Pattern[str]:
        """What may be a number of the region."""
        return re.compile(either([self.metadata.general_desc.national_number_pattern]))

    @cached_property
    def _national(self) -> re.Pattern[str]:
        return re.compile(national(self.metadata.country_code))

    @cached_property
    def _general(self) -> re.Pattern[str]:
        """What may be a number of the region, or of the main one of its code."""
        patterns = (each.general_desc.national_number_pattern for each in _read_by(self.metadata))
        return re.compile(either(patterns))

    @cached_property
    def readable(self) -> re.Pattern[str]:
        """What the parser may read as a valid number: a superset, in one expression.

        Behind a country code, the parser strips the national prefix and then once more. Behind what
        leads abroad, or a prefix that is rewritten first, anything may come.
        """
        code = self.metadata.country_code
        read_by = _read_by(self.metadata)
        prefixes = either(each.national_prefix_for_parsing for each in read_by)
        rewritten = either(
            each.national_prefix_for_parsing
            for each in read_by
            if each.national_prefix_transform_rule
        )
        abroad = either([self.metadata.international_prefix])
        before = f"(?:{code})?(?:{prefixes}){{0,2}}"
        return re.compile(f"{abroad}.*|{before}(?:{rewritten}.*|{national(code)})")

    @cached_property
    def shortest(self) -> int:
        """The least digits of a number that may be read: the parser strips digits and adds none."""
        if self.metadata is None:
            return _LEAST_ABROAD
        if rewrites(self.metadata):
            return 0
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[self.metadata.country_code]
        lengths = (
            length
            for each in regions
            for length in _metadata(each).general_desc.possible_length
            if length > 0
        )
        # What leads abroad may lead to a shorter number elsewhere.
        return min(min(lengths, default=0), _LEAST_ABROAD)

    @cached_property
    def prefixed(self) -> re.Pattern[str]:
        """What may begin with a country code, with what leads abroad, or with a national prefix."""
        read_by = _read_by(self.metadata)
        prefixes = [each.national_prefix_for_parsing for each in read_by]
        abroad = [each.international_prefix for each in read_by]
        # A zero in front that is no prefix is part of the number, and no part of an integer.
        return re.compile(either(["0", str(self.metadata.country_code), *abroad, *prefixes]))

    @cached_property
    def _ways(self) -> tuple[str, ...]:
        """How national numbers are written, in the order in which that is asked."""
        ways = []
        for each in self._formats:
            leading = (
                f"(?={each.leading_digits_pattern[-1]})" if each.leading_digits_pattern else ""
            )
            ways.append(without_groups(f"(?:{leading}(?:{each.pattern}))"))
        return tuple(ways)

    @cached_property
    def _written(self) -> re.Pattern[str]:
        """Any way: the group that matches last is its number."""
        return re.compile("|".join(f"{way}()" for way in self._ways) or NEVER)

    @cached_property
    def _demanding(self) -> tuple[bool, ...]:
        """For each way, from 1 on, whether it is written with a national prefix always."""
        return (
            False,
            *(
                bool(each.national_prefix_formatting_rule)
                and not each.national_prefix_optional_when_formatting
                and not _FIRST_GROUP_ONLY(each.national_prefix_formatting_rule)
                for each in self._formats
            ),
        )

    @cached_property
    def _formats(self) -> tuple[Any, ...]:
        return tuple(_read_by(self.metadata)[1].number_format)


def _read_by(metadata: Any) -> tuple[Any, ...]:
    """Return the metadata by which the parser reads: the region's, and the main one of its code."""
    main = phonenumbers.region_code_for_country_code(metadata.country_code)
    return (metadata, PhoneMetadata.metadata_for_region(main, metadata))


def rewrites(metadata: Any) -> bool:
    """Return whether the parser may make up digits that are not in the text."""
    rules = {each.national_prefix_transform_rule for each in _read_by(metadata)}
    return any(rule and not re.fullmatch(r"\\\d", rule) for rule in rules)


def _metadata(code: str) -> Any:
    return PhoneMetadata.metadata_for_region(code, None)


@cache
def region(code: str) -> Region:
    """Return the region with this code."""
    return Region(code)
