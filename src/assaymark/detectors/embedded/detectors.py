"""
The embedded model as detectors: harm, and prompt injection.

tests/detectors/embedded/test_detectors.py
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from assaymark.canonical import digest_of
from assaymark.contracts.detector import Detections, Span
from assaymark.detectors.embedded.explain import heaviest, word_weights
from assaymark.detectors.embedded.judge import Judge
from assaymark.detectors.embedded.labels import INJECTION, SCORES
from assaymark.detectors.embedded.model_file import open_model
from assaymark.detectors.harm.categories import CATEGORIES
from assaymark.detectors.onnx_runtime import onnx_runtime
from assaymark.model.finding import Moved

if TYPE_CHECKING:
    import pyarrow as pa

    from assaymark.model.subject import Sha256

_RUN = 3  # words that are hidden together
_SHOWN = 3  # runs
_LEAST = 0.25  # log-odds that a run has to weigh to be named
_DECIMALS = 4
_REVISION = 5  # of the arithmetic around the model; changes when an answer may


class EmbeddedScorer:
    """Some of the embedded model's scores.

    Raises:
        DetectorError: The model is missing, or is another one than this version ships.
    """

    def __init__(self, names: tuple[str, ...], *, cascade: bool) -> None:
        self._names = names
        self._judge = shared_judge(cascade=cascade)
        self.digest: Sha256 = arithmetic(cascade=cascade)

    def detect(self, texts: pa.StringArray) -> Detections:
        """Score every text that the model can read; a span says which sentence reached 0.5."""
        judged = self._judge.judge(texts.to_pylist())
        columns = {SCORES.index(each): each for each in self._names}
        return Detections(
            spans=sorted(
                Span(row, *place, columns[column], float(judged.scores[row, column]))
                for (row, column), place in judged.places.items()
                if column in columns
            ),
            scores={each: judged.scores[:, SCORES.index(each)].tolist() for each in self._names},
            unjudged=judged.unjudged,
        )

    def explain(self, text: str, category: str) -> list[Moved]:
        """Return at most three runs of words without which the score would be lower, in their order."""
        runs = word_weights(open_model(), text, category, run=_RUN)
        return [
            Moved(start=each.start, end=each.end, weight=round(each.weight, _DECIMALS))
            for each in heaviest(runs, _SHOWN, least=_LEAST)
        ]


@cache
def shared_judge(*, cascade: bool) -> Judge:
    """Return one judge a process, so that detectors that share the model read a batch once."""
    # What the cascade clears has no tags, so nobody asks that judge for names.
    return Judge(open_model(), cascade=cascade, tags=not cascade)


def arithmetic(*, cascade: bool) -> Sha256:
    """Return the digest of the model file, the runtime that computes with it, and the way there."""
    import numpy as np
    import tokenizers

    return digest_of(
        {
            "model": open_model().sha256,
            "cascade": cascade,
            "revision": _REVISION,
            "onnxruntime": onnx_runtime().__version__,
            "tokenizers": tokenizers.__version__,
            "numpy": np.__version__,
        }
    )


def harm_scorer(*, cascade: bool) -> EmbeddedScorer:
    """Return the scorer of harm."""
    return EmbeddedScorer(CATEGORIES, cascade=cascade)


def injection_scorer(*, cascade: bool) -> EmbeddedScorer:
    """Return the scorer of prompt injection and jailbreaks."""
    return EmbeddedScorer((INJECTION,), cascade=cascade)
