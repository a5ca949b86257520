"""
Real processes that write decision logs, for the tests of locks, crashes and full disks.

    writers.py load LOG OUT     log without an end; write each acknowledged id to OUT
    writers.py hold LOG         open the log, say so, and hold it until standard input ends
    writers.py crowded LOG MOST log while no file may grow beyond MOST bytes; print what happened
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from assaymark.guard.decisions.entry import logged, render_entry
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.state import UnloggedError
from guard.decisions.decided import SIGNER, decision

AT_A_TIME = 32


async def load(log: DecisionLog, out: int) -> None:
    """Log without an end, many requests at a time."""

    async def client(number: int) -> None:
        turn = 0
        while True:
            name = f"{number}-{turn}"
            entry = render_entry(logged(decision(request_id=name)))
            index = await log.add(entry)
            os.write(out, f"{name} {index}\n".encode())
            turn += 1

    await asyncio.gather(*(client(each) for each in range(AT_A_TIME)))


async def crowded(log: DecisionLog) -> tuple[list[int], int]:
    """Log until writing fails a few times; return acknowledged numbers and failures."""
    kept: list[int] = []
    failed = 0
    for number in range(10_000):
        try:
            await log.add(render_entry(logged(decision(number))))
            kept.append(number)
        except UnloggedError:
            failed += 1
        if failed >= 5:
            break
    return kept, failed


def main(command: str, *arguments: str) -> None:
    """Do what the first argument says."""
    root = Path(arguments[0])
    match command:
        case "load":
            out = os.open(arguments[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            with DecisionLog.open(root, SIGNER, seal_every=0.02) as log:
                asyncio.run(load(log, out))
        case "hold":
            with DecisionLog.open(root, SIGNER):
                print("open", flush=True)  # noqa: T201 - the parent waits for it
                sys.stdin.read()
        case "crowded":
            with DecisionLog.open(root, SIGNER, seal_every=3600) as log:
                most = int(arguments[1])
                resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
                kept, failed = asyncio.run(crowded(log))
                fault = log.state.fault
                resource.setrlimit(
                    resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                )
                asyncio.run(log.add(render_entry(logged(decision(request_id="after")))))
                told = {"kept": kept, "failed": failed, "fault": fault, "after": log.state.fault}
            json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
