"""
Which characters stand for which: what the `unicode` view goes by.

Unicode's answers (NFKC, digit values), and tables of ours, made by looking at Latin, Cyrillic, Greek,
Armenian and Cherokee letters side by side.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_TWINS = {
    "A": "\u0410\u0391\u13aa\u1d00",
    "B": "\u0412\u0392\u13f4\u0299",
    "C": "\u0421\u03f9\u13df\u1d04",
    "D": "\u13a0\u1d05",
    "E": "\u0415\u0395\u13ac\u1d07",
    "F": "\u03dc\ua730",
    "G": "\u050c\u13c0\u0262",
    "H": "\u041d\u0397\u13bb\u029c",
    "I": "\u0406\u0399\u04c0\u026a",
    "J": "\u0408\u13ab\u1d0a",
    "K": "\u041a\u039a\u13e6\u1d0b",
    "L": "\u13de\u029f",
    "M": "\u041c\u039c\u13b7\u1d0d",
    "N": "\u039d\u0274",
    "O": "\u041e\u039f\u0555\u1d0f",
    "P": "\u0420\u03a1\u13e2\u1d18",
    "Q": "\u051a",
    "R": "\u13a1\u0280",
    "S": "\u0405\u054f\u13da\ua731",
    "T": "\u0422\u03a4\u13a2\u1d1b",
    "U": "\u054d\u1d1c",
    "V": "\u0474\u13d9\u1d20",
    "W": "\u051c\u13b3\u1d21",
    "X": "\u0425\u03a7",
    "Y": "\u04ae\u03a5\u028f",
    "Z": "\u0396\u13c3\u1d22",
    "a": "\u0430\u03b1\u0251",
    "c": "\u0441\u03f2",
    "d": "\u0501",
    "e": "\u0435\u212e\u04bd",
    "g": "\u0261\u0581",
    "h": "\u04bb\u0570",
    "i": "\u0456\u03b9\u0131",
    "j": "\u0458\u03f3",
    "k": "\u043a\u03ba",
    "l": "\u04cf\u01c0",
    "m": "\u043c",
    "n": "\u0578",
    "o": "\u043e\u03bf\u0585",
    "p": "\u0440\u03c1",
    "q": "\u051b\u0566",
    "r": "\u0433",
    "s": "\u0455",
    "t": "\u0442",
    "u": "\u057d\u03c5",
    "v": "\u03bd\u0475",
    "w": "\u051d\u0561",
    "x": "\u0445\u03c7",
    "y": "\u0443\u04af",
    "z": "\u1d22",
}
LATIN_OF = {twin: latin for latin, twins in _TWINS.items() for twin in twins}

MARK_OF = {"\uff20": "@", "\ufe6b": "@", "\uff0e": ".", "\ufe52": ".", "\u3002": ".", "\uff61": "."} | {
    "\u2024": ".", "\uff3f": "_", "\uff0b": "+", "\uff1a": ":", "\uff0f": "/", "\uff1d": "=",
}  # fmt: skip
DASHES = "\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d"
SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"

# Default ignorable code points, and the blanks that are drawn as nothing.
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0001\U000e007f\U000e0080-\U000e0fff"
)
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"

BULLETS = "\u00b7\u2022\u2023\u2027\u2219\u22c5\u25aa\u25ab\u25cb\u25cf\u25e6\u30fb\uff65"
# Private use, what stands for what could not be read, and what is no character.
VOIDS = "\ue000-\uf8ff\ufdd0-\ufdef\ufffc-\uffff\U000f0000-\U0010ffff"

# Where characters live that NFKC or their digit value makes ASCII.
_BLOCKS = (
    (0xA0, 0x3400),
    (0xA620, 0xAC00),
    (0xFB00, 0xFFF0),
    (0x10400, 0x12000),
    (0x16A00, 0x16C00),
    (0x1D400, 0x1D800),
    (0x1E100, 0x1EA00),
    (0x1F100, 0x1F1A0),
    (0x1FBF0, 0x1FC00),
)
_HONEST = frozenset("\u00aa\u00ba\u2122\u2120\u2116\u2121")
"""Signs that every text may hold and that disguise nothing."""

RAISED = frozenset("\u00b9\u00b2\u00b3\u2070") | {
    chr(each) for each in (*range(0x2074, 0x207A), *range(0x2080, 0x208A))
}
"""Exponents and indices: alone they are notation, in a row they are a number."""

_UNSEEN_OR_MARK = re.compile(f"[{_UNSEEN}{_MARKS}]")


@cache
def folds() -> dict[str, str]:
    """Return what single characters stand for: ASCII letters and digits."""
    found: dict[str, str] = {}
    for low, high in _BLOCKS:
        for code in range(low, high):
            character = chr(code)
            digit = unicodedata.digit(character, None)
            if digit is not None:
                found[character] = str(digit)
                continue
            plain = unicodedata.normalize("NFKC", character)
            if plain.isascii() and any(each.isalnum() for each in plain):
                found[character] = plain.strip()
    found |= {chr(0xE0000 + code): chr(code) for code in range(0x20, 0x7F)}
    # Negative circled and squared letters, which have no decomposition.
    for first in (0x1F150, 0x1F170):
        found |= {chr(first + place): chr(ord("A") + place) for place in range(26)}
    for each in (*_HONEST, *LATIN_OF):
        found.pop(each, None)
    return found


@cache
def dropped() -> frozenset[str]:
    """Return what is not seen, and what only stands over other characters."""
    ranges = ((0xA0, 0x3400), (0xFE00, 0x10000), (0x1D100, 0x1D200), (0xE0001, 0xE1000))
    characters = (chr(code) for low, high in ranges for code in range(low, high))
    return frozenset(filter(_UNSEEN_OR_MARK.match, characters)) - folds().keys()
