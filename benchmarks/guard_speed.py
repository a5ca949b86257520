"""
What the guard costs as a server, beside Presidio's own services doing the same redaction.

Everything is on this machine, each server in a process of its own: an upstream that answers at once, the
proxy in front of it, and Presidio's analyzer and anonymizer behind one REST service. Each prompt of about
1 kB is another one, so nothing is remembered.

* Overhead: requests at a constant rate, straight to the upstream and through the proxy; the difference.
* Time to the first token: streamed answers, straight and through the proxy.
* Throughput: some clients that ask without pause, of the proxy and of the REST service.

    python benchmarks/guard_speed.py [--seconds 10] [--rate 50] [--out reports/benchmarks]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

TEXT = """\
the meeting was moved to a large hall since more people than expected will attend it and the report about
water levels in spring needs another look before we send it to everybody who asked for one"""
WORDS = TEXT.split()
RULES = {
    "pii-patterns, secrets": "[{detector: pii-patterns, do: redact}, {detector: secrets, do: redact}]",
    "with the encoder": (
        "[{detector: pii-patterns, do: redact}, {detector: secrets, do: redact},"
        " {detector: harm, do: flag}]"
    ),
}
POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {{name: bench, version: 1.0.0, owner: bench@example.org}}
requirements:
  - {{id: some, metric: records.count, at_least: 1, on: dataset}}
guard:
  input: {rules}
  output: [{{detector: pii-patterns, do: redact}}, {{detector: secrets, do: redact}}]
"""
SERVE = """\
apiVersion: assaymark/v1
kind: Serve
policy: policy.yaml
listen: {{port: 0}}
upstreams: [{{url: "{url}/v1"}}]
"""


def prompt(source: random.Random) -> str:
    """Return about 1 kB with an address and a telephone number."""
    text = " ".join(source.choice(WORDS) for _ in range(170))
    at = source.randrange(100, 800)
    value = f" write to u{source.randrange(10**6)}@example.com or +1 212 555 {source.randrange(10**4):04} "
    return text[:at] + value + text[at:]


# -- the servers


async def upstream(scope: Any, receive: Any, send: Any) -> None:
    """Answer a chat completion at once; a stream in forty pieces."""
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    streams = json.loads(body).get("stream")
    kind = b"text/event-stream" if streams else b"application/json"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    pieces = [f"{each} " for each in WORDS[:40]]
    if not streams:
        message = {"role": "assistant", "content": "".join(pieces)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = {"id": "c", "object": "chat.completion", "created": 1, "choices": [choice]}
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
        return
    for n, each in enumerate([*pieces, ""]):
        reason = "stop" if n == len(pieces) else None
        choice = {"index": 0, "delta": {"content": each}, "finish_reason": reason}
        event = {"id": "c", "object": "chat.completion.chunk", "created": 1, "choices": [choice]}
        data = f"data: {json.dumps(event)}\n\n".encode()
        await send({"type": "http.response.body", "body": data, "more_body": True})
        await asyncio.sleep(0.002)
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


def presidio_service() -> Any:
    """Return an application that analyses and anonymises a text, as Presidio's two services do in turn."""
    from guard_core import presidio as redacting
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    redact = redacting()

    async def answer(request: Any) -> JSONResponse:
        asked = await request.json()
        return JSONResponse({"text": await run_in_threadpool(redact, asked["text"])})

    return Starlette(routes=[Route("/redact", answer, methods=["POST"])])


@dataclass(frozen=True)
class Server:
    """A server at work."""

    url: str
    process: int

    def cpu(self) -> float:
        """Return the seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def process(*words: str, errors: Any = None) -> Iterator[Server]:
    """Run a server; yield it when it answers. What it says of errors goes to a file, where there is one."""
    running = subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=errors, text=True
    )
    assert running.stdout is not None
    try:
        text = ""
        while "http://" not in text:
            line = running.stdout.readline()
            if not line:
                raise SystemExit(f"a server did not start: {words}")
            text += line
        url = text[text.index("http://") :].split('"')[0].split()[0]
        for _ in range(600):
            with socket.socket() as line_:
                host, port = url.removeprefix("http://").split(":")
                if line_.connect_ex((host, int(port))) == 0:
                    break
            time.sleep(0.1)
        yield Server(url, running.pid)
    finally:
        running.kill()
        running.wait()


def serve(name: str) -> None:
    """Serve one of the applications of this file on a free port."""
    import uvicorn

    application = presidio_service() if name == "presidio" else upstream
    # As the proxy's own: with the protocol named, asyncio sends small packets at once.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(512)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    config = uvicorn.Config(application, log_level="error", access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[listening])


# -- what is measured

WARM_UP, WARM_RATE, CLIENTS = 200, 50, 8
Ask = Callable[[httpx.AsyncClient, str], Awaitable[float]]


async def whole(client: httpx.AsyncClient, text: str) -> float:
    """Ask for a completion; return the seconds that it took."""
    began = time.perf_counter()
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    (await client.post("/v1/chat/completions", json=body)).raise_for_status()
    return time.perf_counter() - began


async def first_token(client: httpx.AsyncClient, text: str) -> float:
    """Ask for a stream; return the seconds to its first text."""
    began = time.perf_counter()
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": text}]}
    found = 0.0
    async with client.stream("POST", "/v1/chat/completions", json=body) as got:
        got.raise_for_status()
        async for line in got.aiter_lines():
            said = json.loads(line[6:])["choices"] if line.startswith("data: {") else ()
            if not found and said and said[0]["delta"].get("content"):
                found = time.perf_counter() - began
    return found


async def redacted(client: httpx.AsyncClient, text: str) -> float:
    """Ask the REST service; return the seconds that it took."""
    began = time.perf_counter()
    (await client.post("/redact", json={"text": text})).raise_for_status()
    return time.perf_counter() - began


async def at_rate(url: str, ask: Ask, rate: float, seconds: float) -> list[float]:
    """Return what each request took, sent at a constant rate, whether others are under way or not."""
    source = random.Random(5)
    limits = httpx.Limits(max_connections=256, max_keepalive_connections=256)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        began, tasks = time.perf_counter(), []
        for n in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(ask(client, prompt(source))))  # type: ignore[arg-type]
        return list(await asyncio.gather(*tasks))


async def throughput(url: str, ask: Ask, clients: int, seconds: float) -> float:
    """Return requests a second that some clients get who ask without pause."""
    until = time.perf_counter() + seconds
    done = 0

    async def go(seed: int) -> None:
        nonlocal done
        source = random.Random(seed)
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            while time.perf_counter() < until:
                await ask(client, prompt(source))
                done += 1

    began = time.perf_counter()
    await asyncio.gather(*(go(n) for n in range(clients)))
    return done / (time.perf_counter() - began)


def spread(values: list[float]) -> dict[str, float]:
    """Return quantiles in milliseconds."""
    cuts = statistics.quantiles(values, n=100)
    return {
        "p50_ms": round(statistics.median(values) * 1e3, 2),
        "p99_ms": round(cuts[98] * 1e3, 2),
        "n": len(values),
    }


def timed(server: Server, ask: Ask, rate: float, seconds: float) -> dict[str, float]:
    """Return what requests at a constant rate took, and what each cost the server."""
    asyncio.run(at_rate(server.url, ask, WARM_RATE, WARM_UP / WARM_RATE))
    before = server.cpu()
    values = asyncio.run(at_rate(server.url, ask, rate, seconds))
    cost = (server.cpu() - before) / len(values)
    return {**spread(values), "cpu_ms": round(cost * 1e3, 2)}


def measure(rate: float, seconds: float) -> dict[str, Any]:
    """Run everything."""
    found: dict[str, Any] = {}
    with ExitStack() as stack:
        straight = stack.enter_context(process(__file__, "--serve", "upstream"))
        found["straight"] = timed(straight, whole, rate, seconds)
        found["straight, first token"] = timed(straight, first_token, rate / 5, seconds)
        for name, rules in RULES.items():
            with ExitStack() as inner:
                folder = Path(inner.enter_context(tempfile.TemporaryDirectory()))
                (folder / "policy.yaml").write_text(POLICY.format(rules=rules))
                (folder / "serve.yaml").write_text(SERVE.format(url=straight.url))
                words = ("-m", "assaymark", "guard", "serve", str(folder / "serve.yaml"))
                proxy = inner.enter_context(process(*words))
                found[name] = timed(proxy, whole, rate, seconds)
                found[f"{name}, first token"] = timed(proxy, first_token, rate / 5, seconds)
                found[f"{name}, throughput"] = round(
                    asyncio.run(throughput(proxy.url, whole, CLIENTS, seconds)), 1
                )
        service = stack.enter_context(process(__file__, "--serve", "presidio"))
        found["presidio"] = timed(service, redacted, 2, seconds)
        found["presidio, throughput"] = round(
            asyncio.run(throughput(service.url, redacted, CLIENTS, seconds)), 1
        )
    return found


def main() -> None:
    """Measure, print, and write a file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--serve", choices=["upstream", "presidio"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    found = measure(given.rate, given.seconds)
    result = {
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load": os.getloadavg(),
            "python": platform.python_version(),
        },
        "rate": given.rate,
        "found": found,
    }
    print(json.dumps(result, indent=2))
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "guard_speed.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
