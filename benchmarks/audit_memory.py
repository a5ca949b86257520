"""
Memory of an audit, over subjects of growing size.

Runs the real command on seeded JSON Lines of 20,000, 100,000 and 200,000 rows and samples the resident
memory of the command and its worker processes together, ten times a second. The claim: below 600 MB,
and flat from 20,000 rows on. Pages that processes share are counted once (Linux's proportional set size);
the plain sum of their resident sets is shown beside it.

    python benchmarks/audit_memory.py [--rows 20000,100000,200000] [--out reports/benchmarks]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

LIMIT_MB = 600
FLAT_SHARE = 0.15
"""How much more the largest subject may need than the smallest before memory counts as growing."""

_TEXT = (
    "the order arrived late and the box was open please send a new one to our office before friday "
    "thank you for your help with the invoice we will check the amount again and reply soon"
)


@dataclass(frozen=True)
class Run:
    """One audit, measured."""

    rows: int
    megabytes: float
    """Size of the subject."""

    seconds: float
    peak_mb: float
    """Highest memory of all processes together, shared pages counted once."""

    resident_mb: float
    """Highest sum of resident sets, shared pages counted in every process."""

    exit_status: int


def write_rows(path: Path, rows: int) -> None:
    """Write `rows` support messages; every fiftieth holds an address, every two hundredth a card."""
    draw = random.Random(2026)
    words = _TEXT.split()
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            text = " ".join(draw.choices(words, k=draw.randint(6, 30)))
            if number % 50 == 0:
                text += f" write to user{number}@example.org"
            if number % 200 == 0:
                text += " card 4111 1111 1111 1111"
            file.write(json.dumps({"id": number, "text": text}) + "\n")


def memory_mb(root: int) -> tuple[float, float]:
    """Return proportional and resident memory of the process `root` and all below it, in megabytes."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    members = {root}
    for process in sorted(parents):
        if parents[process] in members:
            members.add(process)
    proportional = resident = 0
    for process in members:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
        except OSError:
            continue
        kilobytes = {
            name: int(value.split()[0]) for name, value in (each.split(":") for each in lines)
        }
        proportional += kilobytes["Pss"]
        resident += kilobytes["Rss"]
    return proportional * 1024 / 1e6, resident * 1024 / 1e6


def measure(rows: int, policy: Path) -> Run:
    """Audit `rows` seeded rows and return what it took."""
    with tempfile.TemporaryDirectory() as folder:
        subject = Path(folder) / "rows.jsonl"
        write_rows(subject, rows)
        size = subject.stat().st_size / 1e6
        command = [sys.executable, "-m", "assaymark", "audit", str(policy)]
        command += ["--dataset", str(subject), "--out", str(Path(folder) / "out"), "--quiet"]
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        peak = resident = 0.0
        while process.poll() is None:
            now = memory_mb(process.pid)
            peak, resident = max(peak, now[0]), max(resident, now[1])
            time.sleep(0.1)
        seconds = time.monotonic() - started
        return Run(rows, size, seconds, peak, resident, process.returncode)


def table(runs: list[Run]) -> str:
    """Return the result as Markdown."""
    setting = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    rows = "".join(
        f"| {each.rows:,} | {each.megabytes:.1f} MB | {each.seconds:.0f} s "
        f"| {each.rows / each.seconds:,.0f} | {each.peak_mb:.0f} MB | {each.resident_mb:.0f} MB |\n"
        for each in runs
    )
    growth = runs[-1].peak_mb / runs[0].peak_mb - 1
    holds = runs[-1].peak_mb < LIMIT_MB and growth < FLAT_SHARE
    return f"""# Memory of an audit

`assaymark audit policies/baseline.yaml`, {setting}; command and workers together.
Made by `benchmarks/audit_memory.py`.

| rows | subject | time | rows/s | peak memory | sum of resident sets |
|---:|---:|---:|---:|---:|---:|
{rows}
From {runs[0].rows:,} to {runs[-1].rows:,} rows the peak changes by {growth:+.1%}.
Claim (below {LIMIT_MB} MB, growth below {FLAT_SHARE:.0%}): **{"holds" if holds else "does not hold"}**.
"""


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="20000,100000,200000")
    parser.add_argument("--out", type=Path, default=Path("reports/benchmarks"))
    parser.add_argument("--policy", type=Path, default=Path("policies/baseline.yaml"))
    given = parser.parse_args()
    runs = [measure(int(rows), given.policy) for rows in given.rows.split(",")]
    given.out.mkdir(parents=True, exist_ok=True)
    text = table(runs)
    (given.out / "audit_memory.md").write_text(text, encoding="utf-8")
    raw = json.dumps([asdict(each) for each in runs], indent=2) + "\n"
    (given.out / "audit_memory.json").write_text(raw, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
