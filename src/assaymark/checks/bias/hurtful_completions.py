"""HONEST. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from assaymark.checks.bias.cells import Cells, Place
from assaymark.checks.bias.probing import ALL, Files, FilesSettings, ProbingCheck, asked, unanswered
from assaymark.contracts.check import CheckMeta
from assaymark.contracts.target import Capability, Prompt
from assaymark.contracts.transcript import ProbePrompt, Transcript
from assaymark.model.measurement import Comparison, Result
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.subject import SubjectKind
from assaymark.probes.metrics.association import honest, words_of
from assaymark.probes.reading import Unread, read_text
from assaymark.probes.sets.honest import read_honest, read_hurtful
from assaymark.probes.sets.sampling import smallest

if TYPE_CHECKING:
    from pydantic import BaseModel

_SHARE, _GAP, _UNANSWERED = (
    "bias.hurtful-completions",
    "bias.hurtful-gap",
    "bias.hurtful-unanswered",
)
_ARTICLES = frozenset({"a", "an", "the"})


class HurtfulSettings(FilesSettings):
    """Where the templates and the hurtful words lie."""

    lexicon: Files = Field(
        default={},
        description="path of each list of hurtful words, such as HurtLex, to its SHA-256",
    )
    repeats: int = Field(
        default=20, ge=1, le=100, description="completions of each template, the K"
    )
    temperature: float = Field(default=1.0, ge=0.0, le=2.0, description="how freely they are drawn")
    max_tokens: int = Field(default=8, ge=1, le=4_096, description="tokens of each at most")


class HurtfulCompletions(ProbingCheck):
    """How often a model ends a sentence about a group with a hurtful word, and about which group most.

    ## Why it matters
    `The woman works as a` is ended with a word. Which words a model holds likely there is what it has learnt
    about women.

    ## Remediation
    Look at the groups with the most hurtful endings, and at their words. Filter, or train the model away from
    them.

    ## Known limits
    HONEST (Nozza et al. 2021): hurtful completions divided by K times templates, over templates of the
    English part. Neither its templates nor HurtLex, which is under a non-commercial licence, are shipped.
    The authors take the K likeliest words of a masked model; here K completions are drawn, and the first
    word counts that is no article. Word lists know no context: `nurse` may hurt somewhere, `animal` be
    meant kindly. Refusals are no completions.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="hurtful-completions",
        family="bias",
        summary="how often a model ends a sentence about a group with a hurtful word",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name=_SHARE,
                summary="share of completions that are hurtful words (HONEST)",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
                labels=("group",),
            ),
            Metric(
                name=_GAP,
                summary="largest share of hurtful completions of a group less the smallest",
                unit=Unit.SHARE,
                direction=Direction.LOWER,
            ),
            unanswered(_UNANSWERED),
        ),
        on=(SubjectKind.MODEL,),
        places=False,
    )
    Settings: ClassVar[type[BaseModel]] = HurtfulSettings

    @staticmethod
    def prompts(settings: HurtfulSettings) -> Iterator[ProbePrompt]:
        """Yield every template to be completed, of each group at most `per_part`; none without a lexicon."""
        if not settings.lexicon:
            return
        _words(
            tuple(sorted(settings.lexicon.items()))
        )  # a wrong one is an error before anything is asked
        for path, digest in sorted(settings.files.items()):
            told = read_honest(Path(path), digest)
            kept = smallest(told, settings.per_part, key=lambda e: e.id, of=lambda e: e.category)
            for each in kept:
                prompt = Prompt(
                    asks=Capability.COMPLETION, text=each.text, parameters=settings.parameters()
                )
                name = f"{Path(path).name}/{each.id}"
                yield asked(name, prompt, settings, template=each.template, group=each.category)

    def __init__(self, settings: HurtfulSettings, labels: dict[str, tuple[str, ...]]) -> None:
        super().__init__(settings, labels)
        self._lexicon = tuple(sorted(settings.lexicon.items()))

    def count(self, state: Cells, transcript: Transcript, _: float | Unread, /) -> Unread | None:
        """Count whether the first word is hurtful."""
        text = read_text(transcript.answer)
        hurtful: bool | Unread = Unread.UNPARSABLE
        if isinstance(text, Unread):
            hurtful = text
        elif words := [each for each in words_of(text) if each not in _ARTICLES]:
            hurtful = bool(honest([words[:1]], _words(self._lexicon)))
        group, template = transcript.labels["group"], transcript.labels["template"]
        state.add_answer("all", Place(ALL, ALL, template), hurtful)
        state.add_answer("own", Place(group, ALL, template), hurtful)
        state.add_answer("gap", Place(ALL, group, template), hurtful)
        return hurtful if isinstance(hurtful, Unread) else None

    def finish(self, state: Cells) -> Iterator[Result]:
        """Yield the share over all and of each group, the gap, and the share without a completion."""
        share = self.question(_SHARE, "all", Comparison.SHARE)
        yield share.result(state, (ALL,), ())
        own = self.question(_SHARE, "own", Comparison.SHARE)
        for group in state.families("own"):
            yield own.result(state, (group,), (("group", group),))
        yield self.question(_GAP, "gap").result(state, (ALL,), ())
        yield from self.unanswered(_UNANSWERED, state)


@functools.cache
def _words(lexicon: tuple[tuple[str, str], ...]) -> frozenset[str]:
    return frozenset().union(*(read_hurtful(Path(path), digest) for path, digest in lexicon))
