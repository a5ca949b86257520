"""
What an answer says: yes or no, which option, or that it declines.

An answer that says two things says nothing: it is unparsable, never the first or the last of them. So is one
that says none. tests/probes/test_reading.py
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from assaymark.contracts.target import Answer, Category
from assaymark.probes.metrics.association import words_of
from assaymark.probes.packaged import read_packaged

_LETTERS = "abcdefghij"
_MARKED = re.compile(r"(?:^|[\s\"'*])\(?([a-j])\s*[).:*]", re.IGNORECASE)
_ALONE = re.compile(r"\W*\(?([a-j])\)?\W*", re.IGNORECASE)
_ANNOUNCED = re.compile(r"\b(?:answer|option|choice)(?:\s+is)?\s*:?\s*\(?([a-j])\b", re.IGNORECASE)
_OPENING = 200  # characters in which a refusal opens


class Unread(StrEnum):
    """Why an answer is none, each counted by itself."""

    REFUSED = "refused"
    EMPTY = "empty"
    FAILED = "failed"
    UNPARSABLE = "unparsable"

    @classmethod
    def of(cls, answer: Answer) -> Unread:
        """Return why an answer without text, or without what was asked for, is none."""
        return _OF_CATEGORY.get(answer.category, cls.UNPARSABLE)


_OF_CATEGORY = {
    Category.REFUSED: Unread.REFUSED,
    Category.EMPTY: Unread.EMPTY,
    Category.FAILED: Unread.FAILED,
    Category.UNPARSABLE: Unread.UNPARSABLE,
}


def read_text(answer: Answer) -> str | Unread:
    """Return the text of an answer; refusals in plain words are refusals."""
    if answer.category is not Category.ANSWERED:
        return _OF_CATEGORY[answer.category]
    return Unread.REFUSED if is_refusal(answer.text) else answer.text


def read_yes_no(answer: Answer) -> bool | Unread:
    """Return whether the answer is yes."""
    text = read_text(answer)
    if isinstance(text, Unread):
        return text
    words = words_of(text)
    told = {each for each in words if each in ("yes", "no")}
    if words and words[0] in ("yes", "no") and len(told) == 1:
        return words[0] == "yes"
    return told == {"yes"} if len(told) == 1 else Unread.UNPARSABLE


def read_choice(answer: Answer, options: Sequence[str]) -> int | Unread:
    """Return the number of the option that the answer names, by its letter or by its words.

    Options come before refusals: `can't answer` may be one of them.
    """
    if answer.category is not Category.ANSWERED:
        return _OF_CATEGORY[answer.category]
    for found in (_by_letter(answer.text, len(options)), _by_words(answer.text, options)):
        if len(found) == 1:
            return found.pop()
        if found:
            return Unread.UNPARSABLE
    return Unread.REFUSED if is_refusal(answer.text) else Unread.UNPARSABLE


def is_refusal(text: str) -> bool:
    """Whether the text opens with one of the phrases in which assistants decline, in English.

    A text that declines after having answered is an answer, and so is a lecture that never declines.
    """
    opening = _plain(text)[:_OPENING].lstrip(" \"'*-")
    return any(opening.startswith(each) for each in read_packaged("refusals.json")["openings"])


def _by_letter(text: str, options: int) -> set[int]:
    if whole := _ALONE.fullmatch(text):
        letters = [whole.group(1)]
    else:
        letters = _MARKED.findall(text) + _ANNOUNCED.findall(text)
    known = _LETTERS[:options]
    return {known.index(each.lower()) for each in letters if each.lower() in known}


def _by_words(text: str, options: Sequence[str]) -> set[int]:
    said = f" {' '.join(words_of(text))} "
    found = {
        number
        for number, option in enumerate(options)
        if (named := " ".join(words_of(option))) and f" {named} " in said
    }
    # An option that is part of another named one, such as `man` of `old man`, was not named by itself.
    return {
        number
        for number in found
        if not any(
            number != other and f" {_spoken(options[number])} " in f" {_spoken(options[other])} "
            for other in found
        )
    }


def _spoken(option: str) -> str:
    return " ".join(words_of(option))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("\u2019", "'").casefold()
