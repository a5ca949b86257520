"""
What the checks of this family share: a monoid over transcripts, and settings about what is asked.

tests/checks/bias/test_cells.py, and `assaymark.testing.probe_contract` for every check.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from assaymark.checks.bias.cells import Cells, Place, Question
from assaymark.contracts.target import Capability, Message, Parameters, Prompt, Role
from assaymark.contracts.transcript import ProbePrompt, Transcript
from assaymark.model.measurement import Comparison, Result
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.probes.reading import Unread, read_text

if TYPE_CHECKING:
    from assaymark.contracts.check import CheckMeta, DetectionsById
    from assaymark.contracts.detector import Detections
    from assaymark.model.finding import Finding

Digest: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Files: TypeAlias = dict[Annotated[str, Field(min_length=1)], Digest]

TOXICITY_DETECTOR = "harm"
"""Of checks that ask for toxicity."""

UNANSWERED = "unanswered"
"""The question whether there is an answer that says anything; refusals are hits as well."""

REASONS: tuple[str, ...] = tuple(each.value for each in Unread)
"""Why there is none, each counted by itself."""

ALL = ""
"""The family of what is not compared within anything, and the group of what has none."""


class AskedSettings(BaseModel):
    """How answers are drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repeats: Annotated[int, Field(ge=1, le=100)] = Field(
        default=1, description="answers drawn to each prompt; with several, set a temperature"
    )
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] = Field(
        default=0.0, description="how freely answers are drawn; 0 is the likeliest answer"
    )
    max_tokens: Annotated[int, Field(ge=1, le=4_096)] = Field(
        default=128, description="tokens of an answer at most"
    )
    min_answers: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=10,
        description="judged answers that each group needs; with fewer the gap is open",
        json_schema_extra={"stricter": "higher"},
    )

    def parameters(self, *, max_tokens: int | None = None) -> Parameters:
        """Return how an answer is drawn."""
        return Parameters(
            temperature=self.temperature,
            max_tokens=self.max_tokens if max_tokens is None else max_tokens,
            seed=0 if self.temperature else None,
        )


class FilesSettings(AskedSettings):
    """The same, and where a published set lies."""

    files: Files = Field(
        default={},
        description="path of each file of the set to the SHA-256 of its bytes; none is shipped",
    )
    per_part: Annotated[int, Field(ge=2, le=1_000_000)] | None = Field(
        default=None,
        description="prompts of each part of the set at most, chosen by digest; all where it is left out",
    )


def unanswered(name: str, what: str = "not readable as text") -> Metric:
    """Return the metric of prompts without an answer of use, as `ProbingCheck.unanswered` yields it."""
    return Metric(
        name=name,
        summary=f"share of prompts without an answer: refused, empty, failed or {what}",
        unit=Unit.SHARE,
        direction=Direction.LOWER,
        labels=("why",),
    )


def chat(text: str, parameters: Parameters) -> Prompt:
    """Return a question to a chat model."""
    return Prompt(asks=Capability.CHAT, messages=(Message(Role.USER, text),), parameters=parameters)


class ProbingCheck(ABC):
    """A check that counts into cells; a subclass says what is asked and what an answer means."""

    meta: ClassVar[CheckMeta]
    words: ClassVar[Mapping[str, tuple[str, ...]]] = {"why": REASONS}

    def __init__(self, settings: AskedSettings, labels: Mapping[str, tuple[str, ...]]) -> None:
        self._settings = settings
        self._labels = labels

    def start(self) -> Cells:
        """Return the cells that have seen nothing."""
        return Cells()

    def update(
        self, state: Cells, transcripts: Sequence[Transcript], detections: DetectionsById
    ) -> Cells:
        """Count the answers."""
        for index, each in enumerate(transcripts):
            read = read_text(each.answer)
            toxicity: float | Unread = read if isinstance(read, Unread) else Unread.UNPARSABLE
            if self.meta.detectors and not isinstance(read, Unread):
                score = _score_of(detections[TOXICITY_DETECTOR], index, len(transcripts))
                toxicity = Unread.UNPARSABLE if score is None else score
            said = self.count(state, each, toxicity)
            why = said if said is not None else read if isinstance(read, Unread) else None
            place = Place(ALL, ALL, each.labels["template"])
            state.add(UNANSWERED, place, int(why is not None), 1)
            for reason in Unread:
                state.add(f"{UNANSWERED} {reason.value}", place, int(why is reason), 1)
        return state

    @abstractmethod
    def count(
        self, state: Cells, transcript: Transcript, toxicity: float | Unread, /
    ) -> Unread | None:
        """Count one answer for what the check asks.

        Args:
            state: Where to.
            transcript: The answer.
            toxicity: Its score, where the check reads the detector for it; else why there is none.

        Returns:
            Why the answer says nothing that the check can use; `None` where it does, or where any text is of
            use.
        """

    def merge(self, a: Cells, b: Cells) -> Cells:
        """Return the sum of both."""
        return a.merge(b)

    def find(
        self,
        transcripts: Sequence[Transcript],  # noqa: ARG002 - a gap has no place
        detections: DetectionsById,  # noqa: ARG002 - likewise
    ) -> Iterator[Finding]:
        """Yield nothing: a gap between groups has no place."""
        return iter(())

    def unanswered(self, metric: str, cells: Cells) -> Iterator[Result]:
        """Yield the share of answers that say nothing of use, and that of each reason for it."""
        yield self.question(metric, UNANSWERED, Comparison.SHARE).result(cells, (ALL,), ())
        for reason in REASONS:
            share = self.question(metric, f"{UNANSWERED} {reason}", Comparison.SHARE)
            yield share.result(cells, (ALL,), (("why", reason),))

    def question(
        self,
        metric: str,
        question: str,
        comparison: Comparison = Comparison.DIFFERENCE,
        *,
        label: str = "axis",
        scale: int | None = None,
    ) -> Question:
        """Return a metric over cells, with what the settings demand of it."""
        return Question(
            metric=metric,
            check=self.meta.id,
            label=label,
            question=question,
            comparison=comparison,
            scale=scale,
            min_answers=self._settings.min_answers,
        )


def asked(
    id: str,  # noqa: A002 - as the field is called
    prompt: Prompt,
    settings: AskedSettings,
    **labels: str,
) -> ProbePrompt:
    """Return a prompt with its labels, drawn as often as the settings say."""
    return ProbePrompt(id=id, prompt=prompt, labels=labels, repeats=settings.repeats)


def _score_of(detections: Detections, index: int, texts: int) -> float | None:
    """Return the toxicity of one answer; `None` where it has no usable score."""
    scores = detections.scores.get("toxicity", ())
    if len(scores) != texts or index in detections.unjudged:
        return None
    score = float(scores[index])
    return score if math.isfinite(score) and 0.0 <= score <= 1.0 else None
