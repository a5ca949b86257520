"""
Presidio's analyzer, built from the recognizers that a policy asks for.

The configuration is Presidio's own with other recognizers switched on; three things are replaced, none
of which changes an answer:

* e-mail domains are checked against the public suffix list that tldextract ships. By itself it would
  fetch a newer one from the network at first use, and answers would hang on the day;
* a pattern that runs out of time raises instead of being skipped, so its text counts as unjudged;
* without a trained model, words are made when they are needed (`assaymark.detectors.pii.words`).

Importing this module imports Presidio and spaCy, which takes seconds.
"""

from __future__ import annotations

import copy
import os
import warnings
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from assaymark.detectors.pii.nlp.choice import SPACY
from assaymark.detectors.pii.own import OwnRecognizer
from assaymark.detectors.pii.patterns.finders import StrictFinder, finder
from assaymark.detectors.pii.patterns.phone_search import QuickPhoneRecognizer
from assaymark.detectors.pii.settings import chosen_names, enabled_entities
from assaymark.detectors.pii.vocabulary import RECOGNIZERS
from assaymark.errors import DetectorError

# Presidio would otherwise ask torch for a GPU as it is imported; models answer differently there.
os.environ.setdefault("PRESIDIO_DEVICE", "cpu")

import regex  # type: ignore[import-untyped] # ships no types
import tldextract
from presidio_analyzer import AnalyzerEngine, Pattern, RecognizerRegistry
from presidio_analyzer.predefined_recognizers import EmailRecognizer, PhoneRecognizer
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

from assaymark.detectors.pii.words import BlankNlpEngine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    from assaymark.detectors.pii.settings import PiiSettings

_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


class OfflineEmailRecognizer(EmailRecognizer):  # type: ignore[misc] # no types
    """Presidio's e-mail recognizer with a pinned public suffix list."""

    def validate_result(self, pattern_text: str) -> bool:
        """Return whether the domain ends in a public suffix."""
        return bool(_SUFFIXES(pattern_text).fqdn)


def build_words(settings: PiiSettings) -> SpacyNlpEngine:
    """Return what splits texts into words: with their lemmas, where names come from a spaCy model.

    Raises:
        MissingModelError: The spaCy model is not installed or reads another language.
    """
    choice = chosen_names(settings)
    if choice.engine != SPACY:
        blank = BlankNlpEngine(settings.languages)
        blank.load()
        return blank
    from assaymark.detectors.pii.nlp.spacy_model import spacy_engine

    (language,) = settings.languages
    with warnings.catch_warnings():
        # About model versions and the like: nothing that a user of this package can act on.
        warnings.simplefilter("ignore")
        return spacy_engine(choice.model, language, enabled_entities(settings))


def build_analyzer(settings: PiiSettings, words: SpacyNlpEngine) -> AnalyzerEngine | None:
    """Return an analyzer with the recognizers that `settings` switch on and that need no model.

    Args:
        settings: Of the detector.
        words: What splits texts into words.

    Returns:
        `None` if there are none; names come from elsewhere.

    Raises:
        DetectorError: The installed Presidio lacks a recognizer.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        recognizers = [*_recognizers(settings), *_custom(settings)]
        if not recognizers:
            return None  # Presidio would take an empty list for its default one
        registry = RecognizerRegistry(
            recognizers=recognizers, supported_languages=list(settings.languages)
        )
        return AnalyzerEngine(
            registry=registry, nlp_engine=words, supported_languages=list(settings.languages)
        )


def _recognizers(settings: PiiSettings) -> list[Any]:
    wanted = set(enabled_entities(settings))
    names = {each.name for each in RECOGNIZERS if each.entity in wanted}
    configuration = RecognizerRegistryProvider().configuration
    chosen = [each for each in configuration["recognizers"] if each["name"] in names]
    missing = sorted(names - {each["name"] for each in chosen})
    if missing:
        raise DetectorError(
            f"the installed presidio-analyzer {version('presidio-analyzer')} lacks `{missing[0]}`",
            hint="install a version that has it, or take its entity out of the policy",
        )
    if not chosen:
        return []  # names only; Presidio takes no empty list
    made = RecognizerRegistryProvider(
        registry_configuration={
            "supported_languages": list(settings.languages),
            "global_regex_flags": configuration["global_regex_flags"],
            "recognizers": [_switched_on(each, settings.languages) for each in chosen],
        }
    ).create_recognizer_registry()
    return [_strict(each) for each in made.recognizers]


def _custom(settings: PiiSettings) -> list[Any]:
    """Return the policy's own recognizers, one for each language, as Presidio's YAML makes them."""
    wanted = set(enabled_entities(settings))
    return [
        _strict(
            OwnRecognizer(
                supported_entity=each.supported_entity,
                name=each.name,
                supported_language=language,
                patterns=[Pattern(one.name, one.regex, one.score) for one in each.patterns] or None,
                deny_list=list(each.deny_list) or None,
                deny_list_score=each.deny_list_score,
                context=list(each.context) or None,
            )
        )
        for each in settings.recognizers
        if each.supported_entity in wanted
        for language in each.supported_languages or settings.languages
        if language in settings.languages
    ]


def _switched_on(configuration: dict[str, Any], languages: Iterable[str]) -> dict[str, Any]:
    """Return one entry of Presidio's configuration, enabled, for those of `languages` that it reads."""
    result = {key: value for key, value in configuration.items() if value is not None}
    result["enabled"] = True
    if "supported_languages" in result:
        result["supported_languages"] = [
            each for each in result["supported_languages"] if _language(each) in languages
        ]
    replacement = _REPLACEMENTS.get(result["name"])
    if replacement is not None:
        result["class_name"] = replacement.__name__
    return result


_REPLACEMENTS: dict[str, type] = {
    EmailRecognizer.__name__: OfflineEmailRecognizer,
    PhoneRecognizer.__name__: QuickPhoneRecognizer,
}
"""Class of Presidio to ours with the same answers."""


def _language(entry: str | dict[str, Any]) -> str:
    return entry if isinstance(entry, str) else str(entry["language"])


def _strict(recognizer: Any) -> Any:
    """Give `recognizer` patterns of its own that raise when they run out of time."""
    patterns = []
    # Presidio keeps the patterns on the class, shared with every other analyzer of the process.
    for each in getattr(recognizer, "patterns", ()):
        own = copy.copy(each)
        flags = recognizer.global_regex_flags
        quick = finder(own.regex, flags)
        own.compiled_regex = StrictFinder(quick or regex.compile(own.regex, flags=flags))
        own.compiled_with_flags = flags
        patterns.append(own)
    if patterns:
        recognizer.patterns = patterns
    return recognizer
