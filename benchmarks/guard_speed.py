"""
What the guard costs as a server, and beside Presidio's own services doing the same redaction.

Everything is on this machine, each server in a process of its own. Each prompt of about 1 kB is another one,
so nothing is remembered.

* The proxy in front of an upstream that answers at once: what it adds to requests at a constant rate, and to
  the first text of a stream; and its processor time, which says more where others share the machine.
* `/analyze` and then `/anonymize`, ours and Presidio's, and our `/v1/check`, which is both in one: clients
  that ask without pause, one worker each, the same texts and entities. Presidio's analyzer and anonymizer are
  two processes, as they ship; its analyzer has a trained model only with `--model`.

    python benchmarks/guard_speed.py [--seconds 10] [--rate 50] [--model NAME] [--out reports/benchmarks]

Presidio's services need Flask and gunicorn.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from guard_policy import ENCODER, PII, QUICK, policy_of
from guard_speed_table import table
from http_load import AnsweredError, Ask, Connection, at_rate, without_pause
from served import PIECES, Server, process

HERE = Path(__file__).parent
_TEXT = """\
the meeting was moved to a large hall since more people than expected will attend it and the report about
water levels in spring needs another look before we send it to everybody who asked for one"""
WORDS = _TEXT.split()
PROXIES: dict[str, dict[str, Any]] = {
    "patterns and secrets": {"rules": QUICK},
    "the same, with the decision log": {"rules": QUICK, "logs": True},
    "and the encoder": {"rules": ENCODER},
    "and the encoder behind its cascade": {
        "rules": ENCODER,
        "detectors": "detectors: {harm: {cascade: true}}\n",
    },
}
CLIENTS, WARM_UP, WARM_RATE = 8, 200, 50


def prompt(source: random.Random) -> str:
    """Return about 1 kB with an address and a telephone number."""
    text = " ".join(source.choice(WORDS) for _ in range(170))
    at = source.randrange(100, 800)
    value = f" write to u{source.randrange(10**6)}@example.com or +1 212 555 {source.randrange(10**4):04} "
    return text[:at] + value + text[at:]


@contextmanager
def serving(
    rules: str,
    upstream: Server,
    *,
    detectors: str = "",
    logs: bool = False,
    contracts: bool = False,
) -> Iterator[Server]:
    """Run `assaymark guard serve` under a policy of these rules."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "policy.yaml").write_text(policy_of(rules, output=QUICK, detectors=detectors))
        settings: dict[str, Any] = {
            "apiVersion": "assaymark/v1",
            "kind": "Serve",
            "policy": "policy.yaml",
            "listen": {"port": 0},
            "upstreams": [{"url": f"http://{upstream.address}/v1"}],
            "contracts": contracts,
        }
        if logs:
            key, log = str(folder / "key.pem"), str(folder / "log")
            assaymark("keys", "new", key, "--type", "ed25519", "--no-passphrase")
            assaymark("log", "new", log, "--key", key, "--origin", "example.org/bench")
            settings["log"] = {"directory": log, "key": key}
        (folder / "serve.yaml").write_text(json.dumps(settings))
        with process("-m", "assaymark", "guard", "serve", str(folder / "serve.yaml")) as server:
            yield server


def assaymark(*words: str) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "assaymark", *words], check=True, capture_output=True)


# -- the proxy


def completions(seed: str, *, streams: bool) -> Iterator[Ask]:
    """Yield requests of chat completions, each of another prompt, the same ones for every server."""
    source = random.Random(f"{seed} {streams}")
    while True:
        message = {"role": "user", "content": prompt(source)}
        document: dict[str, Any] = {"model": "m", "messages": [message]}
        if streams:
            document["stream"] = True

        async def ask(connection: Connection, document: Any = document) -> float:
            # With blanks as the upstream writes it, without as the proxy does.
            found = re.compile(rf'"content": ?"{WORDS[0]}'.encode())
            try:
                seconds, body = await connection.post("/v1/chat/completions", document, until=found)
            except AnsweredError:
                # What a detector could not judge in time is blocked.
                return math.nan
            assert found.search(body)
            return seconds

        yield ask


def timed(server: Server, rate: float, seconds: float, *, streams: bool = False) -> dict[str, Any]:
    """Return what requests at a constant rate took, and what each cost the server."""
    address = server.address
    # Of other prompts: what was judged before is remembered.
    before_it = completions("warm up", streams=streams)
    asyncio.run(at_rate(address, before_it, WARM_RATE, WARM_UP))
    before = server.cpu()
    count = int(rate * seconds)
    asks = completions("measured", streams=streams)
    every = asyncio.run(at_rate(address, asks, rate, count))
    values = [each for each in every if not math.isnan(each)]
    cost = (server.cpu() - before) / count * 1e3
    found = {
        "p50_ms": round(statistics.median(values) * 1e3, 2),
        "p99_ms": round(statistics.quantiles(values, n=100)[98] * 1e3, 2),
        "n": count,
        "refused": count - len(values),
        "cpu_ms": round(cost, 2),
    }
    return {**found, "cpu_ms_per_piece": round(cost / (PIECES + 1), 3)} if streams else found


def proxied(rate: float, seconds: float, upstream: Server) -> dict[str, Any]:
    """Return what requests take straight, and through the proxy under several policies."""
    found: dict[str, Any] = {}
    for name, options in {"straight": None, **PROXIES}.items():
        with ExitStack() as stack:
            server = upstream
            if options is not None:
                server = stack.enter_context(serving(upstream=upstream, **options))
            found[name] = {
                "whole": timed(server, rate, seconds),
                "first text": timed(server, rate / 5, seconds, streams=True),
            }
    return found


# -- beside Presidio


Client = Callable[[], Awaitable[None]]


def two_calls(analyzer: Server, anonymizer: Server, seed: int) -> Client:
    """Return a client that has a text analysed and then anonymised."""
    source = random.Random(seed)
    finds, replaces = Connection(analyzer.address), Connection(anonymizer.address)

    async def redact() -> None:
        text = prompt(source)
        _, found = await finds.post("/analyze", {"text": text, "language": "en"})
        asked = {"text": text, "analyzer_results": json.loads(found)}
        _, body = await replaces.post("/anonymize", asked)
        assert "<EMAIL_ADDRESS>" in json.loads(body)["text"]

    return redact


def one_call(server: Server, seed: int) -> Client:
    """Return a client that has a text checked."""
    source, connection = random.Random(seed), Connection(server.address)

    async def redact() -> None:
        _, body = await connection.post("/v1/check", {"text": prompt(source)})
        assert "<EMAIL_ADDRESS>" in json.loads(body)["text"]

    return redact


def redactions(
    servers: list[Server], client: Callable[[int], Client], seconds: float
) -> dict[str, float]:
    """Return redactions a second, and what each cost the servers."""
    asyncio.run(without_pause([client(n) for n in range(CLIENTS)], seconds / 4))
    before = sum(each.cpu() for each in servers)
    rate = asyncio.run(without_pause([client(CLIENTS + n) for n in range(CLIENTS)], seconds))
    cost = (sum(each.cpu() for each in servers) - before) / (rate * seconds)
    return {"per_second": round(rate, 1), "cpu_ms": round(cost * 1e3, 3)}


def beside_presidio(seconds: float, upstream: Server, model: str) -> dict[str, Any]:
    """Return the same redaction by the three interfaces."""
    found: dict[str, Any] = {}
    service = str(HERE / "presidio_services.py")
    for name, logs in (("ours", False), ("ours, with the decision log", True)):
        with serving(PII, upstream, contracts=True, logs=logs) as ours:
            found[f"{name}: /analyze, /anonymize"] = redactions(
                [ours], lambda n: two_calls(ours, ours, n), seconds
            )
            # Of other texts: what was judged before is remembered.
            found[f"{name}: /v1/check"] = redactions(
                [ours], lambda n: one_call(ours, 1_000 + n), seconds
            )
    presidios: dict[str, tuple[str, ...]] = {"Presidio": ()}
    if model:
        presidios[f"Presidio with {model}"] = ("--model", model)
    for name, extra in presidios.items():
        with (
            process(service, "analyzer", *extra) as finds,
            process(service, "anonymizer") as replaces,
        ):
            found[f"{name}: /analyze, /anonymize"] = redactions(
                [finds, replaces], lambda n: two_calls(finds, replaces, n), seconds
            )
    return found


def main() -> None:
    """Measure, print, and write the files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--model", default="", help="a spaCy model for Presidio, as its image has")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    before = os.getloadavg()
    with process(str(HERE / "served.py")) as upstream:
        result = {
            "machine": {
                "cpu": platform.processor() or platform.machine(),
                "cores": os.cpu_count(),
                "python": platform.python_version(),
            },
            "rate": given.rate,
            "proxy": proxied(given.rate, given.seconds, upstream),
            "redaction": beside_presidio(given.seconds, upstream, given.model),
        }
    result["machine"]["load"] = [before, os.getloadavg()]
    text = table(result)
    print(text)
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "guard_speed.md").write_text(text)
        (given.out / "guard_speed.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
