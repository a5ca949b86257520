"""Who judges: the thread that asks, where that is quick and nobody waits; else others of the guard."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from assaymark.guard import Guard, Phase, Session, Verdict
from assaymark.guard.running import MOST, size_of, taken, weight

from .conftest import MakeGuard, scripted

QUICK = "[{detector: pii-patterns, do: redact}, {detector: secrets, do: redact}]"
BOTH = f"{{input: {QUICK}, output: {QUICK}}}"
MAIL = "mail to john@example.com, please"
LEFT = "mail to <EMAIL_ADDRESS>, please"


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the threads on which detectors were asked, in order; long texts never on the first."""
    from assaymark.guard.desk import Desk

    names: list[str] = []
    inner = Desk._detect

    def watched(desk: Desk, texts: Any) -> Any:
        name = threading.current_thread().name
        assert name != "MainThread" or sum(map(len, texts)) <= MOST
        names.append(name)
        return inner(desk, texts)

    monkeypatch.setattr(Desk, "_detect", watched)
    return names


async def checked(guard: Guard, text: str) -> str:
    """Return what passes of a message."""
    found = await guard.acheck([{"role": "user", "content": text}])
    return str(found.messages[0]["content"])


async def streamed(guard: Guard, text: str) -> str:
    """Return what leaves of a stream of two pieces."""
    stream = guard.stream(Phase.OUTPUT)
    left = await stream.afeed(text[:20]) + await stream.afeed(text[20:])
    return left + await stream.afinish()


async def whole(guard: Guard, text: str) -> str:
    """Return what leaves of an answer that is there as a whole."""
    return await guard.stream(Phase.OUTPUT).awhole(text)


async def document(guard: Guard, text: str) -> str:
    """Return what passes of a text in a document."""
    found: Any = await guard.acheck_json({"text": text})
    return str(found.messages[0]["text"])


WAYS = pytest.mark.parametrize("judge", [checked, streamed, whole, document])
Judge = Callable[[Guard, str], Awaitable[str]]


@WAYS
def test_short_texts_wake_no_thread(make: MakeGuard, threads: list[str], judge: Judge) -> None:
    """What quick detectors read is judged where it is asked for."""
    guard = make(BOTH)

    assert asyncio.run(judge(guard, MAIL)) == LEFT
    assert set(threads) == {"MainThread"}


@WAYS
def test_long_texts_stay_off_the_loop(make: MakeGuard, threads: list[str], judge: Judge) -> None:
    """Above so many characters others judge, with the same outcome."""
    guard = make(BOTH)
    text = "word " * (MOST // 5) + MAIL

    assert asyncio.run(judge(guard, text)) == text.replace(MAIL, LEFT)
    assert set(threads) - {"MainThread"}


@WAYS
def test_who_promises_nothing_stays_off_the_loop(
    make: MakeGuard, threads: list[str], judge: Judge
) -> None:
    """One detector that may be slow is enough."""
    some = QUICK.replace("]", ", {detector: scripted, do: redact}]")
    guard = make(f"{{input: {some}, output: {some}}}", extra={"scripted": scripted(lambda _: [])})

    assert asyncio.run(judge(guard, MAIL)) == LEFT
    assert "MainThread" not in threads


def test_patterns_of_the_policy_stay_off_the_loop(make: MakeGuard, threads: list[str]) -> None:
    """Nobody knows how long they take."""
    recognizer = "{name: Badge, supported_entity: BADGE, patterns: [{name: b, regex: 'B[0-9]+', score: 0.9}]}"
    guard = make(BOTH, detectors=f"detectors: {{pii-patterns: {{recognizers: [{recognizer}]}}}}\n")

    assert asyncio.run(checked(guard, MAIL)) == LEFT
    assert "MainThread" not in threads


def test_pieces_are_judged_at_once_where_only_the_end_is_slow(
    make: MakeGuard, threads: list[str]
) -> None:
    """Who has to see the whole text is asked at its end, elsewhere."""
    slow = scripted(lambda _: 0.1, streams=False, scores=True)
    guard = make(
        f"{{output: {QUICK.replace(']', ', {detector: scripted, do: flag}]')}}}",
        extra={"scripted": slow},
    )

    assert asyncio.run(streamed(guard, MAIL)) == LEFT
    assert threads[0] == "MainThread"
    assert "assaymark-scripted" in threads


def test_a_vault_stays_off_the_loop(make: MakeGuard, threads: list[str], tmp_path: Any) -> None:
    """It is a file, and others may be writing it."""
    rules = "[{detector: pii-patterns, do: redact, with: pseudonym, entities: [EMAIL_ADDRESS]}]"
    guard = make(f"{{input: {rules}}}", vault=tmp_path / "vault")
    message = {"role": "user", "content": MAIL}

    found = asyncio.run(guard.acheck([message], session=Session("acme", "1")))

    assert found.verdict is Verdict.REDACT
    assert "MainThread" not in threads


@WAYS
def test_nobody_waits_on_the_loop(make: MakeGuard, threads: list[str], judge: Judge) -> None:
    """While somebody else is at work with a detector, a short text goes the long way, too."""
    guard = make(BOTH)
    desks = list(guard.optics.desks.values())
    has_taken, may_go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with taken(desks[-1:]) as is_free:
            assert is_free
            has_taken.set()
            may_go_on.wait(20)

    holding = threading.Thread(target=hold)
    holding.start()
    has_taken.wait(20)

    async def run() -> str:
        judging = asyncio.ensure_future(judge(guard, MAIL))
        await asyncio.sleep(0.05)
        assert not judging.done()
        may_go_on.set()
        return await judging

    assert asyncio.run(run()) == LEFT
    assert threads[0] != "MainThread"
    holding.join()


def test_what_was_taken_is_given_back(make: MakeGuard) -> None:
    """All of it, also where one was not free, and where the work raises."""
    desks = list(make(BOTH).optics.desks.values())

    with pytest.raises(KeyError), taken(desks):
        raise KeyError
    with taken(desks[1:]), taken(desks) as are_free:
        assert not are_free
    with taken(desks) as are_free:
        assert are_free


def test_a_closed_desk_is_not_taken(make: MakeGuard) -> None:
    """What is closed judges nothing."""
    guard = make(BOTH)
    desks = list(guard.optics.desks.values())
    guard.close()

    with taken(desks) as are_free:
        assert not are_free


def test_streams_let_others_have_their_turn(make: MakeGuard) -> None:
    """However many pieces there are already, the loop turns between two of them."""
    guard = make(BOTH)

    async def run() -> int:
        stream, turns = guard.stream(Phase.OUTPUT), 0

        async def feed() -> None:
            for _ in range(30):
                await stream.afeed("word ")

        feeding = asyncio.ensure_future(feed())
        while not feeding.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert asyncio.run(run()) >= 30


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x" * MOST, True),
        ("x" * (MOST + 1), False),
        ([{"role": "user", "content": "x" * 4_000}], True),
        ([{"content": "x" * 3_000}, {"content": ["x" * 3_000]}], False),
        ({"x" * (MOST + 1): 1}, False),
        ([1] * (MOST + 1), False),
        ({str(n): None for n in range(MOST)}, False),
        ('"a",' * 100, False),
        (None, True),
        (7.5, True),
    ],
)
def test_what_is_short(value: Any, *, expected: bool) -> None:
    """Texts and keys count, and how many values there are, and strings of JSON in a text."""
    assert (size_of(value) <= MOST) is expected


def test_a_string_of_json_weighs_more_than_its_characters() -> None:
    """Each is judged for itself."""
    assert weight("ab") == 2
    assert weight('{"a": "b"}') > 100
