"""
Which views might change a short text: of ASCII, as most are, in one scan for all of them.

Pattern by pattern, in Python, this takes longer than judging the text. Without Hyperscan it is done so.
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

_BEYOND_ASCII = re.compile(r"\\x\{(?:[89a-f][0-9a-f]|[0-9a-f]{3,})\}")
_NEVER = r"\\xff"  # an octet that no text of ASCII holds


def able_to_change(views: Sequence[View], text: str) -> list[View]:
    """Return the views whose trigger has a match in `text`, and perhaps some more, in their order."""
    if text.isascii():
        of_ascii = tuple(each for each in views if not each.is_beyond_ascii)
        scanner = _scanner(tuple(each.trigger for each in of_ascii))
        if scanner is not None:
            return [of_ascii[n] for n in sorted(scanner.matching(text.encode()))]
    return [each for each in views if each.may_change(text)]


@cache
def _scanner(triggers: tuple[str, ...]) -> HyperscanScanner | None:
    if not triggers or hyperscan_version() is None:
        return None
    of_octets = [_BEYOND_ASCII.sub(_NEVER, each) for each in triggers]
    return HyperscanScanner.compiled(of_octets, once=True)
