"""
The card of the personal-data detectors: how much they find, as measured on public text.

`benchmarks/pii_quality.py` writes `card.json`, along with the page that it cites. What a policy chooses
decides which of its numbers go into a report; what was not measured is named.

tests/detectors/test_pii_quality.py
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assaymark.detectors.pii.nlp.choice import EMBEDDED, NONE, READ_BY_EMBEDDED
from assaymark.detectors.pii.settings import chosen_names, enabled_entities
from assaymark.detectors.pii.vocabulary import MODEL_ENTITIES

if TYPE_CHECKING:
    from assaymark.detectors.pii.nlp.choice import NameChoice
    from assaymark.detectors.pii.settings import PiiSettings
    from assaymark.model.evidence import Settings

CARD = Path(__file__).with_name("card.json")
PATTERNS = "patterns"
"""Under which name the card has what patterns alone find."""


@cache
def read_card() -> dict[str, Any]:
    """Return the card."""
    card: dict[str, Any] = json.loads(CARD.read_text(encoding="utf-8"))
    return card


def quality_of(settings: PiiSettings) -> Settings:
    """Return what was measured of the entities that `settings` switch on; empty if nothing was."""
    card = read_card()
    languages = _of_languages(card, settings)
    if not languages:
        return {}
    enabled = enabled_entities(settings)
    measured = {entity for numbers in languages.values() for entity in numbers}
    return {
        **{name: card[name] for name in ("report", "method", "min_score")},
        "languages": languages,
        "unseen_sets": _of_languages(card["unseen_sets"], settings),
        "unmeasured": [each for each in enabled if each not in measured],
    }


def _of_languages(part: dict[str, Any], settings: PiiSettings) -> dict[str, Any]:
    return {
        language: numbers
        for language in settings.languages
        if (numbers := _in_language(part["languages"].get(language, {}), settings))
    }


def _in_language(systems: dict[str, Any], settings: PiiSettings) -> dict[str, Any]:
    choice = str(chosen_names(settings))
    # An engine changes no answer about identifiers, but for context words and dates.
    numbers = systems.get(choice, systems.get(PATTERNS, {}))
    enabled = enabled_entities(settings)
    return {entity: numbers[entity] for entity in enabled if entity in numbers}


def said_of_names(settings: PiiSettings) -> tuple[str, ...]:
    """Return who finds names and how well, in a sentence for each language, without a stop."""
    choice = chosen_names(settings)
    sentences = []
    for language in settings.languages:
        numbers = read_card()["languages"].get(language, {}).get(str(choice), {})
        enabled = set(enabled_entities(settings))
        names = [each for each in MODEL_ENTITIES if each in enabled and each in numbers]
        if names:
            listed = ", ".join(
                f"{each} {numbers[each]['recall']:.2f} and {numbers[each]['precision']:.2f}"
                for each in names
            )
            sentences.append(f"recall and precision of `{choice}` in `{language}`: {listed}")
    return tuple(sentences)


_IN_WORDS = {"PERSON": "people", "LOCATION": "places", "ORGANIZATION": "organisations"}


def names_missed(settings: PiiSettings) -> tuple[str, ...]:
    """Return who looked for names and what of them it finds, in sentences for any reader, without a stop.

    Empty where nobody looked, or for none of the kinds that a reader takes for granted.
    """
    choice = chosen_names(settings)
    enabled = set(enabled_entities(settings))
    wanted = [each for each in _IN_WORDS if each in enabled]
    if choice.engine == NONE or not wanted:
        return ()
    if choice.engine == EMBEDDED:
        measured = _in_words(choice, READ_BY_EMBEDDED, wanted)
        who = f"names were looked for in English only, by `{choice}`"
        return (f"{who}: {measured}; other text counts as not judged for names",)
    each_one = (f"in `{each}`, {_in_words(choice, each, wanted)}" for each in settings.languages)
    return (f"names were looked for by `{choice}` alone: {'; '.join(each_one)}",)


def _in_words(choice: NameChoice, language: str, wanted: list[str]) -> str:
    """Say recall and precision of the `wanted` kinds, the first with what its numbers are.

    Those of sets that no engine was trained on go first, because the others flatter.
    """
    card = read_card()
    numbers = {
        kind: each
        for part in (card, card["unseen_sets"])
        for kind, each in part["languages"].get(language, {}).get(str(choice), {}).items()
    }
    parts: list[str] = []
    for each in wanted:
        if each in numbers:
            meaning = "" if parts else " of what it reports is right"
            recall, precision = numbers[each]["recall"], numbers[each]["precision"]
            parts.append(f"{recall:.0%} of {_IN_WORDS[each]} ({precision:.0%}{meaning})")
    if not parts:
        return "how many it misses was not measured"
    *others, last = parts
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"on public text it finds {listed}"
