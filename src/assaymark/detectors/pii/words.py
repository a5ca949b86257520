"""
Words for Presidio without a trained model: spaCy's tokenizer, each word its own lemma.

Presidio raises the score of a match when a fitting word stands nearby, and looks for that word inside
the lemmas of its neighbours. Trained models are large downloads, and a blank pipeline has no lemmas at
all, so no word would ever fit. A word as its own lemma serves well: the comparison is by substring, so
`passports` still holds `passport`.

Words are made only when they are asked for. tests/detectors/test_pii_reference.py compares with
Presidio's.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import spacy
from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine

from assaymark.detectors.pii.splitting import KnownWord, Run, Splitter
from assaymark.detectors.pii.vocabulary import TOKENIZERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class BlankNlpEngine(SpacyNlpEngine):  # type: ignore[misc] # presidio has no types
    """spaCy's tokenizers, one for each language, and nothing trained."""

    engine_name = "blank"

    def __init__(self, languages: Sequence[str]) -> None:
        super().__init__(
            models=[{"lang_code": each, "model_name": TOKENIZERS[each]} for each in languages]
        )

    def load(self) -> None:
        """Make the tokenizers; nothing is read from disk or network."""
        self.nlp = {each["lang_code"]: spacy.blank(each["model_name"]) for each in self.models}
        self._known: dict[str, dict[int, KnownWord]] = {each: {} for each in self.nlp}
        self._splitters = {
            each: Splitter(pipeline, partial(self.known, each))
            for each, pipeline in self.nlp.items()
        }

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Return the words of `text`, split when they are first asked for."""
        return LazyWords(self, text, language)

    def runs(self, text: str, language: str) -> list[tuple[int, Run]]:
        """Return the runs of `text`, with their words, and where they start."""
        return self._splitters[language].runs(text)

    def known(self, language: str, key: int) -> KnownWord:
        """Return what is known of the word that spaCy knows by `key`."""
        words = self._known[language]
        if key not in words:
            text = self.nlp[language].vocab.strings[key]
            keywords = NlpArtifacts.set_keywords(self, [text], language)
            words[key] = KnownWord(text.lower(), tuple(keywords))
        return words[key]


class LazyWords(NlpArtifacts):  # type: ignore[misc] # presidio has no types
    """What `NlpArtifacts` holds, worked out on first use.

    `entities` and `scores` are always empty.
    """

    def __init__(self, engine: BlankNlpEngine, text: str, language: str) -> None:
        # The parent's constructor would split the text at once, so it is not called.
        self.nlp_engine = engine
        self.entities: list[Any] = []
        self.scores: list[float] = []
        self._text = text
        self._language = language

    @cached_property
    def tokens(self) -> Any:
        """The spaCy document."""
        return self.nlp_engine.nlp[self._language](self._text)

    @cached_property
    def tokens_indices(self) -> list[int]:
        """Offset of every word."""
        return [each.idx for each in self.tokens]

    @cached_property
    def lemmas(self) -> list[str]:
        """The words themselves."""
        return [each.text for each in self.tokens]

    @cached_property
    def keywords(self) -> list[str]:
        """Words that carry meaning, in lower case."""
        keywords: list[str] = self.set_keywords(self.nlp_engine, self.lemmas, self._language)
        return keywords

    def runs(self) -> list[tuple[int, Run]]:
        """Return the words in runs, and where these start, without an object of spaCy's for each."""
        runs: list[tuple[int, Run]] = self.nlp_engine.runs(self._text, self._language)
        return runs


_MOST_NEW_WORDS = 50_000
"""New words after which tokenizers are made anew: about 30 MB, and a tenth of a second."""


class Vocabularies:
    """Keeps the memory of spaCy's tokenizers within bounds.

    A vocabulary keeps every new word of a data set for ever. It is what makes them fast, so it is
    thrown away only once it is large. spaCy's own way to forget takes effect after each batch, and
    turns the tokenizer's cache off.
    """

    def __init__(self, engine: SpacyNlpEngine) -> None:
        self._engine = engine
        self._sizes = self._measured()

    def bound(self) -> None:
        """Make the tokenizers anew if they have met too many new words."""
        if not isinstance(self._engine, BlankNlpEngine):
            return  # a trained pipeline is costly to load; spaCy's zones bound it, see `forgetting`
        sizes = self._measured()
        if any(sizes[each] - self._sizes[each] > _MOST_NEW_WORDS for each in sizes):
            self._engine.load()
            self._sizes = self._measured()

    def _measured(self) -> dict[str, int]:
        return {each: len(nlp.vocab.strings) for each, nlp in self._engine.nlp.items()}


@contextmanager
def forgetting(engine: SpacyNlpEngine) -> Iterator[None]:
    """Make the trained pipelines of `engine` forget, after the block, the words met inside.

    spaCy before 3.8 knows no such block and keeps the words; answers are the same.
    """
    with ExitStack() as zones:
        for pipeline in () if isinstance(engine, BlankNlpEngine) else engine.nlp.values():
            if hasattr(pipeline, "memory_zone"):
                zones.enter_context(pipeline.memory_zone())
        yield
