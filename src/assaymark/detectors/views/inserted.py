r"""
The `inserted` view: values with something inside that is not read as a part of them.

* Control characters, and the sequences of a terminal that begin with `ESC [`. What breaks a line is for
  `broken`.
* HTML tags of running text (`jane<b></b>@…`), and comments: a browser shows what stands beside them in one
  piece. Tags of cells, lines and notes (`td`, `br`, `sup`) keep apart what they part.
* Marks of Markdown behind the `@` of an address and inside its domain (`jane**@**example.org`).

tests/detectors/views/test_joining.py shows each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assaymark.detectors.views.offsets import Rewriting, Seen
from assaymark.detectors.views.view import View

_CONTROL = r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"
_UNUSED = _CONTROL.replace(r"\x1f", r"\x1a\x1c-\x1f")  # but ESC, as colours are for words
_SEQUENCE = r"\x1b\[[0-9;?]{0,16}[A-Za-z]"
_NAMES = "abbr|bdi|bdo|big|b|code|del|em|font|ins|i|kbd|mark|samp|small|span|strong|strike|s|tt|u|var|wbr"
_TAG = (
    rf"</?(?:{_NAMES})(?:[ \t]{{1,3}}[a-z-]{{1,20}}=[^<>\n]{{0,80}})?[ \t]?/?>|<!--[^<>]{{0,80}}-->"
)
_OF_VALUE = r"[A-Za-z0-9@._+-]"

# Each on its own: after a sequence, which ends with a letter, another one may begin.
_INSERTED = rf"(?:(?:{_SEQUENCE}|{_TAG}|{_CONTROL}){{1,8}}|{_CONTROL}+)"
_WITHIN = re.compile(
    rf"(?<={_OF_VALUE}){_INSERTED}(?={_OF_VALUE})|(?<=[0-9] ){_INSERTED}(?=[0-9])"
    rf"|(?<=[0-9]){_INSERTED}(?= [0-9])|(?<=[ -~]){_UNUSED}+(?=[ -~])",
    re.IGNORECASE | re.ASCII,
)

_MARK = r"(?:\*{1,3}|_{2,3}|~~|`{1,3})"
_LABEL = r"[A-Za-z0-9-]{1,63}"
_ADDRESS = re.compile(
    rf"(?<=[A-Za-z0-9]){_MARK}?@{_MARK}?{_LABEL}(?:{_MARK}?\.{_MARK}?{_LABEL}|{_MARK}{_LABEL}){{1,8}}"
)
_MARKS = re.compile(r"[*_~`]+")

PATTERNS = (_WITHIN, _ADDRESS)
"""What is put together matches one of these, and nothing else decides about it."""


def see(text: str) -> Seen | None:
    """Return `text` without what was inserted."""
    result = Rewriting(text)
    reached = 0
    for start, end in sorted((*_within(text), *_marked(text))):
        if start >= reached:
            result.replace(start, end, "")
            reached = end
    return result.seen()


def is_control(character: str) -> bool:
    """Whether it is a control character: one that no value holds."""
    return character < " " or "\x7f" <= character <= "\x9f"


def _within(text: str) -> Iterator[tuple[int, int]]:
    for match in _WITHIN.finditer(text):
        yield match.span()


def _marked(text: str) -> Iterator[tuple[int, int]]:
    if "@" not in text:
        return
    for match in _ADDRESS.finditer(text):
        if "." in match[0]:
            for each in _MARKS.finditer(match[0]):
                yield match.start() + each.start(), match.start() + each.end()


INSERTED = View(
    name="inserted",
    summary="control characters, tags and Markdown marks inside a value, such as `jane<b></b>@…`",
    trigger=(
        r"[ -~](?:[\x00-\x08\x0e-\x1f\x7f]|[\x{80}-\x{84}\x{86}-\x{9f}]"
        r")"
        rf"|[A-Za-z0-9@._+-] ?<(?:!--|/?(?i:{_NAMES})[ \t/>])"
        r"|[*_~`]@|@[A-Za-z0-9.-]*[*_~`]"
    ),
    signs="<@" + "".join(filter(re.compile(_CONTROL).fullmatch, map(chr, range(0xA0)))),
    see=see,
)
