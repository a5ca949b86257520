"""
What a decision log says: one entry for each request, one before each stream, and what befell the policies.

An entry is canonical JSON, written in one way only, so that equal entries have equal bytes. It holds names of
entities, places, digests and numbers. Steps of a place that a user may have chosen, such as the keys of a
tool's arguments, are `*`; an id that does not look like one is replaced by its hash.

tests/guard/decisions/test_entry.py, and test_no_content.py plants values and searches every byte.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from assaymark.attest.tlog.refusal import malformed
from assaymark.attest.tlog.tiles import MAX_ENTRY
from assaymark.canonical import canonical_bytes, parse_strict
from assaymark.errors import EvidenceError
from assaymark.guard.decisions.records import (
    ActionName,
    Entry,
    GuardEvent,
    LoggedDecision,
    LoggedFinding,
    LoggedLapse,
    MoreFindings,
    ShadowDecision,
    StreamBegun,
    VerdictName,
)
from assaymark.guard.places import place_of
from assaymark.guard.serving import Decision
from assaymark.guard.verdict import UNREAD
from assaymark.model.codec import from_plain, to_plain

VERSION = "assaymark/decision-log/v1"

_MOST_PLACES = 200
"""Findings, and things unjudged, that an entry names one by one; of all others it has counts."""

_MOST_COUNTS = 64
_LONGEST_WORDS = 120  # bytes
_SHORT = 1_000  # characters
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_ID = re.compile(r"(?![0-9._-]{9,}\Z)[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""Not an address, and not a number that somebody may have."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


_Kind: TypeAlias = "tuple[str, str, str, ActionName]"
"""Side, detector, entity and action."""


_KINDS: Mapping[str, type[Entry]] = {
    "decision": LoggedDecision,
    "begun": StreamBegun,
    "shadow": ShadowDecision,
    "event": GuardEvent,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def logged(decision: Decision) -> LoggedDecision:
    """Return what is logged about a decision."""
    findings = [finding_of(each) for each in decision.findings]
    lapses = [_lapse(each) for each in decision.unjudged]
    return LoggedDecision(
        time=written_time(decision.time),
        request_id=id_of(decision.request_id),
        tenant=id_of(decision.tenant),
        api=_words(decision.api),
        route=_words(decision.route),
        phase=_words(decision.phase),
        outcome=_words(decision.outcome),
        status=decision.status,
        policy=decision.policy,
        detectors=dict(decision.detectors),
        request_digest=decision.request_digest,
        verdict=VerdictName(decision.verdict.name.lower()),
        findings=tuple(findings[:_MOST_PLACES]),
        unjudged=tuple(lapses[:_MOST_PLACES]),
        more=counted(findings[_MOST_PLACES:]),
        more_unjudged=len(lapses[_MOST_PLACES:]),
        withheld=decision.withheld,
        streamed=decision.streamed,
        latency=round(decision.latency, 6),
        overhead=round(decision.overhead, 6),
    )


def begun(decision: Decision) -> StreamBegun:
    """Return what is logged before anything of an answer leaves that is still being written."""
    whole = logged(decision)
    return StreamBegun(
        time=whole.time,
        request_id=whole.request_id,
        tenant=whole.tenant,
        api=whole.api,
        route=whole.route,
        policy=whole.policy,
        request_digest=whole.request_digest,
        verdict=whole.verdict,
    )


def counted(findings: Iterable[LoggedFinding | MoreFindings]) -> tuple[MoreFindings, ...]:
    """Return how many there are of each kind, the most frequent first; beyond a bound, of each action."""
    kinds: Counter[_Kind] = Counter()
    for each in findings:
        kind = (each.side, each.detector, each.entity, each.action)
        kinds[kind] += each.count if isinstance(each, MoreFindings) else 1
    ordered = sorted(kinds.items(), key=lambda each: (-each[1], each[0]))
    rest: Counter[_Kind] = Counter()
    for (*_, action), count in ordered[_MOST_COUNTS:]:
        rest["", "", "", action] += count
    return tuple(
        MoreFindings(side=side, detector=detector, entity=entity, action=action, count=count)
        for (side, detector, entity, action), count in [
            *ordered[:_MOST_COUNTS],
            *sorted(rest.items()),
        ]
    )


def event_of(moment: datetime, event: str, detail: Mapping[str, Any]) -> GuardEvent:
    """Return an event; half characters in names of files are spelled out, for JSON has none."""
    return GuardEvent(time=written_time(moment), event=event, detail=_spelled(dict(detail)))


def render_entry(entry: Entry) -> bytes:
    """Return the bytes that are hashed into the log: at most as many as an entry may have."""
    data = _rendered(entry)
    while (
        len(data) > MAX_ENTRY
        and isinstance(entry, LoggedDecision)
        and (entry.findings or entry.unjudged)
    ):
        kept, lapses = len(entry.findings) // 2, len(entry.unjudged) // 2
        entry = replace(
            entry,
            findings=entry.findings[:kept],
            unjudged=entry.unjudged[:lapses],
            more=counted((*entry.more, *entry.findings[kept:])),
            more_unjudged=entry.more_unjudged + len(entry.unjudged) - lapses,
        )
        data = _rendered(entry)
    if len(data) > MAX_ENTRY and isinstance(entry, GuardEvent):
        # Such as the rules of a policy with very many of them; decisions under it count as by unknown rules.
        short = {
            key: each
            for key, each in entry.detail.items()
            if isinstance(each, int | float) or (isinstance(each, str) and len(each) <= _SHORT)
        }
        data = _rendered(replace(entry, detail={**short, "isCut": True}))
    return data


def parse_entry(data: bytes) -> Entry:
    """Read an entry.

    Raises:
        LogError: It is not what `render_entry` writes, byte for byte.
    """
    try:
        body = parse_strict(data, max_bytes=MAX_ENTRY, max_depth=12)
        if not isinstance(body, dict) or body.pop("v", None) != VERSION:
            raise malformed(f"not an entry of a decision log: expected `{VERSION}`")
        kind = body.pop("kind", None)
        if not isinstance(kind, str) or kind not in _KINDS:
            raise malformed("not an entry of a decision log: unknown kind")
        entry: Entry = from_plain(_KINDS[kind], body)
    except EvidenceError as error:
        raise malformed(f"not an entry of a decision log: {error.message}") from None
    if not _TIME.fullmatch(entry.time) or _rendered(entry) != data:
        raise malformed("not an entry of a decision log: expected canonical JSON")
    return entry


def written_time(moment: datetime) -> str:
    """Return a moment as entries have it; the order of texts is that of moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def id_of(text: str) -> str:
    """Return an id as entries have it: itself, or a hash of what does not look like one."""
    if not text or _ID.fullmatch(text):
        return text
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _rendered(entry: Entry) -> bytes:
    return canonical_bytes({"v": VERSION, "kind": _NAMES[type(entry)], **to_plain(entry)})


def finding_of(plain: Mapping[str, Any]) -> LoggedFinding:
    """Return a finding as entries have it."""
    return LoggedFinding(
        side=_words(str(plain.get("side", ""))),
        field=place_of(str(plain.get("field", ""))),
        start=int(plain["start"]),
        end=int(plain["end"]),
        entity=_words(str(plain["entity"])),
        score=round(float(plain["score"]), 6),
        detector=_words(str(plain["detector"])),
        view=_words(str(plain.get("view", ""))),
        action=ActionName(str(plain["action"]).lower()),
        earlier=plain.get("earlier") is True,
    )


def _lapse(plain: Mapping[str, Any]) -> LoggedLapse:
    detector = _words(str(plain.get("detector", "")))
    return LoggedLapse(
        side=_words(str(plain.get("side", ""))),
        field=place_of(str(plain.get("field", ""))),
        detector=detector,
        # Without a detector there is no more to say, and others than ours may have said it.
        reason=_words(str(plain.get("reason", ""))) if detector else UNREAD,
        passed=bool(plain.get("passed", False)),
        earlier=plain.get("earlier") is True,
    )


def _words(text: str) -> str:
    """Return words of ours, short and without control characters."""
    short = text.encode("utf-8", "replace")[:_LONGEST_WORDS].decode("utf-8", "ignore")
    return _CONTROL.sub(" ", short)


def _spelled(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {str(_spelled(key)): _spelled(each) for key, each in value.items()}
    return [_spelled(each) for each in value] if isinstance(value, list | tuple) else value
