"""
The words of a licence text, so that two copies of one licence have the same.

What SPDX's matching guidelines call immaterial is evened out: case, white space, punctuation, quotes and
dashes, numbering of clauses, the spelling of "licence", copyright notices, comment marks. Addresses of
pages are left out as well: they move. Words that differ, or are missing, or are added, are left as they are:
they may change what a licence says.

Source: SPDX specification 3.0.1, annex "License matching guidelines and templates".

tests/licences/test_text_tokens.py
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SPELLINGS = {
    "licence": "license",
    "licences": "licenses",
    "licenced": "licensed",
    "licencing": "licensing",
    "sublicence": "sublicense",
    "organisation": "organization",
}
_MARKER = re.compile(
    r"\(\s?(?:\d{1,2}|[a-z]|[ivx]{2,4})\s?\)"
    r"|(?:(?<=\s)|^)(?:\d{1,2}|[a-z]|[ivx]{2,4})\s?[.)](?=\s|$)"
)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"”]+|\b(?:[a-z0-9-]+\.)+(?:org|com|net)\b[^\s<>\"”]*"
)
_WORD = re.compile(r"[^\W_]+")
_NOTICE = re.compile(
    r"^[\W_]*(?:"
    r"copyright\s*(?:\(c\)|©|(?=[\s,]*[\[<{(]?\s*(?:\d{4}|y{4}|year|xxxx)))"
    r"|(?:\(c\)|©)\s*(?:copyright|[\[<{]?\s*(?:\d{4}|y{4}|year))"
    r"|spdx-filecopyrighttext\s*:"
    r")(?P<owner>.{,160})$",  # a longer line holds more than a notice
    re.MULTILINE,
)
_RESERVED = re.compile(r"\ball rights reserved\b")


class Words(NamedTuple):
    """The words of a text."""

    words: list[str]

    notices: list[str]
    """The words of its copyright notices, which are not among the others."""


def words_of(text: str) -> Words:
    """Return the words of a text that may be a licence."""
    text = text.lower()
    notices: list[str] = []

    def take(match: re.Match[str]) -> str:
        notices.extend(_WORD.findall(match["owner"]))
        return " "

    return Words(_words(_NOTICE.sub(take, text)), notices)


def without_notices(text: str, instead: str) -> str:
    """Return `text` in lower case with `instead` in the place of each line that is a copyright notice."""
    return _NOTICE.sub(instead, text.lower())


def _words(text: str) -> list[str]:
    plain = _RESERVED.sub(" ", _MARKER.sub(" ", _ADDRESS.sub(" ", text)))
    return [_SPELLINGS.get(each, each) for each in _WORD.findall(plain)]
