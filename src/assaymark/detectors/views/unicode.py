"""
The `unicode` view: look-alikes read as the characters that they look like.

* Full-width, mathematical, circled and other styled letters, digits of every script, ligatures and tag
  characters become ASCII letters and digits.
* Characters without a width, and marks over ASCII characters, disappear: a joiner inside a key, a stroke
  through each digit. An accent over a letter that has one (`é`) is spelling and stays.
* Letters of other scripts that look Latin are read as Latin in words that also hold Latin letters or an
  `@`, and nowhere else: Russian and Greek stay as they are.
* Dashes and spaces of typography become the plain ones between digits.
* Bullets, middle dots and characters without a meaning (private use, U+FFFD) become a dash between digits;
  inside other values they go.

What a character stands for is in `assaymark.detectors.views.look_alikes`.

tests/detectors/views/test_decoding.py shows each.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from assaymark.detectors.views.look_alikes import (
    BULLETS,
    DASHES,
    LATIN_OF,
    MARK_OF,
    RAISED,
    SPACES,
    VOIDS,
    dropped,
    folds,
)
from assaymark.detectors.views.offsets import Rewriting, Seen
from assaymark.detectors.views.view import View

_YEAR = re.compile(r"(?<![0-9])(?:1[5-9]|20)[0-9]{2}")
_YEAR_AFTER = re.compile(r"(?:(?:1[5-9]|20)[0-9]{2}|[0-9]{2})(?![0-9])")
_LATIN = re.compile(r"[A-Za-z@]")
_TOKEN = re.compile(r"\S+")
_TWIN = re.compile(f"[{''.join(LATIN_OF)}]")
_HOLE = re.compile(f"[{BULLETS}{VOIDS}]{{1,3}}")
_VOID = re.compile(f"[{VOIDS}]+")
_DOT = re.compile(r"\.\w")
_DROPPED = re.compile(f"(?!\ufffd)[{VOIDS}](?:(?!\ufffd)[{VOIDS}])*")
BY_WORD = re.compile(f"[{''.join(LATIN_OF)}{BULLETS}]")
"""What is read as the word says that it stands in."""
_JOINT = re.compile(f"[{DASHES}{SPACES}]")
_MARK = re.compile(f"[\uff20\ufe6b]|(?<=[0-9A-Za-z])[{''.join(MARK_OF)}](?=[0-9A-Za-z])")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")

_TOWER = 16  # marks and unseen characters in a row behind one character


class _Edit(NamedTuple):
    start: int
    end: int
    new: str


def is_disguise(character: str) -> bool:
    """Whether the `unicode` view may read `character` as another one, or drop it."""
    return character > "~" and (
        character in folds()
        or character in LATIN_OF
        or character in MARK_OF
        or character in dropped()
    )


def is_hole(character: str) -> bool:
    """Whether the `unicode` view may leave `character` out because no value holds it."""
    return _HOLE.fullmatch(character) is not None


def see(text: str) -> Seen | None:
    """Return `text` with its look-alikes resolved."""
    if text.isascii():
        return None
    edits: list[_Edit] = []
    for edit in sorted((*_folded(text), *_numbers(text), *_twins(text), *_holes(text))):
        edits.append(_with_its_character(text, edit, edits))
    result = Rewriting(text)
    for start, end, new in edits:
        result.replace(start, end, new)
    return result.seen()


def _with_its_character(text: str, edit: _Edit, edits: list[_Edit]) -> _Edit:
    """Return `edit`, or for a mark that goes, the edit of the character that it stands over."""
    start, end, new = edit
    if new or not unicodedata.category(text[start]).startswith("M"):
        return edit
    if edits and edits[-1].end == start:
        last = edits.pop()
        return _Edit(last.start, end, last.new)
    return _Edit(start - 1, end, text[start - 1])


@cache
def _concerned() -> frozenset[str]:
    return frozenset(folds()) | dropped()


def _folded(text: str) -> Iterator[_Edit]:
    # One look at every character tells that most texts of other scripts have nothing to fold.
    if _concerned().isdisjoint(text) and _MARK.search(text) is None:
        return
    plain_of, unseen = folds(), dropped()
    for run in _BEYOND_ASCII.finditer(text):
        for place, character in enumerate(run[0], run.start()):
            if character in plain_of:
                if character not in RAISED or _has_raised_beside(text, place):
                    yield _Edit(place, place + 1, plain_of[character])
            elif character in MARK_OF:
                plain = MARK_OF[character]
                beside = text[max(place - 1, 0) : place], text[place + 1 : place + 2]
                if plain == "@" or all(map(_is_sense, beside)):
                    yield _Edit(place, place + 1, plain)
            elif character in unseen and _hides_in_ascii(text, place):
                yield _Edit(place, place + 1, "")


def _has_raised_beside(text: str, place: int) -> bool:
    return any(each in RAISED for each in text[max(place - 1, 0) : place + 2 : 2])


def _hides_in_ascii(text: str, place: int) -> bool:
    """Whether what stands before the unseen characters and marks at `place` is, or folds to, ASCII."""
    plain_of, unseen = folds(), dropped()
    first = place
    # A longer tower of marks is no spelling of anything, whatever it stands on.
    while first > max(place - _TOWER, 0) and text[first - 1] in unseen:
        first -= 1
    before = text[first - 1 : first] if first else ""
    return bool(before) and (
        "!" <= before <= "~" or before in plain_of or before in LATIN_OF or before in unseen
    )


def _is_sense(character: str) -> bool:
    return (character.isascii() and character.isalnum()) or character in folds()


def _numbers(text: str) -> Iterator[_Edit]:
    """Yield plain dashes and spaces for those of typography between digits, not between years."""
    for match in _JOINT.finditer(text):
        place = match.start()
        before, after = text[max(place - 1, 0) : place], text[place + 1 : place + 2]
        if not (_is_digit(before) and _is_digit(after)):
            continue
        if _is_between_years(text, place, place + 1):
            continue
        yield _Edit(place, place + 1, " " if match[0].isspace() else "-")


def _is_digit(character: str) -> bool:
    return "0" <= character <= "9" or folds().get(character, "").isdigit()


def _twins(text: str) -> Iterator[_Edit]:
    if _TWIN.search(text) is None:
        return
    for token in _TOKEN.finditer(text):
        if not token[0].isascii() and _LATIN.search(token[0]):
            for match in _TWIN.finditer(text, token.start(), token.end()):
                yield _Edit(*match.span(), LATIN_OF[match[0]])


def _holes(text: str) -> Iterator[_Edit]:
    """Yield what bullets and voids inside a value stand for: a dash between digits if they show, or nothing.

    A bullet between letters parts words, so it goes only in a word with an `@`, where it may be a dot.
    """
    if _HOLE.search(text) is None:
        return
    for token in _TOKEN.finditer(text):
        at = token[0].rfind("@") + 1
        has_dot = _DOT.search(token[0], at) is not None
        for match in _HOLE.finditer(text, token.start(), token.end()):
            start, end = match.span()
            before, after = text[max(start - 1, 0) : start], text[end : end + 1]
            beside = _digits_beside(text, start, end)
            if beside is not None and not _DROPPED.fullmatch(match[0]):
                if not _is_between_years(text, *beside):
                    yield _Edit(start, end, "-")
            elif not (_is_of_value(before) and _is_of_value(after)):
                continue
            elif _VOID.fullmatch(match[0]):
                yield _Edit(start, end, "")
            elif at:
                is_dot = not has_dot and start > token.start() + at and after.isalnum()
                yield _Edit(start, end, "." if is_dot else "")


def _digits_beside(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return where the digit before ends and the one after begins, a blank from the range at most."""
    start -= text.endswith(" ", 0, start)
    end += text.startswith(" ", end)
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    is_between = (before == ")" or _is_digit(before)) and _is_digit(after)
    return (start, end) if is_between else None


def _is_between_years(text: str, start: int, end: int) -> bool:
    is_after = _YEAR.fullmatch(text, max(start - 4, 0), start) is not None
    return is_after and _YEAR_AFTER.match(text, end) is not None


def _is_of_value(character: str) -> bool:
    return character in "@._+-" or _is_sense(character) if character else False


def _trigger() -> str:
    """Return a pattern for what folds or goes anywhere, and for what does so between letters and digits."""
    anywhere = _as_class(
        {*folds(), *dropped(), *LATIN_OF, *(c for c in MARK_OF if MARK_OF[c] == "@")}
    )
    joint = f"[{_as_class(MARK_OF)}]|{_JOINT.pattern}"
    return rf"[{anywhere}{BULLETS}{VOIDS}]|[0-9A-Za-z](?:{joint})[0-9A-Za-z]"


def _as_class(characters: Iterable[str]) -> str:
    """Return the inside of a character class of RE2."""
    ranges: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in ranges)


UNICODE = View(
    name="unicode",
    summary="full-width and other styled characters, digits of all scripts, look-alikes, unseen characters",
    trigger=_trigger(),
    is_beyond_ascii=True,
    see=see,
)
