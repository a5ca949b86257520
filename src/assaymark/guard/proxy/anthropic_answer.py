"""
Answers of Anthropic's messages, as a whole and in pieces.

A block of content that is blocked ends where it was, and the answer with it: `stop_reason: "refusal"`. Of a
call of a tool that is blocked nothing is left: half of an input is one that clients might act on. So where a
rule may block calls, a stream holds each until it is whole; else its pieces leave as they come.

tests/guard/proxy/test_anthropic_messages.py and test_law.py
"""

from __future__ import annotations

import json
from typing import Any

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.asgi.sse import Event
from assaymark.guard.documents import Steps
from assaymark.guard.proxy.coverage import Leave, Rest, Shape, rest_of
from assaymark.guard.proxy.dialect import data_of, is_one_of, written
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.proxy.reading import a_list, a_number, an_object, invalid_answer
from assaymark.guard.proxy.stream_ends import EndsByEvent
from assaymark.guard.structure import is_plain

REFUSED = "refusal"

_KINDS = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_CLIENTS_FAULT = range(400, 500)

_MESSAGE: Shape = {
    **dict.fromkeys(
        ("id", "type", "role", "model", "stop_reason", "usage", "container"), Leave.PLAIN
    ),
    "content": Leave.TAKEN,
}
_BLOCK: dict[str, Shape] = {
    **dict.fromkeys(("type", "id", "caller"), Leave.PLAIN),
    "index": Leave.COUNT,
    **dict.fromkeys(("signature", "data"), Leave.OPAQUE),
}
_EVENT: dict[str, Shape] = {
    **dict.fromkeys(("type", "usage"), Leave.PLAIN),
    "index": Leave.COUNT,
}
_PART_OF = {
    "message_start": "message",
    "content_block_start": "content_block",
    "content_block_delta": "delta",
    "message_delta": "delta",
}
"""Type of an event to the part that is judged for itself."""
_DELTA: dict[str, Shape] = {
    **dict.fromkeys(("type", "stop_reason", "container"), Leave.PLAIN),
    "signature": Leave.OPAQUE,
}
_TEXTS = {"text": "text", "thinking": "thinking"}
_BARE = frozenset({"ping", "message_stop"})
_INPUTS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_AT_ONCE = frozenset({"citations_delta", "signature_delta"})
"""Types of deltas that are whole."""
_PIECES = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""Type of a delta to the key of its text."""


class AnthropicAnswer(EndsByEvent):
    """One answer.

    Args:
        judge: Who judges.
        tools: Names that the request declares.
    """

    def __init__(self, judge: Judge, tools: frozenset[str]) -> None:
        self._judge, self._tools = judge, tools
        self._deltas: dict[int, str] = {}
        """Index of each block that is open to the type of its deltas."""
        self._held: dict[int, list[Event]] = {}
        """Index of each call of a tool that is open and held to what will leave of it."""

    # -- as a whole

    async def whole(self, document: Any) -> Any:
        """Return an answer that came as a whole, as it may pass.

        Raises:
            RefusedError: It is none, or may not.
        """
        passed = []
        blocks = a_list(an_object(document).get("content"))
        is_blocked = False
        for n, block in enumerate(blocks):
            new = await self._whole_block(n, an_object(block))
            is_blocked = self._judge.is_blocked(("content", n))
            if not (is_blocked and is_one_of(block.get("type"), _INPUTS)):
                passed.append(new)
            if is_blocked:
                break
        plain = await self._judge.answer_rest(document, list(rest_of(document, _MESSAGE)))
        if "content" in plain:
            plain = {**plain, "content": passed}
        return {**plain, "stop_reason": REFUSED} if is_blocked else plain

    async def _whole_block(self, n: int, block: dict[str, Any]) -> dict[str, Any]:
        new = await self._block(block, None)
        key = _TEXTS.get(str(block.get("type")))
        if key is not None:
            new[key] = await self._judge.whole(("content", n, key), _text(block, key))
        elif is_one_of(block.get("type"), _INPUTS):
            text = json.dumps(an_object(block.get("input")), ensure_ascii=False)
            left = await self._judge.whole(
                ("content", n, "input"), text, to_tool=True, is_json=True
            )
            new["input"] = {} if self._judge.is_blocked(("content", n)) else json.loads(left)
        return new

    async def _block(self, block: dict[str, Any], here: Steps | None) -> dict[str, Any]:
        """Return a block with all but its text as it may pass."""
        shape = dict(_BLOCK)
        if (text := _TEXTS.get(str(block.get("type")))) is not None:
            shape[text] = Leave.TAKEN
        if is_one_of(block.get("type"), _INPUTS):
            shape["input"] = Leave.TAKEN
            if is_one_of(block.get("name"), self._tools):
                shape["name"] = Leave.TAKEN
        rests = list(rest_of(block, shape))
        return dict(await self._judge.answer_rest(block, rests, here))

    # -- in pieces

    async def event(self, event: Event) -> list[Event]:
        """Take the next event; return those that may leave.

        Raises:
            RefusedError: It is no event of this API, or may not leave.
        """
        if event.data is None:
            return [Event()]
        document = an_object(data_of(event))
        kind = document.get("type")
        if kind == "error":
            raise RefusedError(502, "upstream_failed", "the upstream failed in the middle")
        part = _PART_OF.get(kind) if isinstance(kind, str) else None
        shape = _EVENT if part is None else _EVENT | {part: Leave.TAKEN}
        here: Steps = ("event", str(kind), a_number(document.get("index"), 0))
        plain = await self._judge.answer_rest(document, list(rest_of(document, shape)), here)
        if kind == "message_start":
            message = an_object(document.get("message"))
            if a_list(message.get("content")):
                raise invalid_answer("a message began with content")
            rests = list(rest_of(message, _MESSAGE))
            return [_event(plain, message=await self._judge.answer_rest(message, rests))]
        if kind == "content_block_start":
            return await self._started(plain, an_object(document.get("content_block")))
        if kind == "content_block_delta":
            return await self._delta(plain, an_object(document.get("delta")))
        if kind == "content_block_stop":
            return await self._stopped(plain)
        if kind == "message_delta":
            self.is_closing = True
            delta = an_object(document.get("delta"))
            rests = list(rest_of(delta, _DELTA))
            return [_event(plain, delta=await self._judge.answer_rest(delta, rests, (kind,)))]
        if kind == "message_stop":
            self.is_closing = self.is_over = True
        if is_one_of(kind, _BARE):
            return [_event(plain)]
        # Of a kind that is not known: judged as it is.
        rest = [Rest((), document)]
        return [_event(await self._judge.answer_rest(document, rest, (*here, "unknown")))]

    def broken(self, refused: RefusedError) -> list[Event]:
        """Return what ends a stream that cannot go on."""
        self.is_over = True
        return [_event(error_of(refused))]

    async def _started(self, plain: dict[str, Any], block: dict[str, Any]) -> list[Event]:
        index = a_number(plain.get("index"), 0)
        kind = str(block.get("type"))
        new = await self._block(block, ("content", index, "start"))
        if kind in _TEXTS:
            key = _TEXTS[kind]
            self._deltas[index] = f"{key}_delta"
            new[key] = await self._judge.feed(("content", index, key), _text(block, key))
        elif kind in _INPUTS:
            if block.get("input"):
                raise invalid_answer("the input of a tool began before its pieces")
            self._deltas[index] = "input_json_delta"
            if self._judge.may_block_calls:
                self._held[index] = []
        return self._left(index, [_event(plain, content_block=new)])

    async def _delta(self, plain: dict[str, Any], delta: dict[str, Any]) -> list[Event]:
        index = a_number(plain.get("index"), 0)
        kind = str(delta.get("type"))
        key = _PIECES.get(kind)
        shape = _DELTA if key is None else _DELTA | {key: Leave.TAKEN}
        here = None if kind in _AT_ONCE else ("content", index, "delta")
        new: dict[str, Any] = await self._judge.answer_rest(
            delta, list(rest_of(delta, shape)), here
        )
        if key is None:
            if any(each in delta for each in _PIECES.values()):
                raise invalid_answer("a piece has no type that is known")
            if kind not in _AT_ONCE:
                self._judge.opaque("delta", in_answer=True)
            return [_event(plain, delta=new)]
        if self._deltas.get(index) != delta.get("type"):
            raise invalid_answer("a piece belongs to no block")
        is_json = key == "partial_json"
        text = await self._judge.feed(
            self._key(index), _text(delta, key), to_tool=is_json, is_json=is_json
        )
        return self._left(index, [_event(plain, delta={**new, key: text})])

    async def _stopped(self, plain: dict[str, Any]) -> list[Event]:
        index = a_number(plain.get("index"), 0)
        kind = self._deltas.get(index)
        if kind is None:
            return [_event(plain)]
        text = await self._judge.finish(self._key(index))
        piece = {"type": kind, _PIECES[kind]: text}
        left = (
            [_event({"type": "content_block_delta", "index": index}, delta=piece)] if text else []
        )
        left = self._left(index, left)
        if self.is_over:
            return left
        del self._deltas[index]
        return [*self._held.pop(index, []), *left, _event(plain)]

    def _left(self, index: int, events: list[Event]) -> list[Event]:
        """Return what leaves now of events of a block, with the end of the answer where it is blocked."""
        ended = self._ended(index)
        if index not in self._held:
            return [*events, *ended]
        self._held[index] += events
        return ended

    def _ended(self, index: int) -> list[Event]:
        """Return the end of the answer, where a block is blocked."""
        if not self._judge.is_blocked(("content", index)):
            return []
        self.is_closing = self.is_over = True
        delta = {"stop_reason": REFUSED, "stop_sequence": None}
        # A call that is held never began.
        begun = [] if index in self._held else [{"type": "content_block_stop", "index": index}]
        return [
            *map(_event, begun),
            _event({"type": "message_delta", "usage": {"output_tokens": 0}}, delta=delta),
            _event({"type": "message_stop"}),
        ]

    def _key(self, index: int) -> Steps:
        key = _PIECES[self._deltas[index]]
        return ("content", index, "input" if key == "partial_json" else key)


def error_of(refused: RefusedError) -> dict[str, Any]:
    """Return an error as this API writes it; `code` is ours."""
    default = "invalid_request_error" if refused.status in _CLIENTS_FAULT else "api_error"
    kind = _KINDS.get(refused.status, default)
    return {
        "type": "error",
        "error": {"type": kind, "message": refused.message, "code": refused.code},
    }


def _event(document: dict[str, Any], **parts: Any) -> Event:
    new = {**document, **parts}
    kind = new.get("type")
    return Event(name=kind if isinstance(kind, str) and is_plain(kind) else "", data=written(new))


def _text(part: dict[str, Any], key: str) -> str:
    text = part.get(key)
    if text is not None and not isinstance(text, str):
        raise invalid_answer("a text is none")
    return text or ""
