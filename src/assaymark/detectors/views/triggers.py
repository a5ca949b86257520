"""
Which views might change a short text, in one scan for all of them but `unicode`.

Pattern by pattern, in Python, this takes longer than judging the text. Without Hyperscan it is done so.
The scan reads UTF-8, where a character beyond ASCII is several octets, so a trigger has no class with one.

tests/detectors/views/test_forms.py
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from assaymark.detectors.pii.patterns.scanner import HyperscanScanner, hyperscan_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assaymark.detectors.views.view import View

_CLASS = re.compile(r"\[((?:\\x\{[89ab][0-9a-f]\}-?)+)\]")
_CODE = re.compile(r"\\x\{([0-9a-f]+)\}")


def able_to_change(views: Sequence[View], text: str) -> list[View]:
    """Return the views whose trigger has a match in `text`, and perhaps some more, in their order."""
    of_ascii = tuple(each for each in views if not each.is_beyond_ascii)
    scanner = _scanner(tuple(each.trigger for each in of_ascii))
    if scanner is None:
        return [each for each in views if each.may_change(text)]
    hits = scanner.matching(text.encode(errors="surrogatepass"))
    able = [of_ascii[n] for n in sorted(hits)]
    if text.isascii() or len(of_ascii) == len(views):
        return able
    return [
        each for each in views if each in able or (each.is_beyond_ascii and each.may_change(text))
    ]


@cache
def _scanner(triggers: tuple[str, ...]) -> HyperscanScanner | None:
    if not triggers or hyperscan_version() is None:
        return None
    return HyperscanScanner.compiled([in_octets(each) for each in triggers], once=True)


def in_octets(trigger: str) -> str:
    """Return `trigger` over the octets of UTF-8. A class is of ASCII, or within U+0080 to U+00BF."""
    spelled_out = _CLASS.sub(lambda found: rf"(?:\xc2[{_CODE.sub(_one_octet, found[1])}])", trigger)
    return _CODE.sub(_octets, spelled_out)


def _one_octet(code: re.Match[str]) -> str:
    return rf"\x{code[1]}"


def _octets(code: re.Match[str]) -> str:
    octets = chr(int(code[1], 16)).encode()
    return "(?:" + "".join(rf"\x{each:02x}" for each in octets) + ")"
