"""
The embedded model's verdict on texts: gate, cascade, encoder, calibration.

* An empty text holds nothing, so it scores 0. A text in another language, or without a single word
  that the model knows, is not judged and says why.
* A text that the cascade clears scores 0 everywhere: the encoder did not read it.
* Each distinct text is judged once a batch, and the batch before is remembered, so that the two
  detectors that share the model read it once.

tests/detectors/embedded/test_judge.py
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from assaymark.detectors.embedded.cascade import worst_stretches
from assaymark.detectors.embedded.labels import SCORES
from assaymark.detectors.embedded.language import OTHER_SCRIPT, unknown_languages
from assaymark.detectors.embedded.scorer import Tagged, read_tokens
from assaymark.detectors.embedded.sentences import Range, deciding_sentences, raised_by_sentences
from assaymark.detectors.embedded.tokens import encode, with_shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assaymark.detectors.embedded.model_file import ModelFile

NO_WORDS = "without a word that the model knows"

TOLD = 0.5
"""A score from which on the sentence that decided is looked for."""

_DECIMALS = 6
_UNKNOWN = 100  # id of `[UNK]`
_AT_ONCE = 512  # texts that are held as tokens together; bounds memory


class Judged(NamedTuple):
    """The answers for one batch."""

    scores: NDArray[np.float64]
    """Shape (texts, scores), in [0, 1]; 0 where a text is unjudged."""

    unjudged: dict[int, str]
    peaks: NDArray[np.int64]
    """Shape (texts, scores, 2), characters of the window or sentence that decided; (0, 0) if none was."""

    tags: list[list[Tagged]]

    places: dict[tuple[int, int], Range]
    """Index of a text and column of a score that it reaches `TOLD` in, to the sentence that decided."""


class Judge:
    """Judges texts with one model."""

    def __init__(self, model: ModelFile, *, cascade: bool = False, tags: bool = False) -> None:
        self._model, self._cascade, self._tags = model, cascade, tags
        self._last: tuple[tuple[str, ...], Judged] | None = None

    def judge(self, texts: Sequence[str]) -> Judged:
        """Return the answers for `texts`, each independent of the others."""
        key = tuple(texts)
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        distinct = list(dict.fromkeys(texts))
        parts = [
            self._judge(distinct[start : start + _AT_ONCE])
            for start in range(0, len(distinct), _AT_ONCE)
        ]
        judged = _spread(key, distinct, parts)
        self._last = key, judged
        return judged

    def _judge(self, texts: Sequence[str]) -> Judged:
        scores = np.zeros((len(texts), len(SCORES)))
        peaks = np.zeros((len(texts), len(SCORES), 2), np.int64)
        unjudged: dict[int, str] = {}
        tags: list[list[Tagged]] = [[] for _ in texts]
        encodings = encode(self._model.tokenizer, texts)
        languages = unknown_languages(self._model.gate, texts)
        ids: dict[int, NDArray[np.int64]] = {}
        for index, (text, encoding) in enumerate(zip(texts, encodings, strict=True)):
            if not text.strip():
                continue
            pieces = np.array(encoding.ids, np.int64)
            reason = languages[index]
            if reason != OTHER_SCRIPT and not (pieces != _UNKNOWN).any():
                reason = NO_WORDS
            if reason is not None:
                unjudged[index] = reason
            else:
                ids[index] = pieces
        if self._cascade:
            is_clean = self._is_clean(list(ids.values()))
            ids = dict(compress(ids.items(), ~is_clean))
        shaped = with_shapes([texts[each] for each in ids], [encodings[each] for each in ids])
        to_read = dict(zip(ids, shaped, strict=True))
        network = self._model.network
        read = read_tokens(network, shaped, tags=self._tags)
        read = raised_by_sentences(
            network,
            [texts[each] for each in ids],
            shaped,
            read,
            (lambda parts: self._is_clean([each.ids for each in parts])) if self._cascade else None,
        )
        places = list(to_read)
        scores[places] = np.round(self._model.probabilities(read.logits), _DECIMALS)
        peaks[places] = read.peaks
        for index, found in zip(to_read, read.tags, strict=True):
            tags[index] = found
        told = {
            (index, column): (int(peaks[index, column, 0]), int(peaks[index, column, 1]))
            for index, column in np.argwhere(scores >= TOLD).tolist()
        }
        sentences = deciding_sentences(network, dict(enumerate(texts)), to_read, told)
        return Judged(scores, unjudged, peaks, tags, sentences)

    def _is_clean(self, ids: Sequence[NDArray[np.int64]]) -> NDArray[np.bool_]:
        """Tell of texts, given as word pieces, whether the front clears them."""
        return worst_stretches(self._model.front, ids) < self._model.clear_below


def _spread(texts: Sequence[str], distinct: Sequence[str], parts: Sequence[Judged]) -> Judged:
    """Give every text the answer of its distinct one."""
    where = {text: index for index, text in enumerate(distinct)}
    places = np.array([where[text] for text in texts], np.int64)
    if not parts:
        return Judged(
            np.zeros((0, len(SCORES))), {}, np.zeros((0, len(SCORES), 2), np.int64), [], {}
        )
    scores = np.concatenate([each.scores for each in parts])
    peaks = np.concatenate([each.peaks for each in parts])
    tags = [row for each in parts for row in each.tags]
    reasons = {
        number * _AT_ONCE + index: reason
        for number, each in enumerate(parts)
        for index, reason in each.unjudged.items()
    }
    decided: dict[int, list[tuple[int, Range]]] = {}
    for number, each in enumerate(parts):
        for (index, column), sentence in each.places.items():
            decided.setdefault(number * _AT_ONCE + index, []).append((column, sentence))
    return Judged(
        scores[places],
        {row: reasons[place] for row, place in enumerate(places.tolist()) if place in reasons},
        peaks[places],
        [tags[each] for each in places.tolist()],
        {
            (row, column): sentence
            for row, place in enumerate(places.tolist())
            for column, sentence in decided.get(place, ())
        },
    )
