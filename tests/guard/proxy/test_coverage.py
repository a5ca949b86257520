"""What is judged of a document: all of it, but for structure that looks like structure."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from assaymark.guard.proxy.coverage import Leave, Rest, put_back, rest_of
from assaymark.guard.structure import OPAQUE, is_count, is_plain

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
    "value",
    [
        *("chatcmpl-1732222222222", "toolu_01A09q90qw90lq917835lq9", "fp_44709d6fcb", "12345678"),
        *("gpt-4o-2024-08-06", "0b8f7c1e-53a1-4d8e-9a70-7f4f3a1d2b3c", "1.2.3", "2026-11-22"),
        "claude-sonnet-4-5-20250929",
    ],
)
def test_ids_are_plain(value: str) -> None:
    """They have a letter, or few digits."""
    assert is_plain(value)


@pytest.mark.parametrize(
    "value",
    ["4111111111111111", "536-22-1234", "4111-1111-1111-1111", "+49:30:1234567", "123456789"],
)
def test_numbers_of_somebody_are_not_plain(value: str) -> None:
    """Many digits without any letter may be anybody's; also where a text may be long."""
    assert not is_plain(value)
    assert not is_plain(value, OPAQUE)
    assert not is_plain({value: 1})


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        *((each, True) for each in (None, False, 0, -1, 1.5, 1_763_000_000, [1, 2])),
        *((each, False) for each in ("1", "536-22-1234", 10**11, float("inf"), {"a": 1}, ["1"])),
    ],
)
def test_counts(value: Any, *, is_one: bool) -> None:
    """Where an API has numbers, nothing else is left alone."""
    assert is_count(value) is is_one
    assert (not list(rest_of({"created": value}, {"created": Leave.COUNT}))) is is_one


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


NUMBER = "536-22-1234"


@pytest.mark.parametrize("name", ["chat content", "completion", "anthropic text", "response text"])
def test_no_place_of_an_answer_passes_a_number_of_somebody(name: str) -> None:
    """What stands where an id or a count is expected is judged where it is nothing but many digits."""
    field = FIELDS[name]
    proxy = InProcess(guard(REDACTS))

    async def hold() -> int:
        passed = 0
        for document in planted(field.whole("some words"), NUMBER):
            got = await proxy.ask(
                field.path, field.request, Script([json.dumps(document).encode()])
            )
            assert NUMBER.encode() not in got.body, document
            passed += got.status == 200
        return passed

    assert asyncio.run(hold()) > 5


def planted(document: Any, said: str = f"by {MAIL}") -> list[Any]:
    """Return copies of a document with a value at each place of it, and beside it."""
    found: list[Any] = []

    def walk(value: Any, put: Any) -> None:
        found.append(put(said))
        if isinstance(value, dict):
            found.append(put({**value, "new_key": said}))
            found.append(put({**value, said: 1}))
            for key, each in value.items():
                walk(each, lambda new, key=key, value=value: put({**value, key: new}))
        elif isinstance(value, list):
            found.append(put([*value, said]))
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


@pytest.mark.parametrize("said", [f"by {MAIL}", NUMBER])
@pytest.mark.parametrize("path", REQUESTS)
def test_no_place_of_a_request_is_passed_over(path: str, said: str) -> None:
    """A value at any place of a request is redacted before it is sent on, or the request is refused."""
    proxy = InProcess(guard(REDACTS))

    async def hold() -> int:
        sent = 0
        for document in planted(REQUESTS[path], said):
            proxy.upstreams.asked.clear()
            got = await proxy.ask(path, document, Script([b"{}"]))
            assert said not in json.dumps(proxy.upstreams.asked), document
            assert said.encode() not in got.body
            assert got.status != 500
            sent += len(proxy.upstreams.asked)
        return sent

    assert asyncio.run(hold()) > 5
