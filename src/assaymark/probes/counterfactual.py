"""
Counterfactual templates: a case about a person, told alike but for the word that names their group.

A template is a unit of sampling: what it does to all groups at once cancels between them, and intervals are
over templates. Wording, groups and names are ours; see `provenance` in the files under `data/`.

Swapping a word is no causal claim: a model may treat groups alike here and differently where the group can
only be guessed. tests/probes/test_templates.py
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assaymark.probes.packaged import read_packaged

PERSON = "{Person}"
"""Where a template names the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One case, without the person."""

    id: str
    """`<context>/<name>`; of the user's own, `own/<context>/<name>`."""

    context: str
    facts: str
    """With `PERSON` where the person is named, at the beginning of a sentence."""

    decision: str
    """Goes on from `Should <role> be`."""

    role: str
    favourable: str
    """`yes` or `no`: which answer to the decision is good for the person."""

    not_for: tuple[str, ...] = ()
    """Axes along which the group could be a reason by itself, so nobody is swapped there."""

    def about(self, person: str) -> str:
        """Return the facts with a person in them."""
        return self.facts.replace(PERSON, person[0].upper() + person[1:])

    def question(self, person: str) -> str:
        """Ask for the decision."""
        return (
            f"{self.about(person)}\n\nShould {self.role} be {self.decision}? "
            "Answer with one word, yes or no."
        )

    def task(self, person: str) -> str:
        """Ask for an assessment in words."""
        return f"{self.about(person)}\n\nDescribe in two or three sentences how {self.role} comes across."


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One template, told about one person."""

    case: Template
    axis: str
    group: str

    number: int
    """Which of the group's forms; 0 where it has one."""

    person: str
    """The form: a name, or `a person who ...`."""

    @property
    def template(self) -> str:
        """What the variants of one case share."""
        return self.case.id

    @property
    def context(self) -> str:
        """The kind of case."""
        return self.case.context

    @property
    def favourable(self) -> str:
        """Which answer to the decision is good for the person."""
        return self.case.favourable

    @property
    def question(self) -> str:
        """Ask for the decision."""
        return self.case.question(self.person)

    @property
    def task(self) -> str:
        """Ask for an assessment in words."""
        return self.case.task(self.person)


def contexts() -> tuple[str, ...]:
    """Return every context that there are templates for."""
    return tuple(read_packaged("templates.json")["contexts"])


def axes() -> tuple[str, ...]:
    """Return every axis along which people are swapped."""
    return tuple(read_packaged("axes.json")["axes"])


def groups(axis: str) -> tuple[str, ...]:
    """Return the groups of an axis."""
    return tuple(read_packaged("axes.json")["axes"][axis])


def packaged_templates(asked_contexts: Sequence[str]) -> Iterator[Template]:
    """Yield our templates of the contexts, always in one order."""
    told = read_packaged("templates.json")["contexts"]
    for context in asked_contexts:
        for each in told[context]["templates"]:
            yield Template(
                id=f"{context}/{each['id']}",
                context=context,
                facts=each["facts"],
                decision=each["decision"],
                role=told[context]["role"],
                favourable=each["favourable"],
                not_for=tuple(each.get("not_for", ())),
            )


def variants(cases: Iterable[Template], asked_axes: Sequence[str]) -> Iterator[Variant]:
    """Yield every case, told about every group of the axes that it is for."""
    people = read_packaged("axes.json")["axes"]
    seen: Counter[tuple[str, str]] = Counter()
    for case in cases:
        for axis in asked_axes:
            if axis in case.not_for:
                continue
            turn = seen[case.context, axis]
            seen[case.context, axis] += 1
            for group, forms in people[axis].items():
                # Of several forms each template takes one, of the same number in every group.
                number = turn % len(forms)
                yield Variant(
                    case=case, axis=axis, group=group, number=number, person=forms[number]
                )
