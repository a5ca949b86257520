"""Everything together, in this process: what is opened is closed, and what is missing is an error."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest

from assaymark.attest.tlog.refusal import LogBusyError
from assaymark.attest.tlog.verify import verify_log
from assaymark.errors import PolicyError
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.life.plan import Canary
from assaymark.guard.life.watching import Maker
from assaymark.guard.operations.at_work import operate
from assaymark.guard.operations.settings import AlertSettings, LogSettings, Operations
from assaymark.guard.serving import REQUEST
from assaymark.guard.watch.sending import Destination
from assaymark.model.measurement import Counts, share
from assaymark.model.subject import SubjectKind
from guard.conftest import installed
from guard.decisions.decided import SIGNER, decision, key, new_log
from guard.life.policies import BLOCKS, PROMPT, REDACTS, written
from guard.watch.test_metrics import read
from guard.watch.test_sending import Receiver


@pytest.fixture
def policy(tmp_path: Path) -> str:
    """A policy."""
    return written(tmp_path / "policy.yaml", REDACTS)


def at_work(settings: Operations, policy: str, **options: Any) -> Any:
    """A server's parts at work."""
    return operate(settings, policy, Maker(installed()), open_signer=lambda _: SIGNER, **options)


async def one_request(parts: Any) -> None:
    """A request from its beginning to its decision."""
    guard = parts.source.guard_for({}).guard
    checked = guard.check(PROMPT)
    await parts.sink.ready()
    await parts.sink.record(decision(verdict=checked.verdict, policy=checked.policy))


def test_without_a_log(policy: str) -> None:
    """Nothing is kept, and numbers and lines are there all the same."""
    stream = io.StringIO()
    with at_work(Operations(lines=True, spans=True), policy, lines=stream) as parts:
        asyncio.run(one_request(parts))
        numbers = {name: value for (name, _), value in read(parts.telemetry.metrics).items()}

    assert numbers["assaymark_guard_requests_total"] == 1
    assert "assaymark_guard_log_writable" not in numbers
    kinds = [json.loads(each).get("event", "decision") for each in stream.getvalue().splitlines()]
    assert kinds == ["started", "policy-held", "decision", "stopped"]
    assert parts.digest_key is None


def test_a_broken_policy_is_told_whatever_was_asked_for(policy: str) -> None:
    """Without a log, lines and alerts whoever runs the server reads why it is not in use, and where."""
    stream = io.StringIO()
    with at_work(Operations(), policy, lines=stream) as parts:
        Path(policy).write_text(Path(policy).read_text().replace("guard:", "guad:"))
        parts.policies.look()

    assert stream.getvalue() == (
        f"warning: what lies at `{policy}` is not in use, the last good version is: "
        "policy.yaml:6: unknown-key: unknown key `guad`\n"
    )


def test_a_log_is_let_go_of(scratch: Path, policy: str) -> None:
    """While it is at work nobody else writes; afterwards everything is sealed and the lock is free."""
    root = new_log(scratch / "log")
    (scratch / "digest.key").write_text("ab" * 32 + "\n")
    settings = Operations(
        log=LogSettings(
            directory=root, key="k", state=scratch / "seen", digest_key=scratch / "digest.key"
        )
    )
    with at_work(settings, policy) as parts:
        asyncio.run(one_request(parts))
        with pytest.raises(LogBusyError), DecisionLog.open(root, SIGNER):
            pass
    entries: list[bytes] = []
    verify_log(root, key(), on_entry=entries.append)

    assert len(entries) == 4
    assert (scratch / "seen" / "heads.json").is_file()
    assert parts.digest_key is not None
    assert len(parts.digest_key) == 32


def test_a_share_outlives_the_server(scratch: Path, policy: str) -> None:
    """Under one `digest_key` every server draws the same requests for a canary; without, each its own."""
    canary = written(scratch / "canary.yaml", BLOCKS, name="canary")
    (scratch / "digest.key").write_text("ab" * 32 + "\n")
    root = new_log(scratch / "log")

    def drawn(digest_key: Path | None) -> list[str]:
        settings = Operations(
            log=LogSettings(directory=root, key="k", digest_key=digest_key),
            canary=Canary(policy=canary, share=0.5),
        )
        with at_work(settings, policy) as parts:
            headers = ({REQUEST: str(n)} for n in range(64))
            return [parts.source.guard_for(each).guard.policy for each in headers]

    one, again = (drawn(scratch / "digest.key") for _ in range(2))
    other = drawn(None)

    assert len(set(one)) == 2
    assert one == again
    assert one != other


def test_what_cannot_start_leaves_nothing_open(scratch: Path, tmp_path: Path) -> None:
    """A bad policy is an error at the start, and the log can be opened by the next one."""
    root = new_log(scratch / "log")
    (tmp_path / "bad.yaml").write_text("kind: [")
    settings = Operations(log=LogSettings(directory=root, key="k"))

    with pytest.raises(PolicyError), at_work(settings, str(tmp_path / "bad.yaml")):
        pass
    with DecisionLog.open(root, SIGNER) as log:
        assert log.state.size == 0


def test_a_pinned_policy(policy: str) -> None:
    """Only a version that a report was admitted for is served, also later."""
    maker = Maker(installed(), pinned=frozenset({"0" * 64}))

    with (
        pytest.raises(PolicyError, match="no report was admitted for this version"),
        operate(Operations(), policy, maker, open_signer=lambda _: SIGNER),
    ):
        pass

    digest = Maker(installed()).policy(policy).digest
    good = Maker(installed(), pinned=frozenset({digest}))
    with operate(Operations(), policy, good, open_signer=lambda _: SIGNER) as parts:
        written(Path(policy), REDACTS, version="9.9.9")
        parts.policies.look()
        (kept,) = [each for each in parts.policies.conditions() if each.name.startswith("policy")]
        assert not kept.is_ok
        assert "no report was admitted for this version" in kept.words
        assert parts.source.guard_for({}).guard.policy == digest


def test_alerts_reach_somebody(policy: str) -> None:
    """From decisions over the window to a real receiver: drift from what was audited, and blocks."""
    receiver = Receiver()
    counts = Counts(hits=0, judged=10_000, unjudged=0)
    audited = share("secrets.row-rate", "c", (("entity", "AWS_KEY"),), counts, sampled=False)
    settings = Operations(
        alerts=AlertSettings(
            destinations=(Destination(form="webhook", url=receiver.url),),
            block_rate=0.5,
            drift_margin=0.01,
        )
    )

    async def busy(parts: Any) -> None:
        finding = {
            "side": "request",
            "start": 0,
            "end": 1,
            "entity": "AWS_KEY",
            "score": 1.0,
            "detector": "secrets",
            "action": "redact",
        }
        for number in range(200):
            await parts.sink.record(decision(number, findings=(finding,)))

    try:
        with at_work(settings, policy, audited=[(SubjectKind.DATASET, [audited])]) as parts:
            asyncio.run(busy(parts))
            parts.watchman.look()
            assert receiver.arrived.acquire(timeout=30)
            active = [each.alarm.name for each in parts.pages.alarms()]
    finally:
        receiver.close()

    assert active == ["drift"]
    ((_, _, body),) = receiver.got
    assert body["alert"] == "drift"
    assert body["labels"]["label"] == "AWS_KEY"
