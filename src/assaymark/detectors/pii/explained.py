"""
What Presidio itself says of a text: with words of context that are not in it, and with its reasons.

The detectors answer as Presidio does, from a buffer of texts and without a record of why. Where an API asks
for that record, or brings words of context along, Presidio's own analyzer is asked, with the recognizers of
the policy. It is slow, so what it is given should be little.

tests/guard/apis/test_presidio_explained.py
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from assaymark.detectors.pii.engine import build_analyzer, build_words
from assaymark.detectors.pii.settings import PiiSettings, enabled_entities
from assaymark.detectors.pii.silence import silenced
from assaymark.detectors.pii.words import Vocabularies, forgetting
from assaymark.errors import DetectorError, UsageError

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine, RecognizerResult

_THEIR_NAMES = {
    "OfflineEmailRecognizer": "EmailRecognizer",
    "QuickPhoneRecognizer": "PhoneRecognizer",
}


class Explained(NamedTuple):
    """Something that Presidio finds."""

    start: int
    end: int
    entity: str
    score: float
    reasons: Mapping[str, Any]
    """Keyed as `AnalysisExplanation` of its API."""


class PresidioItself:
    """Presidio's analyzer with the recognizers of a detector. Threads take turns.

    Args:
        settings: Of the detector.
    """

    def __init__(self, settings: PiiSettings) -> None:
        self._settings = settings
        self._enabled = frozenset(enabled_entities(settings))
        self._own = frozenset(each.name for each in settings.recognizers)
        self._turn = threading.Lock()
        self._built: tuple[AnalyzerEngine | None, Vocabularies] | None = None

    def of(
        self,
        texts: Sequence[str],
        language: str,
        *,
        context: Sequence[str] = (),
        ad_hoc: Sequence[Mapping[str, Any]] = (),
    ) -> list[list[Explained]]:
        """Return what is found in each of `texts`.

        Args:
            texts: The texts.
            language: Of all of them.
            context: Words that stand before everything.
            ad_hoc: Recognizers beside those of the detector, as Presidio's API writes them, whose patterns
                were found to be quick.

        Raises:
            UsageError: An ad hoc recognizer cannot be used.
            DetectorError: A text cannot be judged.
        """
        with self._turn, silenced():
            analyzer, vocabularies = self._parts()
            brought = _recognizers(ad_hoc, language)
            if analyzer is None or not (brought or analyzer.get_recognizers(language)):
                return [[] for _ in texts]
            try:
                with forgetting(analyzer.nlp_engine):
                    return [
                        self._found(analyzer, text, language, list(context), brought)
                        for text in texts
                    ]
            except Exception as error:  # noqa: BLE001 - any recognizer's
                # What is raised may quote the text.
                raise DetectorError(f"Presidio raised {type(error).__name__}") from None
            finally:
                vocabularies.bound()

    def _parts(self) -> tuple[AnalyzerEngine | None, Vocabularies]:
        if self._built is None:
            words = build_words(self._settings)
            self._built = build_analyzer(self._settings, words), Vocabularies(words)
        return self._built

    def _found(
        self,
        analyzer: AnalyzerEngine,
        text: str,
        language: str,
        context: list[str],
        brought: Sequence[Any],
    ) -> list[Explained]:
        results = analyzer.analyze(
            text,
            language,
            score_threshold=0.0,
            return_decision_process=True,
            ad_hoc_recognizers=list(brought),
            context=context,
        )
        ids = {each.id for each in brought}
        return [
            self._explained(each)
            for each in results
            if _recognizer_of(each) in ids
            or (each.entity_type in self._enabled and each.score >= self._settings.min_score)
        ]

    def _explained(self, result: RecognizerResult) -> Explained:
        reasons = dict(result.analysis_explanation.to_dict())
        name = reasons.get("recognizer")
        reasons["recognizer"] = _THEIR_NAMES.get(str(name), name)
        if name in self._own:
            # A list of words that the policy denies is not for everybody.
            reasons["pattern"] = None
        return Explained(result.start, result.end, result.entity_type, result.score, reasons)


def _recognizer_of(result: RecognizerResult) -> Any:
    return (result.recognition_metadata or {}).get(result.RECOGNIZER_IDENTIFIER_KEY)


def _recognizers(given: Sequence[Mapping[str, Any]], language: str) -> list[Any]:
    from presidio_analyzer import PatternRecognizer

    try:
        made = [
            PatternRecognizer.from_dict({k: v for k, v in each.items() if v is not None})
            for each in given
        ]
    except Exception as error:  # noqa: BLE001 - three libraries read the patterns
        # The patterns are the client's, and libraries quote them.
        raise UsageError(f"the ad hoc recognizers cannot be used: {type(error).__name__}") from None
    return [each for each in made if each.supported_language == language]
