"""What is judged of a document: all of it, but for structure that looks like structure."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from assaymark.guard.proxy.coverage import Leave, Rest, put_back, rest_of
from assaymark.guard.structure import is_plain

from .conftest import MAIL, REDACTS, guard
from .fields import FIELDS
from .in_process import InProcess, Script

SHAPE: Any = {
    "id": Leave.PLAIN,
    "data": Leave.OPAQUE,
    "text": Leave.TAKEN,
    "list": [{"n": Leave.PLAIN}],
}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"id": "chatcmpl-1.a:b/c+d|e=", "data": "x" * 9_999, "text": MAIL, "list": []}, []),
        ({"id": None, "list": [{"n": 1}, {"n": None}]}, []),
        ({"id": "two words"}, [Rest(("id",), "two words")]),
        ({"id": "x" * 257}, [Rest(("id",), "x" * 257)]),
        ({"id": MAIL}, [Rest(("id",), MAIL)]),
        ({"id": {"deep": [1, MAIL]}}, [Rest(("id",), {"deep": [1, MAIL]})]),
        ({"id": 4111111111111111}, [Rest(("id",), 4111111111111111)]),
        ({"data": "two words"}, [Rest(("data",), "two words")]),
        ({"new": 1, MAIL: 2}, [Rest((), {"new": 1, MAIL: 2}, is_part=True)]),
        ({"list": [{"n": 1, "m": 2}]}, [Rest(("list", 0), {"m": 2}, is_part=True)]),
        ({"list": "none"}, [Rest(("list",), "none")]),
        ([1], [Rest((), [1])]),
    ],
)
def test_what_is_left(document: Any, expected: list[Rest]) -> None:
    """Keys that nobody knows, and structure that does not look like it."""
    assert list(rest_of(document, SHAPE)) == expected


@pytest.mark.parametrize("value", [None, True, -3, 1.5, "a-b_c.d", [], ["a", 1], {"a": {"b": "c"}}])
def test_structure_is_plain(value: Any) -> None:
    """Small numbers, words, and lists and objects of them."""
    assert is_plain(value)


@pytest.mark.parametrize(
    "value", ["a b", "a@b", "a\n", "\u0430", 10**11, -(10**11), float("inf"), {"a b": 1}, [["a b"]]]
)
def test_what_is_not_plain(value: Any) -> None:
    """Anything in which a person could write something."""
    assert not is_plain(value)


def test_parts_go_back_to_their_places() -> None:
    """Keys may have other names then; the given document is not changed."""
    document = {"id": "a b", "list": [{"n": 1, "k": MAIL}], MAIL: 1}
    rests = list(rest_of(document, SHAPE))
    before = json.dumps(document)

    new = put_back(document, rests, [{"<X>": 1}, "c", {"k": "<X>"}])

    assert new == {"id": "c", "list": [{"n": 1, "k": "<X>"}], "<X>": 1}
    assert json.dumps(document) == before
    assert put_back([1], [Rest((), [1])], [[2]]) == [2]


@pytest.mark.parametrize(
    "name", ["chat content", "chat arguments", "completion", "anthropic input", "response text"]
)
def test_no_place_of_an_answer_is_passed_over(name: str) -> None:
    """A value at any place of an answer, or under a new key, is redacted, whole and streamed."""
    field = FIELDS[name]
    proxy = InProcess(guard(REDACTS))
    text = '{"a": "b"}' if field.is_json else "some words"

    async def hold() -> None:
        for document in planted(field.whole(text)):
            got = await proxy.ask(
                field.path, field.request, Script([json.dumps(document).encode()])
            )
            assert MAIL.encode() not in got.body
        events = field.stream([text])
        for n, data in enumerate(events):
            head, _, written = data.partition(b"data: ")
            if written.strip() == b"[DONE]":
                continue
            for document in planted(json.loads(written)):
                new = head + b"data: " + json.dumps(document).encode() + b"\n\n"
                pieces = [*events[:n], new, *events[n + 1 :]]
                got = await proxy.ask(
                    field.path,
                    {**field.request, "stream": True},
                    Script(pieces, kind="text/event-stream"),
                )
                assert MAIL.encode() not in got.body

    asyncio.run(hold())


def planted(document: Any) -> list[Any]:
    """Return copies of a document with a value at each place of it, and beside it."""
    found: list[Any] = []

    def walk(value: Any, put: Any) -> None:
        found.append(put(f"by {MAIL}"))
        if isinstance(value, dict):
            found.append(put({**value, "new_key": f"by {MAIL}"}))
            found.append(put({**value, MAIL: 1}))
            for key, each in value.items():
                walk(each, lambda new, key=key, value=value: put({**value, key: new}))
        elif isinstance(value, list):
            found.append(put([*value, f"by {MAIL}"]))
            for n, each in enumerate(value):
                walk(
                    each,
                    lambda new, n=n, value=value: put([*value[:n], new, *value[n + 1 :]]),
                )

    walk(document, lambda new: new)
    return found


REQUESTS: dict[str, Any] = {
    "/v1/chat/completions": {
        "model": "m",
        "n": 1,
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "hi"}]},
            {
                "role": "assistant",
                "content": "so",
                "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": "done"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
    },
    "/v1/completions": {"model": "m", "prompt": ["a", "b"], "suffix": "c", "echo": True},
    "/v1/embeddings": {"model": "m", "input": ["a"]},
    "/v1/responses": {
        "model": "m",
        "instructions": "be kind",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "function_call", "name": "f", "call_id": "c", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "done"},
        ],
        "tools": [{"type": "function", "name": "f", "parameters": {}}],
    },
    "/v1/messages": {
        "model": "m",
        "max_tokens": 5,
        "system": "be kind",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "hi"}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t", "content": "d"}],
            },
        ],
        "tools": [{"name": "f", "input_schema": {}}],
    },
}


@pytest.mark.parametrize("path", REQUESTS)
def test_no_place_of_a_request_is_passed_over(path: str) -> None:
    """A value at any place of a request is redacted before it is sent on, or the request is refused."""
    proxy = InProcess(guard(REDACTS))

    async def hold() -> int:
        sent = 0
        for document in planted(REQUESTS[path]):
            proxy.upstreams.asked.clear()
            got = await proxy.ask(path, document, Script([b"{}"]))
            assert MAIL not in json.dumps(proxy.upstreams.asked), document
            assert MAIL.encode() not in got.body
            assert got.status != 500
            sent += len(proxy.upstreams.asked)
        return sent

    assert asyncio.run(hold()) > 5
