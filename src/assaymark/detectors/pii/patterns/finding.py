"""
What one recognizer of Presidio finds in a text, with context, as tuples.

* `PatternsOf` does what `PatternRecognizer.analyze` does, with chosen patterns only;
* `PhonesOf` does what `PhoneRecognizer.analyze` does;
* `Asked` asks the recognizer itself.

Each applies Presidio's context rule to what it found, as `AnalyzerEngine` does afterwards.
tests/detectors/test_pii_reference.py compares with Presidio.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import presidio_analyzer.pattern_recognizer as presidio
import regex  # type: ignore[import-untyped] # ships no types
from presidio_analyzer import Pattern, PatternRecognizer, RecognizerResult

from assaymark.detectors.pii.context import MAX_SCORE
from assaymark.detectors.pii.patterns.finders import PatternTimeoutError, StrictFinder
from assaymark.detectors.pii.patterns.phone_search import PhoneSearch

if TYPE_CHECKING:
    from assaymark.detectors.pii.context import ContextOfText

_KNOWN_AS = RecognizerResult.RECOGNIZER_IDENTIFIER_KEY
_RAISED = RecognizerResult.IS_SCORE_ENHANCED_BY_CONTEXT_KEY


class Match(NamedTuple):
    """Something found in a text."""

    start: int
    end: int
    entity: str
    score: float


class Finder(Protocol):
    """One recognizer."""

    def matches(self, text: str, places: Sequence[int], context: ContextOfText) -> list[Match]:
        """Return what it finds in `text`, scored in context.

        Args:
            text: The text.
            places: Which of its patterns may match, if it has patterns.
            context: The context rule for `text`.

        Raises:
            Exception: Whatever the recognizer raises.
        """
        ...


class PatternsOf:
    """A recognizer that finds by patterns."""

    def __init__(self, recognizer: PatternRecognizer) -> None:
        flags = recognizer.global_regex_flags
        self._patterns = [
            (_compiled(each, flags), float(each.score)) for each in recognizer.patterns
        ]
        self._entity: str = recognizer.supported_entities[0]
        self._fitting = fitting_words(recognizer)
        kind = type(recognizer)
        is_own = kind.validate_result is not PatternRecognizer.validate_result
        self._validate = recognizer.validate_result if is_own else None
        is_own = kind.invalidate_result is not PatternRecognizer.invalidate_result
        self._invalidate = recognizer.invalidate_result if is_own else None

    def matches(self, text: str, places: Sequence[int], context: ContextOfText) -> list[Match]:
        """Return what it finds in `text`, scored in context.

        Raises:
            PatternTimeoutError: A pattern ran out of time.
        """
        found: list[Match] = []
        try:
            for place in places:
                compiled, score = self._patterns[place]
                for each in compiled.finditer(text, timeout=presidio.REGEX_TIMEOUT_SECONDS):
                    start, end = each.span()
                    if start < end:
                        scored = self._score(text[start:end], score)
                        if scored > 0:
                            found.append(Match(start, end, self._entity, scored))
        except TimeoutError:
            raise PatternTimeoutError from None
        if not found:
            return found
        found = without_duplicates(found)
        return in_context(found, self._fitting, context) if self._fitting else found

    def _score(self, matched: str, score: float) -> float:
        if self._validate is not None:
            valid = self._validate(matched)
            if valid is not None:
                score = MAX_SCORE if valid else 0.0
        if self._invalidate is not None and self._invalidate(matched):
            score = 0.0
        return score


class PhonesOf:
    """A recognizer of phone numbers."""

    def __init__(self, recognizer: Any) -> None:
        self._search = PhoneSearch(recognizer.supported_regions, recognizer.leniency)
        self._entity: str = recognizer.supported_entities[0]
        self._score: float = recognizer.SCORE
        self._fitting = fitting_words(recognizer)

    def matches(self, text: str, places: Sequence[int], context: ContextOfText) -> list[Match]:  # noqa: ARG002
        """Return what it finds in `text`, scored in context."""
        found = [Match(*each, self._entity, self._score) for each in self._search.spans(text)]
        return in_context(found, self._fitting, context)


class Asked:
    """Any recognizer."""

    def __init__(
        self, recognizer: Any, entities: Sequence[str], fitting_by_id: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Take the recognizer.

        Args:
            recognizer: The recognizer.
            entities: What is looked for in its language.
            fitting_by_id: For every recognizer in its language the context words: a result says which
                recognizer it is of, and that may be another one.
        """
        self._recognizer = recognizer
        self._entities = list(entities)
        self._fitting_by_id = fitting_by_id

    def matches(self, text: str, places: Sequence[int], context: ContextOfText) -> list[Match]:  # noqa: ARG002
        """Return what it finds in `text`, scored in context."""
        results = self._recognizer.analyze(
            text=text, entities=self._entities, nlp_artifacts=context.artifacts
        )
        found: list[Match] = []
        for each in results or ():
            match = Match(each.start, each.end, each.entity_type, each.score)
            about = each.recognition_metadata or {}
            fitting = self._fitting_by_id.get(about.get(_KNOWN_AS, self._recognizer.id), ())
            if fitting and not about.get(_RAISED):
                match = match._replace(score=context.score(match.start, match.score, fitting))
            found.append(match)
        return found


def _compiled(pattern: Pattern, flags: int) -> Any:
    """Return what finds matches of `pattern`; Presidio compiles it when it is first used."""
    known = pattern.compiled_regex
    if known is not None and pattern.compiled_with_flags == flags:
        return known.compiled if isinstance(known, StrictFinder) else known
    return regex.compile(pattern.regex, flags=flags)


def fitting_words(recognizer: Any) -> tuple[str, ...]:
    """Return the context words of `recognizer` in lower case."""
    return tuple(each.lower() for each in getattr(recognizer, "context", None) or ())


def in_context(
    matches: Iterable[Match], fitting: tuple[str, ...], context: ContextOfText
) -> list[Match]:
    """Return `matches` with higher scores where one of the words `fitting` stands nearby."""
    scored = []
    for each in matches:
        score = context.score(each.start, each.score, fitting)
        # A new object for each of very many costs more than the question.
        scored.append(each if score == each.score else each._replace(score=score))
    return scored


def without_duplicates(matches: list[Match]) -> list[Match]:
    """Return what `EntityRecognizer.remove_duplicates` leaves, in any order.

    Dropped is what lies within another match of the same entity with the same or a higher score.
    """
    if not matches or (len(matches) == 1 and matches[0].score):
        return matches
    ordered = sorted(
        set(matches), key=lambda each: (each.entity, each.start, -each.end, -each.score)
    )
    kept: list[Match] = []
    for _, of_entity in groupby(ordered, key=lambda each: each.entity):
        around: list[Match] = []
        for match in of_entity:
            if match.score == 0:
                continue
            around = [each for each in around if each.end >= match.start]
            if not any(match.end <= each.end and match.score <= each.score for each in around):
                kept.append(match)
                around.append(match)
    return kept
