"""
An upstream that does what a test says: over a real socket, byte for byte.

It answers with the pieces of a `Reply`, one chunk each, and then ends, dies, or hangs.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

Pieces = Sequence[bytes | float]
"""Chunks, and seconds to wait between them."""


@dataclass
class Reply:
    """What is answered."""

    pieces: Pieces = ()
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    then: str = "end"
    """`end`, `die` in the middle of the body, or `hang`."""


@dataclass
class Asked:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: Any


def whole(document: Any, **options: Any) -> Reply:
    """Answer with a JSON document."""
    return Reply([json.dumps(document).encode()], **options)


def events(documents: Sequence[Any], *, done: bool = True, **options: Any) -> Reply:
    """Answer with server-sent events, one chunk each; named where they have a type."""
    pieces = [event(each) for each in documents]
    pieces += [b"data: [DONE]\n\n"] if done else []
    return Reply(pieces, kind="text/event-stream", **options)


def event(document: Any) -> bytes:
    """Write one event."""
    kind = document.get("type") if isinstance(document, dict) else None
    name = f"event: {kind}\n" if kind else ""
    return f"{name}data: {json.dumps(document)}\n\n".encode()


class LoopbackServer(ABC):
    """Serves connections on a thread of its own; a context manager."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(5)
        return self

    def __exit__(self, *raised: object) -> None:
        async def stop() -> None:
            self._server.close()
            tasks = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # Connections close in a turn of the loop after the one that says so.
            await asyncio.sleep(0.01)

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        return server

    @abstractmethod
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""


class Upstream(LoopbackServer):
    """The server; a context manager."""

    def __init__(
        self,
        answer: Callable[[Asked], Reply] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(context)
        self.answer = answer
        self.asked: list[Asked] = []
        self.left = threading.Event()
        """Set when a client went away before its answer was over."""

    @property
    def url(self) -> str:
        """What stands before `/chat/completions`."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            self.left.set()
        except asyncio.CancelledError:
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return False
        first, *lines = head.strip().split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        data = await reader.readexactly(int(headers.get("content-length", "0")))
        asked = Asked(first.split(" ")[1], headers, json.loads(data) if data else None)
        self.asked.append(asked)
        assert self.answer is not None
        await self._answer(self.answer(asked), reader, writer)
        return True

    async def _answer(
        self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if reply.status == 0:
            # Nothing at all: silence, or a closed connection.
            await self._finish(reply, reader, writer)
            return
        lines = [f"HTTP/1.1 {reply.status} x", f"content-type: {reply.kind}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        writer.write("\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode())
        for piece in reply.pieces:
            if isinstance(piece, float):
                await writer.drain()
                await asyncio.sleep(piece)
            elif piece:
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                # One piece, one packet: otherwise they are joined on the way.
                await writer.drain()
                await asyncio.sleep(0)
        await self._finish(reply, reader, writer)

    async def _finish(
        self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if reply.then == "end":
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        elif reply.then == "die":
            raise ConnectionResetError
        else:
            assert await reader.read(1) == b""
            raise ConnectionResetError


def chat(*messages: dict[str, Any] | str, reason: str = "stop", **more: Any) -> dict[str, Any]:
    """A chat completion."""
    choices = [
        {
            "index": n,
            "message": {"role": "assistant", "content": each} if isinstance(each, str) else each,
            "logprobs": None,
            "finish_reason": reason,
        }
        for n, each in enumerate(messages)
    ]
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_763_000_000,
        "model": "gpt-4o-mini",
        "choices": choices,
        "usage": usage,
        **more,
    }


def chunk(delta: dict[str, Any], reason: str | None = None, index: int = 0) -> dict[str, Any]:
    """One event of a streamed chat completion."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_763_000_000,
        "model": "gpt-4o-mini",
        "choices": [{"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}],
    }


def chunks(pieces: Sequence[str], key: str = "content", index: int = 0) -> list[dict[str, Any]]:
    """A streamed chat completion of one choice, cut into `pieces`."""
    return [
        chunk({"role": "assistant", "content": ""}, index=index),
        *(chunk({key: each}, index=index) for each in pieces),
        chunk({}, "stop", index=index),
    ]
