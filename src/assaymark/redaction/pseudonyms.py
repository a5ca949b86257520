"""
Pseudonyms: for one key, one value always has the same one, and two values never share one.

* Spellings of one value differ in their pseudonyms as they do themselves: in grouping, or in capitals
  where these are set in a usual way; with any other mix (`jAne`) a spelling is a value of its own.
* Nothing is remembered, so batch, worker and order cannot matter. To restore is the vault's business.
* Addresses and names are drawn (`assaymark.redaction.spoken`); what has a form keeps it
  (`assaymark.redaction.forms`); everything else becomes `<ENTITY:letters>`.
* `recognised` finds the drawn ones again in any text. Those that keep a form cannot be told from real values:
  only the vault knows them.

tests/redaction/test_pseudonyms.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from assaymark.redaction import spoken
from assaymark.redaction.ff1 import Ff1
from assaymark.redaction.forms import form_of
from assaymark.redaction.keys import Secret, keyed_digest
from assaymark.redaction.permutation import MIN_SIZE, permuted

DOMAIN = "example.org"
"""Of invented addresses: reserved, so no mail arrives anywhere (RFC 2606, section 3)."""

NAMED = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "NRP", "ADDRESS"})
"""Entities whose pseudonym is an invented name."""

_REMEMBERED = 65_536
_TAG_LETTERS = 20  # of a placeholder, 4 bits each: 16 of the value, 4 that check them
# No digits, which detectors would take for numbers, and no vowels, which would make words.
LETTERS = "bcdfghjkmnpqrtvz"
_SPOKEN = re.compile(
    rf"(?<![^\W_])(?:{spoken.PATTERN})(?:@{re.escape(DOMAIN)})?(?![^\W_])", re.IGNORECASE
)
_TAGGED = re.compile(rf"<([A-Z][A-Z0-9_]{{0,63}}):([{LETTERS}]{{{_TAG_LETTERS}}})>")


class Pseudonyms:
    """The pseudonyms under one secret, within one space.

    Args:
        secret: Who has it can compute every pseudonym, and find a value by trying.
        space: Another space, such as another tenant, has other pseudonyms.
    """

    def __init__(self, secret: Secret, space: str = "") -> None:
        self._cipher = Ff1(secret.derived("form", space))
        self._drawn = secret.derived("drawn", space)
        self._check = secret.derived("check", space)
        self.of = lru_cache(_REMEMBERED)(self._of)
        """Return the pseudonym of a value that was found as an entity: `of(entity, value)`."""

    def forget(self) -> None:
        """Let go of the values that were kept to be quick; their pseudonyms stay what they are."""
        self.of.cache_clear()

    def _of(self, entity: str, value: str) -> str:
        if "@" in value and entity == "EMAIL_ADDRESS":
            return self._address(value)
        if entity in NAMED:
            return self._name(value)
        return self._alike(value) or self.tag(entity, value)

    def _alike(self, value: str) -> str | None:
        """Return a value of the same form."""
        form = form_of(value)
        if form is None or form.size < MIN_SIZE:
            return None
        number = form.number(value)
        while True:
            number = permuted(number, form.size, self._cipher, form.family)
            drawn = form.value(number)
            if form_of(drawn) == form:
                # A permutation may leave a value where it is; as a placeholder it is not shown.
                return None if drawn == value else drawn

    def _address(self, value: str) -> str:
        """Return an address; which letters are capitals is kept where that is one of four usual ways."""
        plain = value.lower()
        style = next((each for each in _STYLES if each(plain) == value), None)
        # A spelling that no style gives back is a value of its own, or it could not be restored.
        given, first, second = self._words(value if style is None else plain)
        address = f"{given}.{first}-{second}@{DOMAIN}"
        return address if style is None else style(address)

    def _name(self, value: str) -> str:
        plain = " ".join(value.split()).casefold()
        styles = (plain.title, plain.upper, plain.lower)
        style = next((number for number, each in enumerate(styles) if each() == value), None)
        # A spelling that no style gives back is a value of its own, or it could not be restored.
        name = "{} {}-{}".format(*self._words(plain if style is not None else value))
        return name.upper() if style == 1 else name if style == 2 else name.title()  # noqa: PLR2004

    def _words(self, value: str) -> tuple[str, str, str]:
        bits = int.from_bytes(keyed_digest(self._drawn, value), "big") % (1 << spoken.BITS)
        return spoken.words_of(bits | self._check_of(str(bits), spoken.CHECK_BITS) << spoken.BITS)

    def tag(self, entity: str, value: str) -> str:
        """Return a placeholder that names the entity and tells values apart."""
        drawn = lettered(keyed_digest(self._drawn, f"{entity}\0{value}"))[: _TAG_LETTERS - 4]
        return f"<{entity}:{drawn}{self._tag_check(entity, drawn)}>"

    def _tag_check(self, entity: str, drawn: str) -> str:
        return lettered(self._check_of(f"{entity}:{drawn}", 16).to_bytes(2, "big"))

    def _check_of(self, text: str, bits: int) -> int:
        return int.from_bytes(keyed_digest(self._check, text), "big") % (1 << bits)

    def recognised(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where a drawn pseudonym or a placeholder of this key stands, as half-open spans."""
        for found in _SPOKEN.finditer(text):
            number = spoken.number_of(found[0].lower().removesuffix(f"@{DOMAIN}"))
            bits, check = number % (1 << spoken.BITS), number >> spoken.BITS
            if check == self._check_of(str(bits), spoken.CHECK_BITS):
                yield found.span()
        for found in _TAGGED.finditer(text):
            if found[2][-4:] == self._tag_check(found[1], found[2][:-4]):
                yield found.span()


def _with_initials(address: str) -> str:
    given, _, domain = address.rpartition("@")
    return f"{given.title()}@{domain}"


def _given_in_capitals(address: str) -> str:
    given, _, domain = address.rpartition("@")
    return f"{given.upper()}@{domain}"


_STYLES = (str.lower, str.upper, _with_initials, _given_in_capitals)
"""How addresses are written; where two say the same, the first counts."""


def lettered(data: bytes) -> str:
    """Return two letters for each byte."""
    return "".join(LETTERS[each >> 4] + LETTERS[each & 15] for each in data)
