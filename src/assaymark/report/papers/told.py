"""
Answers for the fields of a paper: what documents state, what was measured, and what a paper was made from.

Every answer names its document, or says that it was measured; a number is never without how many records it
is about. tests/report/papers/test_told.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from assaymark.model.evidence import SubjectEvidence
from assaymark.model.manifest import LicenceStatement, Manifest, Topic
from assaymark.model.measurement import Measured, Result
from assaymark.model.numbers import moment, plural
from assaymark.report.declared_fields import expression_of
from assaymark.report.measured_text import labels_text, number_text
from assaymark.report.origin import Origin
from assaymark.report.papers.paper import Answer, Table, named, said

MEASURED = "measured"


def stated(told: Manifest, *topics: Topic) -> Iterator[Answer]:
    """Yield what documents state about `topics`."""
    for each in told.about(*topics):
        yield Answer(said(each.value), named(each.place.file))


def period(told: Manifest) -> Iterator[Answer]:
    """Yield when collection began and ended."""
    for topic, word in ((Topic.COLLECTED_FROM, "from"), (Topic.COLLECTED_UNTIL, "until")):
        for each in told.about(topic):
            yield Answer(f"{word} {said(each.value)}", named(each.place.file))


def licences(declared: Iterator[LicenceStatement]) -> Iterator[Answer]:
    """Yield licences; one that SPDX cannot write is said to be none of its expressions."""
    for each in declared:
        expression = expression_of(each.claimed)
        shown = named(expression or each.claimed or each.link)
        what = shown if expression else f"{shown}, which is no SPDX expression"
        yield Answer(what, named(each.place.file))


@dataclass(frozen=True, slots=True)
class Measurements:
    """What was measured of a subject, in the words of its checks."""

    found: SubjectEvidence | None

    words: Mapping[str, str] = field(default_factory=dict)
    """Metric to what it counts; one without words is shown by its name."""

    def of(self, *metrics: str) -> Iterator[Answer]:
        """Yield the numbers of `metrics`, and of their labels those that were seen.

        What could not be measured is no answer, and leaves a field open.

        Args:
            metrics: Names, or prefixes with their dot.
        """
        for each in self.found.results if self.found else ():
            wanted = any(_matches(each.metric, metric) for metric in metrics)
            if wanted and isinstance(each, Measured) and not _is_absent(each):
                yield Answer(f"{self._described(each)}: {amount(each)}", MEASURED)

    def size(self) -> Iterator[Answer]:
        """Yield how large the subject is."""
        if (found := self.found) is not None:
            rows, texts = (
                plural(found.coverage.rows, "record"),
                plural(found.coverage.texts, "text"),
            )
            files = plural(found.subject.files, "file")
            yield Answer(f"{rows} with {texts} in {files}, {found.subject.size:,} bytes", MEASURED)

    def _described(self, result: Result) -> str:
        words = self.words.get(result.metric)
        shown = f"{words} ({named(result.metric)})" if words else named(result.metric)
        return f"{shown} {named(labels_text(result.labels))}" if result.labels else shown


def _matches(metric: str, wanted: str) -> bool:
    return metric == wanted or (wanted.endswith(".") and metric.startswith(wanted))


def _is_absent(result: Measured) -> bool:
    """Whether a share says of one label alone that it was never seen; the share of all labels says so too."""
    return bool(result.labels) and result.counts is not None and result.counts.hits == 0


def signals(told: Manifest) -> Iterator[Answer]:
    """Yield the opt-out signals that were recorded."""
    for each in told.opt_outs:
        of = f" for {named(each.of)}" if each.of else ""
        when = f", looked at {named(each.fetched)}" if each.fetched else ""
        who = f" by {named(each.crawler)}" if each.crawler else ""
        text = f"{named(each.signal)}{of}: {named(each.value)}{when}{who}"
        yield Answer(text, named(each.place.file))


def amount(result: Measured) -> str:
    """Return a number as a reader wants it: counts where there are some, else with its interval."""
    if (counts := result.counts) is not None:
        unjudged = f"; {plural(counts.unjudged, 'record')} not judged" if counts.unjudged else ""
        return f"{counts.hits:,} of {counts.judged:,} records{unjudged}"
    low, high = number_text(result.interval.low), number_text(result.interval.high)
    value = number_text(result.value)
    return value if low == high == value else f"{value} (between {low} and {high})"


def made_from(origin: Origin) -> Table:
    """Return the digests of everything that the paper repeats."""
    rows = [("evidence, `evidence.json`", f"`{origin.evidence}`")]
    if origin.report is not None:
        rows.append(
            (f"signed report, decided {moment(origin.report.decided_at)}: the statement",
             f"`{origin.report.statement}`")
        )  # fmt: skip
        rows.append(("signed report: the bundle's file", f"`{origin.report.bundle}`"))
    rows += [(f"document {named(name)}", f"`{digest}`") for name, digest in origin.documents]
    return Table(("made from", "SHA-256"), tuple(rows))
