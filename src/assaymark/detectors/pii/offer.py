"""
What a `pii` detector offers in each language, by its settings alone: for APIs that say so.

tests/guard/apis/test_presidio_analyzer.py
"""

from __future__ import annotations

from assaymark.detectors.pii.nlp.choice import FOUND_BY
from assaymark.detectors.pii.settings import (
    NameSettings,
    PiiSettings,
    chosen_names,
    enabled_entities,
)
from assaymark.detectors.pii.vocabulary import RECOGNIZERS, Recognizer


def entities_in(settings: PiiSettings, language: str) -> tuple[str, ...]:
    """Return what is looked for in texts in `language`, in the order of the vocabulary."""
    found = {each.entity for each in _predefined(settings, language)}
    found.update(
        each.supported_entity
        for each in settings.recognizers
        if language in (each.supported_languages or settings.languages)
    )
    found.update(FOUND_BY[chosen_names(settings).engine])
    return tuple(each for each in enabled_entities(settings) if each in found)


def recognizers_in(settings: PiiSettings, language: str) -> tuple[str, ...]:
    """Return the names of those who look at texts in `language`."""
    names = [each.name for each in _predefined(settings, language)]
    names += [
        each.name
        for each in settings.recognizers
        if language in (each.supported_languages or settings.languages)
    ]
    engine = chosen_names(settings).engine
    return tuple([*names, engine] if FOUND_BY[engine] else names)


def _predefined(settings: PiiSettings, language: str) -> list[Recognizer]:
    if isinstance(settings, NameSettings):
        return []
    enabled = enabled_entities(settings)
    return [each for each in RECOGNIZERS if each.entity in enabled and each.reads(language)]
