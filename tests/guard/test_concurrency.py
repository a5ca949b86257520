"""Many threads, tasks and streams at once: nobody sees anything of anybody else's."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from assaymark.guard import AnswerMemory, Guard, Phase, Session
from assaymark.guard.answers import Answer
from assaymark.guard.desk import Desk

from .conftest import MakeGuard, Scripted, guard_of, scripted

RULES = "{input: [{detector: pii, do: redact}], output: [{detector: pii, do: redact}]}"
CLIENTS, TURNS = 12, 5


def said(client: int, turn: int) -> str:
    """A text that only this client sends, with a value of its own."""
    return f"client {client:03} turn {turn:03}: mail c{client}.t{turn}@example.com, or call"


def expected(client: int, turn: int) -> str:
    """What becomes of it."""
    return f"client {client:03} turn {turn:03}: mail <EMAIL_ADDRESS>, or call"


def streamed(guard: Guard, text: str) -> str:
    """Return what leaves of `text`, three characters at a time."""
    stream = guard.stream(Phase.OUTPUT)
    pieces = [stream.feed(text[at : at + 3]) for at in range(0, len(text), 3)]
    return "".join([*pieces, stream.finish()])


def test_threads_never_mix() -> None:
    """Each thread gets back its own marker, redacted, from checks and from streams."""

    def run(client: int) -> bool:
        checks = [guard.check_text(said(client, n)).messages[0]["content"] for n in range(TURNS)]
        streams = [streamed(guard, said(client, n)) for n in range(2)]
        own = [expected(client, n) for n in range(TURNS)]
        return checks == own and streams == own[:2]

    with guard_of(RULES, memory=AnswerMemory(64)) as guard, ThreadPoolExecutor(CLIENTS) as pool:
        assert all(pool.map(run, range(CLIENTS)))


def test_tasks_never_mix_and_the_loop_stays_free() -> None:
    """Likewise for tasks; meanwhile the event loop goes on turning."""

    async def one(guard: Guard, client: int) -> bool:
        message = {"role": "user", "content": said(client, 0)}
        checked = await guard.acheck([message])
        stream, text = guard.stream(Phase.OUTPUT), said(client, 1)
        pieces = [await stream.afeed(text[at : at + 3]) for at in range(0, len(text), 3)]
        pieces.append(await stream.afinish())
        own = expected(client, 0), expected(client, 1)
        return (checked.messages[0]["content"], "".join(pieces)) == own

    async def many(guard: Guard) -> tuple[list[bool], int]:
        turns = 0
        working = asyncio.gather(*(one(guard, each) for each in range(CLIENTS)))
        while not working.done():
            await asyncio.sleep(0)
            turns += 1
        return await working, turns

    with guard_of(RULES) as guard:
        results, turns = asyncio.run(many(guard))

    assert all(results)
    assert turns > CLIENTS


def test_what_waits_together_is_judged_together() -> None:
    """While a detector works, requests gather; then they are one batch."""
    begun, may_go_on = threading.Event(), threading.Event()

    def judge(text: str) -> list[object]:
        if text == "first":
            begun.set()
            may_go_on.wait(20)
        return []

    detector = Scripted(judge)
    desk = Desk("scripted", detector)
    first = desk.ask(["first"])
    begun.wait(20)
    others = [desk.ask([f"{n}", f"{n}{n}"]) for n in range(5)]
    may_go_on.set()
    results = [each.result(20) for each in (first, *others)]
    desk.close()

    assert [len(each) for each in detector.asked] == [1, 10]
    assert results[0] == [Answer()]
    assert all(len(each) == 2 for each in results[1:])


def test_sessions_never_mix(make: MakeGuard, tmp_path: Path) -> None:
    """Threads of several sessions on one vault: what leads back, leads back in its own session only."""
    rules = "[{detector: pii-patterns, do: redact, with: pseudonym, entities: [EMAIL_ADDRESS]}]"
    guard = make(f"{{input: {rules}, output: {rules}}}", vault=tmp_path / "vault")

    def run(client: int) -> tuple[str, str]:
        session = Session("acme", str(client % 4))
        asked = guard.check_text(said(client, 0), session=session).messages[0]["content"]
        answer = {"role": "assistant", "content": asked}
        back = guard.check([answer], Phase.OUTPUT, session=session).messages[0]["content"]
        return asked, back

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(run, range(CLIENTS)))

    assert [back for _, back in results] == [said(each, 0) for each in range(CLIENTS)]
    assert all("example.com" not in asked for asked, _ in results)
    assert len({asked for asked, _ in results}) == CLIENTS


def test_a_memory_that_is_full_forgets_the_oldest() -> None:
    """Of many answers about as many stay as were asked for; the latest are among them."""
    memory = AnswerMemory(2_000)
    for n in range(10_000):
        memory.remember("p", "d", f"text {n}", Answer(scores={"n": float(n)}))

    latest = memory.recall("p", "d", [f"text {n}" for n in range(9_500, 10_000)])
    first = memory.recall("p", "d", [f"text {n}" for n in range(500)])

    assert 1_900 <= len(memory) <= 2_010
    assert [each and each.scores["n"] for each in latest] == list(range(9_500, 10_000))
    assert first == [None] * 500
    assert memory.hits == 500


def test_a_guard_may_be_used_by_many_policies_memory(make: MakeGuard) -> None:
    """A shared memory stays within its bound, and its answers with their policy."""
    memory = AnswerMemory(3)
    spec = scripted(lambda _: [])
    guards = [
        make(
            f"{{input: [{{detector: scripted, do: {do}}}]}}",
            extra={"scripted": spec},
            memory=memory,
        )
        for do in ("flag", "allow")
    ]

    for n in range(5):
        for guard in guards:
            guard.check_text(f"text {n}")

    assert len(memory) == 3
    assert memory.hits == 0
