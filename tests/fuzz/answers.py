"""
Answers of upstreams, whole and streamed, changed in every layer: text, JSON, events, chunks, headers.

The same number gives the same answers. What a client puts together of them is what `values_in` returns.
tests/fuzz/test_served.py
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from fuzz.mutation import Mutator
from fuzz.served import CARD, MAIL, Answer, Request
from guard.proxy.fields import FIELDS, Field

_TEXTS = (
    f"write to {MAIL} or pay {CARD} so",
    f"{MAIL}",
    f"so {CARD}",
    f"é {MAIL}. \N{PILE OF POO}",
)
_VALUES = (MAIL, CARD, f"a {MAIL} z")
_KEYS = ("thought", "reasoning_details", "annotations", "x", "text", "output", "note", "citations")
_LINES = (
    *(f": {MAIL}\n", f"id: {MAIL}\n", f"event: {MAIL}\n", f"retry: {CARD}\n", f"{MAIL}: 7\n"),
    *("data\n", "data:\n\n", "\n\n\n", "data: {nonsense\n\n", "data: 7\n\n", "data: null\n\n", "\0\n"),
    *(f'data: "{MAIL}"\n\n', f"data: [{json.dumps(MAIL)}]\n\n", "data: [DONE]\n\n", "\ufeff", "\r"),
    *(f'data: {{"error": {{"message": "{MAIL}"}}}}\n\n', 'data: {"type": "ping"}\n\n'),
    f'data: {{"type": "new.kind", "text": "{MAIL}"}}\n\n',
)  # fmt: skip
_KINDS = (
    *(
        "application/json",
        "text/event-stream",
        "text/html",
        "",
        "text/event-stream; charset=latin-1",
    ),
    *("application/json; charset=utf-16", "multipart/mixed", "application/x-ndjson"),
)
_HEADERS = (
    {"openai-model": MAIL},
    {"x-ratelimit-limit-tokens": CARD},
    {"retry-after": CARD},
    {"x-ratelimit-reset": f"{MAIL}\r\nset-cookie: a=b"},
    {"set-cookie": MAIL},
    {"content-encoding": "gzip"},
    {"anthropic-ratelimit-x": "\xff" * 10},
)


class Answers:
    """Makes requests, with what an upstream answers to them.

    Args:
        number: The same number gives the same ones.
    """

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)
        self._fields = list(FIELDS.values())
        self._mutator = Mutator([], [MAIL.encode(), b"data: ", b"\n\n", b'"index": 1'], number)
        self._changes: tuple[Callable[[list[Any]], None], ...] = (
            *(self._drop, self._again, self._swap, self._index, self._remove, self._rename),
            *(self._add, self._spread, self._type, self._replace),
        )

    def next(self) -> tuple[Request, Answer]:
        """Return a new pair."""
        chance, field = self._random, self._random.choice(self._fields)
        text = chance.choice(_TEXTS)
        if field.is_json:
            text = json.dumps({"to": text, "n": 1})
        streams = chance.random() < 0.7
        request = {**field.request, "stream": streams}
        if streams:
            answer = self._stream(field, text)
        else:
            document = [field.whole(text)]
            self._change(document, chance.randrange(3))
            answer = Answer(pieces=[json.dumps(document[0] if document else None).encode()])
        self._carry(answer)
        return Request(path=field.path, pieces=[json.dumps(request).encode()]), answer

    def _stream(self, field: Field, text: str) -> Answer:
        places = sorted(self._random.randrange(len(text) + 1) for _ in range(4))
        pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
        events = [_read(each) for each in field.stream(pieces)]
        if self._random.random() < 0.15 and field.path == "/v1/chat/completions":
            events = self._interleaved(events)
        self._change(events, self._random.randrange(4))
        lines = [_event(each) for each in events]
        while self._random.random() < 0.25:
            lines.insert(self._random.randrange(len(lines) + 1), self._random.choice(_LINES))
        data = "".join(lines).encode("utf-8", "surrogatepass")
        return Answer(pieces=[data], kind="text/event-stream")

    def _interleaved(self, events: list[Any]) -> list[Any]:
        """Return two choices that are written at the same time."""
        found = []
        for each in events:
            found.append(each)
            if isinstance(each, dict) and each.get("choices"):
                found.append(json.loads(json.dumps(each).replace('"index": 0', '"index": 1')))
        return found

    def _carry(self, answer: Answer) -> None:
        chance = self._random
        if chance.random() < 0.2:
            answer.pieces = [self._mutator.changed(answer.pieces[0])]
        if chance.random() < 0.6:
            (data,) = answer.pieces
            size = chance.choice((1, 7, 64, 300))
            answer.pieces = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
        if chance.random() < 0.05:
            answer.kind = chance.choice(_KINDS)
        if chance.random() < 0.05:
            answer.status = chance.choice((100, 204, 302, 400, 401, 422, 429, 500, 503, 999))
        if chance.random() < 0.05:
            answer.headers = dict(chance.choice(_HEADERS))
        if chance.random() < 0.004:
            answer.pieces, answer.endless = [*answer.pieces, b"x" * 500_000], True

    # -- events

    def _change(self, events: list[Any], times: int) -> None:
        for _ in range(times):
            if events:
                self._random.choice(self._changes)(events)

    def _one(self, events: list[Any]) -> int:
        return self._random.randrange(len(events))

    def _drop(self, events: list[Any]) -> None:
        del events[self._one(events)]

    def _again(self, events: list[Any]) -> None:
        at = self._one(events)
        events.insert(self._random.randrange(len(events)), json.loads(json.dumps(events[at])))

    def _swap(self, events: list[Any]) -> None:
        a, b = self._one(events), self._one(events)
        events[a], events[b] = events[b], events[a]

    def _place(self, events: list[Any]) -> tuple[Any, Any]:
        """Return an object or list somewhere in an event, and one of its keys."""
        places = [
            (holder, key)
            for holder in _holders(events[self._one(events)])
            for key in (holder if isinstance(holder, dict) else range(len(holder)))
        ]
        return self._random.choice(places) if places else (events, 0)

    def _index(self, events: list[Any]) -> None:
        numbers = (0, 1, 2, 999, 1_000, -1, 10**12, None, "0", 0.0, True)
        event = events[self._one(events)]
        for holder in _holders(event):
            for key in ("index", "output_index", "content_index"):
                if isinstance(holder, dict) and key in holder and self._random.random() < 0.7:
                    holder[key] = self._random.choice(numbers)

    def _remove(self, events: list[Any]) -> None:
        holder, key = self._place(events)
        del holder[key]

    def _rename(self, events: list[Any]) -> None:
        """Say a text under another key, all along."""
        new = self._random.choice(_KEYS)
        old = self._random.choice(
            ("content", "delta", "text", "arguments", "partial_json", "message")
        )
        for event in events:
            for holder in _holders(event):
                if isinstance(holder, dict) and isinstance(holder.get(old), str):
                    holder[new] = holder.pop(old)

    def _add(self, events: list[Any]) -> None:
        holder, _ = self._place(events)
        value = self._random.choice(_VALUES)
        if isinstance(holder, dict):
            holder[self._random.choice((*_KEYS, value))] = self._random.choice(
                (value, [value], {"text": value}, [{"text": value}])
            )

    def _spread(self, events: list[Any]) -> None:
        """Say a value piece by piece, under a key that nobody knows."""
        value, key = self._random.choice(_VALUES), self._random.choice(_KEYS)
        name = self._random.choice(("delta", "choices", "item", "", "usage"))
        at = 0
        for event in events:
            if not isinstance(event, dict):
                continue
            holder: Any = event.get(name, event) if name else event
            holder = holder[0] if isinstance(holder, list) and holder else holder
            if name == "choices" and isinstance(holder, dict):
                holder = holder.get("delta", holder)
            if isinstance(holder, dict):
                piece, at = value[at : at + 7], at + 7
                # Under `annotations`, lists are of things that come whole.
                is_text = key == "annotations" or self._random.random() < 0.8
                holder[key] = piece if is_text else [{"text": piece}]

    def _type(self, events: list[Any]) -> None:
        event = events[self._one(events)]
        if isinstance(event, dict):
            event["type"] = self._random.choice(
                (
                    "response.new.delta",
                    "response.output_text.delta",
                    "new_delta",
                    MAIL,
                    7,
                    None,
                    "x.done",
                )
            )

    def _replace(self, events: list[Any]) -> None:
        holder, key = self._place(events)
        holder[key] = self._random.choice(
            (
                None,
                7,
                True,
                [],
                {},
                "",
                MAIL,
                [MAIL],
                {MAIL: CARD},
                4111111111111111,
                "\ud83d",
                "\0",
            )
        )


def _read(event: bytes) -> Any:
    data = event.decode().partition("data: ")[2].strip()
    return data if data == "[DONE]" else json.loads(data)


def _event(value: Any) -> str:
    if value == "[DONE]":
        return "data: [DONE]\n\n"
    kind = value.get("type") if isinstance(value, dict) else None
    name = f"event: {kind}\n" if isinstance(kind, str) else ""
    return f"{name}data: {json.dumps(value)}\n\n"


def _holders(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for each in list(value.values() if isinstance(value, dict) else value):
            yield from _holders(each)


def values_in(body: bytes) -> Iterator[str]:
    """Yield every text that a client may put together of an answer: what stands at one place, in order."""
    found: defaultdict[Any, str] = defaultdict(str)
    text = body.decode()
    yield text
    for line in text.split("\n"):
        data = line.removeprefix("data: ")
        try:
            document = json.loads(data)
        except ValueError:
            continue
        for place, leaf in _leaves(document, ()):
            found[place] += leaf
            yield leaf
    for each in list(found.values()):
        yield each
        try:
            inner = json.loads(each)
        except ValueError:
            continue
        yield from (leaf for _, leaf in _leaves(inner, ()))


def _leaves(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[Any, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        keys = ("type", "index", "output_index", "content_index", "summary_index")
        here = (*place, *(str(value.get(key)) for key in keys))
        for key, each in value.items():
            yield (*here, key, "key"), key
            yield from _leaves(each, (*here, key))
    elif isinstance(value, list):
        for n, each in enumerate(value):
            yield from _leaves(each, (*place, n))
