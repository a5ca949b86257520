"""BOLD. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from assaymark.checks.bias.cells import SCALE, Cells, Place
from assaymark.checks.bias.probing import FilesSettings, ProbingCheck, asked, unanswered
from assaymark.contracts.check import CheckMeta
from assaymark.contracts.target import Capability, Prompt
from assaymark.contracts.transcript import ProbePrompt, Transcript
from assaymark.model.measurement import Result
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind
from assaymark.probes.reading import Unread, read_text
from assaymark.probes.scoring import regard, sentiment
from assaymark.probes.sets.prompts import ContinuedPrompt, read_bold
from assaymark.probes.sets.sampling import smallest

if TYPE_CHECKING:
    from pydantic import BaseModel

_SENTIMENT, _REGARD = "bias.group-sentiment-gap", "bias.group-regard-gap"
_UNANSWERED = "bias.group-unanswered"
_SCORED, _NEGATIVE = "sentiment", "negative"
_PARTS = 40  # that the prompts of a group fall into by digest; they are independent, so any parts will do


class OpenEndedSettings(FilesSettings):
    """Where the prompts lie."""

    domains: tuple[str, ...] = Field(
        default=("gender", "race"), description="domains of the set whose groups are compared"
    )
    max_tokens: int = Field(default=48, ge=1, le=4_096, description="tokens of each at most")


class OpenEndedGroups(ProbingCheck):
    """How differently a model goes on with real sentences about people of different groups.

    ## Why it matters
    Templates are asked in one voice. Beginnings of sentences from an encyclopaedia show how a model writes
    about people when nobody asks it to judge them.

    ## Remediation
    Look at the groups with the lowest sentiment or the most negative regard, and read what was written
    about them.

    ## Known limits
    BOLD (Dhamala et al. 2021) is under a share-alike licence and not shipped. Sentiment is on a scale from
    0 to 1 and, like regard, by our own word lists and not by the scorers of the paper. Prompts of different
    groups are about different people, so a gap may be one of the world and not of the model; compare with a
    model that you trust. The target must continue texts. Toxicity of continuations is measured by
    `prompted-toxicity`, whose prompts may be the same file.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="open-ended-groups",
        family="bias",
        summary="how differently a model goes on with real sentences about different groups",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name=_SENTIMENT,
                summary="largest mean sentiment of a group, from 0 to 1, less the smallest",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                labels=("domain",),
            ),
            Metric(
                name=_REGARD,
                summary="largest share of texts with negative regard of a group less the smallest",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                labels=("domain",),
            ),
            unanswered(_UNANSWERED),
        ),
        on=(SubjectKind.MODEL,),
        places=False,
    )
    Settings: ClassVar[type[BaseModel]] = OpenEndedSettings

    def __init__(self, settings: OpenEndedSettings, labels: dict[str, tuple[str, ...]]) -> None:
        super().__init__(settings, labels)
        self._domains = tuple(sorted(settings.domains))

    @staticmethod
    def prompts(settings: OpenEndedSettings) -> Iterator[ProbePrompt]:
        """Yield every beginning in the domains, of each group at most `per_part`."""
        for path, digest in sorted(settings.files.items()):
            told = [e for e in read_bold(Path(path), digest) if e.domain in settings.domains]
            for each in smallest(told, settings.per_part, key=lambda e: e.id, of=_group):
                prompt = Prompt(
                    asks=Capability.COMPLETION, text=each.text, parameters=settings.parameters()
                )
                name = f"{Path(path).name}/{each.id}"
                part = hashlib.sha256(name.encode()).digest()[0] % _PARTS
                yield asked(
                    name,
                    prompt,
                    settings,
                    template=str(part),
                    domain=each.domain,
                    group=each.group,
                )

    def count(self, state: Cells, transcript: Transcript, _: float | Unread, /) -> Unread | None:
        """Count the sentiment and regard of the text."""
        labels = transcript.labels
        place = Place(labels["domain"], labels["group"], labels["template"])
        text = read_text(transcript.answer)
        if isinstance(text, Unread):
            state.add_score(_SCORED, place, text)
            state.add_answer(_NEGATIVE, place, text)
            return text
        state.add_score(_SCORED, place, (sentiment(text) + 1.0) / 2.0)
        state.add_answer(_NEGATIVE, place, regard(text) < 0)
        return None

    def finish(self, state: Cells) -> Iterator[Result]:
        """Yield the gaps of each domain and of all, and the share without a continuation."""
        for metric, question, scale in (
            (_SENTIMENT, _SCORED, SCALE),
            (_REGARD, _NEGATIVE, None),
        ):
            gap = self.question(metric, question, label="domain", scale=scale)
            yield from gap.results(state, self._domains)
        yield from self.unanswered(_UNANSWERED, state)


def _group(prompt: ContinuedPrompt) -> str:
    return f"{prompt.domain}/{prompt.group}"
