"""What a decision log holds: entries, and the journal in front of them."""

from __future__ import annotations

import functools
from pathlib import Path

from assaymark.attest.tlog.refusal import LogError
from assaymark.guard.decisions.entry import begun, logged, parse_entry, render_entry, written_time
from assaymark.guard.decisions.journal import Journal, read_waiting
from assaymark.guard.decisions.records import (
    ActionName,
    GuardEvent,
    MoreFindings,
    ShadowDecision,
    VerdictName,
)
from assaymark.guard.decisions.search import Search, Summary, Wanted
from assaymark.guard.life.redecide import Known
from assaymark.guard.life.replay import Replay
from assaymark.policy.guarding import guard_rules
from fuzz import workplace
from fuzz.target import Target
from guard.decisions.decided import NOW, POLICY, decision, finding

_SECTION = {"input": [{"detector": "pii", "do": "block"}], "output": []}


@functools.cache
def _entries() -> tuple[bytes, ...]:
    when = written_time(NOW)
    count = MoreFindings(
        side="request", detector="pii", entity="US_SSN", action=ActionName.BLOCK, count=3
    )
    shadow = ShadowDecision(
        time=when,
        request_id="r",
        tenant="t",
        policy=POLICY,
        detectors={},
        enforced=VerdictName.ALLOW,
        verdict=VerdictName.BLOCK,
        is_whole=True,
        findings=(count,),
        unjudged=0,
    )
    lapse = {"side": "request", "detector": "pii", "reason": "late", "passed": False}
    many = tuple(finding(start=n) for n in range(201))
    detail = {"digest": POLICY, "guard": _SECTION, "unlogged": 1}
    return (
        render_entry(logged(decision(unjudged=(lapse,)))),
        render_entry(logged(decision(findings=many))),
        render_entry(begun(decision())),
        render_entry(shadow),
        *(
            render_entry(GuardEvent(time=when, event=name, detail=detail))
            for name in ("policy-loaded", "decisions-unlogged")
        ),
    )


def _entry(data: bytes) -> None:
    """Read an entry, and let everybody have it who reads logs."""
    parse_entry(data)
    known = Known(rules=guard_rules(_SECTION), detectors={})
    for each in (Search(Wanted(entities=frozenset({"US_SSN"}))), Summary(), Replay(known)):
        each.take(data)


@functools.cache
def _segments() -> tuple[bytes, ...]:
    found = []
    for entries in ([b"one", b"two"], [b"one", b"two" * 100, b"three"]):
        folder = workplace.new_folder() / "journal"
        Journal(folder, 5).append(entries)
        (path,) = folder.iterdir()
        found.append(path.read_bytes())
    return tuple(found)


@functools.cache
def _folder() -> Path:
    folder = workplace.new_folder() / "journal"
    Journal(folder, 7).append([b"after"])
    return folder


def _journal(data: bytes) -> None:
    """Read a journal whose first of two segments holds the data."""
    path = _folder() / f"{5:019}"
    path.write_bytes(data)
    waiting = read_waiting(_folder(), 5)
    assert waiting.entries[-1] == b"after"


DECISIONS = (
    Target(
        name="decisions.entry",
        run=_entry,
        seeds=_entries,
        refuses=(LogError,),
        reads=(
            "guard.decisions.entry:parse_entry",
            "guard.decisions.search:take",
            "guard.life.replay:take",
        ),
        words=(b'"kind":"event"', b'"guard":{', b'"verdict":"block"', b'"more":['),
    ),
    Target(
        name="decisions.journal",
        run=_journal,
        seeds=_segments,
        refuses=(LogError,),
        reads=("guard.decisions.journal:read_waiting", "guard.decisions.journal:_records"),
    ),
)
