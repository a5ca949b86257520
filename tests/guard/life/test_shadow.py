"""Shadows: what they would have decided is logged and compared, and nothing else happens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assaymark.attest.tlog.verify import verify_log
from assaymark.guard import Verdict
from assaymark.guard.decisions.entry import parse_entry
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.recorder import Recorder
from assaymark.guard.decisions.records import Entry, LoggedDecision, ShadowDecision, VerdictName
from assaymark.guard.life.collecting import Collected, Messages
from assaymark.guard.life.plan import Plan, Plans, Shadow
from assaymark.guard.life.shadow import CURRENT, ShadowRunner, ShadowSaid, change
from assaymark.guard.life.source import Policies
from assaymark.guard.serving import ServedPolicy
from assaymark.policy.guarding import Phase
from guard.decisions.decided import SIGNER, decision, key, new_log

from .policies import BLOCKS, FLAGS, KEY, PROMPT, REDACTS, maker, written


class Scene:
    """A server with shadows, and what they said."""

    def __init__(self, folder: Path, enforced: str, *shadows: str) -> None:
        locations = [
            written(folder / f"s{n}.yaml", each, name=f"s{n}") for n, each in enumerate(shadows)
        ]
        plan = Plan(
            policy=written(folder / "policy.yaml", enforced),
            shadows=tuple(Shadow(policy=each) for each in locations),
        )
        self.policies = Policies(Plans(default=plan), maker(), key=bytes(32))
        self.said: list[Entry] = []
        self.runner = ShadowRunner(self.said.append)

    def request(self) -> ServedPolicy:
        """A request begins."""
        return self.policies.guard_for({})

    def end(self, verdict: Verdict) -> list[ShadowDecision]:
        """The request is decided, and the shadows have said what they think."""
        self.runner.decided(decision(verdict=verdict), 0)
        self.runner.close()
        return [each for each in self.said if isinstance(each, ShadowDecision)]

    def compared(self) -> dict[tuple[str, ...], float]:
        """Comparisons and how often each was made."""
        return self.runner.compared._values

    def close(self) -> None:
        """End the server."""
        self.runner.close()
        self.policies.close()


@pytest.fixture
def scenes(tmp_path: Path) -> Iterator[Any]:
    """Make scenes that end with the test."""
    made: list[Scene] = []

    def make(*sections: str) -> Scene:
        made.append(Scene(tmp_path, *sections))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_what_a_shadow_would_have_decided(scenes: Any) -> None:
    """The request passes as the policy says; each shadow's verdict and counts are logged beside it."""
    scene = scenes(REDACTS, BLOCKS, FLAGS, REDACTS)
    served = scene.request()

    checked = served.guard.check(PROMPT)
    said = scene.end(checked.verdict)

    assert checked.verdict is Verdict.REDACT
    assert [(each.enforced, each.verdict, each.is_whole) for each in said] == [
        (VerdictName.REDACT, VerdictName.BLOCK, True),
        (VerdictName.REDACT, VerdictName.FLAG, True),
        (VerdictName.REDACT, VerdictName.REDACT, True),
    ]
    (found,) = said[0].findings
    assert (found.side, found.detector, found.count, found.action) == (
        "request",
        "secrets",
        1,
        "block",
    )
    assert {each.request_id for each in said} == {"req-0"}
    assert scene.compared() == {
        ("s0", "stricter"): 1,
        ("s1", "laxer"): 1,
        ("s2", "same"): 1,
    }


def test_answers_in_pieces(scenes: Any) -> None:
    """A stream is judged by the shadow as it came, whatever the policy made of it."""
    scene = scenes(FLAGS, BLOCKS)
    stream = scene.request().guard.stream(Phase.OUTPUT)
    left = "".join([stream.feed(f"It is {KEY[:9]}"), stream.feed(KEY[9:] + " ."), stream.finish()])

    (said,) = scene.end(stream.verdict)

    assert left == f"It is {KEY} ."
    assert (said.verdict, said.is_whole) == (VerdictName.BLOCK, True)
    assert [each.side for each in said.findings] == ["response"]


def test_an_answer_that_does_not_end(scenes: Any) -> None:
    """Where a client left, the shadow's verdict is the least that it would have been, and says so."""
    scene = scenes(REDACTS, REDACTS)
    stream = scene.request().guard.stream(Phase.OUTPUT)
    stream.feed("nothing special ")

    (said,) = scene.end(Verdict.ALLOW)

    assert (said.verdict, said.is_whole) == (VerdictName.ALLOW, False)
    assert scene.compared() == {("s0", "unknown"): 1}


def test_documents_and_arguments(scenes: Any) -> None:
    """JSON is judged as JSON, and arguments of tools under their own phase."""
    scene = scenes(FLAGS, BLOCKS)
    guard = scene.request().guard
    guard.check_json({"x": {"a": KEY}, "b": KEY}, "x.a")
    stream = guard.stream(Phase.TOOL_CALLS, is_json=True)
    stream.feed('{"k": "' + KEY + '"}')
    stream.finish()

    (said,) = scene.end(Verdict.FLAG)

    assert said.verdict is VerdictName.BLOCK
    assert sorted((each.side, each.count) for each in said.findings) == [
        ("request", 1),
        ("response", 1),
    ]


@pytest.mark.parametrize(
    ("enforced", "verdict", "is_whole", "expected"),
    [
        (Verdict.ALLOW, Verdict.BLOCK, False, "stricter"),
        (Verdict.BLOCK, Verdict.ALLOW, False, "laxer"),
        (Verdict.BLOCK, Verdict.BLOCK, True, "same"),
        (Verdict.REDACT, Verdict.FLAG, True, "laxer"),
        (Verdict.REDACT, Verdict.FLAG, False, "unknown"),
        (Verdict.ALLOW, Verdict.ALLOW, True, "same"),
    ],
)
def test_how_verdicts_compare(
    enforced: Verdict, verdict: Verdict, expected: str, *, is_whole: bool
) -> None:
    """What was not seen could only make it stricter; a block that would not have been is laxer anyway."""
    said = ShadowSaid(verdict, (), (), is_whole)

    assert change(enforced, said) == expected


def test_without_shadows_nothing_is_kept(scenes: Any) -> None:
    """A request that no shadow looks at costs nothing."""
    scene = scenes(REDACTS)
    guard = scene.request().guard

    assert guard.collected is None
    assert scene.end(Verdict.ALLOW) == []


def test_a_request_is_shown_once(scenes: Any) -> None:
    """Decisions of other things in the same task are not compared with it."""
    scene = scenes(REDACTS, BLOCKS)
    scene.request().guard.check(PROMPT)
    scene.runner.decided(decision(), 0)

    assert len(scene.end(Verdict.REDACT)) == 1


def test_shadows_that_do_not_keep_up(scenes: Any) -> None:
    """Requests beyond the bound are left out and counted; nobody waits."""
    scene = scenes(REDACTS, BLOCKS)
    free = threading.Event()
    scene.runner._threads.submit(free.wait, 30)
    for _ in range(70):
        scene.request().guard.check(PROMPT)
        scene.runner.decided(decision(), 0)
    free.set()
    scene.runner.close()

    assert scene.compared() == {("s0", "left-out"): 6, ("s0", "stricter"): 64}


def test_a_shadow_that_fails(scenes: Any) -> None:
    """What it cannot judge at all is counted, and nobody else notices."""
    scene = scenes(REDACTS, REDACTS, BLOCKS)
    scene.request().guard.check([{"role": "user", "content": "x"}])
    watched = CURRENT.get()
    assert watched is not None
    watched.collected.parts[0] = Messages(["no message"], Phase.INPUT)  # type: ignore[list-item]

    said = scene.end(Verdict.ALLOW)

    assert said == []
    assert scene.compared() == {("s0", "failed"): 1, ("s1", "failed"): 1}


def test_what_is_kept_is_bounded() -> None:
    """A stream without an end does not fill the memory; the shadow says that it did not see all."""
    collected = Collected()
    room = [collected.has_room_for("x" * 1_000_000) for _ in range(6)]

    assert room == [True] * 4 + [False] * 2
    assert not collected.is_complete


def test_beside_real_requests(scratch: Path, tmp_path: Path) -> None:
    """Through the recorder: one decision and one shadow for each of many requests at a time, never mixed."""
    root = new_log(scratch / "log")
    scene = Scene(tmp_path, REDACTS, BLOCKS)

    async def request(recorder: Recorder, number: int) -> None:
        served = scene.policies.guard_for({})
        text = KEY if number % 2 else "nothing"
        await asyncio.sleep(0)
        checked = await served.guard.acheck([{"role": "user", "content": f"{text} {number}"}])
        await asyncio.create_task(recorder.record(decision(number, verdict=checked.verdict)))

    async def all_requests(recorder: Recorder) -> None:
        await asyncio.gather(*(request(recorder, each) for each in range(40)))

    with DecisionLog.open(root, SIGNER) as log:
        recorder = Recorder(log)
        scene.runner = ShadowRunner(recorder.submit)
        recorder = Recorder(log, observers=[scene.runner])
        asyncio.run(all_requests(recorder))
        scene.runner.close()
    scene.close()
    entries: list[bytes] = []
    verify_log(root, key(), on_entry=entries.append)

    parsed = [parse_entry(each) for each in entries]
    decisions = {each.request_id: each for each in parsed if isinstance(each, LoggedDecision)}
    shadows = {each.request_id: each for each in parsed if isinstance(each, ShadowDecision)}
    assert len(parsed) == 80
    assert decisions.keys() == shadows.keys()
    for name, shadow in shadows.items():
        odd = int(name.removeprefix("req-")) % 2
        assert shadow.enforced == decisions[name].verdict == ("redact" if odd else "allow")
        assert shadow.verdict == ("block" if odd else "allow")
    assert KEY.encode() not in b"".join(entries)
