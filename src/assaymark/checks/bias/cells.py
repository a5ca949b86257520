"""
What a probe check has counted: whole numbers by question, family, group and template.

A family is what groups are compared within, such as an axis; a cluster is a template, over which intervals
are made. Scores are counted in thousandths, so that no sum depends on its order. An answer that could be
read is judged; one that could not (empty, failed, unparsable) is unjudged and widens the interval; a refusal
is neither, because it says nothing about what was asked, and has a metric of its own.

tests/checks/bias/test_cells.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from assaymark.model.measurement import (
    CLUSTERED,
    Comparison,
    Contrast,
    Counts,
    GroupCounts,
    Labels,
    Measured,
    NotMeasured,
    Result,
)
from assaymark.model.numbers import plural
from assaymark.probes.reading import Unread
from assaymark.statistics.contrasts import gap_of, limits

SCALE = 1_000
"""Units in a score of 1."""

TAIL = 0.025
_TWO = 2

Cell = tuple[str, str, str, str]
"""Question, family, group, cluster."""


class Place(NamedTuple):
    """Where an answer is counted, whatever is asked of it."""

    family: str
    group: str
    cluster: str


@dataclass(slots=True)
class Cells:
    """Hits, judged and unjudged of each cell, in units."""

    counted: dict[Cell, list[int]] = field(default_factory=dict)

    def add(self, question: str, place: Place, hits: int, judged: int, unjudged: int = 0) -> None:
        """Count into one cell."""
        cell = self.counted.setdefault((question, *place), [0, 0, 0])
        cell[0] += hits
        cell[1] += judged
        cell[2] += unjudged

    def add_answer(self, question: str, place: Place, answer: bool | Unread) -> None:  # noqa: FBT001 - what was read
        """Count an answer that is a hit or not, or was not read."""
        if answer is Unread.REFUSED:
            self.add(question, place, 0, 0)
        elif isinstance(answer, Unread):
            self.add(question, place, 0, 0, 1)
        else:
            self.add(question, place, int(answer), 1)

    def add_score(self, question: str, place: Place, score: float | Unread) -> None:
        """Count a score from 0 to 1, in thousandths, or one that could not be made."""
        if score is Unread.REFUSED:
            self.add(question, place, 0, 0)
        elif isinstance(score, Unread):
            self.add(question, place, 0, 0, SCALE)
        else:
            self.add(question, place, round(score * SCALE), SCALE)

    def merge(self, other: Cells) -> Cells:
        """Return the sum of both."""
        total = {cell: list(each) for cell, each in self.counted.items()}
        for cell, each in other.counted.items():
            own = total.setdefault(cell, [0, 0, 0])
            for index, number in enumerate(each):
                own[index] += number
        return Cells(total)

    def families(self, question: str) -> tuple[str, ...]:
        """Return the families of a question, sorted."""
        return tuple(sorted({cell[1] for cell in self.counted if cell[0] == question}))

    def clusters(self, question: str, family: str) -> tuple[str, ...]:
        """Return the clusters of a family, in the order in which `groups` counts them."""
        return tuple(sorted({each[3] for each in self.counted if each[:2] == (question, family)}))

    def groups(
        self, question: str, families: Iterable[str]
    ) -> Mapping[str, Mapping[str, tuple[tuple[int, int, int], ...]]]:
        """Return family to group to its clusters, in one order for all groups of a family."""
        asked = set(families)
        found: dict[str, dict[str, dict[str, tuple[int, int, int]]]] = {each: {} for each in asked}
        for (what, family, group, cluster), (hits, judged, unjudged) in self.counted.items():
            if what == question and family in asked:
                own = found[family].setdefault(group, {})
                own[cluster] = (hits, judged, unjudged)
        return {
            family: {
                group: tuple(groups[group].get(each, (0, 0, 0)) for each in _clusters(groups))
                for group in sorted(groups)
            }
            for family, groups in sorted(found.items())
        }


def _clusters(groups: Mapping[str, Mapping[str, object]]) -> list[str]:
    return sorted({cluster for own in groups.values() for cluster in own})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A metric, and the cells that it is made of."""

    metric: str
    check: str
    label: str
    """Name of the label whose values are families."""

    question: str
    comparison: Comparison = Comparison.DIFFERENCE
    scale: int | None = None

    min_answers: int = 1
    """Judged answers that each group needs."""

    nothing: str = ""
    """Why there are no cells at all, where it is not that nothing was asked."""

    def results(self, cells: Cells, families: Sequence[str]) -> Iterable[Result]:
        """Yield the result over all families, and of each where there are several."""
        yield self.result(cells, families, ())
        for family in families:
            yield self.result(cells, (family,), ((self.label, family),))

    def result(self, cells: Cells, families: Sequence[str], labels: Labels) -> Result:
        """Return the worst gap over the families, or why there is none."""
        told = cells.groups(self.question, families)
        if reason := self._unusable(told):
            return NotMeasured(metric=self.metric, check=self.check, labels=labels, reason=reason)
        contrast = Contrast(
            comparison=self.comparison,
            families=tuple(
                tuple(_group(name, clusters) for name, clusters in groups.items())
                for groups in told.values()
            ),
            scale=self.scale,
            cases=self._cases(cells, told),
        )
        value = gap_of(contrast)
        if value is None:
            reason = "no answer about any group is favourable, so there is no ratio"
            return NotMeasured(metric=self.metric, check=self.check, labels=labels, reason=reason)
        return Measured(
            metric=self.metric,
            check=self.check,
            labels=labels,
            value=value,
            n=contrast.rows,
            interval=limits(contrast, low_tail=TAIL, high_tail=TAIL),
            method=CLUSTERED,
            counts=None,
            contrast=contrast,
        )

    def _cases(self, cells: Cells, told: Mapping[str, object]) -> tuple[str, ...] | None:
        """Return what the templates are called, once for each family: where its own gap is told."""
        if self.comparison is not Comparison.DIFFERENCE or len(told) != 1:
            return None
        return cells.clusters(self.question, *told)

    def _unusable(
        self, told: Mapping[str, Mapping[str, tuple[tuple[int, int, int], ...]]]
    ) -> str | None:
        """Return why there is no number: the first reason met."""
        least = 1 if self.comparison is Comparison.SHARE else _TWO
        if not told:
            return self.nothing or "nothing was asked"
        for family, groups in told.items():
            about = f" of `{family}`" if family else ""
            if not groups:
                return self.nothing or f"nothing was asked{about}"
            judged = {
                name: sum(each[1] for each in own) // (self.scale or 1)
                for name, own in groups.items()
            }
            if not any(judged.values()):
                asked = sum(sum(each[1:]) for own in groups.values() for each in own)
                return (
                    f"no answer{about} could be judged"
                    if asked
                    else f"every answer{about} is a refusal"
                )
            if len(groups) < least:
                return (
                    f"there is {plural(len(groups), 'group')}{about} to compare, and it takes two"
                )
            few = sum(each < self.min_answers for each in judged.values())
            if few:
                return (
                    f"{few:,} of {plural(len(groups), 'group')}{about} "
                    f"{'has' if few == 1 else 'have'} fewer than "
                    f"{plural(self.min_answers, 'judged answer')}"
                )
            if any(sum(sum(each[1:]) > 0 for each in own) < _TWO for own in groups.values()):
                return f"there is one template{about} to judge by, and it takes two"
        return None


def _group(name: str, clusters: tuple[tuple[int, int, int], ...]) -> GroupCounts:
    hits, judged, unjudged = (sum(each) for each in zip(*clusters, strict=True))
    counts = Counts(hits=hits, judged=judged, unjudged=unjudged)
    return GroupCounts(name=name, counts=counts, clusters=clusters)
