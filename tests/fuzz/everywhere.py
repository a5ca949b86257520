"""
A value under every key that an API knows, in every object of its requests and answers.

A key that means something in one object is a stranger in another one; whoever takes it for known there passes
what nobody judged. tests/fuzz/test_served.py
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from fuzz.proxying import requests_with
from fuzz.requests import readable
from fuzz.served import MAIL, Answer, Request
from guard.proxy.fields import FIELDS, Field

_STRANGE = ("note", MAIL)
_MORE = (
    "audio",
    "refusal",
    "annotations",
    "delta",
    "message",
    "input",
    "output",
    "thinking",
    "data",
)


def forms(value: str) -> tuple[Any, ...]:
    """Return `value` as a text, and in other shapes."""
    return value, [value], {"a": value}, [{"text": value}], [{"type": "text", "text": value}]


def spoiled(document: Any, keys: Iterator[str] | list[str]) -> Iterator[tuple[str, Any]]:
    """Yield `document` with a value at every key of every object in it, and the place."""
    places = list(_objects(document, ()))
    for place in places:
        for key in keys:
            for form in forms(MAIL):
                new = copy.deepcopy(document)
                target = new
                for step in place:
                    target = target[step]
                target[key] = form
                yield f"{'/'.join(map(str, place))}/{key}", new


def keys_of(documents: list[Any]) -> list[str]:
    """Return every key that stands anywhere in `documents`, and some others."""
    found: dict[str, None] = dict.fromkeys((*_STRANGE, *_MORE))
    for each in documents:
        for place in _objects(each, ()):
            target = each
            for step in place:
                target = target[step]
            found.update(dict.fromkeys(target))
    return list(found)


def _objects(value: Any, here: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        yield here
        for key, each in value.items():
            yield from _objects(each, (*here, key))
    elif isinstance(value, list):
        for n, each in enumerate(value):
            yield from _objects(each, (*here, n))


def spoiled_requests(path: str) -> Iterator[tuple[str, Request]]:
    """Yield requests of the API at `path`, each with a value somewhere."""
    document = readable(requests_with("hello there", '{"a": "b"}')[path])
    for place, new in spoiled(document, keys_of([document])):
        yield place, Request(path=path, pieces=[json.dumps(new).encode()])


def spoiled_answers(field: Field) -> Iterator[tuple[str, Request, Answer]]:
    """Yield whole answers of a text's API, each with a value somewhere."""
    text = '{"a": "b"}' if field.is_json else "hello there"
    document = field.whole(text)
    keys = keys_of([document, *events_of(field, text)])
    for place, new in spoiled(document, keys):
        yield place, _asking(field), Answer(pieces=[json.dumps(new).encode()])


def spoiled_streams(field: Field) -> Iterator[tuple[str, Request, Answer]]:
    """Likewise streams, in one of whose events a value stands somewhere."""
    text = '{"a": "b"}' if field.is_json else "hello there"
    events = events_of(field, text)
    keys = keys_of([field.whole(text), *events])
    for n, event in enumerate(events):
        for place, new in spoiled(event, keys):
            data = [written(each) for each in [*events[:n], new, *events[n + 1 :]]]
            pieces = ["".join(data).encode()]
            answer = Answer(pieces=pieces, kind="text/event-stream")
            yield f"{n}: {place}", _asking(field, stream=True), answer


def _asking(field: Field, **more: Any) -> Request:
    return Request(path=field.path, pieces=[json.dumps({**field.request, **more}).encode()])


def events_of(field: Field, text: str) -> list[Any]:
    """Return the events of a stream."""
    found = []
    for each in field.stream([text[:4], text[4:]]):
        data = each.decode().partition("data: ")[2].strip()
        found.append(data if data == "[DONE]" else json.loads(data))
    return found


def written(value: Any) -> str:
    """Return an event as it is sent."""
    return f"data: {value if value == '[DONE]' else json.dumps(value)}\n\n"


ALL = tuple(FIELDS.values())
