"""
Messages of LangChain as a guard judges them, and with other texts in them.

Texts, reasoning and arguments of tools are judged as what they are. What else a message holds is judged as
JSON, unless it is plain structure such as ids and counts. Images, sound and files are not read by anybody.

tests/integrations/test_langchain.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from assaymark.guard.documents import Steps, with_values
from assaymark.guard.structure import is_plain

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

ROLES: Mapping[str, str] = {
    "human": "user",
    "ai": "assistant",
    "AIMessageChunk": "assistant",
    "system": "system",
    "tool": "tool",
    "function": "function",
}

TEXTS: Mapping[str, str] = {
    "text": "text",
    "text-plain": "text",
    "input_text": "text",
    "output_text": "text",
    "refusal": "refusal",
    "thinking": "thinking",
    "reasoning": "reasoning",
}
"""Type of a block to the key that holds its text."""

MEDIA = frozenset(
    {
        *(
            "image",
            "image_url",
            "input_image",
            "audio",
            "input_audio",
            "video",
            "file",
            "input_file",
        ),
        *("document", "media", "container_upload"),
    }
)
"""Types of blocks that nothing reads."""

_BLOCK_STRUCTURE = frozenset({"type", "index", "id"})
_REPEATS = frozenset({"logprobs"})
"""What says a text again, in pieces too small to judge."""


class Judged(NamedTuple):
    """A message in the form in which it is judged."""

    message: dict[str, Any]
    """As OpenAI's API writes it."""

    rests: dict[Steps, Any]
    """What is judged as JSON, by its place in `document_of`."""


def document_of(message: BaseMessage) -> dict[str, Any]:
    """Return the parts of a message that may hold texts."""
    found: dict[str, Any] = {
        "content": message.content,
        "name": message.name,
        "additional_kwargs": message.additional_kwargs,
        "response_metadata": without_repeats(message.response_metadata),
    }
    for key in ("tool_calls", "invalid_tool_calls", "tool_call_id"):
        value = getattr(message, key, None)
        if value:
            found[key] = value
    return found


def without_repeats(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata of an answer without what repeats its text."""
    return {key: value for key, value in document.items() if key not in _REPEATS}


def judged(document: Mapping[str, Any], role: str) -> Judged:
    """Return what `document_of` returned, in the form in which it is judged."""
    rests: dict[Steps, Any] = {}
    message: dict[str, Any] = {"role": role, "content": _content(document["content"], rests)}
    if document["name"]:
        message["name"] = document["name"]
    calls = document.get("tool_calls", ())
    if calls:
        message["tool_calls"] = [
            {"function": {"arguments": json.dumps(each["args"], ensure_ascii=False)}}
            for each in calls
        ]
    for n, each in enumerate(calls):
        for key in ("name", "id"):
            _rest(("tool_calls", n, key), each.get(key), rests)
    for key in ("additional_kwargs", "response_metadata", "invalid_tool_calls", "tool_call_id"):
        _rest((key,), document.get(key), rests)
    return Judged(message, rests)


def _content(content: Any, rests: dict[Steps, Any]) -> Any:
    if isinstance(content, str):
        return content
    return [_block(("content", n), each, rests) for n, each in enumerate(content)]


def _block(steps: Steps, block: Any, rests: dict[Steps, Any]) -> Any:
    if not isinstance(block, dict):
        return str(block)
    kind = str(block.get("type"))
    if kind in MEDIA:
        return {"type": "other", "value": block}
    key = TEXTS.get(kind)
    text = block.get(key) if key is not None else None
    taken = {key} if isinstance(text, str) else set()
    for other, value in block.items():
        if other not in taken and not (other in _BLOCK_STRUCTURE and is_plain(value)):
            _rest((*steps, other), value, rests)
    return {"type": "text", "text": text if isinstance(text, str) else ""}


def _rest(steps: Steps, value: Any, rests: dict[Steps, Any]) -> None:
    if value and not is_plain(value):
        rests[steps] = value


def replaced(
    message: BaseMessage,
    document: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    rests: Mapping[Steps, Any],
) -> BaseMessage:
    """Return `message` as it may pass.

    Args:
        message: As it came. It is not changed.
        document: Its parts, as `document_of` returned them.
        before: As it was judged.
        after: As it may pass.
        rests: What may stand in the places that were judged as JSON.
    """
    new: dict[Steps, Any] = dict(rests)
    if after is not before:
        new |= _changes(document, before, after)
    changed = with_values(document, new)
    if changed["response_metadata"] != message.response_metadata or new:
        return message.model_copy(update={key: changed[key] for key in document})
    return message


def _changes(
    document: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[Steps, Any]:
    new: dict[Steps, Any] = {}
    if isinstance(before["content"], str):
        new["content",] = after["content"]
    else:
        for n, (old, part) in enumerate(zip(before["content"], after["content"], strict=True)):
            if part != old:
                new |= _changed_block(("content", n), document["content"][n], part)
    for n, call in enumerate(after.get("tool_calls", ())):
        arguments = call["function"]["arguments"]
        if arguments != before["tool_calls"][n]["function"]["arguments"]:
            new["tool_calls", n, "args"] = json.loads(arguments)
    if after.get("name") != before.get("name"):
        new["name",] = after["name"]
    return new


def _changed_block(steps: Steps, block: Any, part: Any) -> dict[Steps, Any]:
    key = TEXTS.get(str(block.get("type"))) if isinstance(block, dict) else None
    if isinstance(part, str):
        return {steps: part}
    if key is None:
        return {steps: part["value"] if part["type"] == "other" else part}
    return {(*steps, key): part["text"]}


def plain_role(message: BaseMessage) -> str:
    """Return who says a message, as OpenAI's API calls them."""
    return ROLES.get(message.type, str(getattr(message, "role", "user")))


def is_json(value: Any) -> bool:
    """Return whether a value can be judged as JSON."""
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def blocks_of(content: Any) -> Sequence[Any]:
    """Return the blocks of a chunk's content; a text is one without an index."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [{"type": "text", "text": each} if isinstance(each, str) else each for each in content]
