"""
What was not tested, said as plainly as what was.

A report that lists only its results reads as if it covered everything. So every form shows these lists:
controls without a test, numbers that are missing, rows nobody read, things nobody looked for.

Tested in tests/report/test_gaps.py.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from assaymark.model.evidence import SubjectEvidence
from assaymark.model.measurement import Labels, Measured, NotMeasured
from assaymark.model.numbers import plural
from assaymark.report.controls import control_tables
from assaymark.report.display_text import name, prose, quoted
from assaymark.report.unprobed import unprobed
from assaymark.report.view import Report
from assaymark.report.wording import item_subject, metric, sentence, subject_name

_NAMED = 12  # labels that are named in one line; more are counted
_FEW = 5  # names in one sentence beside the verdict
_BESIDE_THE_VERDICT = 3  # sentences
_SPOT = 320  # characters of one of them


class _Line(NamedTuple):
    """One line of a gap, and how many of what its title names it is about."""

    text: str
    number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One kind of thing that was not tested."""

    title: str
    meaning: str
    """What follows from it, for a reader who is no engineer."""

    lines: tuple[str, ...]
    """Sentences with names between backticks. Never empty."""

    count: int
    """How many of what the title names; a line may be about many."""


def gaps(report: Report) -> tuple[Gap, ...]:
    """Return everything that was not tested; kinds of which there is nothing are left out."""
    kinds: tuple[tuple[str, str, Iterable[_Line]], ...] = (
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
                _Line(f"{quoted(each.outcome.requirement)}: {item_subject(each)}")
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
            "Groups and contexts that were not probed",
            "Whether the model treats these alike is not known.",
            (_Line(text, number) for text, number in unprobed(report)),
        ),
        (
            "Records that could not be read",
            "Each may hold anything; the numbers above allow for that.",
            _unreadable(report),
        ),
        (
            "Files of unknown content",
            "Not even the number of their records is known, so no share of the records is either.",
            _unknown_files(report),
        ),
        (
            "Fields with values that nobody looked at",
            "Binary values, and fields that whoever ran the audit left out. They may hold anything.",
            _unread(report),
        ),
        (
            "Files beside the data",
            "They belong to the subject, and were read for what they say about it, not judged as data.",
            _documents(report),
        ),
        (
            "Records without text",
            "There was nothing in them to look at.",
            (
                _Line(
                    f"{_about(each)}: {plural(each.coverage.empty, 'record')}", each.coverage.empty
                )
                for each in report.evidence.subjects
                if each.coverage.empty
            ),
        ),
        (
            "Records that were not drawn",
            "The detectors judged a random sample; the ranges above allow for the rest.",
            _not_drawn(report),
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
            (_Line(quoted(each)) for each in _unmeasured(report)),
        ),
    )
    found = ((title, meaning, tuple(lines)) for title, meaning, lines in kinds)
    return tuple(
        Gap(
            title=title,
            meaning=meaning,
            lines=tuple(each.text for each in lines),
            count=sum(each.number for each in lines),
        )
        for title, meaning, lines in found
        if lines
    )


def most_important(report: Report) -> tuple[str, ...]:
    """Return at most three sentences to stand beside the verdict: what a reader would else assume."""
    return tuple(itertools.islice(_assumed(report), _BESIDE_THE_VERDICT))


def _assumed(report: Report) -> Iterator[str]:
    ran = {each.id for each in report.evidence.detectors}
    spots = [each for id_, each in report.vocabulary.blind_spots.items() if id_ in ran]
    # The first of each detector before the second of any, and what two detectors say alike once.
    in_turn = itertools.chain.from_iterable(itertools.zip_longest(*spots))
    yield from (sentence(prose(each, _SPOT)) for each in dict.fromkeys(in_turn) if each)
    fields = {each for known in report.evidence.subjects for each in known.coverage.unread}
    if fields:
        number = plural(len(fields), "field holds", "fields hold")
        yield f"{number} values that nobody looked at: {_few(sorted(fields))}."
    if files := sum(line.number for line in _unknown_files(report)):
        yield f"{plural(files, 'file')} could not be read at all."
    if kinds := sum(line.number for line in _switched_off(report)):
        are = "kind that the detectors know was", "kinds that the detectors know were"
        yield f"In all, {plural(kinds, *are)} not looked for."
    if unmeasured := _unmeasured(report):
        yield f"How much these detectors miss was not measured: {_few(unmeasured)}."


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _FEW:,} more" if len(names) > _FEW else ""
    return f"{', '.join(quoted(each) for each in names[:_FEW])}{more}"


def _controls(report: Report, coverage: str) -> Iterator[_Line]:
    for table in control_tables(report):
        for row in table.rows:
            if row.coverage == coverage:
                title = f" {prose(row.title, 200)}" if row.title else ""
                note = f" ({prose(row.note, 300)})" if row.note else ""
                yield _Line(f"{quoted(row.id)}{title}{note}")


def _not_measured(report: Report) -> Iterator[_Line]:
    for subject in report.evidence.subjects:
        same: defaultdict[tuple[str, str], list[Labels]] = defaultdict(list)
        for result in subject.results:
            if isinstance(result, NotMeasured):
                same[result.metric, result.reason].append(result.labels)
        for (metric_name, why), labels in same.items():
            about = subject_name(subject.subject)
            what = metric(metric_name, (), report.vocabulary)
            text = f"{what}{_for_labels(labels)}, in {about}: {prose(why, 200)}"
            yield _Line(text, len(labels))


def _for_labels(labels: list[Labels]) -> str:
    values = [" and ".join(quoted(value) for _, value in each) for each in labels if each]
    if not values:
        return ""
    more = f" and {len(values) - _NAMED:,} more" if len(values) > _NAMED else ""
    return f", for {', '.join(values[:_NAMED])}{more}"


def _unreadable(report: Report) -> Iterator[_Line]:
    for each in report.evidence.subjects:
        coverage = each.coverage
        if lost := sum(coverage.skipped.values()):
            of_all = f"{lost:,} of {plural(coverage.rows, 'record')}"
            yield _Line(f"{_about(each)}: {of_all}: {_reasons(coverage.skipped)}", lost)


def _unknown_files(report: Report) -> Iterator[_Line]:
    for each in report.evidence.subjects:
        if lost := sum(each.coverage.unknown_files.values()):
            reasons = _reasons(each.coverage.unknown_files)
            yield _Line(f"{_about(each)}: {plural(lost, 'file')}: {reasons}", lost)


def _unread(report: Report) -> Iterator[_Line]:
    for each in report.evidence.subjects:
        for field, records in sorted(each.coverage.unread.items()):
            yield _Line(f"{_about(each)}: {quoted(field)}, in {plural(records, 'record')}")


def _documents(report: Report) -> Iterator[_Line]:
    for each in report.evidence.subjects:
        for document in each.coverage.documents:
            yield _Line(f"{_about(each)}: {quoted(document)}")


def _not_drawn(report: Report) -> Iterator[_Line]:
    for each in report.evidence.subjects:
        coverage = each.coverage
        if coverage.sample is not None:
            left = coverage.rows - coverage.sample.rows
            yield _Line(f"{_about(each)}: {left:,} of {plural(coverage.rows, 'record')}", left)


def _reasons(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name(why)} ({number:,})" for why, number in sorted(numbers.items()))


def _about(each: SubjectEvidence) -> str:
    return subject_name(each.subject)


def _not_judged(report: Report) -> Iterator[_Line]:
    for subject in report.evidence.subjects:
        worst: dict[str, int] = {}
        # Of a sample it is not known which of the unreadable records were drawn, so none is taken off.
        whole = subject.coverage.sample is None
        lost = sum(subject.coverage.skipped.values()) if whole else 0
        for check, unjudged in _unjudged(subject):
            worst[check] = max(worst.get(check, 0), unjudged - lost)
        # Two checks may have failed at the same records, so only the most of one check is counted.
        most = max(worst.values(), default=0)
        for check, rows in sorted(worst.items(), key=lambda each: (-each[1], each[0])):
            if rows > 0:
                text = f"{_about(subject)}: {plural(rows, 'record')}, by {quoted(check)}"
                yield _Line(text, most)
                most = 0


def _unjudged(subject: SubjectEvidence) -> Iterator[tuple[str, int]]:
    for result in subject.results:
        if isinstance(result, Measured) and result.counts is not None:
            yield result.check, result.counts.unjudged


def _switched_off(report: Report) -> Iterator[_Line]:
    ran = {each.id for each in report.evidence.detectors}
    words = report.vocabulary
    # What a reader takes for granted comes first, such as names of people.
    for detector, groups in sorted(
        words.switched_off.items(), key=lambda each: not words.blind_spots.get(each[0])
    ):
        if detector in ran:
            for title, kinds in groups.items():
                which = f", {prose(title)}" if title else ""
                listed = ", ".join(quoted(each) for each in kinds)
                yield _Line(f"{quoted(detector)}{which}: {listed}", len(kinds))


def _unmeasured(report: Report) -> list[str]:
    return [each.id for each in report.evidence.detectors if not each.quality]
