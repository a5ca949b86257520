"""
The report as one web page: for whoever must read, keep or print the decision.

* Whole by itself: no script, no image, no font, no request. Its content security policy forbids all of them
  and allows exactly the one style sheet inside it.
* Short however much was found: places, rows and cards are capped, worst first, and each cap says so.
* Nothing from outside is markup: the template escapes, and an undefined name is an error.

tests/report/test_html.py holds these; tests/report/test_html_in_chromium.py opens the page in a browser.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from assaymark.model.decision import Verdict
from assaymark.model.evidence import Settings, SubjectEvidence
from assaymark.model.finding import Finding
from assaymark.model.measurement import Measured, Result
from assaymark.model.numbers import file_size, moment, percent, plural, significant, whole
from assaymark.report import advice, verdict, wording
from assaymark.report.chart import WIDTH, Chart, chart_of
from assaymark.report.commands import commands, commands_without_us
from assaymark.report.controls import control_tables
from assaymark.report.display_text import name, parts, prose
from assaymark.report.forest import LEFT, RIGHT, forests
from assaymark.report.forest import WIDTH as FOREST_WIDTH
from assaymark.report.found import in_form
from assaymark.report.gaps import gaps, most_important
from assaymark.report.view import Item, Mark, Reading, Report, tally

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

CARDS = 100  # requirements shown in full; all others are rows of the table
ROWS = 2_000  # rows of one table
PLACES = 10  # findings shown for one requirement
ALL_PLACES = 400  # findings shown in the whole page
GAP_LINES = 60  # lines shown for one kind of gap
FOLDED = 12  # lines from which on a gap is folded
UNFOLDED = 2  # lines of it that are shown all the same
REASONS = 10  # requirements named under `Why, and what to do`
_NOT_SET = "not set: its default"
_SETTINGS = 60  # settings shown for one detector or check

_CONSEQUENCES: Mapping[Verdict, str] = {
    Verdict.PASS: (
        "A gate that trusts the signer and this policy may admit what is listed below, and nothing else; its "
        "owner can demand more, such as a time stamp, a log entry or a second person's sign-off."
    ),
    Verdict.FAIL: "A gate that demands this policy refuses what is listed below.",
    Verdict.UNDECIDED: (
        "A gate that demands this policy refuses what is listed below until the missing evidence is there."
    ),
}


def render(report: Report) -> str:
    """Return the report as one HTML page."""
    items = report.items
    deciding = [each for each in items if each.decides]
    outcome = report.decision.verdict
    style = _read("page.css")
    return _template().render(
        report=report,
        items=items,
        cards=list(_cards(items)),
        deciding=deciding,
        tally=tally(items),
        blocking=tally(deciding),
        marks=list(Mark),
        gaps=gaps(report),
        most_important=most_important(report),
        controls=control_tables(report),
        forests=forests(report),
        forest={"width": FOREST_WIDTH, "left": LEFT, "right": RIGHT},
        consequence=_CONSEQUENCES[outcome]
        if report.is_signed or outcome is not Verdict.PASS
        else None,
        waivers=list(advice.waiver_rows(report)),
        verdict=verdict,
        measurements=list(_measurements(report)),
        commands=list(commands(report)),
        without_us=list(commands_without_us(report)),
        words=wording,
        advice=advice,
        limits={
            "cards": CARDS,
            "rows": ROWS,
            "gap_lines": GAP_LINES,
            "folded": FOLDED,
            "unfolded": UNFOLDED,
            "reasons": REASONS,
        },
        chart_width=WIDTH,
        style=_trusted(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One requirement in full."""

    item: Item
    charts: tuple[tuple[Reading, Chart | None], ...]
    places: tuple[Finding, ...]
    note: str | None
    """What is not shown, in words."""

    elsewhere: tuple[tuple[int, int], ...]
    """Numbers of the cards before this one that show some of its places, each with how many."""

    @property
    def file(self) -> str | None:
        """The file that all places are in; `None` where there are several, or no place."""
        files = {each.location.file for each in self.places}
        return files.pop() if len(files) == 1 else None


def _cards(items: Sequence[Item]) -> Iterator[Card]:
    room = ALL_PLACES
    listed: dict[tuple[str, Finding], int] = {}
    whole: dict[tuple[tuple[str, Finding], ...], int] = {}
    for number, item in enumerate(items[:CARDS], 1):
        about = item.outcome.subject or ""
        places = tuple((about, each) for each in item.places.sampled)
        same_as = whole.setdefault(places, number) if places else number
        elsewhere = Counter(listed[each] for each in places if each in listed)
        shown = [each for each in places if each not in listed][: min(PLACES, room)]
        if same_as != number:
            elsewhere, shown = Counter({same_as: len(places)}), []
        room -= len(shown)
        listed.update(dict.fromkeys(shown, number))
        yield Card(
            item=item,
            charts=tuple((each, chart_of(each)) for each in item.readings),
            places=tuple(each for _, each in shown),
            note=_places_note(item, len(shown) + elsewhere.total()) if same_as == number else None,
            elsewhere=tuple(sorted(elsewhere.items())),
        )


def _places_note(item: Item, shown: int) -> str | None:
    known = len(item.places.sampled)
    if item.places.is_complete:
        left = known - shown
        return f"{plural(left, 'more place')} in findings.parquet." if left else None
    if known == 0:
        return None
    sample = f"random sample of {plural(known, 'place')}"
    which = f"A {sample}" if shown == known else f"{shown:,} of a {sample}"
    total = plural(item.places.total, "finding")
    return f"{which}. The subject has {total} in all; every one is in findings.parquet."


def _measurements(report: Report) -> Iterator[tuple[SubjectEvidence, Sequence[Result], int]]:
    """Yield each subject with the results that are shown and the number of those that are not."""
    room = ROWS
    for each in report.evidence.subjects:
        shown = each.results[:room]
        room -= len(shown)
        yield each, shown, len(each.results) - len(shown)


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "inline": _inline,
        "name": name,
        "prose": prose,
        "moment": moment,
        "percent": percent,
        "whole": whole,
        "plural": plural,
        "file_size": file_size,
        "form": in_form,
        "flat": _flat,
        "is_measured": lambda result: isinstance(result, Measured),
        "web_address": _web_address,
    }
    return environment.from_string(_read("template.html.j2"))


@functools.cache
def _read(file: str) -> str:
    return files("assaymark.report").joinpath(file).read_text(encoding="utf-8")


def _trusted(style: str) -> Markup:
    from markupsafe import Markup

    # Our own file, and a style element ends at the first `</`.
    return Markup(style)  # noqa: S704 - the packaged style sheet, not input


def _inline(sentence: str) -> Markup:
    """Return one of our sentences as markup: names as code, everything escaped."""
    from markupsafe import Markup, escape

    code = Markup("<code>{}</code>")
    return Markup("").join(
        code.format(text) if is_name else escape(text) for text, is_name in parts(sentence)
    )


def _web_address(text: str) -> str | None:
    """Return `text` if it is an address that is safe to link to."""
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(" \"'<>\\`")
    return text if text.startswith("https://") and is_plain else None


def _flat(settings: Settings) -> list[tuple[str, str]]:
    """Return settings as key and value in words, nested keys joined by dots."""
    found = list(_leaves(settings, ""))
    left_out = len(found) - _SETTINGS
    more = [("…", f"{left_out:,} more in evidence.json")] if left_out > 0 else []
    return [*((name(key), prose(value, 400)) for key, value in found[:_SETTINGS]), *more]


def _leaves(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for inner, each in sorted(value.items()):
            yield from _leaves(each, f"{key}.{inner}" if key else str(inner))
    elif isinstance(value, list | tuple) and value:
        yield key, ", ".join(text for each in value for _, text in _leaves(each, ""))
    elif isinstance(value, float):
        yield key, significant(value, 6)
    elif isinstance(value, bool) or value is None:
        yield key, {True: "yes", False: "no", None: _NOT_SET}[value]
    else:
        yield key, str(value) if not isinstance(value, list | tuple | Mapping) else "none"
