"""
Presidio's context rule: a fitting word before a match raises its score.

The rule is that of `LemmaContextAwareEnhancer` with its defaults: of the word at the match and those
before it, the last six that carry meaning are looked at, and a context word counts if it is part of one
(where the word at the match carries none, the next one that does is looked at too).
Presidio walks over all words for each match, which is quadratic in long texts; here they are found by
position, and not made at all where they cannot matter. The answers are the same:
tests/detectors/test_pii_reference.py compares them with Presidio's.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer

from assaymark.detectors.pii.splitting import KnownWord, run_of
from assaymark.detectors.pii.words import LazyWords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from presidio_analyzer.nlp_engine import NlpArtifacts

MAX_SCORE = 1.0


class Surroundings:
    """The words of a text by their places, run by run: most of them are never looked at."""

    def __init__(self, artifacts: NlpArtifacts) -> None:
        if isinstance(artifacts, LazyWords):
            self._runs = artifacts.runs()
            keywords = frozenset().union(*(run.keywords for _, run in self._runs))
        else:
            self._runs = [
                (each.idx, run_of(((0, len(each), KnownWord(lemma.lower(), ())),), len(each)))
                for each, lemma in zip(artifacts.tokens, artifacts.lemmas, strict=True)
            ]
            keywords = frozenset(artifacts.keywords)
        self._keywords: frozenset[str] = keywords
        self._starts = [at for at, _ in self._runs]
        self._telling = [
            at for at, (_, run) in enumerate(self._runs) if not keywords.isdisjoint(run.lowers)
        ]

    def near(self, start: int, count: int) -> list[str]:
        """Return the words that are looked at for a match, of those that carry meaning.

        They are the one at `start` and `count` before it, and the next one if that at `start` carries
        none: Presidio looks for no word behind a match, and counts that of the match itself as one.

        Raises:
            ValueError: `start` lies behind the last word.
        """
        if not self._runs:
            return []
        run, word = self._word_at(start)
        before = list(islice(self._back_from(run, word), count + 1))
        return before if self._tells(run, word) else [*before, *self._next_behind(run, word)]

    def _word_at(self, start: int) -> tuple[int, int]:
        """Return the run and the place in it of the first word that starts at or reaches beyond `start`."""
        run = max(bisect_right(self._starts, start) - 1, 0)
        at, (words, *_) = self._runs[run]
        for word, (_, end, _) in enumerate(words):
            if start < at + end:
                return run, word
        if run + 1 == len(self._runs):
            raise ValueError("the match starts behind the last word")
        return run + 1, 0

    def _tells(self, run: int, word: int) -> bool:
        return self._runs[run][1].words[word][2].lower in self._keywords

    def _back_from(self, run: int, word: int) -> Iterator[str]:
        """Yield the words that carry meaning, from this one back."""
        last = bisect_right(self._telling, run)
        for each in reversed(range(last)):
            words = self._runs[self._telling[each]][1].words
            if self._telling[each] == run:
                words = words[: word + 1]
            for *_, known in reversed(words):
                if known.lower in self._keywords:
                    yield known.lower

    def _next_behind(self, run: int, word: int) -> list[str]:
        """Return the next word that carries meaning, if there is one."""
        for each in range(bisect_left(self._telling, run), len(self._telling)):
            words = self._runs[self._telling[each]][1].words
            if self._telling[each] == run:
                words = words[word + 1 :]
            for *_, known in words:
                if known.lower in self._keywords:
                    return [known.lower]
        return []


class ContextRule:
    """How much a fitting word adds."""

    def __init__(self, enhancer: LemmaContextAwareEnhancer) -> None:
        self._factor: float = enhancer.context_similarity_factor
        self._least: float = enhancer.min_score_with_context_similarity
        self._count: int = enhancer.context_prefix_count

    @staticmethod
    def fits(enhancer: Any) -> bool:
        """Return whether `enhancer` is one that this rule stands in for."""
        return (
            type(enhancer) is LemmaContextAwareEnhancer
            and enhancer.context_matching_mode == "substring"
            and enhancer.context_suffix_count == 0
        )

    def raised(self, score: float) -> float:
        """Return `score` where a fitting word stands nearby."""
        return min(max(score + self._factor, self._least), MAX_SCORE)

    def in_text(self, text: str, artifacts: NlpArtifacts) -> ContextOfText:
        """Return the rule for one text."""
        return ContextOfText(self, text, artifacts, self._count)


class ContextOfText:
    """The rule for one text, whose words are made when they are needed."""

    def __init__(self, rule: ContextRule, text: str, artifacts: NlpArtifacts, count: int) -> None:
        self._rule = rule
        self._text = text
        self.artifacts = artifacts
        """What Presidio knows of the text."""
        self._count = count
        # Only there is a word as it stands in the text: a lemma may be another one.
        self._literal = isinstance(artifacts, LazyWords)
        self._hopeful: dict[tuple[str, ...], bool] = {}
        self._lowered: str | None = None

    def score(self, start: int, score: float, fitting: tuple[str, ...]) -> float:
        """Return the score of a match.

        Args:
            start: Where it starts.
            score: Without context.
            fitting: Context words in lower case.

        Raises:
            ValueError: `start` lies behind the last word.
        """
        # Where there may be no word at all, Presidio raises, so that has to be looked at.
        if not self._text[start].isspace():
            if score >= MAX_SCORE:
                return score
            if self._literal and not self._may_help(fitting):
                return score
        nearby = self._surroundings.near(start, self._count)
        if any(each in word for each in fitting for word in nearby):
            return self._rule.raised(score)
        return score

    def _may_help(self, fitting: tuple[str, ...]) -> bool:
        """Return whether a word of the text may hold one of `fitting`; `False` is certain."""
        if fitting not in self._hopeful:
            if self._lowered is None:
                self._lowered = self._text.lower()
            lowered = self._lowered
            # The small form of this one letter hangs on its neighbours, so that of a word may be no part
            # of that of the text.
            self._hopeful[fitting] = "\N{GREEK CAPITAL LETTER SIGMA}" in self._text or any(
                each in lowered for each in fitting
            )
        return self._hopeful[fitting]

    @cached_property
    def _surroundings(self) -> Surroundings:
        return Surroundings(self.artifacts)
