"""
OpenAI's responses, `POST /v1/responses`: requests. `responses_answer` has the answers.

Items are judged in the order of the conversation. What leads to texts that are stored at the provider, and
were not judged here (`previous_response_id`, `conversation`, `prompt`, references, files), is named.

Fields: openai-openapi, `CreateResponse` and `InputItem`. tests/guard/proxy/test_responses.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assaymark.guard.documents import Steps
from assaymark.guard.proxy.coverage import Leave, Rest, Shape, rest_of
from assaymark.guard.proxy.dialect import OpenAIErrors, declared_names, is_one_of
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.proxy.responses_answer import ResponsesAnswer
from assaymark.guard.proxy.turns import Form, Turn, judged_turns
from assaymark.redaction.redactor import WITHHELD

_ELSEWHERE = ("previous_response_id", "conversation", "background")
"""What refers to what is not here; `background` to an answer that will be fetched from elsewhere."""

_REQUEST: Shape = {
    **dict.fromkeys(
        (
            *("model", "stream", "stream_options", "store", "parallel_tool_calls", "truncation"),
            *("include", "service_tier", "reasoning", "prompt_cache_key"),
            *("prompt_cache_retention", *_ELSEWHERE),
        ),
        Leave.PLAIN,
    ),
    **dict.fromkeys(
        ("temperature", "top_p", "top_logprobs", "max_output_tokens", "max_tool_calls"),
        Leave.COUNT,
    ),
    **dict.fromkeys(("instructions", "input", "prompt"), Leave.TAKEN),
}
_ITEM: dict[str, Shape] = dict.fromkeys(
    ("type", "id", "call_id", "status", "role", "phase"), Leave.PLAIN
)
_OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output"})
_CALLS = {"function_call": ("arguments", Form.JSON_TEXT), "custom_tool_call": ("input", Form.TEXT)}
_READ_AS_JSON = frozenset(
    {
        *("web_search_call", "file_search_call", "code_interpreter_call", "local_shell_call"),
        *("local_shell_call_output", "mcp_call", "mcp_list_tools", "mcp_approval_request"),
        *("mcp_approval_response", "shell_call", "shell_call_output", "apply_patch_call"),
        "apply_patch_call_output",
    }
)
_PART_TEXTS = {
    **dict.fromkeys(
        ("input_text", "output_text", "text", "reasoning_text", "summary_text"), "text"
    ),
    "refusal": "refusal",
}
_TAKEN: Mapping[str, tuple[str, ...]] = {
    "message": ("content",),
    "reasoning": ("summary", "content"),
    **{kind: (key,) for kind, (key, _) in _CALLS.items()},
    **dict.fromkeys(_OUTPUTS, ("output",)),
}
"""Type of an item to the keys that are judged as texts; an item of another type is named as a whole."""


class Responses(OpenAIErrors):
    """The operation."""

    name = "responses"
    path = "/v1/responses"
    target = "/responses"
    names = frozenset(
        {
            *("input", "instructions", "output", "summary", "previous_response_id", "conversation"),
            *("prompt", "variables", "background", "tools", "delta", "part", "item", "response"),
        }
    )

    async def request(self, document: dict[str, Any], judge: Judge) -> dict[str, Any]:
        """Return a request as it may be sent on.

        Raises:
            RefusedError: It may not.
        """
        for key in _ELSEWHERE:
            if document.get(key):
                judge.opaque(key)
        items = document.get("input")
        turns = list(_text(("instructions",), document.get("instructions"), "system"))
        names = declared_names(document.get("tools"))
        rests = list(rest_of(document, _REQUEST))
        if document.get("prompt"):
            rests += judge.unread(document["prompt"], "prompt")
        if isinstance(items, list):
            for n, item in enumerate(items):
                turns += _item(("input", n), item)
                rests += _odd(("input", n), item, names)
        else:
            turns += _text(("input",), items, "user")
        new = await judge.rest(document, rests)
        passed: dict[str, Any] = await judged_turns(new, turns, judge)
        return passed

    def answer(self, request: Mapping[str, Any], judge: Judge) -> ResponsesAnswer:
        """Return what judges the answer to `request`."""
        return ResponsesAnswer(judge, request)


def _text(steps: Steps, value: Any, role: str) -> Iterator[Turn]:
    if isinstance(value, str):
        yield Turn(steps, role, value)
    elif value is not None:
        yield Turn(steps, role, value, Form.JSON)


def _item(here: Steps, item: Any) -> Iterator[Turn]:
    if not isinstance(item, dict):
        yield Turn(here, "user", item, Form.JSON)
        return
    kind, role = str(item.get("type", "message")), str(item.get("role", "user"))
    if kind == "message":
        yield from _content((*here, "content"), item.get("content"), role)
    elif kind in _CALLS:
        key, form = _CALLS[kind]
        value = item.get(key)
        known = form if isinstance(value, str) else Form.JSON
        if value is not None:
            yield Turn((*here, key), "assistant", value, known)
    elif kind in _OUTPUTS:
        yield from _content((*here, "output"), item.get("output"), "tool")
    elif kind == "reasoning":
        yield from _content((*here, "summary"), item.get("summary"), "assistant")
        yield from _content((*here, "content"), item.get("content"), "assistant")
    elif kind in _READ_AS_JSON:
        yield Turn(here, "tool", item, Form.JSON)
    else:
        instead = {"type": "message", "role": "user", "content": WITHHELD}
        yield Turn(here, role, item, Form.OTHER, instead)


def _content(steps: Steps, content: Any, role: str) -> Iterator[Turn]:
    if not isinstance(content, list):
        yield from _text(steps, content, role)
        return
    for n, part in enumerate(content):
        here = (*steps, n)
        key = _PART_TEXTS.get(str(part.get("type"))) if isinstance(part, dict) else None
        if isinstance(part, dict) and key is not None and isinstance(part.get(key), str):
            yield Turn((*here, key), role, part[key])
        elif isinstance(part, dict):
            instead = {"type": "input_text", "text": WITHHELD}
            yield Turn(here, role, part, Form.OTHER, instead)
        else:
            yield Turn(here, role, part, Form.JSON)


def _odd(here: Steps, item: Any, names: frozenset[str]) -> Iterator[Rest]:
    """Yield what stands in an item beside its texts, and is no structure."""
    if not isinstance(item, dict) or is_one_of(item.get("type"), _READ_AS_JSON):
        return
    texts = _TAKEN.get(str(item.get("type", "message")))
    if texts is None:
        return
    shape = _ITEM | dict.fromkeys(texts, Leave.TAKEN) | {"encrypted_content": Leave.OPAQUE}
    if is_one_of(item.get("name"), names):
        shape["name"] = Leave.TAKEN
    yield from rest_of(item, shape, here)
    for key in texts:
        parts = item.get(key)
        for n, part in enumerate(parts if isinstance(parts, list) else ()):
            taken = _PART_TEXTS.get(str(part.get("type"))) if isinstance(part, dict) else None
            if taken is not None:
                yield from rest_of(part, {"type": Leave.PLAIN, taken: Leave.TAKEN}, (*here, key, n))
