"""
What was not tested, said as plainly as what was.

A report that lists only its results reads as if it covered everything. So every form shows these lists:
controls without a test, numbers that are missing, rows nobody read, things nobody looked for.

Tested in tests/report/test_gaps.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from assaymark.model.evidence import SubjectEvidence
from assaymark.model.measurement import Labels, Measured, NotMeasured
from assaymark.policy.policy import Control, Framework
from assaymark.report.display_text import name, prose, quoted
from assaymark.model.numbers import plural
from assaymark.report.view import Item, Mark, Report
from assaymark.report.wording import item_subject, metric, subject_name

_NAMED = 12  # labels that are named in one line; more are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One kind of thing that was not tested."""

    title: str
    meaning: str
    """What follows from it, for a reader who is no engineer."""

    lines: tuple[str, ...]
    """Sentences with names between backticks. Never empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """One control of a framework, and how its tests came out."""

    id: str
    title: str
    note: str
    coverage: str
    """`tested`, `person`, `not-covered`, or `untested`: said to be tested, and nothing here does."""

    mark: Mark | None
    """The worst mark of the requirements that name it; `None` where none does."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTable:
    """The controls of one framework."""

    framework: Framework | None
    """`None` for controls that requirements name and no framework of the policy maps."""

    rows: tuple[ControlRow, ...]


def control_tables(report: Report) -> tuple[ControlTable, ...]:
    """Return one table for each framework, and one for controls that no framework has."""
    by_control: defaultdict[str, list[Item]] = defaultdict(list)
    for item in report.items:
        for control in item.outcome.controls:
            by_control[control].append(item)
    tables = []
    mapped: set[str] = set()
    for framework in report.policy.frameworks:
        mapped.update(control.id for control in framework.controls)
        rows = tuple(_row(each, by_control[each.id]) for each in framework.controls)
        tables.append(ControlTable(framework=framework, rows=rows))
    unmapped = [
        Control(id=each, title="", coverage="tested") for each in sorted(set(by_control) - mapped)
    ]
    if unmapped:
        rows = tuple(_row(each, by_control[each.id]) for each in unmapped)
        tables.append(ControlTable(framework=None, rows=rows))
    return tuple(tables)


def gaps(report: Report) -> tuple[Gap, ...]:
    """Return everything that was not tested; kinds of which there is nothing are left out."""
    kinds = (
        (
            "Controls that need a person",
            "No program can test these. Somebody must, and must say so elsewhere.",
            _controls(report, "person"),
        ),
        (
            "Controls without a test",
            "Nothing in this report speaks for or against these.",
            _controls(report, "not-covered"),
        ),
        (
            "Controls said to be tested, without a requirement",
            "The policy lists these as tested, but none of its requirements names them.",
            _controls(report, "untested"),
        ),
        (
            "Requirements without a subject",
            "The policy demands something of a kind that was not given.",
            (
                f"{quoted(each.outcome.requirement)}: {item_subject(each)}"
                for each in report.items
                if each.subject is None
            ),
        ),
        (
            "Numbers that could not be measured",
            "A missing number never counts as a good one.",
            _not_measured(report),
        ),
        (
            "Records that were not looked into",
            "A record that could not be read may hold anything; the numbers above allow for that.",
            _not_read(report),
        ),
        (
            "Records that a check could not judge",
            "Each counts as a possible hit at the upper end of the numbers above.",
            _not_judged(report),
        ),
        (
            "Kinds that detectors did not look for",
            "The detectors know these, and the policy does not switch them on.",
            _switched_off(report),
        ),
        (
            "Detectors without measured quality",
            "How much these miss, and how often they see what is not there, is not known.",
            (quoted(each.id) for each in report.evidence.detectors if not each.quality),
        ),
    )
    found = (
        Gap(title=title, meaning=meaning, lines=tuple(lines)) for title, meaning, lines in kinds
    )
    return tuple(each for each in found if each.lines)


def _row(control: Control, items: list[Item]) -> ControlRow:
    marks = [item.mark for item in items]
    coverage = control.coverage
    if coverage == "tested" and not items:
        coverage = "untested"
    return ControlRow(
        id=control.id,
        title=control.title,
        note=control.note,
        coverage=coverage,
        mark=next((mark for mark in Mark if mark in marks), None),
        items=tuple(items),
    )


def _controls(report: Report, coverage: str) -> Iterator[str]:
    for table in control_tables(report):
        for row in table.rows:
            if row.coverage == coverage:
                title = f" {prose(row.title, 200)}" if row.title else ""
                note = f" ({prose(row.note, 300)})" if row.note else ""
                yield f"{quoted(row.id)}{title}{note}"


def _not_measured(report: Report) -> Iterator[str]:
    for subject in report.evidence.subjects:
        same: defaultdict[tuple[str, str], list[Labels]] = defaultdict(list)
        for result in subject.results:
            if isinstance(result, NotMeasured):
                same[result.metric, result.reason].append(result.labels)
        for (metric_name, why), labels in same.items():
            about = subject_name(subject.subject)
            what = metric(metric_name, (), report.vocabulary)
            yield f"{what}{_for_labels(labels)}, in {about}: {prose(why, 200)}"


def _for_labels(labels: list[Labels]) -> str:
    values = [" and ".join(quoted(value) for _, value in each) for each in labels if each]
    if not values:
        return ""
    more = f" and {len(values) - _NAMED:,} more" if len(values) > _NAMED else ""
    return f", for {', '.join(values[:_NAMED])}{more}"


def _not_read(report: Report) -> Iterator[str]:
    for subject in report.evidence.subjects:
        coverage, about = subject.coverage, subject_name(subject.subject)
        if coverage.skipped:
            reasons = ", ".join(
                f"{name(why)} ({number:,})" for why, number in sorted(coverage.skipped.items())
            )
            lost = sum(coverage.skipped.values())
            yield f"{about}: {lost:,} of {plural(coverage.rows, 'record')} could not be read: {reasons}"
        if coverage.empty:
            empty = plural(coverage.empty, "record holds", "records hold")
            yield f"{about}: {empty} no text"
        if coverage.sample is not None:
            drawn = plural(coverage.sample.rows, "record")
            yield f"{about}: {drawn} of {coverage.rows:,} were drawn at random and judged, the others not"


def _not_judged(report: Report) -> Iterator[str]:
    for subject in report.evidence.subjects:
        worst: dict[str, int] = {}
        # Of a sample it is not known which of the unreadable records were drawn, so none is taken off.
        whole = subject.coverage.sample is None
        lost = sum(subject.coverage.skipped.values()) if whole else 0
        for check, unjudged in _unjudged(subject):
            worst[check] = max(worst.get(check, 0), unjudged - lost)
        for check, rows in worst.items():
            if rows > 0:
                about = subject_name(subject.subject)
                yield f"{about}: {plural(rows, 'record')} could not be judged by {quoted(check)}"


def _unjudged(subject: SubjectEvidence) -> Iterator[tuple[str, int]]:
    for result in subject.results:
        if isinstance(result, Measured) and result.counts is not None:
            yield result.check, result.counts.unjudged


def _switched_off(report: Report) -> Iterator[str]:
    ran = {each.id for each in report.evidence.detectors}
    for detector, kinds in report.vocabulary.switched_off.items():
        if detector in ran and kinds:
            yield f"{quoted(detector)}: {', '.join(quoted(each) for each in kinds)}"
