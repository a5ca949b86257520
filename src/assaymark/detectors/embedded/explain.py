"""
Which words moved a score: each run of them is hidden in turn, and what the score loses is the run's weight.

On demand, for one text: it runs the deciding window once for each of its words. A weight is a difference
of log-odds, which shows what words do also where the score is near 0 or 1. A word between others that say
the same weighs next to nothing, which is why runs of three tell more than single words.

Source: Zeiler and Fergus (2014), occlusion sensitivity.

tests/detectors/embedded/test_explain.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from assaymark.detectors.embedded.labels import SCORES
from assaymark.detectors.embedded.scorer import read_tokens
from assaymark.detectors.embedded.sentences import part_of, raised_by_sentences
from assaymark.detectors.embedded.tokens import HIDDEN, tokenize
from assaymark.detectors.embedded.windows import arrays, batches, cut

if TYPE_CHECKING:
    from assaymark.detectors.embedded.model_file import ModelFile

_MASK = 103  # id of `[MASK]`
_BUDGET = 1536  # tokens of one batch


class Weight(NamedTuple):
    """What one word, or a run of words, contributed."""

    start: int
    """First character in the original text."""

    end: int
    """One past the last character."""

    weight: float
    """How much lower the calibrated log-odds are without it; negative where it lowers them."""


def heaviest(weights: Sequence[Weight], count: int, *, least: float) -> list[Weight]:
    """Return at most `count` runs that do not overlap, each the heaviest of those left, in their order.

    Args:
        weights: What `word_weights` returned.
        count: How many.
        least: What a run has to weigh.
    """
    chosen: list[Weight] = []
    for each in sorted(weights, key=lambda one: (-one.weight, one.start)):
        if len(chosen) == count or each.weight < least:
            break
        if all(each.end <= other.start or other.end <= each.start for other in chosen):
            chosen.append(each)
    return sorted(chosen)


def word_weights(model: ModelFile, text: str, score: str, *, run: int = 1) -> list[Weight]:
    """Return the weight of each run of words in what decides `score`, in the order of the text.

    Args:
        model: The model.
        text: Any text; without a word it has no weights. Of a long one, the window or sentence that decides.
        score: One of `SCORES`.
        run: Words that are hidden together, at least 1.
    """
    column = SCORES.index(score)
    tokens = tokenize(model.tokenizer, [text])
    if not len(tokens[0]):
        return []
    read = raised_by_sentences(model.network, [text], tokens, read_tokens(model.network, tokens))
    start, end = read.peaks[0, column].tolist()
    tokens = [part_of(tokens[0], (start, end))]
    windows = cut([len(tokens[0])])
    alone = [model.network(*arrays(tokens, [each], each.length))[0][0, column] for each in windows]
    window = windows[int(np.argmax(alone))]
    whole, slope = float(max(alone)), float(model.slopes[column])
    ids, letters = arrays(tokens, [window], window.length)
    words = tokens[0].words[window.start : window.stop]
    first = np.flatnonzero(np.diff(words, prepend=-1))
    last = np.append(first[1:], len(words))[run - 1 :]
    if not len(last):  # fewer words than a run has
        first, last = first[:1], np.array([len(words)])
    first = first[: len(last)]
    weights = []
    copies = [window] * len(first)
    for _, members in batches(copies, _BUDGET):
        hidden, shapes = np.repeat(ids, len(members), 0), np.repeat(letters, len(members), 0)
        for row, word in enumerate(members):
            hidden[row, first[word] + 1 : last[word] + 1] = _MASK
            shapes[row, first[word] + 1 : last[word] + 1] = HIDDEN
        logits = model.network(hidden, shapes)[0][:, column]
        for logit, word in zip(logits, members, strict=True):
            start = int(tokens[0].starts[window.start + first[word]])
            end = int(tokens[0].ends[window.start + last[word] - 1])
            weights.append(Weight(start, end, slope * (whole - float(logit))))
    return weights
