"""
Presidio's answer for one text, from those recognizers alone that have anything to find there.

A recognizer that finds by patterns is run here as `PatternRecognizer` runs itself, with only those
patterns that may match; validation is its own. Phone numbers come from `phone_search`. Every other
recognizer is asked as Presidio asks it. What follows (context words, threshold, duplicates) is what
`AnalyzerEngine.analyze` does, on tuples and without its records of why.

Where a recognizer has a context rule of its own, or the analyzer another one than usual, the analyzer
itself is asked, with all recognizers. A recognizer whose way of finding is not known here (any that
brings its own `analyze`) is asked about every text. tests/detectors/test_pii_reference.py compares with
Presidio.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, PatternRecognizer
from presidio_analyzer.predefined_recognizers import (
    IbanRecognizer,
    PhoneRecognizer,
    ZaMobileNumberRecognizer,
)

from assaymark.detectors.pii.context import ContextRule
from assaymark.detectors.pii.own import blamed
from assaymark.detectors.pii.patterns.compiled import PatternSource, Source, UnknownSource
from assaymark.detectors.pii.patterns.finding import (
    Asked,
    Finder,
    Match,
    PatternsOf,
    PhonesOf,
    fitting_words,
    without_duplicates,
)
from assaymark.detectors.pii.patterns.phone import PhoneSource
from assaymark.detectors.pii.patterns.phone_search import QuickPhoneRecognizer
from assaymark.detectors.pii.words import BlankNlpEngine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_FINDS_BY_PATTERNS = (PatternRecognizer.analyze, IbanRecognizer.analyze)
_FINDS_PHONES = (PhoneRecognizer.analyze, QuickPhoneRecognizer.analyze)
_FINDS_SOME_PHONES = ZaMobileNumberRecognizer.analyze
"""Drops some of what is found in one region."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A piece of work that a text may need."""

    language: str
    recognizer: Any
    pattern: int | None
    """Place among the recognizer's patterns; `None` for the recognizer as a whole."""

    source: Source
    """What must match in a text for the task to find anything."""


_Work: TypeAlias = "dict[Any, dict[int, list[int]]]"
"""Recognizer to the texts that it has to read, by their place, each with those of its patterns."""


class Judge:
    """Answers for texts, each with the tasks that it needs. Not safe to share between threads."""

    def __init__(
        self,
        analyzer: AnalyzerEngine,
        entities: Mapping[str, Sequence[str]],
        min_score: float,
    ) -> None:
        """Prepare the tasks.

        Args:
            analyzer: With all recognizers, whose patterns are compiled. It is not changed.
            entities: Language to what to look for in it.
            min_score: As `score_threshold` of `AnalyzerEngine.analyze`.
        """
        self._analyzer = analyzer
        self._entities = {language: list(each) for language, each in entities.items() if each}
        self._min_score = min_score
        recognizers = {
            language: analyzer.registry.get_recognizers(language=language, entities=each)
            for language, each in self._entities.items()
        }
        self._by_ourselves = ContextRule.fits(analyzer.context_aware_enhancer) and not any(
            _has_own_rule(each) for some in recognizers.values() for each in some
        )
        self._rule = ContextRule(analyzer.context_aware_enhancer) if self._by_ourselves else None
        # A match below the threshold needs a word, which a lemma need not be.
        literal = self._by_ourselves and isinstance(analyzer.nlp_engine, BlankNlpEngine)
        certain = min_score if literal else None
        self.tasks: tuple[Task, ...] = tuple(
            task
            for language, some in recognizers.items()
            for recognizer in some
            for task in _tasks(language, recognizer, certain)
        )
        self._finders: dict[Any, Finder] = {
            recognizer: _finder(recognizer, self._entities[language], some)
            for language, some in recognizers.items()
            for recognizer in some
        }

    def answer(self, text: str, needed: Iterable[int]) -> list[Match]:
        """Return what Presidio finds in `text`, in order.

        Args:
            text: The text.
            needed: Places of the tasks that it needs, in order.

        Raises:
            Exception: Whatever a recognizer raises.
        """
        (answer,) = self.answers([(text, needed)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def answers(self, rows: Sequence[tuple[str, Iterable[int]]]) -> list[list[Match] | Exception]:
        """Return for each of some texts, with the tasks it needs, what `answer` returns or raises.

        Each recognizer reads all its texts in turn, which is quicker than each text all its recognizers:
        what a processor holds close by is enough for one of them.
        """
        found: list[list[Match]] = [[] for _ in rows]
        failed: dict[int, Exception] = {}
        for language, work in self._divided(rows).items():
            made = self._found([text for text, _ in rows], language, work, failed)
            for row, matches in made.items():
                found[row] += matches
        several = len(self._entities) > 1
        return [
            failed[row] if row in failed else sorted(without_duplicates(each) if several else each)
            for row, each in enumerate(found)
        ]

    def _divided(self, rows: Sequence[tuple[str, Iterable[int]]]) -> dict[str, _Work]:
        """Return for each language the work in it."""
        by_task: dict[int, list[int]] = {}
        for row, (_, needed) in enumerate(rows):
            for each in needed:
                by_task.setdefault(each, []).append(row)
        divided: dict[str, _Work] = {}
        # In the order of the tasks, so that which error comes first does not hang on the company.
        for each in sorted(by_task):
            task = self.tasks[each]
            places_by_row = divided.setdefault(task.language, {}).setdefault(task.recognizer, {})
            for row in by_task[each]:
                places = places_by_row.setdefault(row, [])
                if task.pattern is not None:
                    places.append(task.pattern)
        return divided

    def _found(
        self, texts: Sequence[str], language: str, work: _Work, failed: dict[int, Exception]
    ) -> dict[int, list[Match]]:
        """Return what is found in which text in one language; add to `failed` what is raised."""
        found: dict[int, list[Match]] = {
            row: [] for places_by_row in work.values() for row in places_by_row
        }
        if self._rule is None:
            for row in sorted(found.keys() - failed.keys()):
                try:
                    found[row] = self._asked(texts[row], language)
                except Exception as error:  # noqa: BLE001 - any recognizer's
                    failed[row] = error.with_traceback(None)
            return found
        process = self._analyzer.nlp_engine.process_text
        contexts = {
            row: self._rule.in_text(texts[row], process(texts[row], language)) for row in found
        }
        for recognizer, places_by_row in work.items():
            matches = self._finders[recognizer].matches
            for row, places in places_by_row.items():
                if row not in failed:
                    try:
                        found[row] += matches(texts[row], places, contexts[row])
                    except Exception as error:  # noqa: BLE001 - any recognizer's
                        failed[row] = blamed(recognizer, error)
        least = self._min_score
        return {
            row: without_duplicates([each for each in some if each.score >= least])
            for row, some in found.items()
        }

    def _asked(self, text: str, language: str) -> list[Match]:
        results = self._analyzer.analyze(
            text, language, entities=self._entities[language], score_threshold=self._min_score
        )
        return [Match(each.start, each.end, each.entity_type, each.score) for each in results]


def _has_own_rule(recognizer: Any) -> bool:
    """Return whether `recognizer` scores in context by itself, with a view of all that was found."""
    kind = type(recognizer)
    return kind.enhance_using_context is not EntityRecognizer.enhance_using_context


def _finder(recognizer: Any, entities: Sequence[str], company: Sequence[Any]) -> Finder:
    analyze = type(recognizer).analyze
    if analyze is PatternRecognizer.analyze:
        return PatternsOf(recognizer)
    if analyze in _FINDS_PHONES:
        return PhonesOf(recognizer)
    return Asked(recognizer, entities, {each.id: fitting_words(each) for each in company})


def _tasks(language: str, recognizer: Any, min_score: float | None) -> list[Task]:
    """Return what `recognizer` can be asked.

    Matches below `min_score` count only with a context word in the text; `None` if that is not so.
    """
    analyze = type(recognizer).analyze
    if _has_own_rule(recognizer):
        return [Task(language, recognizer, None, UnknownSource())]
    if analyze in _FINDS_BY_PATTERNS:
        flags = int(recognizer.global_regex_flags)
        sources = (
            PatternSource(each.regex, flags, _nearby(recognizer, each, min_score))
            for each in recognizer.patterns
        )
        return [Task(language, recognizer, place, each) for place, each in enumerate(sources)]
    if analyze in _FINDS_PHONES:
        source = PhoneSource(tuple(recognizer.supported_regions), recognizer.leniency)
        return [Task(language, recognizer, None, source)]
    if analyze is _FINDS_SOME_PHONES:
        source = PhoneSource((recognizer.REGION,), recognizer.leniency)
        return [Task(language, recognizer, None, source)]
    return [Task(language, recognizer, None, UnknownSource())]


def _nearby(recognizer: Any, pattern: Any, min_score: float | None) -> tuple[str, ...] | None:
    validates = type(recognizer).validate_result is not PatternRecognizer.validate_result
    if min_score is None or pattern.score >= min_score or validates or not recognizer.context:
        return None
    return tuple(sorted(set(recognizer.context)))
