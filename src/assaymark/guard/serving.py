"""
Where a server asks which policy holds for a request, and where it tells what was decided.

* A `GuardSource` answers for every request anew, so that policies may change while others are served.
* A `DecisionSink` takes exactly one `Decision` for each request, before the end of its answer leaves, and is
  told before anything leaves of an answer that is still being written. A sink that raises keeps the answer
  back: what was not recorded was not decided.
* A decision holds places, names and digests, never content.

tests/guard/proxy/test_decisions.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from assaymark.errors import PolicyError
from assaymark.guard.verdict import Verdict
from assaymark.model.subject import Sha256

if TYPE_CHECKING:
    from assaymark.guard.guard import Guard

TENANT = "assaymark-tenant"
"""Header whose value a `GuardSource` may believe: a server sets it from the caller's key."""

SESSION = "assaymark-session"
"""Header in which a client names its conversation."""

REQUEST = "assaymark-request"
"""What tells requests apart that name no conversation; a server sets it, from the request itself."""


class NotServedError(PolicyError):
    """No request of this client is served now, whatever it says; that is a decision, too.

    Args:
        message: Why.
        hint: The next step of an operator.
        outcome: Why, in one word, for the log.
        policy: Digest of what was applied, which is no policy's.
    """

    def __init__(
        self, message: str, *, outcome: str, policy: Sha256, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.outcome, self.policy = outcome, policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about one request and its answer."""

    time: datetime
    """When the request came; UTC."""

    request_id: str
    tenant: str
    """Empty where nobody said one."""

    api: str
    """Such as `chat.completions`."""

    route: str
    """The pattern, not the path that was asked for."""

    phase: str
    """How far it came: `input` where the request was not sent on, `output` where it was."""

    outcome: str
    """`passed`, `client_left`, or the code of the error that was answered."""

    status: int
    """Of HTTP; of a stream the one that it began with."""

    policy: Sha256
    """Digest of the policy that was applied."""

    detectors: Mapping[str, Sha256]
    """Id of each detector to its digest."""

    request_digest: str
    """HMAC-SHA-256 of the request's bytes under a key of the server; empty where it has none."""

    verdict: Verdict
    """The stronger one of request and answer."""

    findings: tuple[Mapping[str, Any], ...] = ()
    """Each with `side` (`request` or `response`), `field`, `start`, `end`, `entity`, `score`, `detector`,
    `view` and `action`."""

    unjudged: tuple[Mapping[str, Any], ...] = ()
    """Each with `side`, `field`, `detector`, `reason` and `passed`."""

    withheld: bool = False
    """Whether something of the answer was not sent."""

    streamed: bool = False
    """Whether the answer was sent while it was written."""

    latency: float = 0.0
    """Seconds from the request to this decision, the upstream's among them."""

    overhead: float = 0.0
    """Seconds of these that were not the upstream's."""

    def to_plain(self) -> dict[str, Any]:
        """Return the form for logs."""
        return {
            "time": self.time.astimezone(UTC).isoformat(timespec="microseconds"),
            "request_id": self.request_id,
            "tenant": self.tenant,
            "api": self.api,
            "route": self.route,
            "phase": self.phase,
            "outcome": self.outcome,
            "status": self.status,
            "policy": self.policy,
            "detectors": dict(self.detectors),
            "request_digest": self.request_digest,
            "verdict": self.verdict.name.lower(),
            "findings": [dict(each) for each in self.findings],
            "unjudged": [dict(each) for each in self.unjudged],
            "withheld": self.withheld,
            "streamed": self.streamed,
            "latency": round(self.latency, 6),
            "overhead": round(self.overhead, 6),
        }


class DecisionSink(Protocol):
    """Takes decisions."""

    async def ready(self) -> None:
        """Return if decisions can be taken; asked before anything is sent on.

        Raises:
            AssaymarkError: They cannot; the request is refused.
        """
        ...

    async def begin(self, decision: Decision) -> None:
        """Return when it is kept that an answer begins to leave, on which a decision will follow.

        Args:
            decision: What is known by now.

        Raises:
            AssaymarkError: It is not; nothing of the answer leaves.
        """
        ...

    async def record(self, decision: Decision) -> None:
        """Return when `decision` is kept.

        Raises:
            AssaymarkError: It is not; the rest of the answer is kept back.
        """
        ...


class NullSink:
    """Keeps nothing."""

    async def ready(self) -> None:
        """Return at once."""

    async def begin(self, decision: Decision) -> None:
        """Return at once."""

    async def record(self, decision: Decision) -> None:
        """Return at once."""


@dataclass(frozen=True, slots=True)
class ServedPolicy:
    """The policy that holds for one request."""

    guard: Guard
    """Used until the request is over, also where another one took its place meanwhile."""

    tenant: str = ""

    is_off: bool = False
    """Whether whoever runs the server lets everything pass: nothing is judged then."""


class GuardSource(Protocol):
    """Knows which policy holds for whom."""

    def guard_for(self, headers: Mapping[str, str]) -> ServedPolicy:
        """Return the policy for a request.

        Args:
            headers: Names in lower case. `assaymark-tenant` and `assaymark-request` are the server's words,
                not the client's.

        Raises:
            NotServedError: Nobody, or not this client, is served; the request is refused, and that recorded.
            AssaymarkError: None holds; the request is refused.
        """
        ...


class OneGuard:
    """The same guard for everybody.

    Args:
        guard: Closed by whoever made it.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def guard_for(self, headers: Mapping[str, str]) -> ServedPolicy:
        """Return the guard, with the tenant that the server named."""
        return ServedPolicy(self._guard, headers.get(TENANT, ""))
