"""
The form of a value: what stays as it is, and what may vary, when a pseudonym shall look like the value.

    +49 171 555-0100    the signs, the country's code and the number of digits stay
    4111 1111 1111 1111 the first digit stays, the last one is computed (Luhn)
    DE89 3704 0044 ...  the country stays, the check digits are computed (ISO 7064)
    1980-02-29          another day between 1900 and 2099, written the same way
    192.0.2.7           another address of the same version

A form depends on the characters alone, not on what a detector takes them for. So each string has one form,
the values of a form are numbered, and permuting the numbers gives distinct values distinct pseudonyms,
across entities too. Forms that differ in grouping alone are of one family and permuted alike, so a number
has the same digits in its pseudonym however it is grouped. tests/redaction/test_forms.py and
test_pseudonyms.py hold both as properties.

Source: ITU-T E.164 (country codes), ISO/IEC 7812-1 annex B (Luhn), ISO 13616-1 (IBAN).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Protocol

MAX_LENGTH = 64
"""Characters; what is longer has no form."""

_DIGITS, _LOWER, _UPPER = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SIGNS = frozenset(" -./()+:_#\u00a0\u2009\u2011\u2013")
_MIN_DIGITS = 5

# E.164 country codes of one and two digits; every other one has three.
_SHORT_CODES = frozenset(
    ["1", "7", "20", "27", "81", "82", "84", "86", "98"]
    + [f"{each}" for each in range(30, 67) if each not in {35, 37, 38, 42, 50, 59}]
    + [f"{each}" for each in range(90, 96)]
)
_CARD_LENGTHS = range(12, 20)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")

_FIRST_DAY = date(1900, 1, 1)
_DAYS = (date(2099, 12, 31) - _FIRST_DAY).days + 1
_DATE = re.compile(r"(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})", re.ASCII)
_ORDERS = ("ymd", "dmy", "mdy")


class Form(Protocol):
    """A numbered set of strings that look alike. Equal forms are the same set."""

    @property
    def size(self) -> int:
        """How many numbers there are; not every one has to be a string of this form."""
        ...

    @property
    def family(self) -> bytes:
        """Tells the forms that write the same values in other ways from all others."""
        ...

    def number(self, value: str) -> int:
        """Return the number of `value`, a string of this form."""
        ...

    def value(self, number: int) -> str:
        """Return the string of a number; where it is of another form, the number is none of this one's."""
        ...


def form_of(value: str) -> Form | None:
    """Return the form of `value`, or `None` where it has too little that could vary."""
    if len(value) > MAX_LENGTH:
        return None
    return _date_form(value) or _address_form(value) or _mixed_form(value)


@dataclass(frozen=True, slots=True)
class Mixed:
    """Digits, letters and signs, each varying character within its own kind."""

    template: str
    """`0`, `a` and `A` at what varies; `=` before a character that stays; `?` at what is computed."""

    check: str = ""
    """`luhn`, `iban` or nothing."""

    @property
    def family(self) -> bytes:
        """The check, and the template without signs: how a number is grouped does not matter."""
        kept = (
            f"={character}" if kind == "=" else kind
            for kind, character in _parts(self.template)
            if kind != "=" or character not in _SIGNS
        )
        return f"{self.check} {''.join(kept)}".encode()

    @property
    def size(self) -> int:
        """Product of the kinds' sizes."""
        size = 1
        for kind, _ in _parts(self.template):
            size *= len(_ALPHABETS.get(kind, "-"))
        return size

    def number(self, value: str) -> int:
        """Return the varying characters as one number of mixed radix."""
        number = 0
        for (kind, _), character in zip(_parts(self.template), value, strict=True):
            if kind in _ALPHABETS:
                number = number * len(_ALPHABETS[kind]) + _ALPHABETS[kind].index(character)
        return number

    def value(self, number: int) -> str:
        """Return the string with its check digits."""
        characters: list[str] = []
        for kind, character in reversed(_parts(self.template)):
            if kind in _ALPHABETS:
                number, at = divmod(number, len(_ALPHABETS[kind]))
                characters.append(_ALPHABETS[kind][at])
            else:
                characters.append(character)
        drawn = "".join(reversed(characters))
        if self.check == "luhn":
            return drawn.replace("?", _luhn_digit(drawn))
        if self.check == "iban":
            return drawn.replace("??", _iban_digits(drawn)) if "??" in drawn else drawn
        return drawn


_ALPHABETS = {"0": _DIGITS, "a": _LOWER, "A": _UPPER}


def _parts(template: str) -> list[tuple[str, str]]:
    """Return kind and character of each place of a template."""
    characters = iter(template)
    return [("=", next(characters)) if each == "=" else (each, each) for each in characters]


def _mixed_form(value: str) -> Form | None:
    kinds = [_kind(each) for each in value]
    if None in kinds or kinds.count("0") < _MIN_DIGITS:
        return None
    digits = [at for at, kind in enumerate(kinds) if kind == "0"]
    letters = any(kind in ("a", "A") for kind in kinds)
    places = [
        f"={each}" if kind == "=" else str(kind) for kind, each in zip(kinds, value, strict=True)
    ]
    check = ""
    if not letters and len(digits) in _CARD_LENGTHS and "+" not in value and _is_luhn(value):
        check = "luhn"
        places[digits[0]] = f"={value[digits[0]]}"
        places[digits[-1]] = "?"
    elif _is_iban(value):
        check = "iban"
        places[0], places[1] = f"={value[0]}", f"={value[1]}"
        places[2] = places[3] = "?"
    elif not letters:
        for at in digits[: _kept(value, digits)]:
            places[at] = f"={value[at]}"
    return Mixed("".join(places), check)


def _kind(character: str) -> str | None:
    for kind, alphabet in _ALPHABETS.items():
        if character in alphabet:
            return kind
    return "=" if character in _SIGNS else None


def _kept(value: str, digits: list[int]) -> int:
    """Return how many of the first digits stay: a country's code, or zeros that say how far a call goes."""
    plain = "".join(value[at] for at in digits)
    if value.startswith(("+", "(+")):
        return next((size for size in (1, 2) if plain[:size] in _SHORT_CODES), 3)
    return len(plain) - len(plain.lstrip("0"))


def _is_luhn(value: str) -> bool:
    digits = [int(each) for each in value if each in _DIGITS]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _luhn_digit(drawn: str) -> str:
    return next(each for each in _DIGITS if _is_luhn(drawn.replace("?", each)))


def _is_iban(value: str) -> bool:
    plain = value.replace(" ", "")
    if not _IBAN.fullmatch(plain) or value[:4] != plain[:4]:
        return False
    # Of the digits that leave the same rest only one pair is computed, and only it can come out.
    return _iban_digits(f"{value[:2]}??{value[4:]}") == value[2:4]


def _iban_rest(plain: str) -> int:
    return int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97


def _iban_digits(drawn: str) -> str:
    return f"{98 - _iban_rest(drawn.replace(' ', '').replace('??', '00')):02}"


@dataclass(frozen=True, slots=True)
class Address:
    """An internet address as RFC 5952 or dotted decimals write it."""

    version: int

    @property
    def family(self) -> bytes:
        """The version."""
        return f"ip {self.version}".encode()

    @property
    def size(self) -> int:
        """How many addresses the version has."""
        return 1 << (32 if self.version == 4 else 128)  # noqa: PLR2004 - IPv4

    def number(self, value: str) -> int:
        """Return the address as a number."""
        return int(ip_address(value))

    def value(self, number: int) -> str:
        """Return the address of a number."""
        return str(IPv4Address(number) if self.version == 4 else IPv6Address(number))  # noqa: PLR2004


def _address_form(value: str) -> Form | None:
    try:
        address = ip_address(value)
    except ValueError:
        return None
    return Address(address.version) if str(address) == value else None


@dataclass(frozen=True, slots=True)
class Day:
    """A day written with three numbers."""

    order: str
    sign: str
    padded: bool

    @property
    def family(self) -> bytes:
        """That of all days: one day in another notation is another way to write the same."""
        return b"date"

    @property
    def size(self) -> int:
        """More than there are days, since a permutation of fewer numbers could be searched."""
        return 1 << 20

    def number(self, value: str) -> int:
        """Return the days since 1900."""
        day = _day(value, self.order)
        assert day is not None  # noqa: S101 - that is what makes `value` one of this form
        return (day - _FIRST_DAY).days

    def value(self, number: int) -> str:
        """Return the day, or nothing where the number is of no day."""
        if number >= _DAYS:
            return ""
        day = _FIRST_DAY + timedelta(days=number)
        width = "02" if self.padded else ""
        parts = {"y": f"{day.year:04}", "m": f"{day.month:{width}}", "d": f"{day.day:{width}}"}
        return self.sign.join(parts[each] for each in self.order)


def _date_form(value: str) -> Form | None:
    """Return the first notation that writes `value` exactly so."""
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    for order in _ORDERS:
        if (day := _day(value, order)) is None:
            continue
        for padded in (True, False):
            form = Day(order, found[2], padded)
            if form.value((day - _FIRST_DAY).days) == value:
                return form
    return None


def _day(value: str, order: str) -> date | None:
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    parts = dict(zip(order, (found[1], found[3], found[4]), strict=True))
    try:
        day = date(int(parts["y"]), int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None
    return day if 0 <= (day - _FIRST_DAY).days < _DAYS else None
