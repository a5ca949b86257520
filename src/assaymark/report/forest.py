"""
Forest plots: for each number that compares groups, its interval against the limit, axis by axis.

Only geometry and words, so that the template draws and tests can measure. Every row is also a row of a table
beneath the plot, so nothing is told by a picture alone.

* A row about a gap shows the interval that its requirement was decided on, and the limit; without a
  requirement it is the 95 % interval of the evidence.
* A row about a group shows the group's own share with a 95 % interval. Two such intervals that overlap are no
  proof of equality, and none of difference: that is what the gap's row is for.

Tested in tests/report/test_forest.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assaymark.model.decision import Judgement
from assaymark.model.evidence import SubjectEvidence
from assaymark.model.intervals import Interval, clopper_pearson
from assaymark.model.measurement import Comparison, Contrast, GroupCounts, Labels, Measured
from assaymark.model.numbers import percent
from assaymark.policy.policy import Bound
from assaymark.report.cases import Cases, cases_of
from assaymark.report.display_text import name
from assaymark.report.plot import Line, Plot, plot_of
from assaymark.report.view import Report
from assaymark.report.wording import labels as label_words
from assaymark.report.wording import subject_name
from assaymark.statistics.contrasts import limits
from assaymark.statistics.power import detectable_gap

PLOTS = 40  # in one page
ROWS = 60  # in one plot
_TAIL = 0.025
_POWER = 0.8
_TWO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesPlot:
    """Where the gap on one axis comes from."""

    about: str
    cases: Cases
    plot: Plot | None
    """By context and by case; `None` where there is nothing to draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest(Plot):
    """One metric about one subject."""

    subject: str
    left_out: int
    """Rows that there was no room for."""

    could_see: str
    """How small a difference this run would have found, in words; empty where that is not known."""

    confidences: str
    """That the intervals have different confidences; empty where they do not."""

    cases: tuple[CasesPlot, ...]


def forests(report: Report) -> tuple[Forest, ...]:
    """Return a plot for each metric that compares groups, in the order of the evidence."""
    found = []
    for each in report.evidence.subjects:
        judged = _judged(report, each)
        metrics: dict[str, list[Measured]] = {}
        for result in each.results:
            if isinstance(result, Measured) and result.contrast is not None:
                metrics.setdefault(result.metric, []).append(result)
        found += [
            _forest(report, each, results, judged)
            for results in metrics.values()
            if any(_compares(result.contrast) for result in results)
        ]
    return tuple(found[:PLOTS])


def _forest(
    report: Report,
    subject: SubjectEvidence,
    results: list[Measured],
    judged: Mapping[tuple[str, Labels], tuple[Bound, Judgement]],
) -> Forest:
    twice = _told_twice(results)
    single = [each for place, each in enumerate(results) if place not in twice]
    lines = [
        line
        for place, each in enumerate(results)
        for line in _lines(each, judged, is_alone=place not in twice)
    ]
    shown = lines[:ROWS]
    plot = plot_of(report.vocabulary.describe(results[0].metric, ()), shown)
    return Forest(
        title=plot.title,
        rows=plot.rows,
        height=plot.height,
        ticks=plot.ticks,
        subject=subject_name(subject.subject),
        left_out=len(lines) - len(shown),
        could_see=_could_see(single),
        confidences=_confidences(shown),
        cases=tuple(_cases_plots(single, judged)),
    )


def _cases_plots(
    results: list[Measured], judged: Mapping[tuple[str, Labels], tuple[Bound, Judgement]]
) -> Iterator[CasesPlot]:
    """Yield, for each comparison whose cases have names, where its gap comes from."""
    for result in results:
        if (cases := cases_of(result)) is None:
            continue
        # The limit is drawn to compare with; it is demanded of all cases together.
        keys = ((result.metric, result.labels), (result.metric, ()))
        bound = next((judged[key][0] for key in keys if key in judged), None)
        lines = [
            Line(each.label, each.value, each.interval, bound, None, is_group=each.is_case)
            for each in cases.parts
        ]
        about = _about(result)
        yield CasesPlot(
            about=about, cases=cases, plot=plot_of(f"By case, {about}", lines) if lines else None
        )


def _confidences(lines: list[Line]) -> str:
    """Say which intervals have which confidence, where they differ."""
    levels: dict[float, list[str]] = {}
    for each in lines:
        if not each.is_group:
            levels.setdefault(round(each.interval.level, 6), []).append(each.label)
    groups = {round(each.interval.level, 6) for each in lines if each.is_group}
    if len(levels.keys() | groups) < _TWO:
        return ""
    told = [f"{', '.join(labels)} {percent(level)}" for level, labels in sorted(levels.items())]
    said = f"The intervals have different confidences: {'; '.join(told)}"
    return said + "".join(f"; groups {percent(each)}" for each in sorted(groups)) + "."


def _could_see(results: list[Measured]) -> str:
    """Say of each single comparison how small a difference of two groups would have been found.

    By itself at 95 % confidence: with other requirements beside it, it would have to be larger.
    """
    found, blind = [], []
    for each in results:
        contrast = each.contrast
        if contrast is None or len(contrast.families) > 1 or not contrast.is_clustered:
            continue
        if contrast.comparison is not Comparison.DIFFERENCE:
            return ""
        groups = len(contrast.families[0])
        tail = _TAIL / (groups * (groups - 1))
        gap = detectable_gap(contrast, tail=tail, power=_POWER)
        about = _about(each)
        if gap is None:
            blind.append(about)
        else:
            found.append(f"{about} {percent(round(gap, 3))}")
    if not found and not blind:
        return ""
    told = [f"How small a difference between two groups {percent(_POWER)} of such runs would find"]
    told += [f": {', '.join(found)}; a smaller one is not refuted"] if found else []
    told += [
        f"; none, however large, for {', '.join(blind)}" if found else ": none, however large"
    ] * bool(blind)
    return f"{''.join(told)}."


def _about(result: Measured) -> str:
    return label_words(result.labels).replace("`", "") or "all together"


def _told_twice(results: list[Measured]) -> frozenset[int]:
    """Return the places of results over everything that are the same as a result about a part of it."""
    parts = [each.contrast.families for each in results if each.labels and each.contrast]
    return frozenset(
        place
        for place, each in enumerate(results)
        if not each.labels and each.contrast and each.contrast.families in parts
    )


def _lines(
    result: Measured,
    judged: Mapping[tuple[str, Labels], tuple[Bound, Judgement]],
    *,
    is_alone: bool,
) -> Iterator[Line]:
    bound, judgement = judged.get((result.metric, result.labels), (None, None))
    interval = result.interval if judgement is None else judgement.interval or result.interval
    if not is_alone and judgement is None:
        return
    yield Line(
        _about(result),
        result.value,
        interval,
        bound,
        None if judgement is None else judgement.status,
        is_group=False,
    )
    contrast = result.contrast
    if contrast is None or not _compares(contrast) or len(contrast.families) > 1 or not is_alone:
        return  # the groups of several families stand with each of them
    for group in contrast.families[0]:
        share = group.counts.hits / group.counts.judged
        yield Line(name(group.name), share, _own(group, contrast), None, None, is_group=True)


def _own(group: GroupCounts, contrast: Contrast) -> Interval:
    """Return the interval of one group's share."""
    if group.clusters is not None:
        alone = Contrast(comparison=Comparison.SHARE, families=((group,),), scale=contrast.scale)
        return limits(alone, low_tail=_TAIL, high_tail=_TAIL)
    counts = group.counts
    low = clopper_pearson(counts.hits, counts.total, level=0.95).low
    high = clopper_pearson(counts.hits + counts.unjudged, counts.total, level=0.95).high
    return Interval(low=low, high=high, level=0.95)


def _judged(
    report: Report, subject: SubjectEvidence
) -> dict[tuple[str, Labels], tuple[Bound, Judgement]]:
    """Return the judgement of each number; of several requirements about one, the first."""
    found: dict[tuple[str, Labels], tuple[Bound, Judgement]] = {}
    for item in report.items:
        if item.subject is None or item.subject.subject.digest != subject.subject.digest:
            continue
        for reading in item.readings:
            key = (reading.bound.metric, reading.bound.labels)
            found.setdefault(key, (reading.bound, reading.judgement))
    return found


def _compares(contrast: Contrast | None) -> bool:
    return contrast is not None and contrast.comparison is not Comparison.SHARE
