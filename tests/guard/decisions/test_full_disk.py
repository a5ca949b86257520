"""A disk that takes nothing more: callers are told, nothing acknowledged is lost, and it recovers."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assaymark.attest.tlog.verify import verify_log
from assaymark.guard.decisions.entry import logged, parse_entry, render_entry
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.records import LoggedDecision
from assaymark.guard.decisions.state import UnloggedError

from .decided import SIGNER, decision, key, new_log
from .test_log import wait_until

WRITERS = Path(__file__).with_name("writers.py")


def ids_in(root: Path) -> list[str]:
    """Request ids in a log that holds."""
    entries: list[bytes] = []
    verify_log(root, key(), on_entry=entries.append)
    parsed = [parse_entry(each) for each in entries]
    return [each.request_id for each in parsed if isinstance(each, LoggedDecision)]


def test_files_that_may_not_grow(scratch: Path) -> None:
    """A real process at its limit: refused from there on, and whole again when the limit is lifted."""
    root = new_log(scratch / "log")
    done = subprocess.run(
        [sys.executable, str(WRITERS), "crowded", str(root), "20000"],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)

    assert told["fault"] == f"cannot write `{root / 'journal'}`: file too large"
    assert told["after"] is None
    assert told["kept"]
    found = ids_in(root)
    assert [each for each in found if each != "after"] == [f"req-{n}" for n in told["kept"]]
    assert found[-1] == "after"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of half a megabyte."""
    if os.geteuid() != 0:
        pytest.skip("a file system of its own can be mounted by root only")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("this system lets nobody mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_file_system(small_disk: Path) -> None:
    """Nothing acknowledged is lost; with room again, logging goes on by itself and everything is sealed."""
    root = new_log(small_disk / "log")
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 200_000)
    kept: list[str] = []

    async def fill(log: DecisionLog) -> None:
        failures = 0
        for number in range(5_000):
            try:
                await log.add(render_entry(logged(decision(number))))
                kept.append(f"req-{number}")
            except UnloggedError:
                failures += 1
                if failures == 3:
                    return

    with DecisionLog.open(root, SIGNER, seal_every=0.01) as log:
        asyncio.run(fill(log))
        full = log.state.fault
        ballast.unlink()
        asyncio.run(log.add(render_entry(logged(decision(request_id="after")))))
        wait_until(lambda: log.state.sealed == log.state.size and log.state.seal_fault is None)

    assert full is not None
    assert full.endswith("no space left on device")
    assert ids_in(root) == [*kept, "after"]
