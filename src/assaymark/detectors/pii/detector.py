"""
The `pii` detector: Presidio's answer for every text, as spans.

* The answer is that of `AnalyzerEngine.analyze` with the same recognizers, in every chosen language,
  repeated spans removed as Presidio removes them.
* A text on which a recognizer raises or runs out of time, or that is too long to read, is unjudged.
* Nothing of a text reaches a log, a message or the network.

tests/detectors/test_pii_reference.py and test_pii_privacy.py hold these.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from presidio_analyzer import AnalyzerEngine, EntityRecognizer

from assaymark.contracts.detector import Detections, Span
from assaymark.detectors.pii.engine import PatternTimeoutError, build_analyzer
from assaymark.detectors.pii.identity import digest_detector
from assaymark.detectors.pii.settings import PiiSettings, enabled_entities
from assaymark.detectors.pii.silence import silenced
from assaymark.detectors.pii.words import forgetting

if TYPE_CHECKING:
    import pyarrow as pa

    from assaymark.model.subject import Sha256

MAX_CHARACTERS = 1_000_000
"""Longest text that is judged; spaCy reads no longer one either."""

# Every pattern needs a letter or digit but one: the unspecified IPv6 address, `::`.
_WORTH_READING = re.compile(r"\w|::")


class _Match(NamedTuple):
    start: int
    end: int
    entity: str
    score: float


class PiiDetector:
    """Presidio behind the detector contract. Safe to share between threads, which take turns."""

    def __init__(self, settings: PiiSettings) -> None:
        with silenced():
            self._analyzer: AnalyzerEngine = build_analyzer(settings)
            self.digest: Sha256 = digest_detector(self._analyzer, settings)
        self._min_score = settings.min_score
        enabled = set(enabled_entities(settings))
        # Presidio warns about, and will one day refuse, an entity that a language does not have.
        self._entities = {
            language: sorted(
                enabled.intersection(
                    entity
                    for each in self._analyzer.registry.recognizers
                    if each.supported_language == language
                    for entity in each.supported_entities
                )
            )
            for language in settings.languages
        }
        self._turn = threading.Lock()

    def detect(self, texts: pa.StringArray) -> Detections:
        """Judge `texts`; equal texts are judged once."""
        places: dict[str, list[int]] = {}
        for index, text in enumerate(texts.to_pylist()):
            places.setdefault(text, []).append(index)
        spans: list[Span] = []
        unjudged: dict[int, str] = {}
        with self._turn, silenced(), forgetting(self._analyzer.nlp_engine):
            for text, indices in places.items():
                answer = self._judge(text)
                if isinstance(answer, str):
                    unjudged.update(dict.fromkeys(indices, answer))
                else:
                    spans.extend(Span(index, *match) for index in indices for match in answer)
        return Detections(spans=sorted(spans), unjudged=dict(sorted(unjudged.items())))

    def _judge(self, text: str) -> list[_Match] | str:
        """Return what stands in `text`, or why that cannot be said."""
        if len(text) > MAX_CHARACTERS:
            return f"longer than {MAX_CHARACTERS:,} characters"
        if not _WORTH_READING.search(text):
            return []
        try:
            found = [
                result
                for language, entities in self._entities.items()
                if entities
                for result in self._analyzer.analyze(
                    text, language, entities=entities, score_threshold=self._min_score
                )
            ]
        except PatternTimeoutError:
            return "a pattern ran out of time"
        except Exception as error:  # noqa: BLE001 - Presidio's messages quote the text
            return f"a recognizer raised {type(error).__name__}"
        if len(self._entities) > 1:
            found = EntityRecognizer.remove_duplicates(found)
        return [_Match(each.start, each.end, each.entity_type, each.score) for each in found]


@lru_cache(maxsize=4)
def load_detector(settings: PiiSettings) -> PiiDetector:
    """Return the detector for `settings`, built once in a process.

    Raises:
        DetectorError: It cannot be built with what is installed.
    """
    return PiiDetector(settings)
