"""Presidio itself, as its documentation has it used: what the benchmarks of personal data compare with."""

from __future__ import annotations

import gzip
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Answer = list[tuple[int, int, str, float]]


def engine(languages: tuple[str, ...], entities: tuple[str, ...]) -> Any:
    """Return Presidio's analyzer with its own recognizers and enhancer, and no shortcut of ours.

    Two things are held still: there is no trained model, so a word is its own lemma, and the public
    suffixes are those that tldextract ships.

    Args:
        languages: That it reads.
        entities: Its recognizers find one of them.
    """
    import presidio_analyzer.predefined_recognizers as predefined
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine

    from assaymark.detectors.pii.vocabulary import RECOGNIZERS, TOKENIZERS

    class Words(SpacyNlpEngine):
        def load(self) -> None:
            self.nlp = {each: spacy.blank(TOKENIZERS[each]) for each in languages}

        def _doc_to_nlp_artifact(self, doc: Any, language: str) -> NlpArtifacts:
            words = [each.text for each in doc]
            return NlpArtifacts([], doc, [each.idx for each in doc], words, self, language)

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        registry = RecognizerRegistry(supported_languages=list(languages))
        registry.load_predefined_recognizers(languages=list(languages))
        present = {type(each).__name__ for each in registry.recognizers}
        for row in RECOGNIZERS:
            if row.entity in entities and row.name not in present:
                for language in filter(row.reads, languages):
                    registry.add_recognizer(
                        getattr(predefined, row.name)(supported_language=language)
                    )
        registry.recognizers = [
            each for each in registry.recognizers if set(entities) & set(each.supported_entities)
        ]
        words = Words()
        words.load()
        analyzer = AnalyzerEngine(
            registry=registry, nlp_engine=words, supported_languages=list(languages)
        )
    # Presidio logs which entities a language lacks, once for each text.
    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL)

    return analyzer


def reference(
    languages: tuple[str, ...], entities: tuple[str, ...], min_score: float
) -> Callable[[str], Answer]:
    """Return the answers of that analyzer."""
    from presidio_analyzer import EntityRecognizer

    analyzer = engine(languages, entities)

    def answer(text: str) -> Answer:
        found = [
            each
            for language in languages
            for each in analyzer.analyze(
                text, language, entities=list(entities), score_threshold=min_score
            )
        ]
        if len(languages) > 1:
            found = EntityRecognizer.remove_duplicates(found)
        return sorted((each.start, each.end, each.entity_type, each.score) for each in found)

    return answer


def texts_of(path: Path) -> Iterator[str]:
    """Yield every text in a compressed JSON Lines file, in whatever fields its records hold texts."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield from _texts(json.loads(line))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        if value and all(isinstance(each, str) for each in value):
            yield " ".join(value)  # a text in words
        else:
            for each in value:
                yield from _texts(each)


def engine_with_model(model: str, language: str, entities: tuple[str, ...]) -> Any:
    """Return Presidio's analyzer with an installed spaCy model, all of it as Presidio makes it."""
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    configuration: dict[str, Any] = NlpEngineProvider().nlp_configuration
    configuration["models"] = [{"lang_code": language, "model_name": model}]
    ignored = configuration["ner_model_configuration"]["labels_to_ignore"]
    # Presidio leaves organisations out unless told otherwise.
    configuration["ner_model_configuration"]["labels_to_ignore"] = [
        each for each in ignored if each not in entities
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = NlpEngineProvider(nlp_configuration=configuration).create_engine()
        registry = RecognizerRegistry(supported_languages=[language])
        registry.load_predefined_recognizers(languages=[language], nlp_engine=made)
        analyzer = AnalyzerEngine(
            registry=registry, nlp_engine=made, supported_languages=[language]
        )
    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL)
    return analyzer


def reference_with_model(
    model: str, language: str, entities: tuple[str, ...], min_score: float
) -> Callable[[str], Answer]:
    """Return the answers of that analyzer."""
    analyzer = engine_with_model(model, language, entities)

    def answer(text: str) -> Answer:
        found = analyzer.analyze(text, language, entities=list(entities), score_threshold=min_score)
        return sorted((each.start, each.end, each.entity_type, each.score) for each in found)

    return answer
