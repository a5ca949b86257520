"""
Words as spaCy's tokenizer makes them, run by run, each run of a text split once.

The tokenizer splits a text at white space and each run by itself, and keeps what it made of a run; but not
once it has met an exception such as `don't` in the text. Here all short runs are kept. Only one thing
reaches beyond a run: the tokenizer looks for its exceptions again over all words. A text in which one could
reach over white space is split as a whole.

tests/detectors/pii/test_splitting.py compares with the tokenizer, in every language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from spacy.attrs import IDX, LENGTH, ORTH
from spacy.tokenizer import Tokenizer

if TYPE_CHECKING:
    from spacy.language import Language

_LONGEST_RUN = 64
_MOST_RUNS = 50_000
"""Runs that are kept: no longer ones, and no more at once."""

_RUN = re.compile(r"\S+|\s+")


class KnownWord(NamedTuple):
    """What Presidio makes of a word."""

    lower: str

    keywords: tuple[str, ...]
    """Itself or its parts, in lower case; none if it carries no meaning."""


class Run(NamedTuple):
    """A piece of text without white space inside, or white space alone, and its words."""

    words: tuple[tuple[int, int, KnownWord], ...]
    """Start and end within the run."""

    lowers: frozenset[str]
    """The words, in lower case."""

    keywords: frozenset[str]
    """Those of all its words."""

    size: int
    """Characters."""

    lasts: tuple[int, ...] = ()
    firsts: tuple[int, ...] = ()
    """spaCy's numbers of the words at the end and at the beginning, as far as an exception may have one of
    them inside. The tokenizer gives way between two exceptions only once it sees both, so where one stands
    in the run, these are all numbers that its words have, or would have without it."""


def run_of(words: tuple[tuple[int, int, KnownWord], ...], size: int) -> Run:
    """Return a run that no exception reaches over."""
    lowers = frozenset(each.lower for _, _, each in words)
    return Run(words, lowers, frozenset(key for *_, each in words for key in each.keywords), size)


class Splitter:
    """Splits texts. Not safe to share between threads."""

    def __init__(self, pipeline: Language, known: Callable[[int], KnownWord]) -> None:
        """Take the parts.

        Args:
            pipeline: Whose words are made.
            known: From spaCy's number for how a word is written to what is kept of it.
        """
        self._pipeline = pipeline
        self._known = known
        # Another kind of tokenizer may look at the text as a whole.
        self._is_by_runs = type(pipeline.tokenizer) is Tokenizer
        self._runs: dict[str, Run] = {}
        self._blanks: dict[str, Run] = {}

    def words(self, text: str) -> list[tuple[int, int, KnownWord]]:
        """Return start, end and meaning of every word of `text`, in order.

        Raises:
            ValueError: The text is longer than spaCy takes.
        """
        return [
            (at + start, at + end, known)
            for at, run in self.runs(text)
            for start, end, known in run.words
        ]

    def runs(self, text: str) -> list[tuple[int, Run]]:
        """Return the runs of `text` and where they start, in order; each word of a text split as a whole.

        Raises:
            ValueError: The text is longer than spaCy takes.
        """
        if not self._is_by_runs or len(text) > self._pipeline.max_length:
            return self._as_a_whole(text)
        if len(self._runs) + len(self._blanks) > _MOST_RUNS:
            self._runs.clear()
            self._blanks.clear()
        # Most texts are runs with one space between.
        runs = [self._runs.get(each) for each in text.split(" ")]
        places = list(_spaced(runs) if all(runs) else self._met(text))
        lasts: tuple[int, ...] = ()
        for _, run in places:
            if lasts and run.firsts and self._may_reach(lasts, run.firsts):
                return self._as_a_whole(text)
            lasts = run.lasts
        return places

    def _met(self, text: str) -> Iterator[tuple[int, Run]]:
        runs, blanks = self._runs, self._blanks
        for at, piece in _pieces(text):
            yield at, runs.get(piece) or blanks.get(piece) or self._run(piece)

    def _as_a_whole(self, text: str) -> list[tuple[int, Run]]:
        known = self._known
        return [
            (at, run_of(((0, size, known(key)),), size))
            for key, at, size in _listed(self._pipeline(text))
        ]

    def _run(self, piece: str) -> Run:
        made = _listed(self._pipeline.tokenizer(piece))
        plain = _listed(self._plain(piece))
        numbers = () if made == plain else {key for key, _, _ in (*made, *plain)}
        befores, behinds = self._sides
        run = run_of(
            tuple((at, at + size, self._known(key)) for key, at, size in made), len(piece)
        )._replace(
            lasts=tuple(befores.intersection(numbers or (made[-1][0],))),
            firsts=tuple(behinds.intersection(numbers or (made[0][0],))),
        )
        if len(piece) <= _LONGEST_RUN:
            (self._blanks if piece[0].isspace() else self._runs)[piece] = run
        return run

    def _may_reach(self, lasts: Sequence[int], firsts: Sequence[int]) -> bool:
        return any((last, first) in self._in_exceptions for last in lasts for first in firsts)

    @cached_property
    def _plain(self) -> Tokenizer:
        """The tokenizer without its exceptions."""
        own = self._pipeline.tokenizer
        return Tokenizer(
            own.vocab,
            prefix_search=own.prefix_search,
            suffix_search=own.suffix_search,
            infix_finditer=own.infix_finditer,
            token_match=own.token_match,
            url_match=own.url_match,
        )

    @cached_property
    def _in_exceptions(self) -> frozenset[tuple[int, int]]:
        """Neighbours in what exceptions are made of, which is how the tokenizer finds them again."""
        pairs: set[tuple[int, int]] = set()
        for exception in self._pipeline.tokenizer.rules:
            made = [key for key, _, _ in _listed(self._plain(exception))]
            pairs.update(pairwise(made))
        return frozenset(pairs)

    @cached_property
    def _sides(self) -> tuple[frozenset[int], frozenset[int]]:
        """What stands before, and what behind, in such a pair."""
        pairs = self._in_exceptions
        return frozenset(one for one, _ in pairs), frozenset(other for _, other in pairs)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield what the tokenizer splits by itself: runs, without the one space that ends a run before."""
    for each in _RUN.finditer(text):
        at, piece = each.start(), each.group()
        if at and piece[0] == " ":
            if len(piece) == 1:
                continue
            at, piece = at + 1, piece[1:]
        yield at, piece


def _spaced(runs: list[Run | None]) -> Iterator[tuple[int, Run]]:
    at = 0
    for each in filter(None, runs):
        yield at, each
        at += each.size + 1


def _listed(words: Any) -> list[list[int]]:
    """Return spaCy's number, the start and the length of every word."""
    made: list[list[int]] = words.to_array([ORTH, IDX, LENGTH]).tolist()
    return made
