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
from assaymark.guard.proxy.application import ProxyApplication
from assaymark.guard.serving import NullSink, OneGuard
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
    """The last event does not leave before the decision is kept; once, for every API."""
    field = FIELDS[name]
    text = '{"a": "b"}' if field.is_json else "some words"
    order: list[str] = []

    class Noting(NullSink):
        async def record(self, _decision: Any) -> None:
            order.append("recorded")

    async def ask(sink: Any) -> Any:
        proxy = InProcess(guard(REDACTS), sink)
        script = Script(field.stream([text]), kind="text/event-stream")
        return await proxy.ask(field.path, {**field.request, "stream": True}, script)

    class Failing(NullSink):
        async def record(self, _decision: Any) -> None:
            raise InputError("disk full")

    kept = asyncio.run(ask(Noting()))
    lost = asyncio.run(ask(Failing()))

    assert order == ["recorded"]
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
