"""
What the detectors of a policy see in texts, whatever the rules do about it.

For APIs that ask what is there and act on it themselves. The detectors, their settings, the pages of long
texts and the remembered answers are those of the guard.

tests/guard/test_survey.py
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from assaymark.guard.field import TextField, to_judge
from assaymark.guard.guard import Guard
from assaymark.guard.lens import Hit, Lapse
from assaymark.guard.rewriting import Rewriter
from assaymark.guard.running import asking_of, size_of
from assaymark.policy.guarding import Phase

if TYPE_CHECKING:
    from assaymark.contracts.detector import DetectorSpec
    from assaymark.guard.answers import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen in one text. Never the values."""

    spans: tuple[Hit, ...]
    """Places, in code points, in the order of the text."""

    scores: Mapping[str, float]
    """Category to the highest score that a detector gives the text as a whole."""

    lapses: tuple[Lapse, ...]
    """Who could not judge; what would have been seen from there on is missing."""


def finds_places(spec: DetectorSpec) -> bool:
    """Return whether a detector says where something is."""
    return bool(spec.entities)


def scores_texts(spec: DetectorSpec) -> bool:
    """Return whether a detector scores texts as a whole."""
    return bool(spec.categories)


class Survey:
    """Looks at texts with detectors of one phase.

    Args:
        guard: Whose detectors.
        wanted: Which of them.
        phase: Whose rules name the detectors.
    """

    def __init__(
        self,
        guard: Guard,
        wanted: Callable[[DetectorSpec], bool],
        phase: Phase = Phase.INPUT,
    ) -> None:
        self._guard = guard
        optics = guard.optics
        lens = optics.lenses[phase]
        asked = [e for e in (*lens.by_page, *lens.by_text) if wanted(optics.spec(e.desk.name))]
        self._lens = optics.telling(asked)
        self._asking = asking_of({phase: self._lens})[phase]
        self.detectors: Mapping[str, tuple[str, ...]] = {
            name: optics.spec(name).labels(optics.settings(name))
            for name in (each.desk.name for each in asked)
        }
        """Id to the entities and categories that it may tell."""
        self.thresholds: Mapping[str, float] = {
            label: each.threshold for each in asked for label in self.detectors[each.desk.name]
        }
        """Entity or category to the score from which a category counts."""

    def of(self, texts: Sequence[str]) -> list[Sight]:
        """Return what is seen in each of `texts`."""
        until = time.monotonic() + self._guard.rules.deadline
        lens = self._lens
        windows = list(dict.fromkeys(w for text in texts for w in to_judge(lens, text)))
        answers = lens.answers(lens.by_page, windows, remember=True, until=until)
        foreseen = dict(zip(windows, answers, strict=True))
        return [self._sight(text, foreseen, until) for text in texts]

    async def aof(self, texts: Sequence[str]) -> list[Sight]:
        """Do as `of`; the event loop waits for short texts only."""
        return await self._guard.runner.do(partial(self.of, texts), size_of(texts), self._asking)

    def _sight(
        self, text: str, foreseen: Mapping[str, Mapping[str, Answer]], until: float
    ) -> Sight:
        field = TextField(self._lens, Rewriter(operators={}), foreseen=foreseen, until=until)
        field.feed(text)
        field.finish()
        scores: dict[str, float] = {}
        for each in field.seen.hits:
            if each.is_whole:
                scores[each.entity] = max(each.score, scores.get(each.entity, 0.0))
        spans = sorted(each for each in field.seen.hits if not each.is_whole)
        return Sight(spans=tuple(spans), scores=scores, lapses=tuple(field.seen.lapses))
