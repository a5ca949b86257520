"""
The live page: the last minutes and the latest decisions, as one HTML file without scripts.

It loads nothing and runs nothing; a link chooses whether the browser fetches it again. Everything on it is
text from decisions, escaped. tests/guard/watch/test_pages.py
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape

from assaymark.guard.decisions.entry import id_of, written_time
from assaymark.guard.decisions.records import GuardEvent
from assaymark.guard.watch.alarms import Notice
from assaymark.guard.watch.health import Condition
from assaymark.guard.watch.telemetry import Rates, Shown

EVERY = (5, 30)
"""Seconds between two looks that the page offers."""

_MOST_ROWS = 25
_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 0 0 2rem; }
caption { text-align: left; font-weight: bold; padding: .5rem 0; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
"""
SECURITY_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)
"""For the header `content-security-policy`."""


def live_page(
    *,
    rates: Rates,
    seconds: float,
    last: Sequence[Shown],
    events: Sequence[GuardEvent],
    alarms: Sequence[Notice],
    conditions: Sequence[Condition],
    every: int | None,
) -> str:
    """Return the page.

    Args:
        rates: Of the last minutes.
        seconds: How far back they reach.
        last: The latest decisions, the newest last.
        events: The latest events, likewise.
        alarms: What lasts now.
        conditions: How the parts of the server are.
        every: Seconds until the browser fetches it again; `None` for never.
    """
    again = "" if every is None else f'<meta http-equiv="refresh" content="{every}">'
    body = "\n".join(
        [
            "<h1>Guard</h1>",
            _links(every),
            _state(conditions, alarms),
            _table(
                f"The last {seconds / 60:g} minutes", ("What", "Requests", "Share"), _rates(rates)
            ),
            _table("Found in the last minutes", ("Where", "What", "Requests"), _found(rates)),
            _table(
                "Latest decisions",
                ("Time", "Request", "Tenant", "API", "Verdict", "Found", "Outcome", "Entry"),
                [_decision(each) for each in list(reversed(last))[:_MOST_ROWS]],
            ),
            _table(
                "Latest events",
                ("Time", "Event"),
                [(each.time, each.event) for each in list(reversed(events))[:_MOST_ROWS]],
            ),
        ]
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{again}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Guard: the last minutes</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _links(every: int | None) -> str:
    choices = [("once", None), *((f"every {each} s", each) for each in EVERY)]
    links = [
        f'<strong aria-current="true">{words}</strong>'
        if each == every
        else f'<a href="{"?" if each is None else f"?every={each}"}">{words}</a>'
        for words, each in choices
    ]
    return (
        f'<nav aria-label="How often this page is fetched"><p>Fetch: {" · ".join(links)}</p></nav>'
    )


def _state(conditions: Sequence[Condition], alarms: Sequence[Notice]) -> str:
    lines = [
        f"{'ok' if each.is_ok else 'not ok'}: {each.name}{f', {each.words}' if each.words else ''}"
        for each in conditions
    ]
    lines += [
        f"alarm since {written_time(each.since)}: {each.alarm.name}, {each.alarm.summary}"
        for each in alarms
    ]
    items = "".join(f"<li>{escape(each)}</li>" for each in lines or ["no alarm"])
    return f'<section aria-label="State"><h2>State</h2><ul>{items}</ul></section>'


def _rates(rates: Rates) -> list[tuple[str | int, ...]]:
    rows = [
        ("decided", rates.requests),
        ("blocked", rates.blocked),
        ("redacted", rates.redacted),
        ("flagged", rates.flagged),
        ("not judged in full", rates.unjudged),
    ]
    share = rates.requests or 1
    return [(name, count, f"{count / share:.1%}") for name, count in rows]


def _found(rates: Rates) -> list[tuple[str | int, ...]]:
    ordered = sorted(rates.found.items(), key=lambda each: (-each[1], each[0]))
    return [(side, name, count) for (side, name), count in ordered[:_MOST_ROWS]]


def _decision(shown: Shown) -> tuple[str | int, ...]:
    decision = shown.decision
    entities = sorted({str(each["entity"]) for each in decision.findings})
    return (
        written_time(decision.time),
        id_of(decision.request_id),
        id_of(decision.tenant),
        decision.api,
        decision.verdict.name.lower(),
        ", ".join(entities),
        decision.outcome,
        "not logged" if shown.index is None else shown.index,
    )


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    none = f'<tr><td colspan="{len(heads)}">none</td></tr>'
    return (
        f'<div class="scroll" role="region" aria-label="{escape(caption)}" tabindex="0"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body or none}</tbody></table></div>"
    )


def _cell(value: str | int) -> str:
    if isinstance(value, int):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{escape(value)}</td>"
