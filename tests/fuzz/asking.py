"""What a guarded client of a model takes: a path, a request, and whatever the model's server answers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.integrations.passage import Passage, Rules
from fuzz.guarding import guard_at_work
from fuzz.target import Target

_CHAT = "/v1/chat/completions"
_STATUS = {b"4": 400}
"""By the first byte of an answer."""


def _nothing(_: Any) -> None:
    """Log nothing."""


async def _asked(data: bytes) -> None:
    first, _, rest = data.partition(b"\n")
    request, _, answer = rest.partition(b"\n")
    passage = Passage(Rules(guard_at_work(), None, (), _nothing), "POST", first.decode("latin-1"))
    try:
        json.loads(await passage.request(request))
        if answer.startswith((b"data:", b"event:")):
            await _streamed(passage, answer)
        else:
            json.loads(await passage.whole(_STATUS.get(answer[:1], 200), answer.lstrip(b"4")))
    except RefusedError as refused:
        status, body = passage.refusal(refused)
        assert status >= min(_STATUS.values()), "a refusal is an error"
        json.loads(body)


async def _streamed(passage: Passage, answer: bytes) -> None:
    try:
        for at in range(0, len(answer), 7):
            (await passage.piece(answer[at : at + 7])).decode()
            if passage.is_over:
                return
        (await passage.end()).decode()
    except RefusedError as refused:
        passage.broken(refused).decode()


def _run(data: bytes) -> None:
    asyncio.run(_asked(data))


def _seed(path: str, request: Any, answer: bytes) -> bytes:
    return f"{path}\n{json.dumps(request)}\n".encode() + answer


def _seeds() -> tuple[bytes, ...]:
    chat = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    message = {"role": "assistant", "content": "password = x8Kq2Lm9Zt4Rw7"}
    whole = {"id": "1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    delta = {"id": "1", "choices": [{"index": 0, "delta": {"content": "password = x8Kq2L"}}]}
    last = {"id": "1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    events = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in (delta, last))
    error = b'4{"error": {"message": "no"}}'
    return (
        _seed(_CHAT, chat, json.dumps(whole).encode()),
        _seed(_CHAT, {**chat, "stream": True}, events + b"data: [DONE]\n\n"),
        _seed(_CHAT, chat, error),
        _seed("/v1/embeddings", {"model": "m", "input": "hi"}, b'{"object": "list", "data": []}'),
    )


ASKING: tuple[Target, ...] = (
    Target(
        name="client.passage",
        run=_run,
        seeds=_seeds,
        refuses=(),
        reads=("guard.proxy.reading:request_object", "guard.proxy.reading:answered"),
        words=(
            b"data: ",
            b"\n\n",
            b'"choices"',
            b'"delta"',
            b'"tool_calls"',
            b'"index"',
            b"[DONE]",
        ),
    ),
)
