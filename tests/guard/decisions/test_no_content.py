"""No byte of what people say is in anything that operators keep or are sent."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

from assaymark.guard import Phase, Verdict
from assaymark.guard.apis.contract import Call
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.recorder import Recorder
from assaymark.guard.life.plan import Plan, Plans, Shadow
from assaymark.guard.life.shadow import ShadowRunner
from assaymark.guard.life.source import Policies
from assaymark.guard.life.watching import Maker
from assaymark.guard.watch.alarms import BlockRate, DetectorFailure, Notice, UnjudgedShare, Watchman
from assaymark.guard.watch.lines import JsonLines
from assaymark.guard.watch.messages import FORMS
from assaymark.guard.watch.pages import Pages
from assaymark.guard.watch.telemetry import Telemetry, rates_of
from guard.conftest import installed
from guard.life.policies import written

from .decided import SIGNER, decision, new_log

CARD, MAIL = "4111 1111 1111 1111", "marker.zebra@example.com"
MARKERS = (CARD, MAIL, "zebra", "quagga")
ARGUMENTS = json.dumps({MAIL: {"quagga": [CARD, 4111111111111111]}, "list": {"41111": MAIL}})
MESSAGES = [
    {"role": "user", "content": f"zebra {MAIL}"},
    {
        "role": "assistant",
        "content": f"quagga {CARD}",
        "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "f", "arguments": ARGUMENTS}}
        ],
        "quagga": {"zebra": MAIL},
    },
    {"role": "user", "content": [{"type": "text", "text": CARD}, {"type": "zebra", "zebra": MAIL}]},
]
"""Values as text, as keys and values of arguments, as names of fields, and in content that nothing reads."""


def test_nothing_of_what_was_said_is_kept(scratch: Path, tmp_path: Path) -> None:
    """Log, journal, lines, numbers, page and alerts, also where clients choose ids and names of fields."""
    section = "uninspected: allow\n  input: [{detector: pii, do: redact}]"
    section += "\n  output: [{detector: pii, do: block}]"
    location = written(tmp_path / "p.yaml", section)
    plan = Plan(policy=location, shadows=(Shadow(policy=location),))
    policies = Policies(Plans(default=plan), Maker(installed()))
    root, stream = new_log(scratch / "log"), io.StringIO()
    telemetry = Telemetry()
    told: list[Notice] = []

    async def requests(recorder: Recorder) -> None:
        for number in range(30):
            guard = policies.guard_for({}).guard
            checked = await guard.acheck(MESSAGES)
            answer = guard.stream(Phase.OUTPUT)
            for piece in ("It is ", CARD[:9], CARD[9:], " zebra."):
                answer.feed(piece)
            answer.finish()
            document = await guard.acheck_json({"quagga": {MAIL: CARD}})
            found = [*checked.findings, *answer.findings, *document.findings]
            unjudged = [*checked.unjudged, {"detector": "", "reason": f"`{MAIL}`", "passed": True}]
            await recorder.record(
                decision(
                    number,
                    request_id=f"zebra {MAIL} {number}",
                    tenant=f"{CARD}",
                    verdict=Verdict.BLOCK,
                    findings=tuple({"side": "request", **each.to_plain()} for each in found),
                    unjudged=tuple(
                        each if isinstance(each, dict) else {"side": "request", **each.to_plain()}
                        for each in unjudged
                    ),
                )
            )

    with DecisionLog.open(root, SIGNER) as log:
        recorder = Recorder(log, observers=[JsonLines(stream)])
        runner = ShadowRunner(recorder.submit)
        recorder.observe(runner)
        asyncio.run(requests(recorder))
        runner.close()
        (segment, *_) = [*(root / "journal").iterdir(), None]
        journal = b"" if segment is None else segment.read_bytes()
    policies.close()
    watchman = Watchman(
        [BlockRate(above=0.1), UnjudgedShare(above=0.1), DetectorFailure(least=1)],
        lambda: rates_of(telemetry.window),
        told.append,
    )
    entity = {"side": "request", "detector": "pii", "entity": "CREDIT_CARD", "action": "redact"}
    for number in range(30):
        lapse = {"detector": "pii", "reason": MAIL, "passed": True}
        telemetry.decided(
            decision(
                number,
                request_id=MAIL,
                tenant="acme",
                verdict=Verdict.BLOCK,
                findings=({**entity, "start": 0, "end": 1, "score": 1.0, "field": f"/{MAIL}"},),
                unjudged=(lapse,),
            ),
            number,
        )
    watchman.look()
    pages = Pages(telemetry=telemetry, alarms=lambda: watchman.active)
    kept = {
        "files": b"".join(each.read_bytes() for each in root.rglob("*") if each.is_file()),
        "journal": journal,
        "lines": stream.getvalue().encode(),
        "metrics": asyncio.run(pages.metrics(Call())).body,
        "page": asyncio.run(pages.live(Call())).body,
        "alerts": json.dumps(
            [form(each, "svc") for each in told for form in FORMS.values()]
        ).encode(),
    }

    assert len(told) == 3
    assert kept["files"].count(b'"kind":"shadow"') >= 30
    assert b"CREDIT_CARD" in kept["files"]
    for name, data in kept.items():
        for marker in MARKERS:
            assert marker.encode() not in data, (name, marker)
        assert b"4111" not in data.replace(b"sha256:", b""), name
