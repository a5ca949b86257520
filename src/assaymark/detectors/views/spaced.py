"""
The `spaced` view: values that were pulled apart, put together again.

* Single characters with the same mark or blanks between them (`4 1 1 1 …`, `j o h n @ …`, `4-1-1-1-…`).
  A wider gap stands for a space, and a mark that is spaced like a character is one (`1 2 3 - 4 5 - …`).
* Groups of digits with unusual marks between them, where the whole is a card number. With tabs, as they
  come from cells of a spreadsheet, `#` or backticks only the usual groups, and no longer row like them.
* Blanks round the `@` and the dots of an address. A dot with a blank only behind it ends a sentence,
  an `@` with a blank only before it begins a mention.

tests/detectors/views/test_joining.py shows each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assaymark.detectors.views.check_digits import is_card
from assaymark.detectors.views.offsets import Rewriting, Seen
from assaymark.detectors.views.view import View

_SINGLES = re.compile(
    r"(?<![A-Za-z0-9.])[A-Za-z0-9](?P<mark> ?[._*|/~:#`-] ?)[A-Za-z0-9](?:(?P=mark)[A-Za-z0-9@.]){4,}"
    r"(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9@._+-])[A-Za-z0-9+](?:[ \t\r\x0b\x0c\x85\u2028\u2029]{1,3}[A-Za-z0-9@._+\-()]){5,}"
    r"(?![A-Za-z0-9@])"
)
_GROUPS = re.compile(r"(?<![0-9A-Za-z])[0-9](?:[ ._*/|,;:~-]{0,3}[0-9]){12,18}(?![0-9A-Za-z])")
_CELLS = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9]{4}[\t#`])"
    r"[0-9]{4}(?P<cell>[\t#`])(?:[0-9]{4}(?P=cell)[0-9]{4}(?P=cell)[0-9]{4}|[0-9]{6}(?P=cell)[0-9]{5})"
    r"(?![0-9A-Za-z]|(?P=cell)[0-9]{4}(?![0-9A-Za-z/-]))"
)
_USUAL = re.compile(r"[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}")
_ADDRESS = re.compile(
    r"(?<=[A-Za-z0-9])(?:[ \t]{1,3}@[ \t]{1,3}|@[ \t]{0,3})[A-Za-z0-9-]{1,63}"
    r"(?:(?:\.|[ \t]{1,3}\.[ \t]{0,3})[A-Za-z0-9-]{1,63}){1,8}"
)
_BLANKS = re.compile(r"[ \t\r\x0b\x0c\x85\u2028\u2029]+")
_MARKS = re.compile(r"[^0-9]+")

_LEAST_DIGITS = 7  # of a telephone number, the shortest value that is all digits

PATTERNS = (_SINGLES, _GROUPS, _CELLS, _ADDRESS)
"""What is put together matches one of these, and nothing else decides about it."""


def see(text: str) -> Seen | None:
    """Return `text` with what was pulled apart put together."""
    result = Rewriting(text)
    reached = 0
    for start, end, new in sorted((*_singles(text), *_groups(text), *_addresses(text))):
        if start >= reached:
            result.replace(start, end, new)
            reached = end
    return result.seen()


def _singles(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _SINGLES.finditer(text):
        run, start, mark = match[0], match.start(), match["mark"]
        digits = sum(each.isdigit() for each in run)
        if digits < _LEAST_DIGITS and not any(each.isalpha() for each in run):
            continue
        if mark is not None:
            place = run.find(mark)
            while place >= 0:
                yield start + place, start + place + len(mark), ""
                place = run.find(mark, place + len(mark))
            continue
        gaps = [each.span() for each in _BLANKS.finditer(run)]
        narrow = min(end - begin for begin, end in gaps)
        for begin, end in gaps:
            yield start + begin, start + end, "" if end - begin == narrow else " "


def _groups(text: str) -> Iterator[tuple[int, int, str]]:
    for match in (*_GROUPS.finditer(text), *_CELLS.finditer(text)):
        run = match[0]
        if run.isdigit() or _USUAL.fullmatch(run) or not is_card(_MARKS.sub("", run)):
            continue
        for each in _MARKS.finditer(run):
            yield match.start() + each.start(), match.start() + each.end(), ""


def _addresses(text: str) -> Iterator[tuple[int, int, str]]:
    if "@" not in text:
        return
    for match in _ADDRESS.finditer(text):
        for each in _BLANKS.finditer(match[0]):
            yield match.start() + each.start(), match.start() + each.end(), ""


_ONE = r"[A-Za-z0-9@._+()-]"
_BETWEEN = r" ?[._*|/~:#`-] ?"
_ANY_BLANK = r"(?:[ \t\r\x0b\x0c]|\x{85}|\x{2028}|\x{2029})"

SPACED = View(
    name="spaced",
    summary="values pulled apart, such as `4 1 1 1 …`, `j o h n @ …` and `4111.1111.…`",
    trigger=(
        rf"[A-Za-z0-9+](?:{_ANY_BLANK}{{1,3}}{_ONE}){{3}}{_ANY_BLANK}"
        rf"|[A-Za-z0-9](?:{_BETWEEN}[A-Za-z0-9@.]){{4}}"
        r"|[0-9](?:[ ._*/|,;:~-]{0,3}[0-9]){12}"
        r"|[0-9]{4}[\t#`][0-9]{4,6}[\t#`][0-9]{4}|[ \t]@|@[ \t]|@[A-Za-z0-9-.]+[ \t]+\."
    ),
    see=see,
)
