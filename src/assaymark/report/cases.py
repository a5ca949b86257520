"""
Where a gap between groups comes from: by kind of case, and the pairs of answers that tell most.

A pair is one case told about two groups, with how often each answer was in favour of the person, or how it
scored. No answer is quoted anywhere in a report; the text of a case is shown where it is ours.

Tested in tests/report/test_cases.py.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from assaymark.model.intervals import Interval
from assaymark.model.measurement import Comparison, Contrast, Counts, GroupCounts, Measured
from assaymark.model.numbers import percent, plural
from assaymark.probes.counterfactual import contexts, packaged_templates
from assaymark.report.display_text import name
from assaymark.report.groups import furthest
from assaymark.statistics.contrasts import gap_of, is_sound, limits

PAIRS = 10
CONTEXTS = 20  # that are drawn, those with the largest gaps
_TAIL = 0.025
_Cluster: TypeAlias = tuple[int, int, int]
_Scored: TypeAlias = tuple[str, _Cluster, _Cluster, float]
_TWO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The gap among some of the cases, or in one of them."""

    label: str
    value: float
    interval: Interval
    is_case: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One case, told about two groups."""

    case: str
    text: str
    """With an ellipsis for the person; empty where the case is not ours."""

    high: str
    low: str
    """What came of it for each group, such as `1 of 1` or `62.5%`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Where one gap comes from."""

    high: str
    low: str
    """The groups that are furthest apart, by name."""

    summary: str
    """In how many cases which of both is ahead."""

    parts: tuple[Part, ...]
    pairs: tuple[Pair, ...]


def cases_of(result: Measured) -> Cases | None:
    """Return where the gap comes from; `None` where there is none, or where its cases have no names."""
    contrast = result.contrast
    if contrast is None or contrast.cases is None or (pair := furthest(contrast)) is None:
        return None
    high, low = pair
    scored = [
        (case, one, other, _of(one) - _of(other))
        for case, one, other in zip(
            contrast.cases, high.clusters or (), low.clusters or (), strict=True
        )
        if one[1] and other[1]
    ]
    ahead = sum(gap > 0 for *_, gap in scored)
    behind = sum(gap < 0 for *_, gap in scored)
    most = _most(each for each in scored if each[3] > 0)
    return Cases(
        high=name(high.name),
        low=name(low.name),
        summary=(
            f"In {ahead:,} of {plural(len(scored), 'case')} `{name(high.name)}` is ahead of "
            f"`{name(low.name)}`, in {behind:,} it is the other way round."
        ),
        parts=(
            *sorted(
                sorted(_by_context(contrast), key=lambda each: -each.value)[:CONTEXTS],
                key=lambda each: each.label,
            ),
            *(
                _in_case(case, one, other)
                for case, one, other, _ in most
                # A single answer to a case says nothing about how sure that case is.
                if contrast.scale is None and min(one[1], other[1]) >= _TWO
            ),
        ),
        pairs=tuple(
            Pair(
                case=name(case),
                text=_texts(result.check).get(case, ""),
                high=_said(one, contrast.scale),
                low=_said(other, contrast.scale),
            )
            for case, one, other, _ in most
        ),
    )


def _most(scored: Iterable[_Scored]) -> list[_Scored]:
    """Return those with the largest gap; of equal ones some of each context, rather than all of the first."""
    turn: Counter[tuple[float, str]] = Counter()
    placed = []
    for each in sorted(scored, key=lambda each: each[0]):
        context = each[0].rpartition("/")[0]
        placed.append((-each[3], turn[each[3], context], each))
        turn[each[3], context] += 1
    return [each for *_, each in sorted(placed)][:PAIRS]


def _of(cluster: _Cluster) -> float:
    return cluster[0] / cluster[1]


def _said(cluster: _Cluster, scale: int | None) -> str:
    hits, judged, _ = cluster
    return f"{hits:,} of {judged:,}" if scale is None else percent(round(hits / judged, 4))


def _by_context(contrast: Contrast) -> Iterator[Part]:
    """Yield the gap among the cases of each context, where there are several contexts."""
    places: dict[str, list[int]] = {}
    for place, case in enumerate(contrast.cases or ()):
        context, slash, _ = case.rpartition("/")
        if slash:
            places.setdefault(context, []).append(place)
    if len(places) < _TWO:
        return
    for context, own in sorted(places.items()):
        family = tuple(_among(group, own) for group in contrast.families[0])
        part = Contrast(comparison=contrast.comparison, families=(family,), scale=contrast.scale)
        value = gap_of(part) if is_sound(part) else None
        if value is not None:
            interval = limits(part, low_tail=_TAIL, high_tail=_TAIL)
            yield Part(label=name(context), value=value, interval=interval, is_case=False)


def _among(group: GroupCounts, places: list[int]) -> GroupCounts:
    clusters = tuple((group.clusters or ())[place] for place in places)
    hits, judged, unjudged = (sum(each) for each in zip(*clusters, strict=True))
    counts = Counts(hits=hits, judged=judged, unjudged=unjudged)
    return GroupCounts(name=group.name, counts=counts, clusters=clusters)


def _in_case(case: str, one: tuple[int, int, int], other: _Cluster) -> Part:
    """Return the gap in one case: its answers are draws of one prompt each, and independent."""
    family = tuple(
        GroupCounts(name=label, counts=Counts(hits=each[0], judged=each[1], unjudged=each[2]))
        for label, each in (("high", one), ("low", other))
    )
    contrast = Contrast(comparison=Comparison.DIFFERENCE, families=(family,))
    interval = limits(contrast, low_tail=_TAIL, high_tail=_TAIL)
    return Part(label=name(case), value=_of(one) - _of(other), interval=interval, is_case=True)


@functools.cache
def _texts(check: str) -> dict[str, str]:
    """Return what our cases say, by id; what is asked about them, where it is a decision."""
    if not check.startswith("counterfactual-"):
        return {}
    is_decided = check == "counterfactual-decisions"
    return {
        each.id: each.about("…") + f" Should {each.role} be {each.decision}?" * is_decided
        for each in packaged_templates(contexts())
    }
