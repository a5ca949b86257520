"""
What operators fetch: `/metrics`, `/healthz`, `/readyz`, and the live page, as operations for any server.

`/healthz` says that the process answers, and nothing else, or a full disk would have it restarted.
`/readyz` is 503 while something that requests need is not there; why, the live page says. Whoever may fetch
`/metrics` and `/live` is for the server to say; what they tell are names and numbers, never content.

tests/guard/watch/test_pages.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assaymark.canonical import canonical_bytes
from assaymark.guard.apis.contract import Api, Call, Reply
from assaymark.guard.watch.alarms import Notice
from assaymark.guard.watch.health import Condition, Conditions
from assaymark.guard.watch.live_page import EVERY, SECURITY_POLICY, live_page
from assaymark.guard.watch.metrics import CONTENT_TYPE
from assaymark.guard.watch.telemetry import Telemetry, rates_of

_FRESH = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The operations, and what they show."""

    telemetry: Telemetry
    conditions: Sequence[Conditions] = ()
    alarms: Callable[[], Sequence[Notice]] = tuple

    def probes(self) -> tuple[Api, ...]:
        """Return what may be open to everybody on the host: `/healthz` and `/readyz`."""
        return (
            Api(method="GET", path="/healthz", answer=self.healthz),
            Api(method="GET", path="/readyz", answer=self.readyz),
        )

    def reports(self) -> tuple[Api, ...]:
        """Return what is for operators: `/metrics` and `/live`."""
        return (
            Api(method="GET", path="/metrics", answer=self.metrics),
            Api(method="GET", path="/live", answer=self.live),
        )

    async def healthz(self, call: Call) -> Reply:  # noqa: ARG002 - of every operation
        """Answer that the process answers."""
        return _json(200, {"status": "ok"})

    async def readyz(self, call: Call) -> Reply:  # noqa: ARG002 - likewise
        """Answer whether requests can be served, and which kinds of parts are not as they should be."""
        found = self._conditions()
        is_ready = all(each.is_ok or not each.is_needed for each in found)
        failing = sorted({each.name.split(" ")[0] for each in found if not each.is_ok})
        status = "not ready" if not is_ready else "degraded" if failing else "ready"
        body = {"status": status, "failing": failing}
        return _json(200 if is_ready else 503, body)

    async def metrics(self, call: Call) -> Reply:  # noqa: ARG002 - likewise
        """Answer with all families."""
        headers = {"content-type": CONTENT_TYPE, **_FRESH}
        return Reply(status=200, headers=headers, body=self.telemetry.metrics.render())

    async def live(self, call: Call) -> Reply:
        """Answer with the live page; `?every=5` has the browser fetch it again."""
        asked = call.query.get("every", "")
        every = int(asked) if asked in map(str, EVERY) else None
        page = live_page(
            rates=rates_of(self.telemetry.window),
            seconds=self.telemetry.window.seconds,
            last=tuple(self.telemetry.last),
            events=tuple(self.telemetry.events),
            alarms=self.alarms(),
            conditions=self._conditions(),
            every=every,
        )
        headers = {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": SECURITY_POLICY,
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            **_FRESH,
        }
        return Reply(status=200, headers=headers, body=page.encode())

    def _conditions(self) -> list[Condition]:
        return [each for conditions in self.conditions for each in conditions()]


def _json(status: int, body: object) -> Reply:
    headers = {"content-type": "application/json", **_FRESH}
    return Reply(status=status, headers=headers, body=canonical_bytes(body))
