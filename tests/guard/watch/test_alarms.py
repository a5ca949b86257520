"""Alarms: raised beyond doubt, told once, repeated while they last, and taken back."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from assaymark.guard.decisions.recorder import Tally
from assaymark.guard.decisions.state import LogState
from assaymark.guard.watch.alarms import (
    Alarm,
    BlockRate,
    DetectorFailure,
    LogTrouble,
    Notice,
    PolicyKept,
    Rule,
    Severity,
    UnjudgedShare,
    Watchman,
)
from assaymark.guard.watch.health import Condition
from assaymark.guard.watch.telemetry import Rates
from guard.decisions.decided import NOW


def rates(**changes: Any) -> Rates:
    """The last minutes of a quiet server."""
    values: dict[str, Any] = {
        "requests": 1000,
        "answered": 1000,
        "blocked": 0,
        "redacted": 0,
        "flagged": 0,
        "unjudged": 0,
        "failed": Counter(),
        "found": Counter(),
    }
    return Rates(**values | changes)


@pytest.mark.parametrize(
    ("blocked", "requests", "is_raised"),
    [
        pytest.param(0, 0, False, id="nobody came"),
        pytest.param(19, 19, False, id="too few to say"),
        pytest.param(3, 20, False, id="within chance of 10 %"),
        pytest.param(11, 20, True, id="beyond chance"),
        pytest.param(110, 1000, False, id="just above, and within chance"),
        pytest.param(200, 1000, True, id="far above"),
    ],
)
def test_a_share_beyond_doubt(blocked: int, requests: int, *, is_raised: bool) -> None:
    """It is not the share that counts but its lower limit."""
    rule = BlockRate(above=0.1)

    found = list(rule.alarms(rates(blocked=blocked, requests=requests)))

    assert bool(found) is is_raised


def test_what_alarms_say() -> None:
    """Names and numbers."""
    busy = rates(blocked=300, unjudged=50, failed=Counter({"pii": 2, "harm": 48}))
    rules: list[Rule] = [BlockRate(above=0.1), UnjudgedShare(above=0.01), DetectorFailure()]

    found = [each for rule in rules for each in rule.alarms(busy)]

    assert [(each.name, each.severity, each.summary, each.labels) for each in found] == [
        (
            "block-rate",
            Severity.WARNING,
            "300 of 1000 requests were blocked, more than 10.0%",
            (),
        ),
        (
            "unjudged-share",
            Severity.CRITICAL,
            "of 50 of 1000 requests something could not be judged, more than 1.0%",
            (),
        ),
        (
            "detector-failure",
            Severity.CRITICAL,
            "`harm` could not judge 48 of 1000 requests",
            (("detector", "harm"),),
        ),
    ]


def test_trouble_with_the_log() -> None:
    """Full, unsealed and incomplete are three alarms."""
    state = LogState(size=9, sealed=4, waiting=0, fault="full", seal_fault="stuck")
    rule = LogTrouble(state=lambda: state, total=lambda: Tally(unlogged=2))
    calm = LogTrouble(
        state=lambda: LogState(size=9, sealed=9, waiting=0, fault=None, seal_fault=None),
        total=Tally,
    )

    assert [(each.name, each.value) for each in rule.alarms(rates())] == [
        ("decision-log-full", 1.0),
        ("decision-log-unsealed", 5.0),
        ("decisions-unlogged", 2.0),
    ]
    assert list(calm.alarms(rates())) == []


class Scene:
    """A watchman whose clocks and numbers the test moves."""

    def __init__(self, *rules: Rule) -> None:
        self.rates, self.seconds = rates(), 0.0
        self.told: list[tuple[str, str, bool]] = []
        self.watchman = Watchman(
            rules,
            lambda: self.rates,
            self._tell,
            repeat=60.0,
            now=lambda: NOW + timedelta(seconds=self.seconds),
            clock=lambda: self.seconds,
        )

    def _tell(self, notice: Notice) -> None:
        since = (notice.since - NOW).total_seconds()
        self.told.append((notice.alarm.name, f"since {since:g}", notice.until is not None))

    def look(self, seconds: float, **changes: Any) -> list[tuple[str, str, bool]]:
        """What is told after so many seconds, given these numbers."""
        self.seconds, self.rates, self.told = seconds, rates(**changes), []
        self.watchman.look()
        return self.told


def test_policies_that_are_not_in_use() -> None:
    """One alarm for each whose last good version is kept, with the reason, and none for other parts."""
    found = [
        Condition(name="policy a b.yaml", is_ok=False, is_needed=False, words="not in use: b"),
        Condition(name="shadow a b.yaml", is_ok=False, is_needed=False, words="not in use: c"),
        Condition(name="policy c.yaml", is_ok=True),
        Condition(name="kill-switch", is_ok=False, words="on: block"),
    ]

    alarms = list(PolicyKept(conditions=lambda: found).alarms(rates()))

    assert [(each.name, each.labels, each.severity, each.summary) for each in alarms] == [
        ("policy-kept", (("policy", "a b.yaml"),), Severity.WARNING, "not in use: b"),
        ("policy-kept", (("shadow", "a b.yaml"),), Severity.WARNING, "not in use: c"),
    ]


def test_the_life_of_an_alarm() -> None:
    """Told when it begins, every minute while it lasts, and when two looks were quiet."""
    scene = Scene(BlockRate(above=0.1))

    assert scene.look(0) == []
    assert scene.look(10, blocked=500) == [("block-rate", "since 10", False)]
    assert scene.look(20, blocked=600) == []
    assert scene.look(30) == []
    assert scene.look(40, blocked=600) == []
    assert scene.look(70, blocked=600) == [("block-rate", "since 10", False)]
    assert [each.alarm.value for each in scene.watchman.active] == [0.6]
    assert scene.look(80) == []
    assert scene.look(90) == [("block-rate", "since 10", True)]
    assert scene.look(100) == []
    assert scene.look(110, blocked=500) == [("block-rate", "since 110", False)]


def test_alarms_are_apart_by_their_labels() -> None:
    """Two detectors that fail are two alarms, and end apart."""
    scene = Scene(DetectorFailure())

    both = scene.look(0, failed=Counter({"pii": 5, "harm": 5}))
    scene.look(10, failed=Counter({"pii": 5}))
    ended = scene.look(20, failed=Counter({"pii": 5}))

    assert len(both) == 2
    assert ended == [("detector-failure", "since 0", True)]
    assert [each.alarm.labels for each in scene.watchman.active] == [(("detector", "pii"),)]


def test_a_watchman_looks_by_itself() -> None:
    """Started, it looks again and again until it is stopped."""
    import threading

    looked = threading.Semaphore(0)

    def counting() -> Rates:
        looked.release()
        return rates()

    watchman = Watchman([], counting, lambda _: None, every=0.001)
    watchman.start()
    for _ in range(3):
        assert looked.acquire(timeout=30)
    watchman.stop()

    assert watchman.active == ()


def test_alarms_are_known_by_name_and_labels() -> None:
    """The same trouble with other numbers is the same alarm."""
    assert Alarm(name="a", value=1.0, summary="x") == Alarm(name="a", value=2.0)
    assert Alarm(name="a", labels=(("b", "c"),)) != Alarm(name="a")
