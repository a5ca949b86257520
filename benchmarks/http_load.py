"""
Clients for the benchmarks of servers, as cheap as they can be: the machine is the servers'.

What is sent is made before; of what comes back only what the measurement needs is read.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any


class AnsweredError(Exception):
    """A server answered with an error."""


@dataclass
class Connection:
    """One connection to a server; opened anew where the server closes it."""

    address: str
    """Host and port."""

    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None)

    async def post(
        self, path: str, document: Any, *, until: re.Pattern[bytes] | None = None
    ) -> tuple[float, bytes]:
        """Return the seconds to the answer, or to `until` in a stream, and the body.

        Raises:
            AnsweredError: The answer is an error.
        """
        body = json.dumps(document).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.address}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        reader, writer = await self._opened()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        seconds, data = await _body(reader, answer.lower(), until, began)
        if b"connection: close" in answer.lower():
            writer.close()
            self._streams = None
        if not answer.startswith(b"HTTP/1.1 2"):
            raise AnsweredError(f"{path}: {answer[:12].decode()}: {data[:200].decode()}")
        return seconds, data

    async def close(self) -> None:
        """Close it."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            host, port = self.address.split(":")
            self._streams = await asyncio.open_connection(host, int(port))
        return self._streams


async def _body(
    reader: asyncio.StreamReader, head: bytes, until: re.Pattern[bytes] | None, began: float
) -> tuple[float, bytes]:
    seconds = 0.0
    if b"content-length:" in head:
        size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        data = await reader.readexactly(size)
        return time.perf_counter() - began, data
    data = b""
    while not data.endswith(b"0\r\n\r\n"):
        data += await reader.read(65_536)
        if not seconds and until is not None and until.search(data):
            seconds = time.perf_counter() - began
    return seconds, data


Ask = Callable[[Connection], Awaitable[float]]
"""Asks something, and returns the seconds that it took."""


async def at_rate(address: str, asks: Iterator[Ask], rate: float, count: int) -> list[float]:
    """Return what each of `count` requests took, sent at a constant rate, whatever is under way."""
    idle: list[Connection] = []
    began = time.perf_counter()

    async def one(ask: Ask) -> float:
        connection = idle.pop() if idle else Connection(address)
        seconds = await ask(connection)
        idle.append(connection)
        return seconds

    tasks = []
    for n in range(count):
        await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one(next(asks))))
    found = list(await asyncio.gather(*tasks))
    for each in idle:
        await each.close()
    return found


async def without_pause(clients: Sequence[Callable[[], Awaitable[None]]], seconds: float) -> float:
    """Return how often a second `clients`, which ask again and again, are answered together."""
    until, done = time.perf_counter() + seconds, 0

    async def go(client: Callable[[], Awaitable[None]]) -> None:
        nonlocal done
        while time.perf_counter() < until:
            await client()
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*map(go, clients))
    return done / (time.perf_counter() - began)
