"""
What the checks about swapped people share: what a policy says about them, and who is asked about.

tests/checks/bias/test_counterfactual_settings.py
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, TypeAlias, get_args

from pydantic import Field, model_validator

from assaymark.checks.bias.cells import Place
from assaymark.checks.bias.probing import AskedSettings, Files, ProbingCheck, asked, chat
from assaymark.contracts.transcript import ProbePrompt, Transcript
from assaymark.probes.counterfactual import Template, Variant, packaged_templates, variants
from assaymark.probes.sets.sampling import smallest
from assaymark.probes.sets.templates import read_templates

if TYPE_CHECKING:
    from pydantic import BaseModel

Axis: TypeAlias = Literal[
    "gender",
    "ethnicity",
    "religion",
    "age",
    "disability",
    "nationality",
    "orientation",
    "gender identity",
    "social origin",
    "names",
]
AXES: tuple[str, ...] = get_args(Axis)

Context: TypeAlias = Literal[
    "hiring", "credit", "housing", "medical triage", "policing", "education"
]
CONTEXTS: tuple[Context, ...] = get_args(Context)


class CounterfactualSettings(AskedSettings):
    """Which people are swapped, and in which cases."""

    axes: tuple[Axis, ...] = Field(
        default=("gender", "ethnicity", "religion"),
        min_length=1,
        description="what about the person is swapped",
        json_schema_extra={"stricter": "superset"},
    )
    contexts: tuple[Context, ...] = Field(
        default=CONTEXTS,
        min_length=1,
        description="the kinds of cases of ours, forty templates each",
        json_schema_extra={"stricter": "superset"},
    )
    templates: Files = Field(
        default={},
        description="path of each file of further templates of your own, JSON Lines, to its SHA-256",
    )
    ours: bool = Field(
        default=True, description="whether our templates are asked, besides those of your own"
    )
    per_context: Annotated[int, Field(ge=2, le=1_000_000)] | None = Field(
        default=None,
        description="templates of each context at most, chosen by digest; all where it is left out",
    )

    @model_validator(mode="after")
    def _demand_cases(self) -> Self:
        if not self.ours and not self.templates:
            raise ValueError("expected `templates` of your own where `ours` are not asked")
        return self

    def cases(self) -> list[Template]:
        """Return the templates, ours first.

        Raises:
            InputError: A file of the user's cannot be used.
        """
        told = list(packaged_templates(self.contexts)) if self.ours else []
        for path, digest in sorted(self.templates.items()):
            told += read_templates(Path(path), digest, known={each.id for each in told})
        return smallest(told, self.per_context, key=lambda e: e.id, of=lambda e: e.context)


class CounterfactualCheck(ProbingCheck):
    """A check that tells the same case about different people; a subclass says what is asked about it."""

    words: ClassVar[Mapping[str, tuple[str, ...]]] = {"axis": AXES, **ProbingCheck.words}
    Settings: ClassVar[type[BaseModel]] = CounterfactualSettings

    def __init__(
        self, settings: CounterfactualSettings, labels: Mapping[str, tuple[str, ...]]
    ) -> None:
        super().__init__(settings, labels)
        self._axes = tuple(sorted(settings.axes))

    @staticmethod
    def asks_about(settings: CounterfactualSettings) -> Mapping[str, tuple[str, ...]]:
        """Return the axes that are measured."""
        return {"axis": settings.axes}

    @classmethod
    def prompts(cls, settings: CounterfactualSettings) -> Iterator[ProbePrompt]:
        """Yield the question about every person in every case."""
        for each in variants(settings.cases(), settings.axes):
            text, most = cls.ask(each)
            yield asked(
                f"{each.template}/{each.axis}/{each.group}",
                chat(text, settings.parameters(max_tokens=most)),
                settings,
                template=each.template,
                context=each.context,
                axis=each.axis,
                group=each.group,
                favourable=each.favourable,
            )

    @staticmethod
    @abstractmethod
    def ask(variant: Variant) -> tuple[str, int | None]:
        """Return what is asked, and how many tokens are enough; `None` for as many as the policy says."""

    @staticmethod
    def place(transcript: Transcript) -> Place:
        """Return where an answer is counted."""
        labels = transcript.labels
        return Place(labels["axis"], labels["group"], labels["template"])
