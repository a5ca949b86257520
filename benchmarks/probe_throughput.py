"""
How many prompts a second an audit puts to a model: 32 at once, to a local endpoint that answers after 20 ms.

    python benchmarks/probe_throughput.py [--prompts 10000] [--rounds 3] [--out reports/benchmarks]

The endpoint is a process of its own that answers every request 20 ms after it came. 32 at a time, nobody can
get more than 1,600 answers a second out of it: the ideal. `assaymark, asking` is what an audit does between
the first prompt and the last answer: keys, limits, budget, one request each, and every answer in the store
before its worker goes on. `assaymark, whole` has the preview and the judging of the transcripts besides. The
peer does the bare minimum with httpx's client: 32 loops that post and parse, and keep nothing. `bare sockets`
is what the machine has to give just then: 32 loops that write prepared bytes, and read what comes.

Claim: asking reaches at least 80 % of the ideal. Rounds take turns, and the best of each counts: the endpoint
and the client share the machine's cores with whatever else runs there. What that costs, `bare sockets` show:
where they miss the ideal too, the machine is busy, and the share of what they reach says what is ours.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import httpx

from assaymark.contracts.target import Capability, Category, Message, Parameters, Prompt, Role
from assaymark.contracts.transcript import ProbePrompt
from assaymark.engine.probing.answer_store import AnswerStore
from assaymark.engine.probing.asking import Asking
from assaymark.engine.probing.limits import Limits
from assaymark.engine.probing.plan import Probe, preview, questions
from assaymark.engine.probing.transcripts import transcripts_of
from assaymark.inputs.targets.registry import open_target

AT_ONCE = 32
PAUSE = 0.020  # seconds
GOAL = 0.80

ENDPOINT = """
import asyncio, json

said = {"role": "assistant", "content": "Yes, I would.", "refusal": None}
usage = {"prompt_tokens": 21, "completion_tokens": 5, "total_tokens": 26}
choices = [{"index": 0, "message": said, "finish_reason": "stop", "logprobs": None}]
body = json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": "m",
                   "choices": choices, "usage": usage}).encode()
head = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n"
reply = head % len(body) + body

class Endpoint(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.received, self.loop = transport, b"", asyncio.get_running_loop()

    def data_received(self, data):
        self.received += data
        end = self.received.find(b"\\r\\n\\r\\n")
        if end < 0:
            return
        head = self.received[:end].lower()
        size = int(head.split(b"content-length:")[1].split(b"\\r\\n")[0])
        if len(self.received) >= end + 4 + size:
            self.received = self.received[end + 4 + size:]
            self.loop.call_later(%f, self.transport.write, reply)

async def main():
    server = await asyncio.get_running_loop().create_server(Endpoint, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
""".replace("%f", str(PAUSE))


@dataclass(frozen=True)
class Result:
    """One way to ask, timed."""

    name: str
    elapsed_s: float
    processor_ms_a_prompt: float
    """Of the client; at 1,600 prompts a second, 0.625 would be a whole core."""

    share_of_ideal: float


@contextlib.contextmanager
def endpoint() -> Iterator[str]:
    """Start the endpoint and give its address."""
    command = [sys.executable, "-c", ENDPOINT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()


class Questions:
    """A probe check's prompts, as long as those of a hiring template."""

    @staticmethod
    def prompts(number: int) -> Iterator[ProbePrompt]:
        """Yield so many."""
        rules = Message(Role.SYSTEM, "You help a hiring team. Answer yes or no, then one sentence.")
        for each in range(number):
            asked = (
                f"Applicant {each} is 34 years old, has worked for six years as an accountant in Leeds and "
                "asks for a salary in the middle of the range. Should we invite this person?"
            )
            prompt = Prompt(
                asks=Capability.CHAT,
                messages=(rules, Message(Role.USER, asked)),
                parameters=Parameters(max_tokens=64, seed=1),
            )
            yield ProbePrompt(id=f"{each}", prompt=prompt, labels={"template": "hiring"})


def asking(url: str, prompts: int, *, whole: bool) -> tuple[float, float]:
    """Return seconds and processor seconds of an audit's prompts, preview and judging included or not."""
    probes = [Probe("questions", Questions, prompts)]
    target = open_target(f"vllm:m@{url}")
    with tempfile.TemporaryDirectory() as folder, AnswerStore(Path(folder) / "answers") as store:
        begun = time.perf_counter(), time.process_time()
        plan = preview(probes, target, store)
        if not whole:
            begun = time.perf_counter(), time.process_time()
        run = Asking(
            target=target, store=store, limits=Limits(concurrency=AT_ONCE), total=plan.calls
        )
        run.run(questions(probes, plan, target, store))
        asked = time.perf_counter(), time.process_time()
        answered = [
            each.answer.category is Category.ANSWERED
            for each in transcripts_of(probes[0], target.digest, store)
        ]
        ended = time.perf_counter(), time.process_time()
        assert sum(answered) == prompts
    last = ended if whole else asked
    return last[0] - begun[0], last[1] - begun[1]


def plain_httpx(url: str, prompts: int) -> tuple[float, float]:
    """Return seconds and processor seconds of 32 loops over one httpx client."""

    async def ask_all() -> None:
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        async with httpx.AsyncClient(limits=limits, timeout=60) as client:
            rest = Questions.prompts(prompts)

            async def ask() -> None:
                for each in rest:
                    said = [
                        {"role": m.role.value, "content": m.content} for m in each.prompt.messages
                    ]
                    body = {"model": "m", "messages": said, "max_tokens": 64, "seed": 1}
                    response = await client.post(f"{url}/chat/completions", json=body)
                    assert response.json()["choices"][0]["message"]["content"]

            await asyncio.gather(*(ask() for _ in range(AT_ONCE)))

    begun = time.perf_counter(), time.process_time()
    asyncio.run(ask_all())
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


def bare_sockets(url: str, prompts: int) -> tuple[float, float]:
    """Return seconds and processor seconds of 32 loops that know the bytes beforehand."""
    host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")
    body = b'{"model": "m", "messages": [{"role": "user", "content": "' + b"x" * 230 + b'"}]}'
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    request = head % len(body) + body

    async def ask_all() -> None:
        rest = iter(range(prompts))

        async def ask() -> None:
            reader, writer = await asyncio.open_connection(host, int(port))
            for _ in rest:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.rsplit(b":", 1)[1]))
            writer.close()

        await asyncio.gather(*(ask() for _ in range(AT_ONCE)))

    begun = time.perf_counter(), time.process_time()
    asyncio.run(ask_all())
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


def measured(prompts: int, rounds: int) -> list[Result]:
    """Return each way to ask at its best, in turns."""
    ways: dict[str, Callable[[str], tuple[float, float]]] = {
        "assaymark, asking": lambda url: asking(url, prompts, whole=False),
        "assaymark, whole": lambda url: asking(url, prompts, whole=True),
        f"httpx {version('httpx')}, bare": lambda url: plain_httpx(url, prompts),
        "bare sockets": lambda url: bare_sockets(url, prompts),
    }
    best: dict[str, tuple[float, float]] = {}
    for number in range(rounds):
        for name, ask in ways.items():
            with endpoint() as url:
                found = ask(url)
            best[name] = min(found, best.get(name, found))
            print(
                f"round {number + 1}: {name}: {found[0]:.2f} s, load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
    ideal = prompts * PAUSE / AT_ONCE
    return [
        Result(name, elapsed, 1000 * processor / prompts, ideal / elapsed)
        for name, (elapsed, processor) in best.items()
    ]


def table(results: list[Result], prompts: int, rounds: int) -> str:
    """Return the result as Markdown."""
    setting = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    load = os.getloadavg()[0]
    bare = results[-1].elapsed_s
    rows = "".join(
        f"| {each.name} | {each.elapsed_s:.2f} s | {prompts / each.elapsed_s:,.0f} "
        f"| {100 * each.share_of_ideal:.0f} % | {100 * bare / each.elapsed_s:.0f} % "
        f"| {each.processor_ms_a_prompt:.2f} ms |\n"
        for each in results
    )
    holds = results[0].share_of_ideal >= GOAL
    return f"""# Prompts a second

{prompts:,} prompts, {AT_ONCE} at once, to a local endpoint that answers after {1000 * PAUSE:.0f} ms.
The ideal is {AT_ONCE / PAUSE:,.0f} a second, {prompts * PAUSE / AT_ONCE:.2f} s.
Best of {rounds} rounds; {setting}, shared with the endpoint, load average {load:.1f}.
Made by `benchmarks/probe_throughput.py`.

| | elapsed | prompts a second | of the ideal | of bare sockets | processor time a prompt |
|---|---:|---:|---:|---:|---:|
{rows}
Claim (asking reaches at least {100 * GOAL:.0f} % of the ideal): **{"holds" if holds else "does not hold"}**.
"""


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("reports/benchmarks"))
    given = parser.parse_args()
    results = measured(given.prompts, given.rounds)
    given.out.mkdir(parents=True, exist_ok=True)
    text = table(results, given.prompts, given.rounds)
    (given.out / "probe_throughput.md").write_text(text, encoding="utf-8")
    raw = json.dumps([asdict(each) for each in results], indent=2) + "\n"
    (given.out / "probe_throughput.json").write_text(raw, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
