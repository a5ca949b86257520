"""What is recorded of a request: once, before its answer ends, and never content."""

from __future__ import annotations

import asyncio
import hmac
import json
from typing import Any

import httpx
import pytest

from assaymark.errors import InputError
from assaymark.guard.apis.contract import Api, Call, Reply
from assaymark.guard.life.source import StoppedError
from assaymark.guard.proxy.application import ProxyApplication
from assaymark.guard.proxy.contracts import Contracts
from assaymark.guard.serving import REQUEST, NullSink, OneGuard, ServedPolicy
from assaymark.guard.verdict import Verdict

from .conftest import CARD, MAIL, REDACTS, Kept, Serve, guard
from .fields import FIELDS, USER
from .in_process import InProcess, Script
from .upstream import Upstream, chat, whole

ASK: dict[str, Any] = {"model": "m", "messages": USER}


def test_a_decision_in_full(serve: Serve, upstream: Upstream, kept: Kept) -> None:
    """Places, names and digests; what users named is not told."""
    upstream.answer = lambda _: whole(chat(f"ask {MAIL}"))
    body = json.dumps({**ASK, "metadata": {"jane@example.org": MAIL}}).encode()
    with httpx.Client(base_url=serve().url) as http:
        got = http.post(
            "/v1/chat/completions", content=body, headers={"content-type": "application/json"}
        )

    (decision,) = kept.decisions
    plain = decision.to_plain()
    assert got.status_code == 200
    assert plain["request_digest"] == hmac.digest(bytes(32), body, "sha256").hex()
    assert plain["policy"] == guard().policy
    assert plain["detectors"] == dict(guard().detectors)
    assert plain["time"].endswith("+00:00")
    assert {
        key: plain[key] for key in ("api", "route", "phase", "outcome", "status", "verdict")
    } == {
        "api": "chat.completions",
        "route": "/v1/chat/completions",
        "phase": "output",
        "outcome": "passed",
        "status": 200,
        "verdict": "redact",
    }
    found = {(each["side"], each["field"], each["entity"]) for each in plain["findings"]}
    assert ("response", "/choices/0/message/content", "EMAIL_ADDRESS") in found
    assert ("request", "/metadata/*", "EMAIL_ADDRESS") in found
    assert 0 <= plain["overhead"] <= plain["latency"] < 60
    assert "@" not in json.dumps(plain)


def test_a_blocked_request_was_not_sent_on(serve: Serve, kept: Kept) -> None:
    """It says so."""
    with httpx.Client(base_url=serve().url) as http:
        http.post(
            "/v1/chat/completions",
            json={"model": "m", "messages": [{"role": "user", "content": CARD}]},
        )

    (decision,) = kept.decisions
    assert (decision.phase, decision.verdict, decision.status) == ("input", Verdict.BLOCK, 400)
    assert decision.withheld


@pytest.mark.parametrize("name", FIELDS)
def test_every_stream_is_recorded_before_its_end(name: str) -> None:
    """Nothing leaves before it is kept that it begins, and not the end before the decision; for every API."""
    field = FIELDS[name]
    text = '{"a": "b"}' if field.is_json else "some words"
    order: list[str] = []

    class Noting(NullSink):
        async def begin(self, _decision: Any) -> None:
            order.append("begun")

        async def record(self, _decision: Any) -> None:
            order.append("recorded")

    async def ask(sink: Any) -> Any:
        proxy = InProcess(guard(REDACTS), sink)
        script = Script(field.stream([text]), kind="text/event-stream")
        return await proxy.ask(field.path, {**field.request, "stream": True}, script)

    class Failing(NullSink):
        async def record(self, _decision: Any) -> None:
            raise InputError("disk full")

    class Refusing(NullSink):
        async def begin(self, _decision: Any) -> None:
            raise InputError("disk full")

    kept = asyncio.run(ask(Noting()))
    lost, refused = asyncio.run(ask(Failing())), asyncio.run(ask(Refusing()))

    assert order == ["begun", "recorded"]
    assert (refused.status, kept.status) == (503, 200)
    assert b"log_unavailable" in refused.body
    assert text.encode() not in refused.body
    assert not field.ends_blocked(kept.events)
    assert b"log_unavailable" in lost.body
    ends = (
        b'finish_reason":"stop',
        b"message_stop",
        b"response.completed",
        b'finish_reason":"tool',
    )
    assert not any(each in lost.body for each in ends)
    assert any(each in kept.body for each in ends)


def test_a_sink_that_is_not_ready_refuses_at_once(serve: Serve, upstream: Upstream) -> None:
    """Nothing is sent on that could not be recorded."""
    served = serve()

    class Full(NullSink):
        async def ready(self) -> None:
            raise InputError("disk full")

    served.app.sink = Full()
    with httpx.Client(base_url=served.url) as http:
        got = http.post("/v1/chat/completions", json=ASK)
        ready = http.get("/readyz")

    assert (got.status_code, got.json()["error"]["code"]) == (503, "log_unavailable")
    assert (ready.status_code, ready.json()) == (503, {"status": "log_unavailable"})
    assert upstream.asked == []


class Stopped:
    """Serves nobody."""

    def guard_for(self, _headers: Any) -> ServedPolicy:
        """Say so."""
        raise StoppedError


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/check"])
def test_whom_nobody_serves_is_recorded(serve: Serve, kept: Kept, path: str) -> None:
    """Each refused request is a decision: blocked, under a digest that is no policy's."""
    served = serve()
    served.app.source = Stopped()
    served.app._contracts = Contracts(lambda _: ())
    with httpx.Client(base_url=served.url) as http:
        answers = [http.post(path, json=ASK) for _ in range(3)]

    assert [each.status_code for each in answers] == [503] * 3
    assert len(kept.decisions) == 3
    decision = kept.decisions[0]
    assert (decision.verdict, decision.outcome, decision.status) == (Verdict.BLOCK, "stopped", 503)
    assert (decision.phase, decision.findings, dict(decision.detectors)) == ("input", (), {})
    assert decision.policy == StoppedError().policy
    assert decision.policy != guard().policy
    assert decision.route == (path if path != "/v1/check" else "*")


def test_whom_nobody_serves_is_refused_where_that_cannot_be_recorded(
    serve: Serve, kept: Kept
) -> None:
    """The log comes first, also here."""
    served = serve()
    served.app.source = Stopped()
    kept.error = InputError("disk full")
    with httpx.Client(base_url=served.url) as http:
        got = http.post("/v1/chat/completions", json=ASK)

    assert (got.status_code, got.json()["error"]["code"]) == (503, "log_unavailable")


def test_the_same_request_asks_for_the_same_policy(serve: Serve, upstream: Upstream) -> None:
    """What draws a canary's share is a digest of the request, and never what a client says it is."""
    upstream.answer = lambda _: whole(chat("ok"))
    served = serve()
    asked: list[str] = []

    class Noting(OneGuard):
        def guard_for(self, headers: Any) -> ServedPolicy:
            asked.append(headers[REQUEST])
            return super().guard_for(headers)

    served.app.source = Noting(guard())
    with httpx.Client(base_url=served.url) as http:
        for model in ("a", "b", "a"):
            body = {**ASK, "model": model}
            http.post("/v1/chat/completions", json=body, headers={REQUEST: "mine"})

    first, second, third = asked
    assert first == third
    assert first != second
    assert "mine" not in asked


def test_a_guards_own_apis_are_recorded(kept: Kept) -> None:
    """A mounted operation is answered under the policy that holds, and recorded like the others."""

    async def answer(call: Call) -> Reply:
        checked = guard().check_text(call.body.decode() + call.path_parameters["name"])
        return Reply(status=201, body=b"{}", headers={"x-own": "1"}, checked=(checked,))

    own = Api(method="PUT", path="/own/{name}", answer=answer)
    none: Any = None
    app = ProxyApplication([], none, OneGuard(guard()), sink=kept, contracts=lambda _: [own])

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return [
                await http.put("/own/a%20b", content=f"by {MAIL} "),
                await http.get("/own/a"),
                await http.get("/own/a/b"),
            ]

    got, wrong, lost = asyncio.run(ask())

    assert (got.status_code, got.headers["x-own"], got.headers["assaymark-request"]) == (
        201,
        "1",
        "redact",
    )
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert lost.status_code == 404
    (decision,) = kept.decisions
    assert (decision.route, decision.status, decision.verdict) == (
        "/own/{name}",
        201,
        Verdict.REDACT,
    )
