"""The guard's own APIs live with the policy as the others do: shadows, canaries and tenants hold for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assaymark.guard.decisions.entry import parse_entry
from assaymark.guard.decisions.records import LoggedDecision, ShadowDecision
from assaymark.guard.proxy.keys import new_key
from attest.tlog.conftest import scratch
from cli.conftest import run
from guard.life.policies import BLOCKS, KEY, REDACTS, written

from .conftest import Start, folder, start, upstream
from .test_served import entries_of

__all__ = ["folder", "run", "scratch", "start", "upstream"]

TEXT = f"Use {KEY} please."
CALLS: dict[str, dict[str, Any]] = {
    "/v1/check": {"text": TEXT},
    "/analyze/prompt": {"prompt": TEXT},
    "/guards/output/validate": {"llmOutput": TEXT},
    "/beta/litellm_basic_guardrail_api": {"input_type": "response", "texts": [TEXT]},
}


def test_shadows_see_what_the_contracts_judge(start: Start, folder: Path) -> None:
    """Once each, whatever the API asks the guard on the way; what judges nothing leaves nothing."""
    written(folder / "strict.yaml", BLOCKS, name="strict")
    server = start("contracts: true\nshadows: [{policy: strict.yaml}]\n")

    answers = [server.client.post(path, json=body) for path, body in CALLS.items()]
    analyzed = server.client.post("/analyze", json={"text": TEXT, "language": "en"})
    listed = server.get("/supportedentities")
    server.stop()

    assert [each.status_code for each in (*answers, analyzed, listed)] == [200] * 6
    parsed = [parse_entry(each) for each in entries_of(folder)]
    shadows = [each for each in parsed if isinstance(each, ShadowDecision)]
    assert [each.request_id for each in shadows] == [
        each.headers["x-request-id"] for each in answers
    ]
    assert {(each.enforced.value, each.verdict.value) for each in shadows} == {("redact", "block")}
    assert {sum(each.count for each in one.findings) for one in shadows} == {1}
    decisions = [each for each in parsed if isinstance(each, LoggedDecision)]
    assert len(decisions) == 6


PSEUDONYMS = """\
input: [{detector: pii-patterns, do: redact, with: pseudonym}]
  output: [{detector: pii-patterns, do: flag}]"""
NUMBER = "212-555-0187"


@pytest.mark.parametrize("name", ["one", ""])
def test_no_tenant_gets_what_anothers_pseudonym_stands_for(
    name: str, start: Start, folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though both call their conversation alike; and one without a name is none."""
    monkeypatch.chdir(folder)
    run("vault", "key", "-o", "redaction.key")
    written(folder / "policy.yaml", PSEUDONYMS)
    keys = {tenant: new_key() for tenant in ("acme", "other")}
    server = start(
        "contracts: true\npseudonyms: {key: redaction.key, vault: vault.sqlite}\nkeys:\n"
        + "".join(
            f"  - {{name: {tenant}, sha256: {digest}, tenant: {tenant}}}\n"
            for tenant, (_, digest) in keys.items()
        )
    )

    def check(tenant: str, text: str, phase: str) -> Any:
        body = {"text": text, "phase": phase, "session": name}
        shown = {"authorization": f"Bearer {keys[tenant][0]}"}
        return server.client.post("/v1/check", json=body, headers=shown)

    issued = check("acme", f"Call {NUMBER}.", "input")
    if not name:
        assert issued.status_code == 400
        return
    said = issued.json()["text"]
    back = {tenant: check(tenant, said, "output") for tenant in keys}

    assert NUMBER not in said
    assert NUMBER in back["acme"].text
    assert NUMBER not in back["other"].text


def test_callers_are_told_that_nothing_is_judged(start: Start, folder: Path) -> None:
    """While the kill switch lets everything pass, as clients of models are."""
    (folder / "stop").write_text("pass")
    server = start("contracts: true\nkill_switch: {file: stop, may_pass: true}\n")

    answers = [server.client.post(path, json=body) for path, body in CALLS.items()]
    server.stop()

    assert [each.status_code for each in answers] == [200] * len(CALLS)
    assert {each.headers["assaymark-unjudged"] for each in answers} == {"everything=switched off"}


@pytest.mark.parametrize("path", CALLS)
def test_a_canary_holds_for_the_contracts(path: str, tmp_path: Path) -> None:
    """A share of the calls is judged by the other policy, which the answer names."""
    import asyncio

    import httpx

    from assaymark.guard.apis import apis
    from assaymark.guard.life.plan import Canary, Plan, Plans
    from assaymark.guard.life.source import Policies
    from assaymark.guard.proxy.application import ProxyApplication
    from guard.life.policies import maker

    stable = written(tmp_path / "stable.yaml", REDACTS)
    canary = Canary(policy=written(tmp_path / "next.yaml", BLOCKS, name="next"), share=0.5)
    source = Policies(Plans(default=Plan(policy=stable, canary=canary)), maker(), key=bytes(32))
    upstreams: Any = None

    async def ask() -> set[tuple[str, str]]:
        app = ProxyApplication([], upstreams, source, contracts=apis)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            got = [
                await http.post(path, json=CALLS[path], headers={"assaymark-session": str(n)})
                for n in range(16)
            ]
        return {(e.headers["assaymark-policy"], e.headers["assaymark-request"]) for e in got}

    found = asyncio.run(ask())
    digests = {
        name: source._watched[str(tmp_path / file), False].current.policy.digest
        for name, file in (("redact", "stable.yaml"), ("block", "next.yaml"))
    }
    source.close()

    assert found == {(digest, verdict) for verdict, digest in digests.items()}
