"""Servers of the benchmarks, each in a process of its own, and an upstream that answers at once."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PIECES = 40
"""Of a streamed answer, one word each."""

_ANSWER = """\
the meeting was moved to a large hall since more people than expected will attend it and the report about
water levels in spring needs another look before we send it to everybody who asked for one now"""


async def upstream(scope: Any, receive: Any, send: Any) -> None:
    """Answer a chat completion at once; a stream in forty pieces, one every two milliseconds."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    streams = json.loads(body).get("stream")
    kind = b"text/event-stream" if streams else b"application/json"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    words = [f"{each} " for each in _ANSWER.split()[:PIECES]]
    if not streams:
        message = {"role": "assistant", "content": "".join(words)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = {"id": "c", "object": "chat.completion", "created": 1, "choices": [choice]}
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
        return
    for n, each in enumerate([*words, ""]):
        reason = "stop" if n == len(words) else None
        choice = {"index": 0, "delta": {"content": each}, "finish_reason": reason}
        event = {"id": "c", "object": "chat.completion.chunk", "created": 1, "choices": [choice]}
        data = f"data: {json.dumps(event)}\n\n".encode()
        await send({"type": "http.response.body", "body": data, "more_body": True})
        await asyncio.sleep(0.002)
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


@dataclass(frozen=True)
class Server:
    """A server at work."""

    address: str
    """Host and port."""

    process: int

    def cpu(self) -> float:
        """Return the seconds of processor time that it and its workers have used."""
        workers = Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()
        return sum(_ticks(each) for each in [str(self.process), *workers])


def _ticks(process: str) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def process(*words: str, errors: Any = None) -> Iterator[Server]:
    """Run a server; yield it when it answers.

    Args:
        words: Of the command, behind the interpreter.
        errors: A file for what it says of errors; by default, they are shown.

    Raises:
        SystemExit: It does not start.
    """
    running = subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=errors, text=True
    )
    assert running.stdout is not None
    try:
        line = ""
        while "http://" not in line:
            line = running.stdout.readline()
            if not line:
                raise SystemExit(f"a server did not start: {words}")
        address = line[line.index("http://") :].split('"')[0].split()[0].removeprefix("http://")
        host, port = address.split(":")
        for _ in range(600):
            with socket.socket() as attempt:
                if attempt.connect_ex((host, int(port))) == 0:
                    break
            time.sleep(0.1)
        yield Server(address, running.pid)
    finally:
        running.terminate()
        running.wait()


def main() -> None:
    """Serve the upstream on a free port, and print the address."""
    import uvicorn

    # As the proxy's own: with the protocol named, asyncio sends small packets at once.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(512)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    config = uvicorn.Config(upstream, log_level="error", access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
