"""A real server with its log, policies and pages: what is asked of it stands in the log, whatever happens."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx

from assaymark.attest.tlog.note import NoteKey
from assaymark.attest.tlog.verify import verify_log
from assaymark.guard.decisions.entry import parse_entry
from assaymark.guard.decisions.journal import JOURNAL, read_waiting
from assaymark.guard.decisions.records import (
    GuardEvent,
    LoggedDecision,
    ShadowDecision,
    StreamBegun,
)
from assaymark.guard.proxy.keys import new_key
from guard.life.policies import BLOCKS, FLAGS, KEY, written
from guard.proxy.upstream import Reply, Upstream, event
from guard.watch.test_metrics import text_string_to_metric_families

from .conftest import Start


def entries_of(folder: Path) -> list[bytes]:
    """All acknowledged entries, of a log that holds."""
    found: list[bytes] = []
    key = NoteKey.parse((folder / "log.vkey").read_text())
    verify_log(folder / "decisions", key, on_entry=found.append)
    found += read_waiting(folder / "decisions" / JOURNAL, len(found)).entries
    return found


def decisions_of(folder: Path) -> list[LoggedDecision]:
    """The decisions among them."""
    parsed = [parse_entry(each) for each in entries_of(folder)]
    return [each for each in parsed if isinstance(each, LoggedDecision)]


def test_killed_under_load(start: Start, folder: Path, upstream: Upstream) -> None:
    """After kill -9 the log holds, and whoever got an answer finds the decision on it; then it goes on."""
    server = start()
    answered: list[str] = []

    def client() -> None:
        with httpx.Client(base_url=server.url, timeout=10) as mine:
            body = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
            try:
                while True:
                    reply = mine.post("/v1/chat/completions", json=body)
                    answered.append(reply.headers["x-request-id"])
            except httpx.HTTPError:
                return

    clients = [threading.Thread(target=client) for _ in range(8)]
    for each in clients:
        each.start()
    while len(answered) < 40:
        time.sleep(0.01)
    server.kill()
    for each in clients:
        each.join()

    logged = [each.request_id for each in decisions_of(folder)]
    assert set(answered) <= set(logged)
    assert len(set(logged)) == len(logged)

    again = start()
    last = again.ask("once more").headers["x-request-id"]
    again.stop()
    assert [each.request_id for each in decisions_of(folder)] == [*logged, last]


def test_killed_in_the_middle_of_a_stream(start: Start, folder: Path, upstream: Upstream) -> None:
    """Whatever left for a client, there is an entry on it, also where the server ended before the answer."""
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    pieces = [
        event({**chunk, "choices": [{"index": 0, "delta": {"content": "some words "}}]})
        for _ in range(20)
    ]
    upstream.answer = lambda _: Reply(pieces, kind="text/event-stream", then="hang")
    server = start()
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hello"}]}
    with (
        httpx.Client(base_url=server.url, timeout=30) as client,
        client.stream("POST", "/v1/chat/completions", json=body) as answer,
    ):
        name = answer.headers["x-request-id"]
        pieces_of = answer.iter_text()
        left = next(pieces_of)
        server.kill()
        with suppress(httpx.HTTPError):
            left += "".join(pieces_of)

    parsed = [parse_entry(each) for each in entries_of(folder)]
    begun = [each for each in parsed if isinstance(each, StreamBegun)]
    assert "some " in left
    assert [(each.request_id, each.verdict.value, each.api) for each in begun] == [
        (name, "allow", "chat.completions")
    ]
    assert not [each for each in parsed if isinstance(each, LoggedDecision)]


def test_a_policy_that_changes(start: Start, folder: Path) -> None:
    """By itself, and on SIGHUP; a broken one is not taken, and health says so."""
    server = start()
    before = server.ask(f"Use {KEY} please.").status_code
    written(folder / "policy.yaml", BLOCKS, version="2.0.0")
    deadline = time.monotonic() + 30
    while server.ask(f"Use {KEY} please.").status_code != 400 and time.monotonic() < deadline:
        time.sleep(0.05)
    blocked = server.ask(f"Use {KEY} please.").status_code
    (folder / "policy.yaml").write_text("kind: [")
    while server.get("/readyz").json()["failing"] != ["policy"] and time.monotonic() < deadline:
        time.sleep(0.05)
    ready = server.get("/readyz")
    still = server.ask(f"Use {KEY} please.").status_code
    written(folder / "policy.yaml", FLAGS, version="3.0.0")
    os.kill(server.process.pid, signal.SIGHUP)
    while server.ask(f"Use {KEY} please.").status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    server.stop()

    assert (before, blocked, still) == (200, 400, 400)
    assert ready.json() == {"status": "degraded", "failing": ["policy"]}
    parsed = [parse_entry(each) for each in entries_of(folder)]
    names = [each.event for each in parsed if isinstance(each, GuardEvent)]
    assert names == [
        *("started", "policy-held", "policy-loaded"),
        *("policy-kept", "policy-loaded", "stopped"),
    ]
    policies = [each.policy for each in parsed if isinstance(each, LoggedDecision)]
    assert len(set(policies)) == 3


def test_tenants_shadows_and_the_switch(start: Start, folder: Path) -> None:
    """Keys choose the policy, not headers; a shadow says what it thinks; a file stops everything."""
    written(folder / "strict.yaml", BLOCKS, name="strict")
    tenants = {"lax": "lax", "strict": "strict", "all": '"*"'}
    keys = {name: new_key() for name in (*tenants, "none")}
    server = start(
        "keys:\n"
        + "".join(
            f"  - {{name: {name}, sha256: {keys[name][1]}, tenant: {tenant}}}\n"
            for name, tenant in tenants.items()
        )
        + "tenants:\n  strict: {policy: strict.yaml}\n"
        "shadows: [{policy: strict.yaml}]\n"
        "kill_switch: {file: stop, may_pass: true}\n"
    )

    def bearing(name: str) -> str:
        return f"Bearer {keys[name][0]}"

    def ask(name: str, **headers: str) -> int:
        return server.ask(f"Use {KEY} please.", authorization=bearing(name), **headers).status_code

    lax, strict = ask("lax"), ask("strict")
    forged = ask("strict", **{"assaymark-tenant": "lax"})
    allowed = ask("all", **{"assaymark-tenant": "strict"})
    stranger = ask("none")
    pages = [
        server.get("/metrics", authorization=bearing(name)).status_code
        for name in ("all", "lax", "none")
    ]
    (folder / "stop").touch()
    time.sleep(0.3)
    stopped = [ask("lax"), ask("strict")]
    told = server.ask("hello", authorization=bearing("lax"))
    models = server.get("/v1/models", authorization=bearing("lax"))
    (folder / "stop").write_text("pass")
    time.sleep(0.3)
    off = server.ask(f"Use {KEY} please.", authorization=bearing("strict"))
    server.stop()

    assert (lax, strict, forged, allowed, stranger) == (200, 400, 400, 400, 401)
    assert pages == [200, 403, 401]
    assert stopped == [503, 503]
    for each in (told, models):
        assert "whoever runs this guard has stopped it" in each.json()["error"]["message"]
        assert each.headers["retry-after"] == "30"
    assert (off.status_code, off.headers["assaymark-unjudged"]) == (200, "everything=switched off")
    parsed = [parse_entry(each) for each in entries_of(folder)]
    decided = [each for each in parsed if isinstance(each, LoggedDecision)]
    # All of them but the stranger's, whom no key admits.
    assert [(each.tenant, each.outcome, each.status) for each in decided] == [
        ("lax", "passed", 200),
        ("strict", "content_filter", 400),
        ("strict", "content_filter", 400),
        ("strict", "content_filter", 400),
        ("lax", "stopped", 503),
        ("strict", "stopped", 503),
        ("lax", "stopped", 503),
        ("lax", "stopped", 503),
        ("strict", "passed", 200),
    ]
    shadows = [each for each in parsed if isinstance(each, ShadowDecision)]
    assert [(each.tenant, each.enforced.value, each.verdict.value) for each in shadows] == [
        ("lax", "redact", "block")
    ]
    switched = [
        dict(each.detail)
        for each in parsed
        if isinstance(each, GuardEvent) and each.event == "kill-switch"
    ]
    assert switched == [{"mode": "block"}, {"mode": "pass"}]


def test_a_life(start: Start, folder: Path) -> None:
    """One decision for each request, under the id that the client was told; numbers, pages and lines fit."""
    server = start("observe: {lines: true}\n")
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: server.ask(f"Use {KEY} please."), range(12)))
    numbers = {
        sample.name: sample.value
        for family in text_string_to_metric_families(server.get("/metrics").text)
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }
    page = server.get("/live").text
    head = server.client.head("/healthz")
    lost = server.get("/nowhere").status_code
    server.client.close()
    server.process.send_signal(signal.SIGTERM)
    out, told = server.process.communicate(timeout=60)

    decisions = decisions_of(folder)
    asked = {each.headers["x-request-id"] for each in answers}
    assert len(decisions) == 12
    assert {each.request_id for each in decisions} == asked
    assert {each.verdict.value for each in decisions} == {"redact"}
    events = [parse_entry(each) for each in entries_of(folder)]
    names = [each.event for each in events if isinstance(each, GuardEvent)]
    assert names == ["started", "policy-held", "stopped"]

    assert numbers["assaymark_guard_requests_total"] == 12
    assert numbers["assaymark_guard_findings_total"] == 12
    assert numbers["assaymark_guard_log_entries_total"] == 14
    assert numbers["assaymark_guard_log_unlogged_total"] == 0
    assert "secrets/" in page
    assert (head.status_code, head.text) == (200, "")
    assert lost == 404

    lines = [json.loads(each) for each in told.splitlines() if each.startswith("{")]
    assert [each.get("event", "decision") for each in lines] == [
        *("started", "policy-held", *["decision"] * 12, "stopped"),
    ]

    everything = b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())
    for text in (everything, page.encode(), out.encode(), told.encode(), repr(numbers).encode()):
        assert KEY.encode() not in text
        assert b"please" not in text
