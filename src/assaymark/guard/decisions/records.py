"""
What entries of a decision log are made of. Names, places, digests and numbers; never content.

tests/guard/decisions/test_entry.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from assaymark.model.subject import Sha256


class VerdictName(StrEnum):
    """`assaymark.guard.Verdict`, as it is written."""

    ALLOW = "allow"
    FLAG = "flag"
    REDACT = "redact"
    BLOCK = "block"


class ActionName(StrEnum):
    """`assaymark.guard.Action`, as it is written."""

    ALLOW = "allow"
    FLAG = "flag"
    REDACT = "redact"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedFinding:
    """Something that was found."""

    side: str
    """`request` or `response`."""

    field: str
    """Where, with `*` for what a user may have named."""

    start: int
    end: int
    entity: str
    score: float
    detector: str
    view: str
    action: ActionName
    earlier: bool
    """Whether it stands in an earlier turn, where what is blocked is withheld and the rest goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedLapse:
    """Something that could not be judged."""

    side: str
    field: str
    detector: str
    reason: str
    passed: bool
    earlier: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreFindings:
    """Findings that an entry has no room for one by one."""

    side: str
    detector: str
    entity: str
    action: ActionName
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedDecision:
    """One request."""

    time: str
    """When it came, by the clock of the server; RFC 3339 with microseconds."""

    request_id: str
    tenant: str
    api: str
    route: str
    phase: str
    outcome: str
    status: int
    policy: Sha256
    detectors: Mapping[str, Sha256]
    request_digest: str
    verdict: VerdictName
    findings: tuple[LoggedFinding, ...]
    unjudged: tuple[LoggedLapse, ...]
    more: tuple[MoreFindings, ...]
    more_unjudged: int
    withheld: bool
    streamed: bool
    latency: float
    overhead: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamBegun:
    """An answer begins to leave while it is written; its decision follows, unless the server ends first."""

    time: str
    """When the request came."""

    request_id: str
    tenant: str
    api: str
    route: str
    policy: Sha256
    request_digest: str
    verdict: VerdictName
    """On the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowDecision:
    """What a policy that does not act would have made of a request."""

    time: str
    request_id: str
    tenant: str
    policy: Sha256
    detectors: Mapping[str, Sha256]

    enforced: VerdictName
    """What the policy said that does act."""

    verdict: VerdictName

    is_whole: bool
    """Whether it saw all of request and answer; else the verdict is the least that it would have been."""

    findings: tuple[MoreFindings, ...]
    """Counts."""

    unjudged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardEvent:
    """Something that happened to the server: a policy was loaded, decisions went unlogged."""

    time: str
    event: str
    """Such as `policy-loaded`."""

    detail: Mapping[str, Any]
    """Names, digests, numbers and rules of a policy."""


Entry: TypeAlias = LoggedDecision | StreamBegun | ShadowDecision | GuardEvent
