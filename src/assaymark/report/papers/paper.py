"""
A paper: headings, paragraphs, fields and tables, before anybody decides how they look.

* A field holds what is stated or measured, each with where it is from, or it is open. It is never empty.
* Words are one of three kinds: ours, a name or text from outside, and what somebody has to complete. The
  writers show the three apart, so that nobody takes an open field for an answer.
* No text from outside gets here unshown: `said` and `named` pass it through `display_text`.

tests/report/papers
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from assaymark.report import display_text


@dataclass(frozen=True, slots=True)
class Heading:
    """A numbered or plain heading."""

    level: int
    """1 is the title, 2 a section, 3 and 4 what is inside."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of our sentences; names in backticks."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that is known, and from where."""

    text: str
    """One line; names from outside in backticks."""

    source: str
    """Such as `measured` or the name of a document."""


@dataclass(frozen=True, slots=True)
class Field:
    """A question of a form, with all answers that there are."""

    label: str
    answers: tuple[Answer, ...] = ()

    remains: str = ""
    """What somebody still has to say; empty where the answers are all of it."""

    is_optional: bool = False
    """Whether the form can do without an answer."""

    @property
    def is_open(self) -> bool:
        """Whether somebody has to complete it."""
        return bool(self.remains) or not (self.answers or self.is_optional)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head, all of one length."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block: TypeAlias = Heading | Paragraph | Field | Table


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole document."""

    blocks: tuple[Block, ...]

    to_complete: str
    """What stands in an open field, such as by whom it has to be completed."""

    @property
    def open_fields(self) -> int:
        """How many fields somebody has to complete."""
        return sum(isinstance(each, Field) and each.is_open for each in self.blocks)

    @property
    def fields(self) -> int:
        """How many fields it has."""
        return sum(isinstance(each, Field) for each in self.blocks)


def said(text: str) -> str:
    """Return a text from outside as one paragraph that cannot be taken for ours."""
    return f"`{display_text.prose(text).replace('`', chr(39))}`"


def named(text: str) -> str:
    """Return a name from outside."""
    return display_text.quoted(text)


def field(
    label: str, answers: Iterable[Answer] = (), *, remains: str = "", optional: bool = False
) -> Field:
    """Return a field; answers that are the same are one, from several places."""
    by_text: dict[str, dict[str, None]] = {}
    for each in answers:
        by_text.setdefault(each.text, {})[each.source] = None
    merged = tuple(Answer(text, ", ".join(sources)) for text, sources in by_text.items())
    return Field(label, merged, remains, optional)
