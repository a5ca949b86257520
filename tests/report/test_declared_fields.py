"""What documents declare, where a format demands a form."""

from __future__ import annotations

import pytest

from assaymark.report.declared_fields import day_of, expression_of, is_address, well_formed


@pytest.mark.parametrize(
    ("declared", "expression"),
    [
        ("mit", "MIT"),
        ("MIT OR (Apache-2.0 AND CC0-1.0)", "MIT OR (Apache-2.0 AND CC0-1.0)"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("cc", None),
        ("house terms", None),
        ("openrail", None),
        ("", None),
    ],
)
def test_an_expression_is_one_that_spdx_can_write(declared: str, expression: str | None) -> None:
    """Licences of our own table, families and words are none."""
    assert expression_of(declared) == expression


def test_a_digest_is_as_long_as_its_algorithm_makes_it() -> None:
    """In lower case; what is malformed or unknown is dropped."""
    given = [("SHA-256", "AB" * 32), ("sha256", "ab"), ("crc", "12"), ("md5", "zz" * 16)]

    assert list(well_formed(given)) == [("sha256", "ab" * 32)]


@pytest.mark.parametrize(
    ("date", "day"),
    [
        ("2025-05-01", "2025-05-01"),
        (" 2025-05-01 ", "2025-05-01"),
        ("2025-05-01T10:00:00Z", "2025-05-01"),
        ("2025-05-01T10:00:00.5Z", "2025-05-01"),
        ("2025-05-01T23:00:00-05:00", None),
        ("2025-05", None),
        ("2025-13-01", None),
        ("may", None),
    ],
)
def test_a_day_is_one_day_everywhere(date: str, day: str | None) -> None:
    """A moment of another time zone may be the day after."""
    assert day_of(date) == day


@pytest.mark.parametrize(
    ("text", "answer"), [("https://example.org/a", True), ("shelf 3", False), ("http://a b", False)]
)
def test_an_address_can_be_followed_as_it_stands(text: str, *, answer: bool) -> None:
    """Nothing is repaired."""
    assert is_address(text) is answer
