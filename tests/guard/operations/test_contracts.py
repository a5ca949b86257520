"""The guard's own APIs live with the policy as the others do: shadows, canaries and tenants hold for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assaymark.guard.decisions.entry import parse_entry
from assaymark.guard.decisions.records import LoggedDecision, ShadowDecision
from guard.life.policies import BLOCKS, KEY, REDACTS, written

from .conftest import Start
from .test_served import entries_of

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
