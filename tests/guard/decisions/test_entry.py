"""What an entry says, and that it says it in one way only."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.attest.tlog.refusal import LogError
from assaymark.attest.tlog.tiles import MAX_ENTRY
from assaymark.guard import Verdict
from assaymark.guard.decisions.entry import (
    begun,
    event_of,
    id_of,
    logged,
    parse_entry,
    render_entry,
    written_time,
)
from assaymark.guard.decisions.records import (
    ActionName,
    GuardEvent,
    LoggedDecision,
    MoreFindings,
    ShadowDecision,
    StreamBegun,
    VerdictName,
)
from assaymark.guard.places import place_of

from .decided import NOW, POLICY, decision, finding

LAPSE = {
    "side": "request",
    "field": "/messages/0/content/1",
    "detector": "",
    "reason": "`alice` is no text",
    "passed": True,
}


def test_an_entry_as_it_stands_in_the_log() -> None:
    """Canonical JSON, with every field of the decision but the content that it never had."""
    entry = render_entry(logged(decision(unjudged=(LAPSE,))))

    assert entry.decode() == (
        '{"api":"chat.completions","detectors":{"pii":"' + "b" * 64 + '"},'
        '"findings":[{"action":"redact","detector":"pii","earlier":false,"end":30,"entity":"CREDIT_CARD",'
        '"field":"/messages/0/content","score":1,"side":"request","start":11,"view":""}],'
        '"kind":"decision","latency":0.25,"more":[],"moreUnjudged":0,"outcome":"passed",'
        '"overhead":0.002,"phase":"output","policy":"' + "a" * 64 + '",'
        '"requestDigest":"' + "c" * 64 + '","requestId":"req-0","route":"/v1/chat/completions",'
        '"status":200,"streamed":false,"tenant":"acme","time":"2026-06-01T12:00:00.250000Z",'
        '"unjudged":[{"detector":"","earlier":false,"field":"/messages/0/content/1","passed":true,'
        '"reason":"nothing reads it","side":"request"}],'
        '"v":"assaymark/decision-log/v1","verdict":"redact","withheld":false}'
    )


def test_the_beginning_of_a_stream_as_it_stands_in_the_log() -> None:
    """Who, when, under which policy, and what was said of the request; the rest is in the decision."""
    assert render_entry(begun(decision())).decode() == (
        '{"api":"chat.completions","kind":"begun","policy":"' + "a" * 64 + '",'
        '"requestDigest":"' + "c" * 64 + '","requestId":"req-0","route":"/v1/chat/completions",'
        '"tenant":"acme","time":"2026-06-01T12:00:00.250000Z",'
        '"v":"assaymark/decision-log/v1","verdict":"redact"}'
    )


@pytest.mark.parametrize(
    "entry",
    [
        logged(decision(unjudged=(LAPSE,))),
        begun(decision()),
        ShadowDecision(
            time=written_time(NOW),
            request_id="req-1",
            tenant="",
            policy=POLICY,
            detectors={},
            enforced=VerdictName.ALLOW,
            verdict=VerdictName.BLOCK,
            is_whole=False,
            findings=(),
            unjudged=2,
        ),
        GuardEvent(time=written_time(NOW), event="policy-loaded", detail={"name": "bot", "n": 1}),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_is_written_is_read(
    entry: LoggedDecision | StreamBegun | ShadowDecision | GuardEvent,
) -> None:
    """Every kind of entry comes back as it was."""
    assert parse_entry(render_entry(entry)) == entry


def test_verdicts_and_actions_are_those_of_the_guard() -> None:
    """No verdict of the guard is missing in the log."""
    for each in Verdict:
        assert logged(decision(verdict=each)).verdict == each.name.lower()
    for action in ("allow", "flag", "redact", "block"):
        (found,) = logged(decision(findings=(finding(action=action),))).findings
        assert found.action == action


@given(st.integers(0, 3000), st.integers(0, 3000), st.text(max_size=300))
def test_every_decision_fits(findings: int, lapses: int, name: str) -> None:
    """However much was found under whatever names: what is not named one by one is counted."""
    found = tuple(finding(entity=f"{n % 200}{name}") for n in range(findings))
    unjudged = tuple(LAPSE | {"reason": name} for _ in range(lapses))

    data = render_entry(logged(decision(findings=found, unjudged=unjudged)))
    entry = parse_entry(data)

    assert len(data) <= MAX_ENTRY
    assert isinstance(entry, LoggedDecision)
    assert len(entry.findings) + sum(each.count for each in entry.more) == findings
    assert len(entry.unjudged) + entry.more_unjudged == lapses


def test_what_has_no_room_is_counted_by_kind() -> None:
    """The first two hundred places are named; of the others it says how many of which kind there were."""
    found = [finding(start=n, end=n + 1) for n in range(300)]

    entry = logged(decision(findings=tuple(found)))

    assert len(entry.findings) == 200
    assert entry.more == (
        MoreFindings(
            side="request",
            detector="pii",
            entity="CREDIT_CARD",
            action=ActionName.REDACT,
            count=100,
        ),
    )


def test_an_event_fits() -> None:
    """Rules of a policy that are too many are left out, and that is said."""
    rules = [{"detector": "pii", "do": "block", "entities": [f"E{n}"]} for n in range(5000)]
    detail = {"digest": POLICY, "unlogged": 3, "guard": {"input": rules}, "long": "x" * 2000}

    entry = parse_entry(render_entry(event_of(NOW, "policy-loaded", detail)))

    assert isinstance(entry, GuardEvent)
    assert entry.detail == {"digest": POLICY, "unlogged": 3, "isCut": True}


def test_names_that_are_no_text() -> None:
    """A file may be called anything; JSON has no half characters."""
    detail = {"location": "p\udcff.yaml", "more": [{"\udcff": ("\udcfe", 1)}]}

    entry = parse_entry(render_entry(event_of(NOW, "policy-held", detail)))

    assert isinstance(entry, GuardEvent)
    assert entry.detail == {
        "location": "p\\udcff.yaml",
        "more": [{"\\udcff": ["\\udcfe", 1]}],
    }


def test_times_have_one_spelling() -> None:
    """Whatever zone a clock has, the order of the texts is that of the moments."""
    east = timezone(timedelta(hours=5, minutes=30))
    later = datetime(2026, 6, 1, 17, 30, 0, 250_001, tzinfo=east)

    assert written_time(later) == "2026-06-01T12:00:00.250001Z"
    assert written_time(NOW) < written_time(later)
    assert written_time(datetime(2026, 6, 1, tzinfo=UTC)) == "2026-06-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/messages/2/content/0/text", "/messages/2/content/0/text"),
        (
            "/choices/0/message/tool_calls/0/function/arguments#/alice@example.com/1",
            "/choices/0/message/tool_calls/0/function/arguments#/*/1",
        ),
        ("/messages/0/content#/text", "/messages/0/content#/*"),
        ("/bob/content", "/*/content"),
        ("/input/12345", "/input/*"),
        ("", ""),
        ("/input" + "/1" * 20, "/input" + "/1" * 10 + "/…"),
    ],
)
def test_places_without_the_words_of_users(pointer: str, expected: str) -> None:
    """Names that an API gives and numbers stay; whatever else a step says could be a value."""
    assert place_of(pointer) == expected


@pytest.mark.parametrize(
    ("given_id", "expected"),
    [
        ("", ""),
        ("req-1_a.b", "req-1_a.b"),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("12345678", "12345678"),
        ("my card", None),
        ("4111111111111111", None),
        ("212-555-0187", None),
        ("a@example.com", None),
        ("x" * 129, None),
        ("\ud800", None),
    ],
)
def test_ids_look_like_ids(given_id: str, expected: str | None) -> None:
    """What a client sends as an id and is none is known by its hash."""
    found = id_of(given_id)

    if expected is not None:
        assert found == expected
    else:
        assert found.startswith("sha256:")
        assert len(found) == 39


def _changed(**changes: object) -> bytes:
    body = json.loads(render_entry(logged(decision())))
    return json.dumps(body | changes, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "not an entry of a decision log: not JSON at line 1 column 2"),
        (b"[]", "not an entry of a decision log: expected `assaymark/decision-log/v1`"),
        (_changed(v="v2"), "not an entry of a decision log: expected `assaymark/decision-log/v1`"),
        (_changed(kind="note"), "not an entry of a decision log: unknown kind"),
        (_changed(kind=1), "not an entry of a decision log: unknown kind"),
        (_changed(text="hello"), "not an entry of a decision log: $: unknown key `text`"),
        (_changed(status="200"), "not an entry of a decision log: $.status: expected an integer"),
        (_changed(time="today"), "not an entry of a decision log: expected canonical JSON"),
        (_changed(score=1.0), "not an entry of a decision log: $: unknown key `score`"),
        (
            render_entry(logged(decision())).replace(b",", b", ", 1),
            "not an entry of a decision log: expected canonical JSON",
        ),
    ],
)
def test_what_is_no_entry(data: bytes, message: str) -> None:
    """Anything but what is written is refused, and what it says is not quoted."""
    with pytest.raises(LogError) as raised:
        parse_entry(data)

    assert raised.value.message.startswith(message)
