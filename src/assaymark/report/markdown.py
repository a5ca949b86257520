"""
The report as a comment on a pull request.

What is not met comes first; what is met is folded away. GitHub refuses comments above 65,536 characters, so
every section is cut at whole rows, well below that, and says so.

tests/report/test_markdown.py and tests/report/test_hostile_names.py hold these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assaymark.model.numbers import plural
from assaymark.policy.wording import ENFORCEMENT_WORDS
from assaymark.report.advice import WaiverRow, next_step, unused_waivers, waiver, waiver_rows
from assaymark.report.display_text import name
from assaymark.report.found import place, what
from assaymark.report.gaps import Gap, gaps, most_important
from assaymark.report.groups import apart
from assaymark.report.markdown_inline import code, inline
from assaymark.report.verdict import headline, mood, summary, title, validity
from assaymark.report.view import Item, Mark, Report, tally
from assaymark.report.wording import (
    ADDED_LATER,
    MARK_WORDS,
    NO_PLACES,
    PLACES_NOTE,
    all_seen,
    coverage,
    demand,
    item_subject,
    sentence,
    shared_confidence,
    signature,
    subject_name,
)

MAX_BYTES = 60_000

_ROOM = {
    "open": 19_000,
    "to do": 11_000,
    "waivers": 3_000,
    "unused": 2_000,
    "met": 10_000,
    "gaps": 9_000,
}
"""Bytes for the rows of each section. What stands around them needs less than the 6,000 that are left."""

_PLACES = 3  # findings shown for each requirement that is not met
_GAP_LINES = 10  # lines shown for each kind of gap
_SUBJECTS = 10  # subjects named in the head
_COLUMNS = ("", "Requirement", "Demands", "Seen", "If not met")
_WAIVER_COLUMNS = ("Waived requirement", "Scope", "Reason", "Approved by", "Ends")

_ICONS = {Mark.BROKEN: "❌", Mark.UNDECIDED: "❔", Mark.WAIVED: "🔶", Mark.MET: "✅"}


def render(report: Report) -> str:
    """Return the report as GitHub-flavoured Markdown of at most `MAX_BYTES` bytes."""
    items = report.items
    open_items = [each for each in items if each.mark is not Mark.MET]
    met = [each for each in items if each.mark is Mark.MET]
    lines = [*_head(report, items)]
    if open_items:
        lines += [*_table(open_items, report, _ROOM["open"]), ""]
        lines += _fitting((_to_do(each) for each in open_items), _ROOM["to do"])
        if any(each.places.sampled for each in open_items):
            lines += ["", inline(PLACES_NOTE)]
    if (why := shared_confidence(report)) is not None:
        lines += ["", inline(why)]
    if rows := [_waiver_row(each) for each in waiver_rows(report)]:
        lines += ["", f"| {' | '.join(_WAIVER_COLUMNS)} |", f"|{' --- |' * len(_WAIVER_COLUMNS)}"]
        lines += _fitting(rows, _ROOM["waivers"])
    if said := unused_waivers(report):
        lines += ["", "**Waivers without effect**", ""]
        lines += _fitting((f"- {inline(each)}" for each in said), _ROOM["unused"])
    if met:
        lines += ["", f"<details><summary>{plural(len(met), 'requirement')} met</summary>", ""]
        lines += [*_table(met, report, _ROOM["met"]), "", "</details>"]
    if found := gaps(report):
        number = plural(sum(len(each.lines) for each in found), "entry", "entries")
        lines += ["", f"<details><summary>Not tested: {number}</summary>"]
        lines += [*_fitting(_gap_lines(found), _ROOM["gaps"]), "", "</details>"]
    return "\n".join([*lines, "", *_foot(report)]) + "\n"


def _head(report: Report, items: Iterable[Item]) -> Iterator[str]:
    policy = f"{code(name(report.policy.name))} {code(name(report.policy.version))}"
    counts = ", ".join(
        f"{number:,} {MARK_WORDS[mark]}" for mark, number in tally(items).items() if number
    )
    yield f"## {_ICONS[mood(report)]} {title(report)}: {policy}"
    yield ""
    yield f"{inline(headline(report))} {inline(summary(report))}"
    yield ""
    if sentences := most_important(report):
        yield f"**Not tested:** {inline(' '.join(sentences))}"
        yield ""
    subjects = report.evidence.subjects
    shown = "; ".join(
        f"{inline(subject_name(each.subject))} ({inline(coverage(each))})"
        for each in subjects[:_SUBJECTS]
    )
    more = f" and {len(subjects) - _SUBJECTS:,} more" if len(subjects) > _SUBJECTS else ""
    yield f"**Judged:** {shown or 'nothing'}{more}. **Requirements:** {counts or 'none'}."
    yield ""


def _table(items: Iterable[Item], report: Report, room: int) -> Iterator[str]:
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"|{' --- |' * len(_COLUMNS)}"
    yield from _fitting((_row(each, report) for each in items), room)


def _fitting(lines: Iterable[str], room: int) -> Iterator[str]:
    """Yield lines as long as there is room, then say how many are left out."""
    left_out = 0
    for line in lines:
        room -= len(line.encode()) + 1
        if room >= 0 and not left_out:
            yield line
        else:
            left_out += 1
    if left_out:
        yield f"\n**Cut here:** {left_out:,} more in `report.html`."


def _gap_lines(found: Iterable[Gap]) -> Iterator[str]:
    for gap in found:
        shown = [f"- {inline(line)}" for line in gap.lines[:_GAP_LINES]]
        if len(gap.lines) > _GAP_LINES:
            shown.append(f"- and {len(gap.lines) - _GAP_LINES:,} more in `report.html`")
        yield "\n".join(
            [f"\n**{inline(gap.title)}: {gap.count:,}.** {inline(gap.meaning)}\n", *shown]
        )


def _row(item: Item, report: Report) -> str:
    cells = (
        f"{_ICONS[item.mark]} {MARK_WORDS[item.mark]}",
        f"{code(name(item.outcome.requirement))}<br>{inline(item_subject(item))}",
        inline(demand(item.requirement.clause, report.vocabulary)),
        inline(all_seen(item)),
        f"{ENFORCEMENT_WORDS[item.outcome.enforce]}, {item.outcome.severity}",
    )
    return f"| {' | '.join(cells)} |"


def _waiver_row(row: WaiverRow) -> str:
    requirement = f"{code(name(row.requirement))}<br>by {code(name(row.id))}"
    cells = (requirement, *map(inline, (row.scope, row.reason, row.approver)), row.ends)
    return f"| {' | '.join(cells)} |"


def _to_do(item: Item) -> str:
    lines = [inline(sentence(said)) for said in apart(item)]
    if (excuse := waiver(item)) is not None:
        lines.append(inline(excuse))
    if (step := next_step(item)) is not None:
        lines.append(f"To do: {inline(step)}")
    if item.lacks_places:
        lines.append(inline(NO_PLACES))
    found = item.places.sampled
    lines += [f"{inline(place(each.location))}: {inline(what(each))}" for each in found[:_PLACES]]
    if len(found) > _PLACES:
        lines.append("every place: `findings.parquet`")
    listed = "".join(f"\n  - {line}" for line in lines)
    return f"- {_ICONS[item.mark]} {code(name(item.outcome.requirement))}{listed}"


def _foot(report: Report) -> Iterator[str]:
    said = signature(report)
    policy, evidence = report.policy.digest[:16], report.attestation.evidence_digest[:16]
    yield f"{said[0].upper()}{inline(said[1:])}; {inline(validity(report))}."
    yield (
        f"Policy `{policy}…`, evidence `{evidence}…`. "
        "The whole report with charts, places and methods is `report.html`; "
        "`assaymark verify report.sigstore.json` checks the signature."
    )
    if report.is_signed:
        yield inline(ADDED_LATER)
