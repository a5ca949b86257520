"""Which guard holds for a request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assaymark.errors import UsageError
from assaymark.guard import Verdict
from assaymark.guard.life.plan import Canary, Plan, Plans, Shadow
from assaymark.guard.life.source import NoPolicyError, Policies, StoppedError
from assaymark.guard.life.switch import KillSwitch, Mode
from assaymark.guard.serving import REQUEST, SESSION, TENANT, ServedPolicy
from assaymark.guard.watch.metrics import Metrics
from assaymark.model.intervals import clopper_pearson
from guard.watch.test_metrics import read

from .policies import BLOCKS, FLAGS, PROMPT, REDACTS, Notes, maker, written

Make = Callable[..., Policies]


@pytest.fixture
def notes() -> Notes:
    """What was told."""
    return Notes()


@pytest.fixture
def make(tmp_path: Path, notes: Notes) -> Iterator[Make]:
    """Make policies that are closed after the test."""
    made: list[Policies] = []

    def make(plans: Plans, **options: Any) -> Policies:
        made.append(Policies(plans, maker(), note=notes, key=bytes(32), every=0.01, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def redacts(tmp_path: Path) -> str:
    """A policy."""
    return written(tmp_path / "redacts.yaml", REDACTS, name="redacts")


@pytest.fixture
def blocks(tmp_path: Path) -> str:
    """Another one."""
    return written(tmp_path / "blocks.yaml", BLOCKS, name="blocks")


def verdict(served: ServedPolicy) -> Verdict:
    """What becomes of a prompt that holds a key."""
    return served.guard.check(PROMPT).verdict


def test_each_tenant_has_a_policy(make: Make, redacts: str, blocks: str) -> None:
    """Those who are named have theirs, others the one for everybody."""
    policies = make(Plans(default=Plan(policy=redacts), tenants={"strict": Plan(policy=blocks)}))

    found = [policies.guard_for(each) for each in ({}, {TENANT: "other"}, {TENANT: "strict"})]

    assert [verdict(each) for each in found] == [Verdict.REDACT, Verdict.REDACT, Verdict.BLOCK]
    assert [each.tenant for each in found] == ["", "other", "strict"]


def test_without_a_policy_for_everybody_others_are_refused(make: Make, blocks: str) -> None:
    """A tenant that nobody planned for is not served by chance."""
    policies = make(Plans(default=None, tenants={"strict": Plan(policy=blocks)}))

    for headers in ({}, {TENANT: "other"}, {TENANT: "Strict"}):
        with pytest.raises(NoPolicyError) as raised:
            policies.guard_for(headers)
        assert raised.value.message == "no policy holds for this tenant"
    assert verdict(policies.guard_for({TENANT: "strict"})) is Verdict.BLOCK


def test_plans_for_nobody() -> None:
    """A server without any policy does not start."""
    with pytest.raises(UsageError, match="no policy is named"):
        Plans(default=None)


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5, float("nan")])
def test_shares_that_are_none(share: float) -> None:
    """Nothing, less, more than all, and no number."""
    with pytest.raises(UsageError, match="expected a share above 0 and at most 1"):
        Canary(policy="p", share=share)
    with pytest.raises(UsageError, match="expected a share above 0 and at most 1"):
        Shadow(policy="p", share=share)


def test_a_canary_gets_its_share(make: Make, redacts: str, blocks: str) -> None:
    """Some conversations get the new policy, each one the same in every turn; both are counted."""
    plan = Plan(policy=redacts, canary=Canary(policy=blocks, share=0.25))
    policies = make(Plans(default=plan))

    def side(name: str) -> Verdict:
        return verdict(policies.guard_for({SESSION: name}))

    first = [side(str(n)) for n in range(80)]
    again = [side(str(n)) for n in range(80)]
    metrics = Metrics()
    policies.add_metrics(metrics)

    assert first == again
    count = first.count(Verdict.BLOCK)
    assert 5 <= count <= 40
    assert first.count(Verdict.REDACT) == 80 - count
    served = {
        dict(labels)["role"]: number
        for (name, labels), number in read(metrics).items()
        if name == "assaymark_guard_served_total"
    }
    assert served == {"canary": 2 * count, "stable": 2 * (80 - count)}


def test_requests_without_a_conversation_are_drawn_by_what_they_are(
    make: Make, redacts: str, blocks: str
) -> None:
    """The same request gets the same policy every time, and about the share of all requests the new one."""
    plan = Plan(policy=redacts, canary=Canary(policy=blocks, share=0.5))
    policies = make(Plans(default=plan))

    def policy(number: int, **more: str) -> str:
        request = hashlib.sha256(str(number).encode()).hexdigest()
        return policies.guard_for({REQUEST: request, **more}).guard.policy

    first, again = ([policy(n) for n in range(400)] for _ in range(2))
    other = [policy(n, **{TENANT: "other"}) for n in range(400)]
    talking = {policy(n, **{SESSION: "one"}) for n in range(64)}

    assert first == again
    (_, stable), (_, canary) = sorted(
        (each.current.policy.name == "blocks", each.current.policy.digest)
        for each in policies._watched.values()
    )
    count = first.count(canary)
    assert count + first.count(stable) == 400
    interval = clopper_pearson(count, 400, level=0.9999)
    assert interval.low <= 0.5 <= interval.high
    assert other != first
    assert len(talking) == 1


def test_a_request_is_no_conversation(make: Make, redacts: str, blocks: str) -> None:
    """A client cannot name a conversation that is drawn like a request."""
    plan = Plan(policy=redacts, canary=Canary(policy=blocks, share=0.5))
    policies = make(Plans(default=plan))

    pairs = [
        (
            policies.guard_for({SESSION: str(n)}).guard.policy,
            policies.guard_for({REQUEST: str(n)}).guard.policy,
        )
        for n in range(64)
    ]

    assert 0 < sum(one == other for one, other in pairs) < 64


def test_the_switch_stops_everything(
    make: Make, redacts: str, tmp_path: Path, notes: Notes
) -> None:
    """No request is served, whoever asks; both ends of it are told."""
    switch = KillSwitch(tmp_path / "stop", clock=iter(range(1000)).__next__)  # type: ignore[arg-type]
    policies = make(Plans(default=Plan(policy=redacts)), switch=switch)
    policies.guard_for({})
    (tmp_path / "stop").touch()

    with pytest.raises(StoppedError) as raised:
        policies.guard_for({TENANT: "any"})
    stopped = [each for each in policies.conditions() if each.name == "kill-switch"]
    (tmp_path / "stop").unlink()
    served = policies.guard_for({})

    assert raised.value.message == "the kill switch is on"
    assert [(each.is_ok, each.is_needed, each.words) for each in stopped] == [
        (False, True, "on: block")
    ]
    assert verdict(served) is Verdict.REDACT
    assert notes.told == [("kill-switch", {"mode": "block"}), ("kill-switch", {"mode": "off"})]


def test_the_switch_lets_everything_pass(make: Make, redacts: str, notes: Notes) -> None:
    """Nothing is judged, also images, and what is logged shows that no policy was applied."""
    switch = KillSwitch(allows_pass=True)
    policies = make(Plans(default=Plan(policy=redacts)), switch=switch)
    switch.turn(Mode.PASS)
    image = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}

    guard = policies.guard_for({}).guard
    checked = guard.check([*PROMPT, image])
    stream = guard.stream()
    left = stream.feed("It is AKIA") + stream.finish()

    assert checked.verdict is Verdict.ALLOW
    assert checked.findings == ()
    assert checked.detectors == {}
    assert left == "It is AKIA"
    assert checked.policy != policies._default.policy.current.policy.digest  # type: ignore[union-attr]
    assert notes.told == [("kill-switch", {"mode": "pass"})]


def test_files_are_looked_at(make: Make, redacts: str, notes: Notes) -> None:
    """Once started, a change is in force by itself; which policies held at the start is told, with rules."""
    import threading

    policies = make(Plans(default=Plan(policy=redacts)))
    policies.start()
    written(Path(redacts), FLAGS, name="redacts")
    waited = threading.Event()
    for _ in range(1000):
        if verdict(policies.guard_for({})) is Verdict.FLAG:
            break
        waited.wait(0.01)

    assert verdict(policies.guard_for({})) is Verdict.FLAG
    assert notes.names == ["policy-held", "policy-loaded"]
    (_, held), (_, loaded) = notes.told
    assert held["guard"]["output"] == [{"detector": "secrets", "do": "redact"}]
    assert (held["role"], held["location"]) == ("enforced", redacts)
    assert loaded["guard"]["output"] == [{"detector": "secrets", "do": "flag"}]
    json.dumps(notes.told)


def test_how_things_are(make: Make, redacts: str, blocks: str) -> None:
    """A policy that is not what lies in its file is said, in health and in numbers; requests are served."""
    plan = Plan(policy=redacts, shadows=(Shadow(policy=blocks),))
    policies = make(Plans(default=plan))
    metrics = Metrics()
    policies.add_metrics(metrics)
    good = {each.name: each.is_ok for each in policies.conditions()}
    Path(redacts).write_text("kind: [")
    policies.look()

    found = {each.name: each for each in policies.conditions()}
    numbers = read(metrics)

    assert set(good.values()) == {True}
    kept = found[f"policy {redacts}"]
    assert not kept.is_ok
    assert not kept.is_needed
    assert "the last good one; what lies there is not in use: redacts.yaml:1: yaml" in kept.words
    assert found[f"shadow {blocks}"].is_ok
    current = {
        dict(labels)["role"]: number
        for (name, labels), number in numbers.items()
        if name == "assaymark_guard_policy_current"
    }
    assert current == {"enforced": 0, "shadow": 1}
    assert not policies.reload()
    written(Path(redacts), REDACTS)
    assert policies.reload()


def test_one_policy_for_several_is_loaded_once(make: Make, redacts: str) -> None:
    """Tenants that share a policy share its guard."""
    plan = Plan(policy=redacts)
    policies = make(Plans(default=plan, tenants={"a": plan, "b": plan}))

    guards = [policies.guard_for({TENANT: each}).guard for each in ("a", "b", "c")]

    assert len({each.shared for each in guards}) == 1
