"""
Transcripts: what a model was asked and what it said, and the checks that take them.

A probe check says what it wants asked, and counts what came back. It is a monoid like every other check:
the order of batches, how many prompts were asked at once, a kill and a resume change nothing.

* `prompts` is pure: the same settings give the same prompts, in the same order, whenever it is called. It
  is called several times: for a preview, to ask, and to judge.
* Every prompt comes back as a transcript, once for each repeat, whatever became of it.

A check whose prompts ask for what a target does not offer is not run there: all its metrics are
`NotMeasured`, with that reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from assaymark.contracts.target import Answer, Prompt

if TYPE_CHECKING:
    from pydantic import BaseModel

    from assaymark.contracts.check import CheckMeta, DetectionsById
    from assaymark.model.finding import Finding
    from assaymark.model.measurement import Result

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePrompt:
    """A prompt that a check puts to a target."""

    id: str
    """Unique among the prompts of the check; stable across versions of the probe set."""

    prompt: Prompt
    """With `repeat` 0."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """What the check sorts by, such as `template`, `axis` and `group`; comes back with the transcript."""

    repeats: int = 1
    """How many answers to draw, at least 1."""

    def draws(self) -> Iterator[Prompt]:
        """Yield one prompt for each answer that is drawn."""
        yield self.prompt
        for number in range(1, self.repeats):
            yield replace(self.prompt, repeat=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One prompt of a check, and its answer."""

    id: str
    """As `ProbePrompt.id`."""

    row: int
    """Its place among all draws of the check, from 0: prompts in order, the repeats of one in a row."""

    labels: Mapping[str, str]
    repeat: int
    answer: Answer


class ProbeCheck(Protocol[S]):
    """A check over what a model answered.

    The class is constructed as a `RowCheck` is: with an instance of its `Settings`, and with the labels that
    each of its detectors has switched on. `meta.on` is `(SubjectKind.MODEL,)`.
    """

    meta: ClassVar[CheckMeta]
    Settings: ClassVar[type[BaseModel]]

    @staticmethod
    def prompts(settings: Any) -> Iterable[ProbePrompt]:
        """Yield what is to be asked under `settings`, an instance of `Settings`.

        Raises:
            AssaymarkError: A probe set that the user keeps cannot be read, or is another than was pinned.
        """
        ...

    def start(self) -> S:
        """Return the state that has seen nothing; the identity of `merge`."""
        ...

    def update(self, state: S, transcripts: Sequence[Transcript], detections: DetectionsById) -> S:
        """Return `state` having seen `transcripts` too. May change `state` in place.

        Args:
            state: What was seen before.
            transcripts: Some consecutive ones, in the order of `row`. The draws of one prompt, and prompts
                that belong together, may be spread over several calls.
            detections: Of each detector in `meta.detectors`, what it says about the answers' texts: text
                `i` is `transcripts[i].answer.text`, empty where there is none.
        """
        ...

    def merge(self, a: S, b: S) -> S:
        """Return the state that has seen what `a` and what `b` has seen. Associative, commutative."""
        ...

    def find(
        self, transcripts: Sequence[Transcript], detections: DetectionsById
    ) -> Iterator[Finding]:
        """Yield the findings among `transcripts`, in order.

        A finding's location has the check's id as `file`, the transcript's `row`, no line, and `answer` as
        `field`.
        """
        ...

    def finish(self, state: S) -> Iterable[Result]:
        """Return one result for every metric, and for every label that a metric is declared with."""
        ...
