"""
The `pii`, `pii-patterns` and `pii-names` detectors: Presidio's answer for every text, as spans.

* The answer is that of `AnalyzerEngine.analyze` with the same recognizers, in every chosen language,
  repeated spans removed as Presidio removes them.
* A text on which a recognizer of Presidio's raises, on which any runs out of time, or that is too long to
  read, is unjudged. One that the name engine cannot read is unjudged for names alone.
* A recognizer of the policy's own that raises ends the run (`assaymark.detectors.pii.own`).
* Nothing of a text reaches a log, a message or the network.

tests/detectors/test_pii_reference.py and test_pii_privacy.py hold these.
"""

from __future__ import annotations

import threading
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeAlias

import pyarrow.compute as pc

from assaymark.contracts.detector import Detections, Span
from assaymark.detectors.pii.engine import build_analyzer, build_words
from assaymark.detectors.pii.identity import digest_detector
from assaymark.detectors.pii.nlp.load import load_name_engine
from assaymark.detectors.pii.patterns.compiled import compile_prefilter
from assaymark.detectors.pii.patterns.finders import PatternTimeoutError
from assaymark.detectors.pii.patterns.finding import Match, without_duplicates
from assaymark.detectors.pii.patterns.judge import Judge
from assaymark.detectors.pii.settings import PiiSettings, enabled_entities
from assaymark.detectors.pii.silence import silenced
from assaymark.detectors.pii.words import Vocabularies, forgetting
from assaymark.errors import DetectorError, RecognizerError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import pyarrow as pa
    from presidio_analyzer import AnalyzerEngine

    from assaymark.contracts.detector import Horizon
    from assaymark.detectors.pii.nlp.engine import NameEngine
    from assaymark.detectors.pii.patterns.prefilter import Prefilter
    from assaymark.model.subject import Sha256

MAX_CHARACTERS = 1_000_000
"""Longest text that is judged; spaCy reads no longer one either."""


_ROWS_AT_ONCE = 256
_CHARACTERS_AT_ONCE = 1 << 18
"""Texts that are judged together; their words are held until all are."""


class PiiDetector:
    """Presidio behind the detector contract. Safe to share between threads, which take turns."""

    def __init__(self, settings: PiiSettings, names: NameEngine | None = None) -> None:
        """Build what answers.

        Args:
            settings: What to look for.
            names: Who finds names, if not the engine that `settings` choose.

        Raises:
            MissingExtraError: The engine of the names needs a part that is not installed.
            MissingModelError: The model that finds names is not there, or is another one.
            DetectorError: It cannot be built with what is installed.
        """
        self._has_own = bool(settings.recognizers)
        with silenced():
            self.words = build_words(settings)
            self.names = load_name_engine(settings, self.words) if names is None else names
            self.analyzer: AnalyzerEngine | None = build_analyzer(settings, self.words)
            self.digest: Sha256 = digest_detector(
                self.analyzer, settings, None if self.names is None else self.names.digest
            )
            enabled = enabled_entities(settings)
            self._judge = (
                None
                if self.analyzer is None
                else Judge(
                    self.analyzer,
                    entities_by_language(self.analyzer, enabled),
                    settings.min_score,
                )
            )
            tasks = () if self._judge is None else self._judge.tasks
            self.prefilter: Prefilter = compile_prefilter([each.source for each in tasks])
        unread = set() if self.names is None else set(self.names.entities)
        self._of_patterns = tuple(each for each in enabled if each not in unread)
        self._vocabularies = Vocabularies(self.words)
        self._turn = threading.Lock()

    @property
    def run_on_every_text(self) -> tuple[str, ...]:
        """Names of the recognizers that no prefilter spares any text."""
        if self._judge is None:
            return ()
        tasks = (self._judge.tasks[each] for each in self.prefilter.blind)
        return tuple(sorted({each.recognizer.name for each in tasks}))

    @cached_property
    def horizon(self) -> Horizon:
        """How much of an answer is final while a text is still arriving.

        Raises:
            DetectorError: A recognizer has none, or names are found beside the patterns.
        """
        from assaymark.detectors.horizon.pii import PiiHorizon

        if self.names is not None:
            raise DetectorError("names are told by the whole text", hint="judge whole answers")
        with silenced():
            tasks = () if self._judge is None else self._judge.tasks
            return PiiHorizon(tasks, has_own=self._has_own)

    def detect(self, texts: pa.StringArray) -> Detections:
        """Judge `texts`; equal texts near each other are judged once.

        Raises:
            RecognizerError: A recognizer of the policy's own raised.
        """
        unjudged: dict[int, str] = {}
        # A character is at least a byte.
        if texts.nbytes > MAX_CHARACTERS:
            too_long = pc.greater(pc.utf8_length(texts), MAX_CHARACTERS)
            unjudged = dict.fromkeys(
                pc.indices_nonzero(too_long).to_pylist(),
                f"longer than {MAX_CHARACTERS:,} characters",
            )
            texts = pc.if_else(too_long, "", texts)
        found: dict[int, list[Match]] = {}
        judged_for: dict[int, tuple[str, ...]] = {}
        with self._turn, silenced():
            if self._judge is not None:
                self._find_patterns(self._judge, texts, found, unjudged)
            if self.names is not None:
                for index, names in enumerate(self.names.find(texts.to_pylist())):
                    if names.matches:
                        joined = [*found.get(index, ()), *names.matches]
                        found[index] = sorted(without_duplicates(joined))
                    if names.unjudged is not None and index not in unjudged:
                        unjudged[index] = names.unjudged
                        judged_for[index] = self._of_patterns
        spans = [
            Span(index, *match) for index, matches in sorted(found.items()) for match in matches
        ]
        return Detections(
            spans=spans,
            unjudged=dict(sorted(unjudged.items())),
            judged_for={index: each for index, each in judged_for.items() if each},
        )

    def _find_patterns(
        self,
        judge: Judge,
        texts: pa.StringArray,
        found: dict[int, list[Match]],
        unjudged: dict[int, str],
    ) -> None:
        """Add to `found` what patterns find, and to `unjudged` where that cannot be said."""
        with forgetting(self.words):
            for indices, answer in self._answers(judge, texts):
                for index in indices:
                    if isinstance(answer, str):
                        unjudged[index] = answer
                    else:
                        found[index] = answer
            self._vocabularies.bound()

    def _answers(
        self, judge: Judge, texts: pa.StringArray
    ) -> Iterator[tuple[list[int], list[Match] | str]]:
        """Yield what stands in which texts, or why that cannot be said, where anything may stand."""
        rows: _Rows = {}
        size = 0
        for index, tasks in self.prefilter.hits(texts):
            text = texts[index].as_py() or ""
            if text in rows:
                rows[text][0].append(index)
                continue
            rows[text] = ([index], tasks)
            size += len(text)
            if len(rows) >= _ROWS_AT_ONCE or size >= _CHARACTERS_AT_ONCE:
                yield from _answered(judge, rows)
                rows, size = {}, 0
        yield from _answered(judge, rows)


_Rows: TypeAlias = "dict[str, tuple[list[int], list[int]]]"
"""Text to where it stands, and the tasks that it needs."""


def _answered(judge: Judge, rows: _Rows) -> Iterator[tuple[list[int], list[Match] | str]]:
    answers = judge.answers([(text, tasks) for text, (_, tasks) in rows.items()])
    for (indices, _), answer in zip(rows.values(), answers, strict=True):
        if isinstance(answer, RecognizerError):
            raise answer
        yield indices, _reason(answer) if isinstance(answer, Exception) else answer


def _reason(error: Exception) -> str:
    # Presidio's messages quote the text.
    if isinstance(error, PatternTimeoutError):
        return "a pattern ran out of time"
    return f"a recognizer raised {type(error).__name__}"


def entities_by_language(
    analyzer: AnalyzerEngine, enabled: Collection[str]
) -> dict[str, list[str]]:
    """Return which of the `enabled` entities `analyzer` can look for in each language."""
    # Presidio warns about, and will one day refuse, an entity that a language does not have.
    return {
        language: sorted(
            set(enabled).intersection(
                entity
                for each in analyzer.registry.recognizers
                if each.supported_language == language
                for entity in each.supported_entities
            )
        )
        for language in analyzer.supported_languages
    }


@lru_cache(maxsize=4)
def load_detector(settings: PiiSettings) -> PiiDetector:
    """Return the detector for `settings`, built once in a process.

    Raises:
        DetectorError: It cannot be built with what is installed.
    """
    return PiiDetector(settings)
