"""
Requests of OpenAI's chat completions.

Each text of each message is judged in the order of the conversation, arguments of tools as JSON, what tools
say under rules of its own. Parts without a text, such as images, are refused or named; of what is named, all
that can be read is judged. Everything else is judged as JSON, with its keys.

Fields: openai-openapi, `CreateChatCompletionRequest`. tests/guard/proxy/test_coverage.py and test_tools.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.documents import Steps
from assaymark.guard.proxy.chat_parts import PartText, parts_in, rests_in
from assaymark.guard.proxy.coverage import Leave, Rest, Shape, rest_of
from assaymark.guard.proxy.dialect import declared_names, is_one_of
from assaymark.guard.proxy.faults import BLOCKED_STATUS
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.proxy.turns import Form, Turn, judged_turns
from assaymark.redaction.redactor import WITHHELD

SETTINGS: Mapping[str, Shape] = {
    **dict.fromkeys(
        (
            *("model", "stream", "stream_options", "service_tier", "logprobs", "logit_bias"),
            *("parallel_tool_calls", "reasoning_effort", "modalities", "store", "verbosity"),
            *("prompt_cache_key", "prompt_cache_retention"),
        ),
        Leave.PLAIN,
    ),
    **dict.fromkeys(
        (
            *("n", "temperature", "top_p", "seed", "max_tokens", "max_completion_tokens"),
            *("frequency_penalty", "presence_penalty", "top_logprobs"),
        ),
        Leave.COUNT,
    ),
}
"""Of requests, structure."""

_REQUEST: Shape = {**SETTINGS, "messages": Leave.TAKEN}
_TEXTS = ("reasoning_content", "reasoning", "content", "refusal", "name")
_STRUCTURE: dict[str, Shape] = dict.fromkeys(
    ("role", "id", "type", "index", "tool_call_id", "status", "cache_control"), Leave.PLAIN
)
_MESSAGE: Shape = _STRUCTURE | dict.fromkeys(
    (*_TEXTS, "tool_calls", "function_call", "audio"), Leave.TAKEN
)
_CALLED = {
    "function": ("arguments", Form.JSON_TEXT),
    "function_call": ("arguments", Form.JSON_TEXT),
    "custom": ("input", Form.TEXT),
}
_INSTEAD = {"type": "text", "text": WITHHELD}


async def judged_request(document: dict[str, Any], judge: Judge) -> dict[str, Any]:
    """Return a request as it may be sent on.

    Raises:
        RefusedError: It may not.
    """
    messages = document.get("messages")
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        raise malformed("messages", "expected a list of messages")
    if document.get("audio") is not None:
        judge.opaque("audio")
    names = declared_names(document.get("tools"))
    rests = list(rest_of(document, _REQUEST))
    turns: list[Turn] = []
    for n, message in enumerate(messages):
        rests += _odd(("messages", n), message, names)
        turns += _turns(("messages", n), message)
    new = await judge.rest(document, rests)
    passed: dict[str, Any] = await judged_turns(new, turns, judge)
    return passed


def malformed(param: str, why: str) -> RefusedError:
    """Return the refusal of a request that is none of its API."""
    return RefusedError(BLOCKED_STATUS, "invalid_request", f"`{param}`: {why}", param=param)


def _turns(here: Steps, message: Mapping[str, Any]) -> Iterator[Turn]:
    """Yield the texts of a message."""
    role = str(message.get("role"))
    for key in _TEXTS:
        value = message.get(key)
        if isinstance(value, str):
            yield Turn((*here, key), role, value)
        elif key == "content" and isinstance(value, list):
            for part in parts_in(value):
                if isinstance(part, PartText):
                    yield Turn((*here, *part.place), role, part.text)
                else:
                    yield Turn((*here, *part.place), role, part.value, Form.OTHER, _INSTEAD)
        elif value is not None:
            yield Turn((*here, key), role, value, Form.JSON)
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        for n, call in enumerate(calls):
            yield from _call((*here, "tool_calls", n), call, role)
    elif calls is not None:
        yield Turn((*here, "tool_calls"), role, calls, Form.JSON)
    if message.get("function_call") is not None:
        yield from _called(here, message, "function_call", role)
    if message.get("audio") is not None:
        yield Turn((*here, "audio"), role, message["audio"], Form.OTHER, None)


def _call(here: Steps, call: Any, role: str) -> Iterator[Turn]:
    if not isinstance(call, dict):
        yield Turn(here, role, call, Form.JSON)
        return
    for key in ("function", "custom"):
        if call.get(key) is not None:
            yield from _called(here, call, key, role)


def _called(here: Steps, holder: Mapping[str, Any], key: str, role: str) -> Iterator[Turn]:
    """Yield what a function or tool is called with."""
    value, (inner, form) = holder[key], _CALLED[key]
    if not isinstance(value, dict):
        yield Turn((*here, key), role, value, Form.JSON)
    elif value.get(inner) is not None:
        is_text = isinstance(value[inner], str)
        yield Turn((*here, key, inner), role, value[inner], form if is_text else Form.JSON)


def _odd(here: Steps, message: Mapping[str, Any], names: frozenset[str]) -> Iterator[Rest]:
    """Yield what stands in a message beside its texts, and is no structure."""
    yield from rest_of(message, _MESSAGE, here)
    yield from rests_in(_list(message.get("content")), (*here, "content"))
    for n, call in enumerate(_list(message.get("tool_calls"))):
        if isinstance(call, dict):
            shape = _STRUCTURE | {key: _shape(call, key, names) for key in ("function", "custom")}
            yield from rest_of(call, shape, (*here, "tool_calls", n))
    if isinstance(message.get("function_call"), dict):
        called = _shape(message, "function_call", names)
        yield from rest_of(message["function_call"], called, (*here, "function_call"))


def _shape(holder: Mapping[str, Any], key: str, names: frozenset[str]) -> Shape:
    """Return what is judged elsewhere of a called function or tool: also its name, if it is declared."""
    value = holder.get(key)
    if not isinstance(value, dict):
        return Leave.TAKEN
    shape: dict[str, Shape] = {_CALLED[key][0]: Leave.TAKEN}
    if is_one_of(value.get("name"), names):
        shape["name"] = Leave.TAKEN
    return shape


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
