"""
The guard as a server for half an hour: many streams at a time, at a constant load, with its decision log on.

Each client sends a marker and personal data of its own, and knows to the character what it has to get.
Most streams end well; some are blocked, some clients leave in the middle, sometimes the upstream dies.

* resident memory is flat after the first third (Theil-Sen slope, with its 95 % interval); the proportional
  set size (PSS) beside it also moves when processes come and go that share libraries with the server;
* no client gets a marker of another one, or a value that the policy redacts, or a text that is not its own;
* the log verifies, and has one decision for each request.

    python benchmarks/guard_soak.py [--minutes 30] [--streams 200] [--rate 20] [--out reports/benchmarks]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from served import process
from soak_load import Seen, load, quantiles, serve_upstream

STEEPEST = 10.0
"""MB in an hour; at 20 requests a second 140 bytes for each."""

POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: soak, version: 1.0.0, owner: soak@example.org}
detectors:
  pii: {entities: [EMAIL_ADDRESS, CREDIT_CARD]}
requirements:
  - {id: some, metric: records.count, at_least: 1, on: dataset}
guard:
  input:
    - {detector: pii, do: redact}
    - {detector: pii, do: block, entities: [CREDIT_CARD]}
    - {detector: secrets, do: redact}
  output: [{detector: pii, do: redact}, {detector: secrets, do: redact}]
  tool_calls: [{detector: pii, do: redact}]
"""
SERVE = """\
apiVersion: assaymark/v1
kind: Serve
policy: policy.yaml
listen: {{port: 0}}
limits: {{concurrent: {most}, waiting: {most}}}
resilience: {{failures: 50}}  # it fails on purpose
upstreams: [{{url: "{url}/v1"}}]
log: {{directory: decisions, key: log.pem}}
observe: {{pages: true}}
"""


class Watched:
    """A process, looked at now and then.

    Args:
        pid: Of the process.
        seen: What clients see meanwhile.
    """

    def __init__(self, pid: int, seen: Seen) -> None:
        self._folder, self._seen = Path(f"/proc/{pid}"), seen
        self._began = time.monotonic()
        self.samples: list[dict[str, float]] = []

    def look(self) -> None:
        """Take a sample."""
        memory = {
            line.split()[0].rstrip(":"): int(line.split()[1])
            for line in (self._folder / "smaps_rollup").read_text().splitlines()[1:]
        }
        self.samples.append(
            {
                "seconds": round(time.monotonic() - self._began, 1),
                "pss_mb": round(memory["Pss"] / 1024, 2),
                "rss_mb": round(memory["Rss"] / 1024, 2),
                "descriptors": len(list((self._folder / "fd").iterdir())),
                "threads": len(list((self._folder / "task").iterdir())),
                "open": self._seen.open,
                "requests": self._seen.requests,
            }
        )


def slope(points: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Return the Theil-Sen slope and its 95 % interval.

    Source: P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968.
    """
    found = sorted(
        (b[1] - a[1]) / (b[0] - a[0]) for n, a in enumerate(points) for b in points[n + 1 :]
    )
    count = len(points)
    wide = 1.96 * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = max(math.floor((len(found) - wide) / 2), 0)
    high = min(math.ceil((len(found) + wide) / 2), len(found) - 1)
    return found[len(found) // 2], found[low], found[high]


def command(*words: str, cwd: str) -> str:
    """Run `assaymark`; return what it prints."""
    called = [sys.executable, "-m", "assaymark", *words]
    done = subprocess.run(called, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def counted(url: str, requests: int) -> int:
    """Return how many requests the server says it has decided; wait for the last ones."""
    total = 0
    for _ in range(60):
        lines = httpx.get(f"{url}/metrics").text.splitlines()
        name = "assaymark_guard_requests_total{"
        total = sum(int(line.split()[-1]) for line in lines if line.startswith(name))
        if total >= requests:
            break
        time.sleep(0.5)
    return total


def soak(minutes: float, streams: int, rate: float, every: float) -> dict[str, Any]:
    """Run everything; return what was found."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        words = (__file__, "--upstream", str(streams / rate))
        upstream = stack.enter_context(process(*words))
        Path(folder, "policy.yaml").write_text(POLICY)
        Path(folder, "serve.yaml").write_text(
            SERVE.format(url=f"http://{upstream.address}", most=streams * 2)
        )
        command(
            *("keys", "new", "log.pem", "--type", "ed25519", "--no-passphrase", "--quiet"),
            cwd=folder,
        )
        named = ("keys", "show", "log.pem", "--vkey", "example.com/soak", "-o", "log.vkey")
        command(*named, "--quiet", cwd=folder)
        made = ("log", "new", "decisions", "--origin", "example.com/soak", "--key", "log.pem")
        command(*made, "--quiet", cwd=folder)
        errors = stack.enter_context(Path(folder, "errors").open("w+"))
        serving = stack.enter_context(
            process("-m", "assaymark", "guard", "serve", f"{folder}/serve.yaml", errors=errors)
        )
        seen = Seen()
        watched = Watched(serving.process, seen)
        before = serving.cpu()
        asyncio.run(
            load(f"http://{serving.address}", streams, rate, minutes, seen, watched.look, every)
        )
        cost = serving.cpu() - before
        decided = counted(f"http://{serving.address}", seen.requests)
        os.kill(serving.process, signal.SIGTERM)
        os.waitid(os.P_PID, serving.process, os.WEXITED | os.WNOWAIT)
        errors.seek(0)
        told = errors.read()
        verified = command(
            *("log", "verify", "decisions", "--log-vkey", "log.vkey", "--decisions-only", "--json"),
            cwd=folder,
        )
    return {
        **figures(watched.samples, seen),
        "cpu_ms_per_request": round(cost / max(seen.requests, 1) * 1e3, 2),
        "decided": decided,
        "log": json.loads(verified),
        "tracebacks": told.count("Traceback"),
        "samples": watched.samples,
    }


def figures(samples: Sequence[dict[str, float]], seen: Seen) -> dict[str, Any]:
    """Return what clients and samples say."""
    late = samples[len(samples) // 3 :]
    slopes = {
        key: [round(each, 2) for each in slope([(e["seconds"] / 3600, e[key]) for e in late])]
        for key in ("pss_mb", "rss_mb")
    }
    return {
        "requests": seen.requests,
        "ended": dict(sorted(seen.ended.items())),
        "wrong": sorted(set(seen.wrong)),
        "wrong_count": len(seen.wrong),
        "late": quantiles(seen.late),
        "slope_mb_per_hour": slopes,
        "after_warm_up": {
            key: {"first": late[0][key], "least": min(values), "most": max(values)}
            for key in ("pss_mb", "rss_mb", "descriptors", "threads", "open")
            for values in [[each[key] for each in late]]
        },
    }


def claims(found: dict[str, Any], minutes: float) -> dict[str, bool]:
    """Return which claims hold."""
    decisions = found["log"]["decisions"]["decisions"]
    return {
        "every client got its own answer, redacted": not found["wrong_count"],
        "the log verifies, and has one decision for each request": (
            decisions == found["requests"] == found["decided"]
        ),
        "the server printed no traceback": not found["tracebacks"],
        # A slope over a few samples says nothing.
        f"resident memory grows by less than {STEEPEST:g} MB an hour (upper end of the interval)": (
            minutes < 10 or found["slope_mb_per_hour"]["rss_mb"][2] < STEEPEST
        ),
    }


def page(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    found, machine = result["found"], result["machine"]
    slope_, after = found["slope_mb_per_hour"], found["after_warm_up"]
    endings = "".join(f"| {name} | {count:,} |\n" for name, count in found["ended"].items())
    held = "".join(
        f"- {claim}: **{'holds' if it else 'does not hold'}**\n"
        for claim, it in result["claims"].items()
    )
    memory = "".join(
        f"| {name} | {after[key]['first']:g} | {after[key]['least']:g} | {after[key]['most']:g} "
        f"| {slope_[key][0]:+.1f} ({slope_[key][1]:+.1f} to {slope_[key][2]:+.1f}) |\n"
        for name, key in (("RSS, MB", "rss_mb"), ("PSS, MB", "pss_mb"))
    )
    others = "".join(
        f"| {name} | {after[name]['first']:g} | {after[name]['least']:g} | {after[name]['most']:g} | |\n"
        for name in ("descriptors", "threads", "open")
    )
    seconds, late = result["streams"] / result["rate"], found["late"]
    return f"""# The guard under constant load

{result["minutes"]:g} minutes, {result["streams"]} streams open at a time, each over {seconds:g} s, so that
about {result["rate"]:g} requests begin a second. {machine["cores"]} cores, shared with the load
and with other work (load {machine["load"][0]:.1f} at the end), Python {machine["python"]}.
Made by `benchmarks/guard_soak.py`.

{held}
After the first third, of the server's process:

| | first | least | most | slope in an hour (95 %) |
|---|---:|---:|---:|---:|
{memory}{others}
{found["requests"]:,} requests, {found["log"]["decisions"]["decisions"]:,} decisions in the log;
{found["cpu_ms_per_request"]} ms of processor time for each.
Streams took {late.get("p50_ms", 0)} ms (median) and {late.get("p99_ms", 0)} ms (99 of 100) longer than the
upstream pauses; its own work and the client's are in that.

| how requests ended | |
|---|---:|
{endings}"""


def main() -> int:
    """Measure, print and store; return whether a claim does not hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--every", type=float, default=10, help="seconds between two samples")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--upstream", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.upstream is not None:
        asyncio.run(serve_upstream(given.upstream))
        return 0
    found = soak(given.minutes, given.streams, given.rate, given.every)
    result = {
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load": os.getloadavg(),
            "python": platform.python_version(),
        },
        "minutes": given.minutes,
        "streams": given.streams,
        "rate": given.rate,
        "claims": claims(found, given.minutes),
        "found": found,
    }
    print(page(result))
    for each in found["wrong"]:
        print(f"wrong: {each}")
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(result, indent=2) + "\n"
        (given.out / "guard_soak.json").write_text(text, encoding="utf-8")
        (given.out / "guard_soak.md").write_text(page(result), encoding="utf-8")
    return 0 if all(result["claims"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
