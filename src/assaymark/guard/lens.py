"""
What one phase of a policy looks at, and what it makes of the answers.

The strongest action of all rules that fit a finding is what becomes of it. Scores of whole texts, and spans
of detectors without a horizon, are asked about the text as a whole; everything else page by page.

tests/guard/test_guard.py
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from assaymark.guard.answers import Answer, AnswerMemory
from assaymark.guard.desk import LATE, Desk
from assaymark.policy.guarding import Action, GuardRule, OperatorName

if TYPE_CHECKING:
    from assaymark.contracts.detector import Horizon

_HALF = re.compile("[\ud800-\udfff]")

DEFAULT_THRESHOLD = 0.5
"""Score from which a category counts where neither the rule nor the detector's settings say."""


class Hit(NamedTuple):
    """Something that a rule minds."""

    start: int
    end: int
    entity: str
    score: float
    detector: str
    action: Action
    operator: OperatorName
    view: str = ""
    is_whole: bool = False
    """Whether it is a score of the text as a whole."""


class Lapse(NamedTuple):
    """A text that a detector could not judge."""

    detector: str
    reason: str
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A detector, and the rules of one phase that ask it."""

    desk: Desk
    rules: tuple[GuardRule, ...]

    horizon: Horizon | None
    """`None` where it has to see the whole text."""

    threshold: float
    """Score from which a category counts."""

    is_prompt: bool = False
    """Whether an event loop may ask it about a short text."""

    @property
    def fails_closed(self) -> bool:
        """Whether what it cannot judge is blocked."""
        return any(each.fails_closed for each in self.rules)

    @property
    def seconds(self) -> float:
        """How long it may take."""
        return max(each.deadline for each in self.rules)

    def lapse(self, reason: str) -> Lapse:
        """Return what it means that it cannot judge a text."""
        return Lapse(self.desk.name, reason, not self.fails_closed)

    def hits(self, answer: Answer, size: int) -> list[Hit]:
        """Return what the rules mind in an answer about a text of `size` characters."""
        found = [
            self._hit(each.start, each.end, each.entity, each.score, each.view)
            for each in answer.spans
            if each.start < each.end
        ]
        whole = [
            self._hit(0, size, category, score, "", self.threshold)
            for category, score in answer.scores.items()
        ]
        return [
            *(each for each in found if each is not None),
            *(each._replace(is_whole=True) for each in whole if each is not None),
        ]

    def _hit(
        self, start: int, end: int, label: str, score: float, view: str, least: float = 0.0
    ) -> Hit | None:
        fitting = [each for each in self.rules if each.is_about(label, score, least)]
        if not fitting:
            return None
        strongest = max(fitting, key=lambda each: each.action)
        return Hit(
            *(start, end, label, score, self.desk.name, strongest.action, strongest.operator, view)
        )


class Lens:
    """One phase of a policy.

    Args:
        asked: Its detectors.
        policy: Digest of the policy.
        memory: Where answers are kept.
        deadline: Seconds that all detectors may take together.
    """

    def __init__(
        self, asked: Sequence[Asked], policy: str, memory: AnswerMemory, deadline: float
    ) -> None:
        needy = [rule.action for each in asked if each.horizon is None for rule in each.rules]
        self.can_stream = all(each < Action.REDACT for each in needy)
        """Whether no detector that has to see the whole text may change it."""
        # Values that one of them finds may overlap with others', so then all of them see the same text.
        self.by_page = tuple(e for e in asked if self.can_stream and e.horizon is not None)
        self.by_text = tuple(e for e in asked if not self.can_stream or e.horizon is None)
        self.deadline = deadline
        self._policy, self._memory = policy, memory

    def settled(self, text: str) -> int:
        """Return the place before which the answers of all that read by page are final."""
        # Detectors read half a surrogate pair as this, too.
        text = _HALF.sub("\ufffd", text) if not text.isascii() else text
        horizons = (each.horizon for each in self.by_page)
        return min((each.settled(text) for each in horizons if each is not None), default=len(text))

    def answers(
        self,
        asked: Sequence[Asked],
        texts: Sequence[str],
        *,
        remember: bool,
        until: float | None = None,
        recalled: list[str] | None = None,
    ) -> list[Mapping[str, Answer]]:
        """Return for each of `texts` what each of `asked` says of it.

        Args:
            asked: Of this lens.
            texts: What to judge; all detectors work on them at the same time.
            remember: Whether the answers may come from memory, and go there.
            until: When the request has to be judged, by the monotonic clock; by default the request begins
                now.
            recalled: Takes the detector of every answer that was there already.
        """
        began = time.monotonic()
        last = began + self.deadline if until is None else until
        found: list[dict[str, Answer]] = [{} for _ in texts]
        waiting = []
        for each in asked:
            name = each.desk.name
            known = (
                self._memory.recall(self._policy, name, texts) if remember else [None] * len(texts)
            )
            new = [n for n, answer in enumerate(known) if answer is None]
            for n, answer in enumerate(known):
                if answer is not None:
                    found[n][name] = answer
                    if recalled is not None:
                        recalled.append(name)
            if new:
                waiting.append((each, new, self._asked(each, [texts[n] for n in new], last)))
        for each, new, answered in waiting:
            left = min(began + each.seconds, last) - time.monotonic()
            answers = answered(left)
            for n, answer in zip(new, answers, strict=True):
                found[n][each.desk.name] = answer
                if remember:
                    self._memory.remember(self._policy, each.desk.name, texts[n], answer)
        return found  # type: ignore[return-value] # a list of mappings, as promised

    @staticmethod
    def _asked(asked: Asked, texts: Sequence[str], until: float) -> Callable[[float], list[Answer]]:
        """Ask about `texts`; return what waits for the answers as long as it is told."""
        desk = asked.desk
        if not desk.is_mine:
            return partial(desk.answers, desk.ask(texts), len(texts))
        is_late = time.monotonic() >= until
        answers = [LATE] * len(texts) if is_late else desk.judged(texts)
        return lambda _: answers


def judged(
    asked: Sequence[Asked], answers: Mapping[str, Answer], size: int
) -> tuple[list[Hit], list[Lapse]]:
    """Return what the rules of `asked` mind in `answers`, and who could not judge."""
    hits: list[Hit] = []
    lapses: list[Lapse] = []
    for each in asked:
        answer = answers[each.desk.name]
        if answer.unjudged is not None:
            lapses.append(each.lapse(answer.unjudged))
        else:
            hits += each.hits(answer, size)
    return sorted(hits), lapses
