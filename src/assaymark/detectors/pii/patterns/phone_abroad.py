"""
Whether digits behind what leads abroad, or behind a plus sign, are a valid number of some country.

tests/detectors/pii/test_phone.py compares with `phonenumbers`.
"""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneMetadata, phonenumberutil

from assaymark.detectors.pii.patterns.phone_validity import is_valid

# Theirs to change; tests compare with the matcher itself.
without_prefix = phonenumberutil._maybe_strip_national_prefix_carrier_code  # noqa: SLF001
_COUNTRY_CODE = phonenumberutil._extract_country_code  # noqa: SLF001


def holds_abroad(digits: str) -> bool | None:
    """Return what `holds` returns, for what stands behind digits that lead abroad."""
    if not digits or digits[0] == "0":
        return None  # then they do not lead abroad
    code, number = _COUNTRY_CODE(digits)
    if not code:
        return False
    main = phonenumbers.region_code_for_country_code(code)
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, main)
    if metadata is None:
        return None
    stripped = without_prefix(number, metadata)[1]
    for each in {number, stripped}:
        if not each or each[0] == "0":
            return None
        if is_valid(code).fullmatch(each):
            return True if stripped == number else None
    return False


def holds_behind_plus(digits: str) -> bool | None:
    """Return what `Region.holds` returns, in any region, for digits behind a plus sign.

    The sign is in front of a country code, and nobody has to write a national prefix behind it. Where no
    country has such a code, the parser tries again as if there were no sign.
    """
    holds = holds_abroad(digits)
    return None if holds is False and not _COUNTRY_CODE(digits)[0] else holds
