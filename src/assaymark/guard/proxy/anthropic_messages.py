"""
Anthropic's messages, `POST /v1/messages`: requests and errors; `anthropic_answer` has the answers.

Texts are judged in the order of the conversation: the system prompt, then block by block. Results of tools
are what tools say, inputs of tools are JSON. What has no text, such as an image, is refused or named; of
what is named, all that can be read is judged.

Fields: the API reference of Anthropic. tests/guard/proxy/test_anthropic_messages.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.documents import Steps
from assaymark.guard.proxy.anthropic_answer import AnthropicAnswer, error_of
from assaymark.guard.proxy.chat_request import malformed
from assaymark.guard.proxy.coverage import Leave, Rest, Shape, rest_of
from assaymark.guard.proxy.dialect import declared_names, is_one_of
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.proxy.turns import Form, Turn, judged_turns
from assaymark.redaction.redactor import WITHHELD

_REQUEST: Shape = {
    **dict.fromkeys(
        (*("model", "stream", "service_tier", "thinking", "container", "inference_geo"),),
        Leave.PLAIN,
    ),
    **dict.fromkeys(("max_tokens", "temperature", "top_p", "top_k"), Leave.COUNT),
    "system": Leave.TAKEN,
    "messages": [{"role": Leave.PLAIN, "content": Leave.TAKEN}],
}
_STRUCTURE: dict[str, Shape] = dict.fromkeys(
    ("type", "id", "tool_use_id", "cache_control", "is_error"), Leave.PLAIN
)
_TEXTS = {"text": "text", "thinking": "thinking"}
"""Type of a block to the key of its text."""
_CODED = {"thinking": "signature", "redacted_thinking": "data"}
"""Type of a block to the key of what the provider encrypted or signed."""
_INPUTS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_SOURCES: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "text": ("data", (str,)),
    "content": ("content", (str, list)),
}
"""Type of a document's source to the key of what it says, and the forms that it may have."""

_INSTEAD = {"type": "text", "text": WITHHELD}


class AnthropicMessages:
    """The operation."""

    name = "messages"
    path = "/v1/messages"
    target = "/messages"
    key_header = "x-api-key"
    names = frozenset({"system", "messages", "content", "input", "thinking", "tools", "delta"})

    async def request(self, document: dict[str, Any], judge: Judge) -> dict[str, Any]:
        """Return a request as it may be sent on.

        Raises:
            RefusedError: It may not.
        """
        messages = document.get("messages")
        if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
            raise malformed("messages", "expected a list of messages")
        names = declared_names(document.get("tools"))
        turns = list(_content(("system",), document.get("system"), "system"))
        rests = [*rest_of(document, _REQUEST), *_odd(("system",), document.get("system"), names)]
        for n, message in enumerate(messages):
            here: Steps = ("messages", n, "content")
            turns += _content(here, message.get("content"), str(message.get("role")))
            rests += _odd(here, message.get("content"), names)
        new = await judge.rest(document, rests)
        passed: dict[str, Any] = await judged_turns(new, turns, judge)
        return passed

    def answer(self, request: Mapping[str, Any], judge: Judge) -> AnthropicAnswer:
        """Return what judges the answer to `request`."""
        return AnthropicAnswer(judge, declared_names(request.get("tools")))

    def error(self, refused: RefusedError, request_id: str) -> Any:
        """Return the body of an error."""
        return {**error_of(refused), "request_id": request_id}


def _content(steps: Steps, content: Any, role: str) -> Iterator[Turn]:
    """Yield the texts in the content of a message or of a tool's result."""
    if isinstance(content, str):
        yield Turn(steps, role, content)
    elif isinstance(content, list):
        for n, block in enumerate(content):
            yield from _block((*steps, n), block, role)
    elif content is not None:
        yield Turn(steps, role, content, Form.JSON)


def _block(here: Steps, block: Any, role: str) -> Iterator[Turn]:
    kind = block.get("type") if isinstance(block, dict) else None
    key = _TEXTS.get(str(kind))
    if not isinstance(block, dict):
        yield Turn(here, role, block, Form.JSON)
    elif key is not None and isinstance(block.get(key), str):
        yield Turn((*here, key), role, block[key])
    elif is_one_of(kind, _INPUTS) and isinstance(block.get("input"), dict):
        yield Turn((*here, "input"), role, block["input"], Form.JSON)
    elif kind == "tool_result":
        yield from _content((*here, "content"), block.get("content"), "tool")
    elif kind == "redacted_thinking":
        return
    elif (key := _text_in_source(kind, block)) is not None:
        yield from _content((*here, "source", key), block["source"][key], role)
    elif str(kind) == "search_result" or str(kind).endswith("_tool_result"):
        yield Turn(here, "tool", block, Form.JSON)
    else:
        yield Turn(here, role, block, Form.OTHER, _INSTEAD)


def _text_in_source(kind: Any, block: dict[str, Any]) -> str | None:
    """Return the key of the text, or of the blocks, that a document consists of."""
    source = block.get("source")
    if kind != "document" or not isinstance(source, dict):
        return None
    key, forms = _SOURCES.get(str(source.get("type")), ("", ()))
    return key if isinstance(source.get(key), forms) else None


def _taken(kind: str, block: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the keys of a block that are judged as texts; `None` where the block is named as a whole."""
    key = _TEXTS.get(kind)
    if key is not None and isinstance(block.get(key), str):
        return (key,)
    if kind in _INPUTS and isinstance(block.get("input"), dict):
        return ("input",)
    if kind == "tool_result":
        return ("content",)
    is_read = kind == "redacted_thinking" or _text_in_source(kind, block) is not None
    return () if is_read else None


def _odd(steps: Steps, content: Any, names: frozenset[str]) -> Iterator[Rest]:
    """Yield what stands in blocks beside their texts, and is no structure."""
    for n, block in enumerate(content if isinstance(content, list) else ()):
        if not isinstance(block, dict):
            continue
        kind, here = str(block.get("type")), (*steps, n)
        if kind == "tool_result":
            yield from _odd((*here, "content"), block.get("content"), names)
        if kind == "search_result" or kind.endswith("_tool_result"):
            # Judged as a whole.
            continue
        taken = _taken(kind, block)
        if taken is None:
            continue
        shape = _STRUCTURE | dict.fromkeys(taken, Leave.TAKEN)
        if kind in _CODED:
            shape[_CODED[kind]] = Leave.OPAQUE
        if is_one_of(block.get("name"), names):
            shape["name"] = Leave.TAKEN
        if (key := _text_in_source(kind, block)) is not None:
            shape["source"] = {"type": Leave.PLAIN, "media_type": Leave.PLAIN, key: Leave.TAKEN}
            yield from _odd((*here, "source", key), block["source"][key], names)
        yield from rest_of(block, shape, here)
