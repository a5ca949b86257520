"""
Real processes that write logs, for the tests of locks and crashes.

    writers.py crash-append TEMPLATE OUT COUNT   kill an append at each of its steps, in OUT/<step>
    writers.py crash-create OUT                  kill a creation at each of its steps, in OUT/<step>
    writers.py crash-heads OUT                   kill the keeping of a head at each of its steps
    writers.py crash-sweep TEMPLATE OUT          kill the clearing-up of TEMPLATE at each of its steps
    writers.py hold LOG                          open a log, say so, and hold it until standard input ends
    writers.py append LOG COUNT                  append COUNT times one entry, waiting for others

One process forks the many that die, since starting Python is what takes time. Prints the names of the steps.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from assaymark.attest.tlog.directory import LogDirectory
from assaymark.attest.tlog.durable import OnStep
from assaymark.attest.tlog.heads import Head, HeadStore
from attest.tlog.logs import ORIGIN, make_entries, make_log_signer

SIGNER = make_log_signer()


def kill_everywhere(
    out: Path, prepare: Callable[[Path], None], act: Callable[[Path, OnStep], None]
) -> None:
    """Run `act` once for each of its steps, killed right before that step; print the steps."""
    steps: list[str] = []
    while True:
        root = out / str(len(steps))
        prepare(root)
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            act(root, killer(len(steps), write_end))
            os._exit(0)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            step = pipe.read()
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            break
        steps.append(step)
    json.dump(steps, sys.stdout)


def killer(after: int, report: int) -> OnStep:
    """A hook that ends this process, as a power cut would, before step number `after`."""
    passed = 0

    def on_step(name: str) -> None:
        nonlocal passed
        if passed == after:
            os.write(report, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    return on_step


def append(root: Path, count: int, on_step: OnStep) -> None:
    """Append `count` entries in one go."""
    with LogDirectory.open(root, SIGNER, on_step=on_step) as log:
        log.append(make_entries(count, log.checkpoint.checkpoint.size))


def main(command: str, *arguments: str) -> None:
    """Do what the first argument says."""
    match command, arguments:
        case "crash-append", (template, out, count):
            kill_everywhere(
                Path(out),
                lambda root: shutil.copytree(template, root),
                lambda root, on_step: append(root, int(count), on_step),
            )
        case "crash-sweep", (template, out):
            kill_everywhere(
                Path(out),
                lambda root: shutil.copytree(template, root),
                lambda root, on_step: append(root, 0, on_step),
            )
        case "crash-create", (out,):
            kill_everywhere(
                Path(out),
                lambda _root: None,
                lambda root, on_step: LogDirectory.create(root, ORIGIN, SIGNER, on_step=on_step),
            )
        case "crash-heads", (out,):
            kill_everywhere(
                Path(out),
                prepare_heads,
                lambda root, on_step: HeadStore(root / "heads", on_step=on_step).keep(
                    ORIGIN, Head(2, bytes(32))
                ),
            )
        case "hold", (log,):
            with LogDirectory.open(Path(log), SIGNER):
                print("open", flush=True)  # noqa: T201 - the parent waits for it
                sys.stdin.read()
        case "append", (log, count):
            for _ in range(int(count)):
                with LogDirectory.open(Path(log), SIGNER, timeout=60) as opened:
                    opened.append([b"by %d" % os.getpid()])
        case _:
            sys.exit(f"unknown: {command} {arguments}")


def prepare_heads(root: Path) -> None:
    """A folder with a head of size 1."""
    root.mkdir()
    HeadStore(root / "heads").keep(ORIGIN, Head(1, bytes(32)))


if __name__ == "__main__":
    main(*sys.argv[1:])
