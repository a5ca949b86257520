"""
The report on a terminal: what `assaymark audit` shows when it is done.

At most 100 columns, worst first, readable without colour. Whether there is colour is the caller's decision,
because it depends on the terminal and on `NO_COLOR`. Snapshots in tests/report/test_text_form.py.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from assaymark.model.evidence import SubjectEvidence
from assaymark.model.numbers import plural
from assaymark.report.advice import next_step, unused_waivers, waiver
from assaymark.report.display_text import name
from assaymark.report.found import place, what
from assaymark.report.gaps import gaps, most_important
from assaymark.report.groups import apart
from assaymark.report.verdict import headline, mood, summary, title, validity, witnessed
from assaymark.report.view import Item, Mark, Report, tally
from assaymark.report.wording import (
    MARK_WORDS,
    NO_PLACES,
    PLACES_NOTE,
    SYMBOLS,
    all_seen,
    coverage,
    demand,
    enforcement,
    shared_confidence,
    signature,
    subject_name,
)

WIDTH = 100  # columns
_DETAILED = 12  # requirements that are not met, shown with their numbers
_MET = 40  # met requirements, shown in one line each
_PLACES = 3  # findings shown for each requirement that is not met

_BOLD, _DIM = "1", "2"
_RED, _GREEN, _YELLOW, _BLUE = "31", "32", "33", "34"
_MARK_COLORS = {
    Mark.BROKEN: _RED,
    Mark.UNDECIDED: _YELLOW,
    Mark.WAIVED: _BLUE,
    Mark.MET: _GREEN,
}


def render(report: Report, *, color: bool = False, files: Sequence[str] = ()) -> str:
    """Return the report as lines for a terminal, ending in a line feed.

    Args:
        report: What to show.
        color: Whether to add ANSI colours.
        files: Paths that were written, to list at the end.
    """
    paint = _Paint(color)
    lines = [
        *_decision(report, paint),
        paint("Report", _BOLD),
        *_wrap(f"{signature(report)}; {validity(report)}", indent=2),
        *(line for each in witnessed(report) for line in _wrap(each, indent=2)),
        *(line for path in files for line in _wrap(name(path, 400), indent=2)),
    ]
    return "\n".join(lines) + "\n"


def render_decision(report: Report, *, color: bool = False) -> str:
    """Return the same without what there is to say about files, for a decision that writes none."""
    return "\n".join(_decision(report, _Paint(color))).rstrip("\n") + "\n"


def _decision(report: Report, paint: _Paint) -> list[str]:
    head = paint(title(report), _BOLD, _MARK_COLORS[mood(report)])
    return [
        f"{head}  {name(report.policy.name, 50)} {name(report.policy.version, 20)}",
        *_wrap(headline(report), indent=2),
        *_wrap(summary(report), indent=2),
        *_beside_the_verdict(report),
        "",
        paint("Judged", _BOLD),
        *_judged(report),
        "",
        *_requirements(report, paint),
        *_unused_waivers(report, paint),
        *_not_tested(report, paint),
    ]


class _Paint:
    """Puts ANSI codes around text, or does not."""

    def __init__(self, enabled: bool) -> None:  # noqa: FBT001 - private, and the only argument
        self._enabled = enabled

    def __call__(self, text: str, *codes: str) -> str:
        """Return `text` in these colours."""
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self._enabled else text


def _judged(report: Report) -> Iterator[str]:
    if not report.evidence.subjects:
        yield "  nothing"
    for each in report.evidence.subjects:
        yield from _wrap(_subject(each), indent=2)


def _subject(each: SubjectEvidence) -> str:
    findings = plural(each.findings.total, "finding")
    return f"{subject_name(each.subject)}, {coverage(each)}; {findings}"


def _beside_the_verdict(report: Report) -> list[str]:
    sentences = most_important(report)
    return _wrap(f"Not tested: {' '.join(sentences)}", indent=2) if sentences else []


def _requirements(report: Report, paint: _Paint) -> Iterator[str]:
    items = report.items
    counts = ", ".join(
        f"{number} {MARK_WORDS[mark]}" for mark, number in tally(items).items() if number
    )
    yield f"{paint('Requirements', _BOLD)}  {counts}"
    open_items = [each for each in items if each.mark is not Mark.MET]
    met = [each for each in items if each.mark is Mark.MET]
    for item in open_items[:_DETAILED]:
        yield from _open(item, report, paint)
    yield from _more(len(open_items) - _DETAILED, "more that are not met or undecided")
    for item in met[:_MET]:
        text = f"{name(item.outcome.requirement)}: {all_seen(item)}{_where(item, report)}"
        yield from _marked(item, text, paint)
    yield from _more(len(met) - _MET, "more that are met")
    if any(each.places.sampled for each in open_items[:_DETAILED]):
        yield from _wrap(PLACES_NOTE, indent=2, style=(paint, _DIM))
    if (why := shared_confidence(report)) is not None:
        yield from _wrap(why, indent=2, style=(paint, _DIM))
    yield ""


def _open(item: Item, report: Report, paint: _Paint) -> Iterator[str]:
    title = f"{name(item.outcome.requirement)} {MARK_WORDS[item.mark]}: {enforcement(item.outcome)}"
    yield from _marked(item, title, paint)
    yield from _wrap(f"{demand(item.requirement.clause, report.vocabulary)}", indent=6)
    yield from _wrap(f"seen: {all_seen(item)}{_where(item, report)}", indent=6)
    for said in apart(item):
        yield from _wrap(said, indent=6)
    places = item.places
    for each in places.sampled[:_PLACES]:
        yield from _wrap(f"at {place(each.location)}: {what(each)}", indent=6, style=(paint, _DIM))
    if item.lacks_places:
        yield from _wrap(NO_PLACES, indent=6, style=(paint, _DIM))
    left = len(places.sampled) - _PLACES
    if left > 0:
        more = f"{left:,} more" if places.is_complete else "more"
        yield from _wrap(f"{more} in findings.parquet", indent=6, style=(paint, _DIM))
    if (excuse := waiver(item)) is not None:
        yield from _wrap(excuse, indent=6)
    if (step := next_step(item)) is not None:
        yield from _wrap(f"to do: {step}", indent=6)


def _where(item: Item, report: Report) -> str:
    """Name the subject where the report has several."""
    if item.subject is None or len(report.evidence.subjects) == 1:
        return ""
    return f", in {subject_name(item.subject.subject)}"


def _marked(item: Item, text: str, paint: _Paint) -> Iterator[str]:
    """Yield `text` with the item's mark before its first line."""
    first, *rest = _wrap(text, indent=4)
    yield f"  {paint(SYMBOLS[item.mark], _MARK_COLORS[item.mark])} {first[4:]}"
    yield from rest


def _unused_waivers(report: Report, paint: _Paint) -> Iterator[str]:
    if not (said := unused_waivers(report)):
        return
    yield paint("Waivers without effect", _BOLD)
    for each in said[:_DETAILED]:
        yield from _wrap(each, indent=2)
    yield from _more(len(said) - _DETAILED, "more waivers without effect")
    yield ""


def _not_tested(report: Report, paint: _Paint) -> Iterator[str]:
    found = gaps(report)
    if not found:
        return
    yield paint("Not tested", _BOLD)
    for gap in found:
        yield from _wrap(f"{gap.title}: {gap.count:,}", indent=2)
    yield ""


def _more(number: int, what_of: str) -> Iterator[str]:
    if number > 0:
        yield f"    {number:,} {what_of}, in report.html"


def _wrap(text: str, *, indent: int, style: tuple[_Paint, str] | None = None) -> list[str]:
    """Break `text` into indented lines of at most `WIDTH` columns; a long word is broken too."""
    room = WIDTH - indent
    lines = [""]
    for word in text.split(" "):
        for piece in _pieces(word, room):
            joined = f"{lines[-1]} {piece}" if lines[-1] else piece
            if _columns(joined) <= room:
                lines[-1] = joined
            else:
                lines.append(piece)
    if style is not None:
        paint, code = style
        lines = [paint(line, code) for line in lines]
    return [" " * indent + line for line in lines]


def _pieces(word: str, room: int) -> list[str]:
    pieces = [""]
    for character in word:
        if _columns(pieces[-1] + character) > room:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _columns(text: str) -> int:
    """Return how many columns a terminal needs for `text`: two for wide East Asian characters."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )
