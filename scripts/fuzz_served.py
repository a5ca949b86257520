"""
Fuzz the guard as it is served, from both sides: tests/fuzz/test_served.py and test_wire.py at length.

    python scripts/fuzz_served.py --bodies 100000 --answers 20000 --wire 3000 --share 0.2

Bodies are requests, answers are those of upstreams, keys are values under every key of every object, and the
wire is a server on a port. Prints figures, and every finding once.

Exit status: 0 without findings, 1 with some.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from fuzz import everywhere
from fuzz.answers import Answers, values_in
from fuzz.proxying import requests_with
from fuzz.requests import Requests
from fuzz.served import Answer, Request, Served
from fuzz.wire import served as serving
from fuzz.wire import talk
from guard.proxy.fields import FIELDS
from guard.proxy.upstream import Upstream, whole

Pairs = Iterator[tuple[Request, Answer | None]]


class Run:
    """Counts what came of requests, and keeps what should not have."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self._served = {way: Served(way) for way in ("block", "allow")}

    async def over(self, name: str, pairs: Pairs, way: Callable[[int], str]) -> None:
        """Send every pair, and say what came of it."""
        statuses, began, slowest = Counter[int](), time.monotonic(), 0.0
        for number, (request, answer) in enumerate(pairs):
            used = way(number)
            before = time.process_time()
            try:
                got = await self._served[used].ask(request, answer or Answer())
                statuses[got.status] += 1
                if answer is not None and used == "block":
                    for text in values_in(got.body):
                        self._served[used].demand_clean_text(text, "a client got a value")
            except Exception as error:  # noqa: BLE001 - each of them is a finding
                self._keep(name, number, request, error)
            slowest = max(slowest, time.process_time() - before)
        took = time.monotonic() - began
        print(
            f"{name}: {sum(statuses.values()):,} in {took:.0f} s, slowest {slowest:.2f} s of processor"
            f" time, {dict(statuses.most_common())}",
            flush=True,
        )

    def _keep(self, name: str, number: int, request: Request, error: Exception) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        key = (
            f"{name}: {type(error).__name__} at {place.filename}:{place.lineno} {str(error)[:120]}"
        )
        self.found[key] += 1
        if self.found[key] == 1:
            print(f"FOUND {number} {key}\n  {request.path} {b''.join(request.pieces)[:600]!r}")


def bodies(count: int, number: int) -> Pairs:
    """Yield requests; an upstream answers nothing of interest."""
    made = Requests(number)
    return ((made.next(), None) for _ in range(count))


def answers(count: int, number: int) -> Pairs:
    """Yield requests with answers to them."""
    made = Answers(number)
    return (made.next() for _ in range(count))


def keys(share: float, number: int) -> Pairs:
    """Yield a share of all requests, answers and streams with a value at some key."""
    chance = random.Random(number)
    for path in requests_with("", ""):
        for _, request in everywhere.spoiled_requests(path):
            if chance.random() < share:
                yield request, None
    for field in FIELDS.values():
        for make in (everywhere.spoiled_answers, everywhere.spoiled_streams):
            for _, request, answer in make(field):
                if chance.random() < share:
                    yield request, answer


async def on_the_wire(count: int, number: int, found: Counter[str]) -> None:
    """Talk to a server on a port."""
    began = time.monotonic()
    said: Any = None
    with (
        tempfile.TemporaryDirectory() as folder,
        Upstream(lambda _: whole({"choices": []})) as upstream,
        serving(Path(folder), upstream.url) as (port, errors),
    ):
        heard = await talk(port, number, count, at_once=100)
        said = errors.read_text()
    found.update(f"wire: {each}" for each in heard.broken)
    if "Traceback" in said:
        found[f"wire: {said[-2000:]}"] += 1
    took = time.monotonic() - began
    print(f"wire: {count:,} in {took:.0f} s, {dict(heard.statuses.most_common())}", flush=True)


async def run(given: argparse.Namespace) -> Counter[str]:
    """Run what is asked for."""
    this = Run()
    await this.over("keys", keys(given.share, given.number), lambda _: "block")
    await this.over(
        "answers",
        answers(given.answers, given.number),
        lambda n: "block" if n % 7 else "allow",
    )
    await this.over(
        "bodies", bodies(given.bodies, given.number), lambda n: "block" if n % 3 else "allow"
    )
    if given.wire:
        await on_the_wire(given.wire, given.number, this.found)
    return this.found


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=100_000)
    parser.add_argument("--answers", type=int, default=20_000)
    parser.add_argument("--wire", type=int, default=3_000)
    parser.add_argument("--share", type=float, default=0.2, help="of all keys in all objects")
    parser.add_argument("--number", type=int, default=1, help="the same one makes the same")
    found = asyncio.run(run(parser.parse_args()))
    for each, count in found.most_common():
        print(f"{count} x {each}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
