"""
The fields of a chat message: each text, each value of JSON, and what nothing reads, with its place.

tests/guard/test_messages.py
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from assaymark.guard.structure import is_plain
from assaymark.guard.unread import unread

_TEXTS = ("content", "refusal", "reasoning_content", "reasoning", "name")
_PART_TEXTS = {
    "text": "text",
    "input_text": "text",
    "output_text": "text",
    "refusal": "refusal",
    "thinking": "thinking",
}
_STRUCTURE = frozenset(
    {"role", "id", "type", "index", "tool_call_id", "status", "finish_reason", "cache_control"}
)
_MEDIA = frozenset({"audio", "images"})
_CALLS = {"function": "arguments", "function_call": "arguments", "custom": "input"}
"""Key of what is called to the key of what it is called with."""

_MAY_BE_EMPTY = frozenset(
    {
        *(*_TEXTS, *_PART_TEXTS.values(), *_MEDIA, *_CALLS, *_CALLS.values(), "tool_calls"),
        *("annotations", "citations", "logprobs", "parsed", "parsed_arguments", "summary"),
        *("provider_specific_fields", "reasoning_details", "thinking_blocks"),
    }
)
"""Keys that clients write without a value. Any other key may be one itself."""


class Kind(Enum):
    """How a field is read."""

    TEXT = "text"
    JSON = "json"
    """A text that holds JSON."""

    VALUE = "value"
    """A value of JSON."""

    OTHER = "other"
    """Not at all."""


class Field(NamedTuple):
    """A field, as `Content` has it."""

    pointer: str
    text: str
    kind: Kind = Kind.TEXT
    keys: tuple[str, ...] = ()
    part: str | None = None

    @property
    def is_call(self) -> bool:
        """Whether it goes to a tool."""
        return self.pointer.startswith(("/tool_calls", "/function_call"))


def fields_of(message: Mapping[str, Any], *, blocks_other: bool) -> Iterator[Field]:
    """Yield every field of `message`.

    Args:
        message: As the API writes it.
        blocks_other: Whether what nothing reads is refused; else what can be read in it is judged.
    """
    taken = set(_TEXTS)
    for key in _TEXTS:
        value = message.get(key)
        if isinstance(value, str):
            yield from _text(f"/{key}", value)
        elif key == "content" and isinstance(value, list):
            yield from _parts("/content", value, blocks_other=blocks_other)
        else:
            taken.discard(key)
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        taken.add("tool_calls")
        for number, call in enumerate(calls):
            yield from _call(f"/tool_calls/{number}", call)
    if isinstance(message.get("function_call"), dict):
        taken.add("function_call")
        yield from _called("", message, "function_call")
    for key in sorted(_MEDIA & set(message)):
        taken.add(key)
        if not message[key]:
            continue
        if blocks_other:
            yield Field("", "", Kind.OTHER, (key,))
        else:
            yield from _unread("", {key: message[key]}, part=f"/{key}")
    yield from _rest("", message, taken)


def _text(pointer: str, text: str) -> Iterator[Field]:
    if text:
        yield Field(pointer, text)


def _parts(pointer: str, parts: Sequence[Any], *, blocks_other: bool) -> Iterator[Field]:
    for number, part in enumerate(parts):
        here = f"{pointer}/{number}"
        if isinstance(part, str):
            yield from _text(here, part)
            continue
        key = _PART_TEXTS.get(str(part.get("type"))) if isinstance(part, dict) else None
        if key is None or not isinstance(part.get(key, ""), str):
            if blocks_other:
                yield Field(here, "", Kind.OTHER)
            else:
                yield from _unread(here, part, part=here)
            continue
        yield from _text(f"{here}/{key}", part.get(key, ""))
        yield from _rest(here, part, {key})


def _unread(pointer: str, value: Any, *, part: str) -> Iterator[Field]:
    """Yield what can be read in a part that is not understood, and what cannot."""
    found = unread(value)
    for each in found.readable:
        yield from _value(_below(pointer, each.steps), each.value, each.keys, part)
    for steps in found.coded:
        yield Field(_below(pointer, steps) if steps else part, "", Kind.OTHER, (), part)


def _below(pointer: str, steps: Iterable[str | int]) -> str:
    return pointer + "".join(f"/{each}" for each in steps)


def _call(pointer: str, call: Any) -> Iterator[Field]:
    if not isinstance(call, dict):
        yield from _value(pointer, call)
        return
    called = {key for key in ("function", "custom") if isinstance(call.get(key), dict)}
    for key in sorted(called):
        yield from _called(pointer, call, key)
    yield from _rest(pointer, call, called)


def _called(pointer: str, holder: Mapping[str, Any], key: str) -> Iterator[Field]:
    here, called, given = f"{pointer}/{key}", holder[key], _CALLS[key]
    taken = {each for each in ("name", given) if isinstance(called.get(each), str)}
    for each in sorted(taken):
        is_json = each == "arguments" and called[each] != ""
        yield from (
            [Field(f"{here}/{each}", called[each], Kind.JSON)]
            if is_json
            else _text(f"{here}/{each}", called[each])
        )
    if given not in taken and called.get(given) is not None:
        taken.add(given)
        yield from _value(f"{here}/{given}", called[given])
    yield from _rest(here, called, taken)


def _rest(pointer: str, holder: Mapping[str, Any], taken: set[str]) -> Iterator[Field]:
    """Yield the keys of an object that nothing above knows, with what stands under them."""
    odd = {
        key: value
        for key, value in holder.items()
        if key not in taken and not _is_structure(key, value)
    }
    if odd:
        yield from _value(pointer, odd, tuple(odd))


def _is_structure(key: Any, value: Any) -> bool:
    if value in (None, "", [], {}):
        return key in _MAY_BE_EMPTY or key in _STRUCTURE
    try:
        return key in _STRUCTURE and is_plain(value)
    except RecursionError:
        return False


def _value(
    pointer: str, value: Any, keys: tuple[str, ...] = (), part: str | None = None
) -> Iterator[Field]:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        if len(keys) > 1:
            # One of them is no JSON; the others are judged all the same.
            for key in keys:
                yield from _value(pointer, {key: value[key]}, (key,), part)
        else:
            yield Field(pointer, "", Kind.OTHER, keys, part)
    else:
        yield Field(pointer, text, Kind.VALUE, keys, part)
