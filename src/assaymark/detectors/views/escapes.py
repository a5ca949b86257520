r"""
The `escapes` view: what a string of JSON or of a programming language says.

`\u0034`, `\x34`, `\064`, surrogate pairs, and a backslash before a mark inside a word (`john\@example\.com`).
`\n` and its like are read as a line break only before a digit, where they would glue a letter to a number;
elsewhere they hide nothing and stand in every source file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assaymark.detectors.views.decoding import Decoded, shown
from assaymark.detectors.views.offsets import Seen
from assaymark.detectors.views.view import View

_ESCAPE = re.compile(
    r"(?<!\\)\\{1,16}(?:u([dD][89abAB][0-9a-fA-F]{2})\\{1,16}u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|[ux]\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-3][0-7]{2})"
    r"|([nrt])(?=[0-9+])|([@._-])(?=\w))",
    re.ASCII,
)

_CHARACTERS = range(0x110000)
_SURROGATES = range(0xD800, 0xE000)


def see(text: str) -> Seen | None:
    """Return `text` with its escapes resolved."""
    return shown(text, _resolved(text)) if "\\" in text else None


def _resolved(text: str) -> Iterator[Decoded]:
    for match in _ESCAPE.finditer(text):
        high, low, *codes, octal, letter, mark = match.groups()
        if letter:
            # A line break, shown as the blank that it is to whoever looks for a number.
            yield Decoded(*match.span(), " ", counts=True)
        elif mark:
            if text[match.start() - 1 : match.start()].isalnum():
                yield Decoded(*match.span(), mark, counts=True)
        elif high:
            value = 0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)
            yield Decoded(*match.span(), chr(value))
        else:
            code = int(octal, 8) if octal else int(next(each for each in codes if each), 16)
            if code in _CHARACTERS and code not in _SURROGATES:
                yield Decoded(*match.span(), chr(code))


ESCAPES = View(
    name="escapes",
    summary=r"escapes of JSON and of program text such as `\u0034` and `\x40`",
    trigger=r"\\(?:[uUx][0-9a-fA-F{]|[0-3][0-7]{2}|[nrt][0-9+]|[@._-]\w)",
    signs="\\",
    is_led_by_sign=True,
    see=see,
)
