"""Writers that are killed at every step: no log is ever worse than before or after."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assaymark.attest.tlog.directory import LogDirectory
from assaymark.attest.tlog.heads import Head, HeadStore, demand_progress
from assaymark.attest.tlog.reader import LogReader
from assaymark.attest.tlog.verify import leftovers, verify_log
from attest.tlog.logs import (
    ORIGIN,
    files_of,
    log_key,
    make_entries,
    make_log,
    make_log_signer,
)

WRITERS = Path(__file__).with_name("writers.py")


def run_writers(*arguments: str) -> list[str]:
    """Names of the steps at which a process was killed."""
    done = subprocess.run(
        [sys.executable, str(WRITERS), *arguments], capture_output=True, text=True, check=True
    )
    steps: list[str] = json.loads(done.stdout)
    return steps


def whole_log(root: Path, *batches: int) -> dict[str, bytes]:
    """The files of a log that nothing happened to."""
    make_log(root, *batches)
    return files_of(root)


@pytest.mark.parametrize(
    ("before", "added", "steps"),
    [
        pytest.param((), 1, 25, id="the first entry"),
        pytest.param((3,), 2, 15, id="beside partial tiles"),
        pytest.param((250, 4), 3, 44, id="past the end of a tile"),
        pytest.param((255,), 1, 30, id="to the end of a tile"),
        pytest.param((256,), 300, 32, id="over several tiles"),
    ],
)
def test_an_append_that_is_killed(
    scratch: Path, before: tuple[int, ...], added: int, steps: int
) -> None:
    """Killed anywhere, the log verifies at once, shows all of the batch or none, and goes on as if unhurt."""
    template, out = scratch / "template", scratch / "out"
    old = make_log(template, *before).signed.checkpoint
    goal = whole_log(scratch / "goal", *before, added)
    beyond = whole_log(scratch / "beyond", *before, added, 1)
    out.mkdir()

    killed = run_writers("crash-append", str(template), str(out), str(added))

    assert len(killed) == steps
    assert {each.split()[0] for each in killed} >= {"create", "write", "flush", "rename", "settle"}
    for number, step in enumerate(killed):
        root = out / str(number)
        found = verify_log(root, log_key()).checkpoint
        assert found.size in (old.size, old.size + added), step
        if found.size == old.size:
            assert found == old, step
        demand_progress(Head.of(old), found, LogReader.open(root, log_key()).prove_consistency)

        with LogDirectory.open(root, make_log_signer()) as log:
            if found.size == old.size:
                assert log.append(make_entries(added, old.size))[0] == old.size
            assert files_of(root) == goal, step
            log.append(make_entries(1, old.size + added))
        assert files_of(root) == beyond, step
        assert verify_log(root, log_key()).leftovers == (), step


def test_the_order_of_writes(scratch: Path) -> None:
    """Entries are on the disk before tiles, tiles before the checkpoint, and that before anything goes."""
    make_log(scratch / "log", 255)
    steps: list[str] = []

    with LogDirectory.open(scratch / "log", make_log_signer(), on_step=steps.append) as log:
        log.append(make_entries(1, 255))

    assert [each for each in steps if each.split()[0] in ("rename", "settle", "remove")] == [
        "rename tile/entries/000",
        "settle tile/entries",
        "rename tile/0/000",
        "rename tile/1/000.p/1",
        "settle tile/0",
        "settle tile",
        "settle tile/1",
        "settle tile/1/000.p",
        "rename checkpoint",
        "settle .",
        "remove tile/entries/000.p/255",
        "remove tile/entries/000.p",
        "remove tile/0/000.p/255",
        "remove tile/0/000.p",
        "settle tile/entries",
        "settle tile/0",
    ]


def test_a_clearing_up_that_is_killed(scratch: Path) -> None:
    """Killed while it clears away what a crash left, a log can still be cleared up."""
    wounded, out = scratch / "killed", scratch / "out"
    template = scratch / "template"
    make_log(template, 250)
    out.mkdir()
    wounded.mkdir()
    killed = run_writers("crash-append", str(template), str(wounded), "300")
    worst = wounded / str(killed.index("create checkpoint"))
    assert len([*leftovers(worst, 250)]) == 7

    cleared = run_writers("crash-sweep", str(worst), str(out))

    assert {each.split()[0] for each in cleared} == {"remove", "settle"}
    for number in range(len(cleared)):
        root = out / str(number)
        with LogDirectory.open(root, make_log_signer()):
            pass
        assert files_of(root) == files_of(template)
        assert not [each for each in root.rglob("*/") if not any(each.iterdir())]


def test_a_creation_that_is_killed(scratch: Path) -> None:
    """Killed anywhere, the log is there, or can be made again."""
    goal = whole_log(scratch / "goal")
    out = scratch / "out"
    out.mkdir()

    killed = run_writers("crash-create", str(out))

    assert [each for each in killed if each.endswith("checkpoint")] == [
        "create checkpoint",
        "write checkpoint",
        "flush checkpoint",
        "rename checkpoint",
    ]
    for number in range(len(killed)):
        root = out / str(number)
        if not (root / "checkpoint").exists():
            LogDirectory.create(root, ORIGIN, make_log_signer())
        assert files_of(root) == goal


def test_a_head_store_that_is_killed(scratch: Path) -> None:
    """Killed anywhere, a head store holds the head before or the head after."""
    killed = run_writers("crash-heads", str(scratch))

    sizes = [
        HeadStore(scratch / str(each) / "heads").last(ORIGIN).size for each in range(len(killed))
    ]
    assert sizes == [1, 1, 1, 1, 2]


@pytest.mark.parametrize("name", ["tile/0/000.p/5", "tile/entries/000.p/5", "checkpoint"])
def test_torn_drafts_are_no_part_of_the_log(scratch: Path, name: str) -> None:
    """Half of a file under the name of a draft is cleared away."""
    make_log(scratch / "log", 4)
    whole = files_of(scratch / "log")
    (scratch / "log" / f"{name}.draft").write_bytes(b"half")

    assert verify_log(scratch / "log", log_key()).leftovers == (f"{name}.draft",)
    with LogDirectory.open(scratch / "log", make_log_signer()):
        pass
    assert files_of(scratch / "log") == whole


def test_torn_files_of_an_append_are_written_anew(scratch: Path) -> None:
    """Files past the checkpoint may hold anything: the next append writes its own."""
    root, goal = scratch / "log", whole_log(scratch / "goal", 4, 3)
    make_log(root, 4)
    for name in ("tile/entries/000.p/7", "tile/0/000.p/7", "tile/0/000", "tile/1/000.p/1"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"torn")

    assert verify_log(root, log_key()).checkpoint.size == 4
    with LogDirectory.open(root, make_log_signer()) as log:
        assert log.append(make_entries(3, 4)) == range(4, 7)

    assert files_of(root) == goal


def test_copies_share_nothing(scratch: Path) -> None:
    """The folders that the tests above compare are compared by content."""
    make_log(scratch / "log", 4)
    shutil.copytree(scratch / "log", scratch / "copy")

    assert files_of(scratch / "log") == files_of(scratch / "copy")
    assert sorted(files_of(scratch / "log")) == [
        "checkpoint",
        "tile/0/000.p/4",
        "tile/entries/000.p/4",
        "vkey",
    ]
