"""A run that is killed goes on where it stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

TEXTS = 400
SCRIPT = """
import sys
from pathlib import Path
from engine.fakes import RowsSource, bytes_of, fake_catalog, policy
from assaymark.engine.run import audit

if __name__ == "__main__":
    folder = Path.cwd()
    rows = [[f"text {index} x"] for index in range(400)]
    rules = policy("scores", "marks", logged={"log": "asked.log", "pause": 0.002})
    evidence = audit(
        rules, [RowsSource({"f": rows}, per_batch=150)], fake_catalog(), workers=int(sys.argv[1]),
        cache_path=folder / "cache.sqlite", findings_path=folder / "findings.parquet",
        open_catalog=fake_catalog,
    )
    (folder / "evidence.json").write_bytes(bytes_of(evidence))
"""


def start(folder: Path, workers: int) -> subprocess.Popen[bytes]:
    """The audit, as a program of its own."""
    folder.mkdir(exist_ok=True)
    script = folder / "audit_slowly.py"
    script.write_text(SCRIPT)
    tests = Path(__file__).resolve().parent.parent
    environment = {**os.environ, "PYTHONPATH": str(tests)}
    command = [sys.executable, str(script), str(workers)]
    return subprocess.Popen(command, env=environment, cwd=folder)


def asked(folder: Path) -> Counter[str]:
    """How often the detector was asked about each text."""
    log = folder / "asked.log"
    return Counter(log.read_text().splitlines() if log.exists() else [])


def wait_until(holds: object, seconds: float = 60.0) -> None:
    """Return as soon as the condition holds."""
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


def children_of(pid: int) -> list[int]:
    """Ids of the processes that `pid` started."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = each.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(each.parent.name))
    return found


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes from /proc")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_is_resumed_without_asking_twice(tmp_path: Path, workers: int) -> None:
    """After `kill -9` no process is left; the next run asks about the rest and says the same."""
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    assert start(whole, 1).wait() == 0

    running = start(torn, workers)
    wait_until(lambda: len(asked(torn)) > 160)
    children = children_of(running.pid)
    running.send_signal(signal.SIGKILL)
    running.wait()
    wait_until(lambda: not any(is_alive(each) for each in children))
    before = asked(torn)
    assert not (torn / "findings.parquet").exists()
    assert not (torn / "evidence.json").exists()
    assert len(before) < TEXTS

    assert start(torn, workers).wait() == 0

    after = asked(torn)
    assert (torn / "evidence.json").read_bytes() == (whole / "evidence.json").read_bytes()
    assert (torn / "findings.parquet").read_bytes() == (whole / "findings.parquet").read_bytes()
    assert len(after) == TEXTS
    # Of what was in flight when the process died, at most one group of 64 for each worker.
    assert sum(after.values()) - TEXTS <= 64 * workers
    assert sum(before.values()) >= 160
