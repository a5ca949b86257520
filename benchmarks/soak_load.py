"""
The two ends of `guard_soak.py`: an upstream that writes slowly, and clients that know what they have to get.

A client says who it is by a marker of letters, and personal data that belong to nobody else. The upstream
looks whether any of it came through, and says it again in its answer, piece by piece. The client then knows,
to the character, what it has to get.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

PIECES = 16
CARD = "4111 1111 1111 1111"
CLEAN, LEAKED = "all is clean", "a value came through"
RAW = re.compile(rb"@example\.com|4111")
MARK = re.compile(r"mark-[a-z]{4}-[a-z]{5}")
TURNS = (
    *("chat", "messages", "responses", "chat", "tool", "completions", "chat", "messages", "whole"),
    *("chat", "responses", "blocked", "chat", "messages", "leaves", "chat", "tool", "dies"),
    *("chat", "responses"),
)
"""What a client asks for, one after the other: APIs, a block, a client that leaves, an upstream that dies."""

PATHS = {
    "messages": "/v1/messages",
    "responses": "/v1/responses",
    "completions": "/v1/completions",
}


def letters(number: int, count: int) -> str:
    """Return `number` in `count` letters."""
    text = ""
    for _ in range(count):
        number, digit = divmod(number, 26)
        text = chr(97 + digit) + text
    return text


def answer(mark: str, state: str, *, redacted: bool) -> str:
    """Return what the upstream says, as it says it or as it has to leave."""
    mail, card = f"{mark[5:]}@example.com", CARD
    if redacted:
        mail, card = "<EMAIL_ADDRESS>", "<CREDIT_CARD>"
    return f"Hello {mark}, {state}. Write to {mail} or pay with {card} and you, {mark}, are done."


def arguments(mark: str, state: str, *, redacted: bool) -> str:
    """Likewise, what a tool is called with."""
    mail = "<EMAIL_ADDRESS>" if redacted else f"{mark[5:]}@example.com"
    return json.dumps({"who": mark, "state": state, "to": mail})


# -- the upstream


def cut(text: str) -> list[str]:
    """Return `text` in pieces."""
    size = -(-len(text) // PIECES)
    return [text[at : at + size] for at in range(0, len(text), size)]


def _chat(mark: str, state: str, kind: str) -> Iterator[Any]:
    def delta(value: Any, reason: str | None = None) -> Any:
        choice = {"index": 0, "delta": value, "finish_reason": reason}
        return {"id": "c", "object": "chat.completion.chunk", "created": 1, "choices": [choice]}

    if kind == "tool":
        start = {"index": 0, "id": "call", "type": "function", "function": {"name": "send"}}
        yield delta({"tool_calls": [start]})
        for piece in cut(arguments(mark, state, redacted=False)):
            yield delta({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    else:
        for piece in cut(answer(mark, state, redacted=False)):
            yield delta({"content": piece})
    yield delta({}, "stop")
    yield "[DONE]"


def _messages(mark: str, state: str, _kind: str) -> Iterator[Any]:
    message = {"id": "m", "type": "message", "role": "assistant", "content": []}
    yield {"type": "message_start", "message": message}
    start = {"type": "text", "text": ""}
    yield {"type": "content_block_start", "index": 0, "content_block": start}
    for piece in cut(answer(mark, state, redacted=False)):
        delta = {"type": "text_delta", "text": piece}
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}}
    yield {"type": "message_stop"}


def _responses(mark: str, state: str, _kind: str) -> Iterator[Any]:
    text = answer(mark, state, redacted=False)
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "i", "role": "assistant", "content": [part]}
    where = {"output_index": 0, "content_index": 0, "item_id": "i"}
    empty = {**item, "content": []}
    yield {"type": "response.created", "response": {"id": "r", "output": []}}
    yield {"type": "response.output_item.added", "output_index": 0, "item": empty}
    for piece in cut(text):
        yield {"type": "response.output_text.delta", **where, "delta": piece}
    yield {"type": "response.output_text.done", **where, "text": text}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": {"id": "r", "output": [item]}}


def _completions(mark: str, state: str, _kind: str) -> Iterator[Any]:
    for piece in cut(answer(mark, state, redacted=False)):
        yield {"id": "t", "choices": [{"index": 0, "text": piece, "finish_reason": None}]}
    yield {"id": "t", "choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}
    yield "[DONE]"


STREAMS: dict[str, Callable[[str, str, str], Iterator[Any]]] = {
    "messages": _messages,
    "responses": _responses,
    "completions": _completions,
}


async def serve_upstream(seconds: float) -> None:
    """Serve on a free port; an answer takes so many seconds."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await answered(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        kind = str(json.loads(body)["model"])
        marks = set(MARK.findall(body.decode()))
        state = LEAKED if RAW.search(body) or len(marks) != 1 else CLEAN
        mark = min(marks, default="mark-none-found")
        if kind == "whole":
            await asyncio.sleep(seconds)
            message = {"role": "assistant", "content": answer(mark, state, redacted=False)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            data = json.dumps({"id": "c", "choices": [choice]}).encode()
            writer.write(_head("application/json", f"content-length: {len(data)}") + data)
            await writer.drain()
            return True
        writer.write(_head("text/event-stream", "transfer-encoding: chunked"))
        for n, each in enumerate(STREAMS.get(kind, _chat)(mark, state, kind)):
            if kind == "dies" and n == PIECES // 2:
                raise ConnectionResetError
            data = f"data: {each if each == '[DONE]' else json.dumps(each)}\n\n".encode()
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await writer.drain()
            await asyncio.sleep(seconds / PIECES)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def _head(kind: str, length: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{length}\r\n\r\n".encode()


# -- the clients


@dataclass
class Seen:
    """What the clients saw."""

    ended: Counter[str] = field(default_factory=Counter)
    """`kind: how it ended`, counted."""

    wrong: list[str] = field(default_factory=list)
    """Mixed up, leaked or different from what it should be; without content."""

    requests: int = 0
    open: int = 0
    late: list[float] = field(default_factory=list)
    """Seconds by which streams took longer than the upstream wrote."""


def request_of(kind: str, mark: str) -> tuple[str, Any]:
    """Return path and body of a request."""
    text = f"I am {mark}, my address is {mark[5:]}@example.com, who are you?"
    if kind == "blocked":
        text += f" I pay with {CARD}."
    messages = [{"role": "user", "content": text}]
    body: dict[str, Any] = {"model": kind, "stream": kind != "whole"}
    path = PATHS.get(kind, "/v1/chat/completions")
    if kind == "messages":
        return path, {**body, "max_tokens": 9, "messages": messages}
    if kind == "responses":
        return path, {**body, "input": text}
    if kind == "completions":
        return path, {**body, "prompt": text}
    tools = [{"type": "function", "function": {"name": "send", "parameters": {}}}]
    return path, {**body, "messages": messages, "tools": tools}


def said(kind: str, data: bytes) -> str:
    """Return what a client puts together."""
    if kind == "whole":
        return str(json.loads(data)["choices"][0]["message"]["content"])
    text = ""
    for line in data.decode().split("\n"):
        if not line.startswith("data: {"):
            continue
        event = json.loads(line[6:])
        if event.get("type") in ("content_block_delta", "response.output_text.delta"):
            delta = event["delta"]
            text += delta["text"] if isinstance(delta, dict) else delta
        for choice in event.get("choices", ()):
            delta = choice.get("delta", {})
            text += choice.get("text") or delta.get("content") or ""
            for call in delta.get("tool_calls", ()):
                text += call["function"].get("arguments", "")
    return text


def judged(kind: str, mark: str, status: int, data: bytes) -> tuple[str, str]:
    """Return how a request ended, and what is wrong with that, if anything."""
    if RAW.search(data) or RAW.search(said(kind, data).encode() if status == 200 else b""):
        return "leaked", "a value"
    if set(MARK.findall(data.decode())) - {mark}:
        return "mixed", "a marker of somebody else"
    if kind == "blocked":
        is_right = status == 400 and b'"content_filter"' in data
        return ("blocked", "") if is_right else ("passed", f"status {status}, no block")
    if status != 200:
        code = re.search(rb'"code": ?"(\w+)"', data)
        return "error", f"status {status} {code[1].decode() if code else ''}"
    if kind == "dies":
        is_right = b'"upstream_failed"' in data
        return ("broke off", "") if is_right else ("ended", "no error in a stream that broke off")
    make = arguments if kind == "tool" else answer
    is_right = said(kind, data) == make(mark, CLEAN, redacted=True)
    return ("whole", "") if is_right else ("different", "another text than expected")


async def ask(http: httpx.AsyncClient, kind: str, mark: str) -> tuple[int, bytes]:
    """Return status and body; a client that leaves gets no further than the first lines."""
    path, body = request_of(kind, mark)
    async with http.stream("POST", path, json=body) as got:
        data = b""
        async for piece in got.aiter_bytes():
            data += piece
            if kind == "leaves" and data.count(b"\n\n") > PIECES // 3:
                break
        return got.status_code, data


async def client(
    number: int, http: httpx.AsyncClient, seen: Seen, seconds: float, until: float
) -> None:
    """Ask, one request after the other; one at least."""
    turn = number
    while turn == number or time.monotonic() < until:
        kind, mark = TURNS[turn % len(TURNS)], f"mark-{letters(number, 4)}-{letters(turn, 5)}"
        turn += 1
        seen.requests += 1
        seen.open += 1
        began = time.monotonic()
        try:
            status, data = await ask(http, kind, mark)
        except httpx.HTTPError as error:
            ending, wrong = "error", type(error).__name__
        else:
            ending, wrong = judged(kind, mark, status, data) if kind != "leaves" else ("left", "")
        finally:
            seen.open -= 1
        seen.ended[f"{kind}: {ending}"] += 1
        if wrong:
            seen.wrong.append(f"{kind}: {wrong}")
        if ending == "whole":
            seen.late.append(time.monotonic() - began - seconds)


async def load(
    url: str, streams: int, rate: float, minutes: float, seen: Seen, watch: Callable[[], None],
    every: float,
) -> None:  # fmt: skip
    """Keep `streams` requests open for so many minutes; `watch` is called now and then."""
    seconds = streams / rate
    limits = httpx.Limits(max_connections=streams + 8, max_keepalive_connections=streams)
    until = time.monotonic() + minutes * 60
    async with httpx.AsyncClient(base_url=url, timeout=seconds + 60, limits=limits) as http:
        running: list[asyncio.Task[None]] = []

        async def start() -> None:
            began = time.monotonic()
            for number in range(streams):
                await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                running.append(asyncio.create_task(client(number, http, seen, seconds, until)))

        starting = asyncio.create_task(start())
        while time.monotonic() < until:
            await asyncio.sleep(every)
            watch()
        await starting
        await asyncio.gather(*running)


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Return the median and the 99th of 100, in milliseconds."""
    ordered = sorted(values)
    if not ordered:
        return {}
    return {
        "p50_ms": round(ordered[len(ordered) // 2] * 1e3, 1),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1e3, 1),
    }
