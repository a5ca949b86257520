"""
What is recorded of one request.

tests/guard/proxy/test_decisions.py
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from assaymark.errors import AssaymarkError
from assaymark.guard.asgi.account import Account
from assaymark.guard.asgi.headers import told
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.dialect import Dialect
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.serving import Decision, DecisionSink
from assaymark.guard.verdict import Verdict
from assaymark.model.subject import Sha256

_STREAMS = 200
"""Status of an answer that streams."""


class Unserved:
    """Who judges where nobody is served: refused, under the digest of what says so.

    Args:
        policy: The digest.
    """

    def __init__(self, policy: Sha256) -> None:
        self.policy = policy
        self.detectors: dict[str, Sha256] = {}
        self.guard = self
        self.request, self.response = Account(), Account()
        self.request.verdict = Verdict.BLOCK


class Record:
    """One request, as far as it has come.

    Args:
        came: When.
        request_id: Its name.
        tenant: Whose it is.
        dialect: The API.
        judge: Who judges.
        digest: Of its bytes, keyed.
    """

    def __init__(
        self,
        *,
        came: datetime,
        request_id: str,
        tenant: str,
        dialect: Dialect,
        judge: Judge | Unserved,
        digest: str,
    ) -> None:
        self._came, self._request_id, self._tenant = came, request_id, tenant
        self._dialect, self._judge, self._digest = dialect, judge, digest
        self._began = time.monotonic()
        self._upstream = 0.0
        self._sent_at = 0.0
        self.outcome = "passed"
        self.streamed = self.is_sent_on = self.is_kept = self.is_off = False

    def sent_on(self) -> None:
        """Note that the request goes to an upstream now."""
        self.is_sent_on, self._sent_at = True, time.monotonic()

    def answer_began(self) -> None:
        """Note that the upstream's answer has begun."""
        self._upstream += time.monotonic() - self._sent_at

    def waited(self, seconds: float) -> None:
        """Note for how long pieces of the answer were waited for."""
        self._upstream += seconds

    def decision(self, status: int) -> Decision:
        """Return what is recorded."""
        request, response = self._judge.request, self._judge.response
        findings, unjudged = self._said({"request": request, "response": response})
        latency = time.monotonic() - self._began
        return Decision(
            time=self._came,
            request_id=self._request_id,
            tenant=self._tenant,
            api=self._dialect.name,
            route=self._dialect.path,
            phase="output" if self.is_sent_on else "input",
            outcome=self.outcome,
            status=status,
            policy=self._judge.guard.policy,
            detectors=dict(self._judge.guard.detectors),
            request_digest=self._digest,
            verdict=max(request.verdict, response.verdict),
            findings=findings,
            unjudged=unjudged,
            withheld=response.verdict is Verdict.BLOCK or self.outcome != "passed",
            streamed=self.streamed,
            latency=latency,
            overhead=max(latency - self._upstream, 0.0),
        )

    async def begin(self, sink: DecisionSink) -> None:
        """Record that an answer begins to leave.

        Raises:
            RefusedError: It cannot be.
        """
        try:
            await sink.begin(self.decision(_STREAMS))
        except AssaymarkError as error:
            raise unlogged(error) from None

    async def keep(self, sink: DecisionSink, status: int) -> None:
        """Record the decision.

        Args:
            sink: Where.
            status: Of the answer.

        Raises:
            RefusedError: It cannot be.
        """
        self.is_kept = True
        try:
            await sink.record(self.decision(status))
        except AssaymarkError as error:
            raise unlogged(error) from None

    def told(self) -> dict[str, str]:
        """Return our own headers, which tell a client what was decided."""
        request, response = self._judge.request, self._judge.response
        lapses = [f"request={each}" for each in request.lapses]
        lapses += [f"response={each}" for each in response.lapses]
        if self.is_off:
            lapses = ["everything=switched off"]
        answer = "streamed" if self.streamed else self._verdict(response)
        said = {
            "policy": self._judge.guard.policy,
            "request": self._verdict(request),
            "response": answer if self.is_sent_on else "",
            "unjudged": ", ".join(lapses),
        }
        return {name.decode(): value.decode("latin-1") for name, value in told(said)}

    def _verdict(self, account: Account) -> str:
        """Return the verdict on one side; nothing where it was not judged and did not pass."""
        is_there = account.is_judged or account.verdict is not Verdict.ALLOW
        return account.verdict.name.lower() if is_there or self.outcome == "passed" else ""

    def _said(self, sides: Mapping[str, Account]) -> Iterator[tuple[dict[str, Any], ...]]:
        """Yield what was found, then what was unjudged, with the sides that they are of."""
        plain = {side: each.to_plain(self._dialect.names) for side, each in sides.items()}
        for what in ("findings", "unjudged"):
            yield tuple(
                {"side": side, **{k: v for k, v in each.items() if k != "message"}}
                for side, said in plain.items()
                for each in said.get(what, ())
            )


def unlogged(error: AssaymarkError) -> RefusedError:
    """Return the refusal where a decision cannot be recorded; the cause is for the log."""
    return RefusedError(
        503, "log_unavailable", "the decision could not be recorded", cause=error.message
    )
