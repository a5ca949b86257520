"""Pseudonyms: the same for the same value, never one for two."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.redaction.keys import Secret
from assaymark.redaction.pseudonyms import Pseudonyms

SECRET = Secret(bytes(range(32)))
MINE = Pseudonyms(SECRET)
ENTITIES = st.sampled_from(
    ["PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "DATE_TIME", "US_SSN"]
)
VALUES = st.one_of(
    st.text(min_size=1, max_size=20),
    st.from_regex(r"\+?[0-9]{2,3}[ -]?[0-9]{3}[ -]?[0-9]{3,6}", fullmatch=True),
    st.from_regex(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]", fullmatch=True),
    st.from_regex(r"[a-z]{1,5}@[a-z]{1,5}\.com", fullmatch=True),
)


@given(st.lists(st.tuples(ENTITIES, VALUES), max_size=12))
def test_nothing_but_value_and_key_decides(found: list[tuple[str, str]]) -> None:
    """Another order, another process's instance: the same pseudonyms."""
    other = Pseudonyms(Secret(bytes(range(32))))

    assert [MINE.of(*each) for each in found] == [other.of(*each) for each in reversed(found)][::-1]


@given(st.sets(VALUES, max_size=12), st.lists(ENTITIES, min_size=12, max_size=12))
def test_two_values_never_share_one(values: set[str], entities: list[str]) -> None:
    """Whatever they were found as, and no value is its own pseudonym."""
    pseudonyms = {
        each: MINE.of(entity, each)
        for each, entity in zip(values, itertools.cycle(entities), strict=False)
    }

    assert len(set(pseudonyms.values())) == len(values)
    assert all(pseudonym != value for value, pseudonym in pseudonyms.items())


def test_a_whole_range_is_mapped_one_to_one() -> None:
    """Twenty thousand numbers of one form, where drawing would have collided about 200 times."""
    values = [f"{number:06}" for number in range(100_000, 120_000)]

    assert len({MINE.of("ID", each) for each in values}) == len(values)


@pytest.mark.parametrize(
    ("entity", "value", "pattern"),
    [
        ("EMAIL_ADDRESS", "j.doe@mail.test", r"[a-z]+\.[a-z]+-[a-z]+@example\.org"),
        ("PHONE_NUMBER", "+49 171 5550100", r"\+49 \d{3} \d{7}"),
        ("PHONE_NUMBER", "(212) 555-0100", r"\(\d{3}\) \d{3}-\d{4}"),
        ("CREDIT_CARD", "4111-1111-1111-1111", r"4\d{3}-\d{4}-\d{4}-\d{4}"),
        ("DATE_TIME", "1980-02-29", r"(19|20)\d\d-[01]\d-[0-3]\d"),
        ("PERSON", "Jo Doe", r"[A-Z][a-z]+ [A-Z][a-z]+-[A-Z][a-z]+"),
        ("PERSON", "JO DOE", r"[A-Z]+ [A-Z]+-[A-Z]+"),
        ("PERSON", "jo doe", r"[a-z]+ [a-z]+-[a-z]+"),
        ("DATE_TIME", "yesterday", r"<DATE_TIME:[a-z]{20}>"),
        ("US_DRIVER_LICENSE", "A1", r"<US_DRIVER_LICENSE:[a-z]{20}>"),
    ],
)
def test_keeps_the_form(entity: str, value: str, pattern: str) -> None:
    """Addresses, telephone numbers, cards, days and names look like what they stand for."""
    assert re.fullmatch(pattern, MINE.of(entity, value))


def test_a_person_is_the_same_in_every_case() -> None:
    """Capitals and small letters are kept, the invented name is the same."""
    names = [MINE.of("PERSON", each) for each in ("Jo Doe", "JO DOE", "jo doe")]

    assert len({each.lower() for each in names}) == 1
    assert len(set(names)) == 3


@pytest.mark.parametrize(
    ("spellings", "entity"),
    [
        (("4111111111111111", "4111-1111-1111-1111", "4111 1111 1111 1111"), "CREDIT_CARD"),
        (("+491715550100", "+49 171 5550100", "+49 (171) 555-01-00"), "PHONE_NUMBER"),
        (("DE89370400440532013000", "DE89 3704 0044 0532 0130 00"), "IBAN_CODE"),
        (("123-45-6789", "123 45 6789", "123456789"), "US_SSN"),
        (
            ("j.doe@b.org", "J.DOE@B.ORG", "J.Doe@b.org", "J.DOE@b.org"),
            "EMAIL_ADDRESS",
        ),
    ],
)
def test_spellings_of_one_value_differ_as_they_do(spellings: tuple[str, ...], entity: str) -> None:
    """Under the signs and capitals of each stands the same invented value."""
    pseudonyms = [MINE.of(entity, each) for each in spellings]

    def bare(text: str) -> str:
        return "".join(filter(str.isalnum, text)).lower()

    assert len({bare(each) for each in pseudonyms}) == 1
    assert len(set(pseudonyms)) == len(spellings)
    if entity != "EMAIL_ADDRESS":
        assert [re.sub("[0-9]", "", each) for each in pseudonyms] == [
            re.sub("[0-9]", "", each) for each in spellings
        ]


def test_an_odd_mix_of_capitals_is_a_value_of_its_own() -> None:
    """It could not be told from the others when it is restored."""
    odd = [MINE.of("EMAIL_ADDRESS", each) for each in ("jAne@b.org", "Jane@B.org", "jane@b.org")]

    assert len({each.lower() for each in odd}) == 3


@given(local=st.text("aA1.-", min_size=1), domain=st.text("bB-", min_size=1))
def test_two_spellings_never_share_a_pseudonym(local: str, domain: str) -> None:
    """Whatever their capitals are."""
    value = f"{local}@{domain}.org"
    spellings = {value, value.lower(), value.upper(), value.title(), value.swapcase()}

    assert len({MINE.of("EMAIL_ADDRESS", each) for each in spellings}) == len(spellings)


@given(st.integers(10**8, 10**14), st.lists(st.sampled_from(["", " ", "-"]), min_size=15))
def test_a_number_has_the_same_digits_however_it_is_grouped(number: int, signs: list[str]) -> None:
    """Of any length, card or not; the signs stay where they were."""
    plain = str(number)
    grouped = plain[0] + "".join(f"{a}{b}" for a, b in zip(signs, plain[1:], strict=False))

    drawn = MINE.of("ID", grouped)

    assert re.sub("[ -]", "", drawn) == MINE.of("ID", plain)
    assert [at for at, each in enumerate(drawn) if each in " -"] == [
        at for at, each in enumerate(grouped) if each in " -"
    ]


def test_a_day_is_the_same_in_other_notations() -> None:
    """Year first and day first, whatever the signs."""
    drawn = [MINE.of("DATE_TIME", each) for each in ("1980-02-29", "29.02.1980", "1980/02/29")]

    first = drawn[0].split("-")
    assert drawn[1:] == [".".join(reversed(first)), "/".join(first)]


def test_spaces_and_keys_part() -> None:
    """Another tenant and another key have other pseudonyms, of every kind."""
    for entity, value in (("PERSON", "Jo Doe"), ("PHONE_NUMBER", "+49 171 5550100"), ("X", "y")):
        drawn = {
            Pseudonyms(secret, space).of(entity, value)
            for secret in (SECRET, Secret(bytes(32)))
            for space in ("", "a", "b")
        }
        assert len(drawn) == 6


@given(st.text(max_size=10), ENTITIES, VALUES, st.text(max_size=10))
def test_drawn_ones_are_recognised(before: str, entity: str, value: str, after: str) -> None:
    """In any text, where no letter or digit touches them; those of another key are not."""
    pseudonym = MINE.tag(entity, value)
    text = f"{before} {pseudonym} {after}"
    place = (len(before) + 1, len(before) + 1 + len(pseudonym))

    assert place in MINE.recognised(text)
    assert place not in Pseudonyms(Secret(bytes(32))).recognised(text)


@given(VALUES)
def test_names_are_recognised(value: str) -> None:
    """Names and addresses, by this key only."""
    other = Pseudonyms(Secret(bytes(32)))
    for entity in ("PERSON", "EMAIL_ADDRESS"):
        name = MINE.of(entity, f"a@{value}")

        assert list(MINE.recognised(f"({name})")) == [(1, 1 + len(name))]
        assert list(MINE.recognised(f"x{name}")) == []
        assert list(other.recognised(name)) == []
