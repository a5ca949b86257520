"""Every text that an API streams: how an upstream writes it, and a client puts it together."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .in_process import Got
from .upstream import chat, chunk, event

USER = [{"role": "user", "content": "hi"}]
TOOLS = [{"type": "function", "function": {"name": "send", "parameters": {}}}]


@dataclass(frozen=True)
class Field:
    """One text of an API."""

    path: str
    request: dict[str, Any]
    whole: Callable[[str], Any]
    """From the text to an answer."""

    stream: Callable[[Sequence[str]], list[bytes]]
    """From pieces of the text to the events of an answer."""

    of_whole: Callable[[Any], str]
    of_stream: Callable[[list[Any]], str]
    ends_blocked: Callable[[list[Any]], bool]
    """Whether a stream says that it was blocked, and ends as streams of the API do."""

    blocked_whole: Callable[[Any], bool]
    is_json: bool = False


def _chat(key: str, *, tool: str = "") -> Field:
    def message(text: str) -> dict[str, Any]:
        if not tool:
            return {"role": "assistant", "content": None, key: text}
        called = {"name": "send", key: text}
        kind = "custom" if tool == "custom" else "function"
        call = {"id": "call_1", "type": kind, tool: called}
        return {"role": "assistant", "content": None, "tool_calls": [call]}

    def delta(text: str, *, first: bool) -> dict[str, Any]:
        if not tool:
            return {key: text}
        start = {"id": "call_1", "type": tool} if first else {}
        called = {"name": "send", key: text} if first else {key: text}
        return {"tool_calls": [{"index": 0, **start, tool: called}]}

    def stream(pieces: Sequence[str]) -> list[bytes]:
        deltas = [delta(each, first=n == 0) for n, each in enumerate(pieces)]
        return [
            event(chunk({"role": "assistant"})),
            *(event(chunk(each)) for each in deltas),
            event(chunk({}, "tool_calls" if tool else "stop")),
            b"data: [DONE]\n\n",
        ]

    def text_of(part: dict[str, Any]) -> str:
        if not tool:
            return part.get(key) or ""
        return "".join(call.get(tool, {}).get(key, "") for call in part.get("tool_calls") or [])

    def together(events: list[Any]) -> str:
        deltas = [each["choices"][0]["delta"] for each in events[:-1]]
        return "".join(map(text_of, deltas))

    return Field(
        path="/v1/chat/completions",
        request={"model": "m", "messages": USER, "tools": TOOLS},
        whole=lambda text: chat(message(text)),
        stream=stream,
        of_whole=lambda found: text_of(found["choices"][0]["message"]),
        of_stream=together,
        ends_blocked=lambda events: (
            events[-1] == "[DONE]" and events[-2]["choices"][0]["finish_reason"] == "content_filter"
        ),
        blocked_whole=lambda found: found["choices"][0]["finish_reason"] == "content_filter",
        is_json=tool == "function",
    )


def _chat_parts(wrap: Callable[[str], Any], text_of: Callable[[Any], str]) -> Field:
    """Content that is a list of parts; `wrap` makes one of a text, and `text_of` reads it."""

    def said(holder: dict[str, Any]) -> str:
        return "".join(map(text_of, holder.get("content") or []))

    plain = _chat("content")
    return replace(
        plain,
        whole=lambda text: chat({"role": "assistant", "content": [wrap(text)]}),
        stream=lambda pieces: [
            *(event(chunk({"content": [wrap(each)]})) for each in pieces),
            event(chunk({}, "stop")),
            b"data: [DONE]\n\n",
        ],
        of_whole=lambda found: said(found["choices"][0]["message"]),
        of_stream=lambda events: "".join(said(each["choices"][0]["delta"]) for each in events[:-1]),
    )


def _completion() -> Field:
    def document(text: str, reason: str | None) -> dict[str, Any]:
        choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}
        return {"id": "cmpl-1", "object": "text_completion", "created": 1, "choices": [choice]}

    return Field(
        path="/v1/completions",
        request={"model": "m", "prompt": "hi"},
        whole=lambda text: document(text, "stop"),
        stream=lambda pieces: [
            *(event(document(each, None)) for each in pieces[:-1]),
            event(document(pieces[-1], "stop")),
            b"data: [DONE]\n\n",
        ],
        of_whole=lambda found: found["choices"][0]["text"],
        of_stream=lambda events: "".join(each["choices"][0]["text"] for each in events[:-1]),
        ends_blocked=lambda events: (
            events[-1] == "[DONE]" and events[-2]["choices"][0]["finish_reason"] == "content_filter"
        ),
        blocked_whole=lambda found: found["choices"][0]["finish_reason"] == "content_filter",
    )


def anthropic(blocks: list[Any], reason: str = "end_turn") -> dict[str, Any]:
    """A message of Anthropic."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": blocks,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 5},
    }


def anthropic_stream(start: Any, deltas: Sequence[Any], reason: str = "end_turn") -> list[Any]:
    """A streamed message of one block."""
    return [
        {"type": "message_start", "message": {**anthropic([]), "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": start},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": each} for each in deltas),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"output_tokens": 5},
        },
        {"type": "message_stop"},
    ]


def _anthropic(kind: str, key: str, piece: str, piece_key: str) -> Field:
    is_json = kind == "tool_use"
    start: dict[str, Any] = {"type": kind, key: ""}
    if is_json:
        start = {"type": kind, "id": "toolu_1", "name": "send", "input": {}}
    if kind == "thinking":
        start["signature"] = ""

    def together(events: list[Any]) -> str:
        return "".join(
            each["delta"][piece_key] for each in events if each["type"] == "content_block_delta"
        )

    def of_whole(found: Any) -> str:
        if not found["content"]:
            return ""
        value = found["content"][0][key]
        return json.dumps(value) if is_json else value

    return Field(
        path="/v1/messages",
        request={
            "model": "claude-x",
            "max_tokens": 9,
            "messages": USER,
            "tools": [{"name": "send", "input_schema": {}}],
        },
        whole=lambda text: anthropic([{**start, key: json.loads(text) if is_json else text}]),
        stream=lambda pieces: [
            event(each)
            for each in anthropic_stream(start, [{"type": piece, piece_key: p} for p in pieces])
        ],
        of_whole=of_whole,
        of_stream=together,
        ends_blocked=lambda events: (
            [each["type"] for each in events[-3:]]
            == [
                "ping" if is_json else "content_block_stop",
                *("message_delta", "message_stop"),
            ]
            and events[-2]["delta"]["stop_reason"] == "refusal"
        ),
        blocked_whole=lambda found: found["stop_reason"] == "refusal",
        is_json=is_json,
    )


def response(items: list[Any], status: str = "completed") -> dict[str, Any]:
    """A response."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_763_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": "gpt-4o-mini",
        "output": items,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "usage": None,
    }


def message_item(text: str) -> dict[str, Any]:
    """An item that holds one text."""
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {
        "id": "msg_1",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }


def _item(kind: str, key: str, text: str) -> dict[str, Any]:
    if kind == "message":
        item = message_item("")
        item["content"] = [{"type": "output_text", "text": text, "annotations": []}]
        if key == "refusal":
            item["content"] = [{"type": "refusal", "refusal": text}]
        return item
    if kind == "reasoning":
        name = "summary" if key == "summary_text" else "content"
        lists = {"summary": [], name: [{"type": key, "text": text}]}
        return {"id": "rs_1", "type": "reasoning", **lists}
    call = {"id": "fc_1", "call_id": "call_1", "type": kind, "name": "send", "status": "completed"}
    return {**call, key: text}


def response_stream(kind: str, key: str, stem: str, pieces: Sequence[str]) -> list[Any]:
    """A streamed response of one item."""
    text = "".join(pieces)
    item, empty = _item(kind, key, text), _item(kind, key, "")
    where: dict[str, Any] = {"item_id": item["id"], "output_index": 0}
    inner = "summary" if key == "summary_text" else "content"
    parts: list[list[Any]] = [[], []]
    if kind in ("message", "reasoning"):
        part = item[inner][0]
        empty[inner] = []
        index = "summary_index" if inner == "summary" else "content_index"
        where[index] = 0
        name = "reasoning_summary_part" if inner == "summary" else "content_part"
        said = "refusal" if key == "refusal" else "text"
        parts = [
            [{"type": f"response.{name}.added", **where, "part": {**part, said: ""}}],
            [{"type": f"response.{name}.done", **where, "part": part}],
        ]
        done = {"type": f"{stem}.done", **where, said: text}
    else:
        done = {"type": f"{stem}.done", **where, key: text}
    begun = {**response([]), "status": "in_progress"}
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": empty},
        *parts[0],
        *({"type": f"{stem}.delta", **where, "delta": each} for each in pieces),
        done,
        *parts[1],
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": response([item])},
    ]
    return [{**each, "sequence_number": n} for n, each in enumerate(events)]


def _response(kind: str, key: str, stem: str) -> Field:
    def of_whole(found: Any) -> str:
        (item,) = found["output"]
        if kind in ("message", "reasoning"):
            inner = "summary" if key == "summary_text" else "content"
            return item[inner][0]["refusal" if key == "refusal" else "text"]
        return item[key]

    def of_stream(events: list[Any]) -> str:
        text = "".join(each["delta"] for each in events if each["type"] == f"{stem}.delta")
        # What is said again at the end is the same.
        assert of_whole(events[-1]["response"]) == text
        assert [each["sequence_number"] for each in events] == list(range(len(events)))
        return text

    return Field(
        path="/v1/responses",
        request={
            "model": "m",
            "input": "hi",
            "tools": [{"type": "function", "name": "send", "parameters": {}}],
        },
        whole=lambda text: response([_item(kind, key, text)]),
        stream=lambda pieces: [event(each) for each in response_stream(kind, key, stem, pieces)],
        of_whole=of_whole,
        of_stream=of_stream,
        ends_blocked=lambda events: (
            events[-1]["type"] == "response.incomplete"
            and events[-1]["response"]["incomplete_details"] == {"reason": "content_filter"}
        ),
        blocked_whole=lambda found: (
            found["status"] == "incomplete"
            and found["incomplete_details"] == {"reason": "content_filter"}
        ),
        is_json=key == "arguments",
    )


FIELDS = {
    "chat content": _chat("content"),
    "chat refusal": _chat("refusal"),
    "chat reasoning": _chat("reasoning_content"),
    "chat reasoning, as others call it": _chat("reasoning"),
    "chat arguments": _chat("arguments", tool="function"),
    "chat custom tool": _chat("input", tool="custom"),
    "chat content in parts": _chat_parts(
        lambda text: {"type": "text", "text": text}, lambda part: part["text"]
    ),
    "chat thinking in parts of a part": _chat_parts(
        lambda text: {"type": "thinking", "thinking": [{"type": "text", "text": text}]},
        lambda part: part["thinking"][0]["text"],
    ),
    "completion": _completion(),
    "anthropic text": _anthropic("text", "text", "text_delta", "text"),
    "anthropic thinking": _anthropic("thinking", "thinking", "thinking_delta", "thinking"),
    "anthropic input": _anthropic("tool_use", "input", "input_json_delta", "partial_json"),
    "response text": _response("message", "output_text", "response.output_text"),
    "response refusal": _response("message", "refusal", "response.refusal"),
    "response summary": _response("reasoning", "summary_text", "response.reasoning_summary_text"),
    "response reasoning": _response("reasoning", "reasoning_text", "response.reasoning_text"),
    "response arguments": _response(
        "function_call", "arguments", "response.function_call_arguments"
    ),
    "response custom tool": _response(
        "custom_tool_call", "input", "response.custom_tool_call_input"
    ),
}


def events_of(got: Got) -> list[Any]:
    """Return the events of a stream that was answered."""
    assert got.status == 200
    assert got.headers["content-type"].startswith("text/event-stream")
    return got.events
