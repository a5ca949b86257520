"""
Recognizers that somebody brings along for one request, with what keeps their patterns from being a weapon.

What they find is what a policy's own recognizers of the same form find, context included. Patterns are few
and short, each has half a second for all texts before the detector sees them, and one that does not end in
time is an error, never a text without findings.

tests/guard/apis/test_presidio_analyzer.py
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from assaymark.detectors.pii.custom import CustomRecognizer
from assaymark.detectors.pii.settings import PatternSettings
from assaymark.errors import AssaymarkError, DetectorError, UsageError

if TYPE_CHECKING:
    from assaymark.detectors.pii.detector import PiiDetector

MAX_RECOGNIZERS = 16
MAX_CHARACTERS = 2_000
"""Of all patterns, deny lists and context words together."""

SECONDS = 0.5
"""That each pattern may take, all texts together."""

_KEYS = frozenset({"name", "patterns", "deny_list", "deny_list_score", "context"})


class Place(NamedTuple):
    """Something found in a text."""

    start: int
    end: int
    entity: str
    score: float


class AdHocRecognizers:
    """What Presidio's API calls `ad_hoc_recognizers`.

    Args:
        given: Entries with the keys of that API; others are left out.

    Raises:
        UsageError: There are too many, one is not as the API has it, or a pattern does not compile.
    """

    def __init__(self, given: Sequence[Mapping[str, Any]]) -> None:
        if len(given) > MAX_RECOGNIZERS:
            raise UsageError(
                f"expected at most {MAX_RECOGNIZERS} ad hoc recognizers, got {len(given)}"
            )
        self._recognizers = tuple(_recognizer(number, each) for number, each in enumerate(given))
        self._entities = {
            each.supported_entity: str(entry["supported_entity"])
            for each, entry in zip(self._recognizers, given, strict=True)
        }
        words = [
            text
            for each in self._recognizers
            for text in (*(one.regex for one in each.patterns), *each.deny_list, *each.context)
        ]
        if sum(map(len, words)) > MAX_CHARACTERS:
            raise UsageError(f"the ad hoc recognizers have more than {MAX_CHARACTERS:,} characters")

    def add(
        self, language: str, texts: Sequence[str], known: Sequence[Sequence[Place]]
    ) -> list[list[Place]]:
        """Return for each of `texts` what is `known` of it and what these find, each thing once.

        Raises:
            UsageError: A pattern takes too long.
            DetectorError: A text cannot be judged.
        """
        import pyarrow as pa

        from assaymark.detectors.pii.patterns.finding import Match, without_duplicates

        for each in self._recognizers:
            for pattern in each.patterns:
                _demand_quick(pattern.regex, texts)
        found = _detector(self._recognizers, language).detect(pa.array(texts, pa.large_string()))
        if found.unjudged:
            raise DetectorError(next(iter(found.unjudged.values())))
        joined = [[Match(*each) for each in places] for places in known]
        for span in found.spans:
            entity = self._entities[span.entity]
            joined[span.text].append(Match(span.start, span.end, entity, span.score))
        return [[Place(*each) for each in without_duplicates(places)] for places in joined]


def _recognizer(number: int, given: Mapping[str, Any]) -> CustomRecognizer:
    entry = {key: value for key, value in given.items() if key in _KEYS and value is not None}
    # Under a name of its own: the recognizers that Presidio has for the entity are the policy's affair.
    entry["supported_entity"] = f"AD_HOC_{number}"
    try:
        return CustomRecognizer.model_validate({"name": f"ad hoc {number}", **entry})
    except ValidationError:
        raise UsageError(f"ad hoc recognizer {number} cannot be used") from None


def _demand_quick(pattern: str, texts: Sequence[str]) -> None:
    import regex  # type: ignore[import-untyped] # ships no types

    compiled = regex.compile(pattern, regex.DOTALL | regex.MULTILINE | regex.IGNORECASE)
    until = time.monotonic() + SECONDS
    try:
        for text in texts:
            for _ in compiled.finditer(text, timeout=max(until - time.monotonic(), 0.001)):
                pass
    except TimeoutError:
        raise UsageError("a pattern of an ad hoc recognizer takes too long") from None


@lru_cache(maxsize=8)
def _detector(recognizers: tuple[CustomRecognizer, ...], language: str) -> PiiDetector:
    from assaymark.detectors.pii.detector import PiiDetector

    entities = tuple(each.supported_entity for each in recognizers)
    try:
        settings = PatternSettings(
            languages=(language,), recognizers=recognizers, entities=entities, min_score=0.0
        )
        return PiiDetector(settings)
    except AssaymarkError:
        raise
    except Exception as error:  # noqa: BLE001 - three libraries compile the patterns
        # The patterns are the client's, and libraries quote them.
        raise UsageError(f"the ad hoc recognizers cannot be used: {type(error).__name__}") from None
