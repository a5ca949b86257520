"""A server that is killed under load: the log verifies, and holds whatever was acknowledged."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from assaymark.attest.tlog.verify import verify_log
from assaymark.guard.decisions.entry import parse_entry
from assaymark.guard.decisions.journal import JOURNAL, read_waiting
from assaymark.guard.decisions.log import DecisionLog
from assaymark.guard.decisions.records import LoggedDecision

from .decided import SIGNER, key, new_log

WRITERS = Path(__file__).with_name("writers.py")


def request_ids(entries: list[bytes]) -> list[str]:
    """Whose entries these are."""
    parsed = [parse_entry(each) for each in entries]
    return [each.request_id for each in parsed if isinstance(each, LoggedDecision)]


def loaded_until_killed(root: Path, acknowledged: Path, seconds: float) -> None:
    """Let a real process log as fast as it can, and kill it in the middle."""
    with subprocess.Popen(
        [sys.executable, str(WRITERS), "load", str(root), str(acknowledged)]
    ) as writer:
        while not acknowledged.exists() or not acknowledged.stat().st_size:
            time.sleep(0.01)
        time.sleep(seconds)
        assert writer.poll() is None
        writer.kill()


@pytest.mark.parametrize("seconds", [0.0, 0.11, 0.23])
def test_killed_under_load(scratch: Path, seconds: float) -> None:
    """At once the log verifies; opened again, it has every acknowledged decision where it was told, once."""
    root, acknowledged = new_log(scratch / "log"), scratch / "acknowledged"
    loaded_until_killed(root, acknowledged, seconds)

    sealed: list[bytes] = []
    verify_log(root, key(), on_entry=sealed.append)
    waiting = read_waiting(root / JOURNAL, len(sealed)).entries
    with DecisionLog.open(root, SIGNER):
        pass
    after: list[bytes] = []
    verify_log(root, key(), on_entry=after.append)

    told = [line.split() for line in acknowledged.read_text().splitlines()]
    names = request_ids(after)
    assert after == [*sealed, *waiting]
    assert [names[int(index)] for _, index in told] == [name for name, _ in told]
    assert len(set(names)) == len(names)
    assert len(told) <= len(names)


def test_killed_again_and_again(scratch: Path) -> None:
    """What one life of the server acknowledged, the next ones keep."""
    root, acknowledged = new_log(scratch / "log"), scratch / "acknowledged"
    for life in range(3):
        path = acknowledged.with_suffix(f".{life}")
        loaded_until_killed(root, path, 0.05)
    with DecisionLog.open(root, SIGNER):
        pass
    entries: list[bytes] = []
    verify_log(root, key(), on_entry=entries.append)

    names = request_ids(entries)
    for life in range(3):
        lines = acknowledged.with_suffix(f".{life}").read_text().splitlines()
        told = [line.split() for line in lines]
        assert [names[int(index)] for _, index in told] == [name for name, _ in told]
