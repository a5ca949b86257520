"""
Words for Presidio without a trained model: spaCy's tokenizer, each word its own lemma.

Presidio raises the score of a match when a fitting word stands nearby, and looks for that word inside
the lemmas of its neighbours. Trained models are large downloads, and a blank pipeline has no lemmas at
all, so no word would ever fit. A word as its own lemma serves well: the comparison is by substring, so
`passports` still holds `passport`.

Words are made only if there is a match to judge, and looked up by position rather than one by one,
because Presidio's own search is quadratic in long texts. The answers are the same:
tests/detectors/test_pii_reference.py compares them with Presidio's.
"""

from __future__ import annotations

from bisect import bisect_right
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import spacy
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine

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

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Return the words of `text`, split when they are first asked for."""
        return LazyWords(self, text, language)


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
    def keywords(self) -> frozenset[str]:
        """Words that carry meaning, in lower case; only ever asked whether they hold one."""
        return frozenset(self.set_keywords(self.nlp_engine, self.lemmas, self._language))


class PositionalEnhancer(LemmaContextAwareEnhancer):  # type: ignore[misc] # no types
    """Presidio's context rule, finding the word of a match by bisection."""

    @staticmethod
    def _find_index_of_match_token(
        word: str,  # noqa: ARG004 - Presidio's signature
        start: int,
        tokens: Any,
        tokens_indices: list[int],
    ) -> int:
        """Return the first word that starts at or reaches beyond `start`.

        Raises:
            ValueError: The match starts after the last word.
        """
        index = max(bisect_right(tokens_indices, start) - 1, 0)
        if start >= tokens_indices[index] + len(tokens[index]):
            index += 1
        if index >= len(tokens_indices):
            raise ValueError("the match starts after the last word")
        return index


@contextmanager
def forgetting(engine: SpacyNlpEngine) -> Iterator[None]:
    """Make spaCy forget, after the block, the words that it met inside.

    Otherwise its vocabulary grows with every new word of a data set. spaCy before 3.8 knows no such
    block and keeps the words; answers are the same.
    """
    with ExitStack() as zones:
        for pipeline in engine.nlp.values():
            if hasattr(pipeline, "memory_zone"):
                zones.enter_context(pipeline.memory_zone())
        yield
