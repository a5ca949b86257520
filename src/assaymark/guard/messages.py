"""
The texts in chat messages, each with its place; and messages with other texts in these places.

The form is that of the OpenAI API: `content` as text or parts, `tool_calls`, `function_call`, `refusal`,
`reasoning_content`. Keys that are not known here, and structure that does not look like it, are judged as
JSON, keys and values. What is no text, such as an image, is reported as something that nothing reads.

tests/guard/test_guard.py and test_messages.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from assaymark.errors import UsageError
from assaymark.guard.structure import is_plain
from assaymark.policy.guarding import Phase
from assaymark.redaction.redactor import WITHHELD

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

_FROM_TOOLS = frozenset({"tool", "function"})


class Kind(Enum):
    """How a field is read."""

    TEXT = "text"
    JSON = "json"
    """A text that holds JSON."""

    VALUE = "value"
    """A value of JSON."""

    OTHER = "other"
    """Not at all."""


class Place(NamedTuple):
    """Where a field is, and whose rules hold for it."""

    message: int
    pointer: str
    phase: Phase
    is_old: bool = False
    """Whether it was judged in an earlier turn."""


class Keys(NamedTuple):
    """What some keys of an object become."""

    names: tuple[str, ...]
    new: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """A field."""

    place: Place
    text: str
    """As it is judged; empty where nothing reads it."""

    kind: Kind = Kind.TEXT
    is_refused: bool = False
    """Whether it is blocked because nothing reads it."""

    keys: tuple[str, ...] = ()
    """Of the object at `place`, where it is not all that stands there."""

    @property
    def pointer(self) -> str:
        """Where it is told to be; the key may be somebody's own."""
        if self.kind is not Kind.OTHER or len(self.keys) != 1:
            return self.place.pointer
        return f"{self.place.pointer}/{_escaped(str(self.keys[0]))}"

    def passed(self, text: str) -> Any:
        """Return what stands there where it is to be `text`."""
        if self.kind is not Kind.VALUE:
            return text
        value = json.loads(text)
        return Keys(self.keys, value) if self.keys else value

    @property
    def withheld(self) -> Any:
        """What stands there where all of it is withheld: an API has to be able to read it."""
        *before, last = self.place.pointer.split("/")
        if self.keys:
            return Keys(self.keys, {})
        if self.kind is Kind.OTHER and before[-1:] == ["content"]:
            return {"type": "text", "text": WITHHELD}
        if last == "arguments":
            return "{}" if self.kind is Kind.JSON else {}
        return "withheld" if last == "name" else WITHHELD


def contents(
    messages: Sequence[Mapping[str, Any]], phase: Phase, *, blocks_other: bool
) -> list[Content]:
    """Return every field of `messages`, in order.

    Args:
        messages: As the API writes them.
        phase: `INPUT` or `OUTPUT`; tools have rules of their own.
        blocks_other: Whether what nothing reads is refused.

    Raises:
        UsageError: They are no list of mappings.
    """
    given: Any = messages
    is_list = isinstance(given, Sequence) and not isinstance(given, str | bytes)
    if not is_list or not all(isinstance(each, Mapping) for each in given):
        raise UsageError(
            "messages are a list of mappings, such as `{'role': 'user', 'content': '...'}`",
            hint="`check_text` judges one text",
        )
    answers = [n for n, each in enumerate(messages) if each.get("role") == "assistant"]
    last = answers[-1] if answers and phase is Phase.INPUT else -1
    found: list[Content] = []
    for number, message in enumerate(messages):
        of = phase
        if phase is Phase.INPUT and str(message.get("role")) in _FROM_TOOLS:
            of = Phase.TOOL_RESULTS
        for field in _fields(message):
            calls = phase is Phase.OUTPUT and _is_call(field)
            goes = Phase.TOOL_CALLS if calls else of
            place = Place(number, field.pointer, goes, number <= last)
            refused = field.kind is Kind.OTHER and blocks_other
            found.append(Content(place, field.text, field.kind, refused, field.keys))
    return found


class _Field(NamedTuple):
    pointer: str
    text: str
    kind: Kind = Kind.TEXT
    keys: tuple[str, ...] = ()


def _is_call(field: _Field) -> bool:
    return field.pointer.startswith(("/tool_calls", "/function_call"))


def _fields(message: Mapping[str, Any]) -> Iterator[_Field]:
    taken = set(_TEXTS)
    for key in _TEXTS:
        value = message.get(key)
        if isinstance(value, str):
            yield from _text(f"/{key}", value)
        elif key == "content" and isinstance(value, list):
            yield from _parts("/content", value)
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
        if message[key]:
            yield _Field("", "", Kind.OTHER, (key,))
    yield from _rest("", message, taken)


def _text(pointer: str, text: str) -> Iterator[_Field]:
    if text:
        yield _Field(pointer, text)


def _parts(pointer: str, parts: Sequence[Any]) -> Iterator[_Field]:
    for number, part in enumerate(parts):
        here = f"{pointer}/{number}"
        if isinstance(part, str):
            yield from _text(here, part)
            continue
        key = _PART_TEXTS.get(str(part.get("type"))) if isinstance(part, dict) else None
        if key is None or not isinstance(part.get(key, ""), str):
            yield _Field(here, "", Kind.OTHER)
            continue
        yield from _text(f"{here}/{key}", part.get(key, ""))
        yield from _rest(here, part, {key})


def _call(pointer: str, call: Any) -> Iterator[_Field]:
    if not isinstance(call, dict):
        yield from _value(pointer, call)
        return
    called = {key for key in ("function", "custom") if isinstance(call.get(key), dict)}
    for key in sorted(called):
        yield from _called(pointer, call, key)
    yield from _rest(pointer, call, called)


def _called(pointer: str, holder: Mapping[str, Any], key: str) -> Iterator[_Field]:
    here, called, given = f"{pointer}/{key}", holder[key], _CALLS[key]
    taken = {each for each in ("name", given) if isinstance(called.get(each), str)}
    for each in sorted(taken):
        is_json = each == "arguments" and called[each] != ""
        yield from (
            [_Field(f"{here}/{each}", called[each], Kind.JSON)]
            if is_json
            else _text(f"{here}/{each}", called[each])
        )
    if given not in taken and called.get(given) is not None:
        taken.add(given)
        yield from _value(f"{here}/{given}", called[given])
    yield from _rest(here, called, taken)


def _rest(pointer: str, holder: Mapping[str, Any], taken: set[str]) -> Iterator[_Field]:
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


def _value(pointer: str, value: Any, keys: tuple[str, ...] = ()) -> Iterator[_Field]:
    try:
        yield _Field(
            pointer, json.dumps(value, ensure_ascii=False, allow_nan=False), Kind.VALUE, keys
        )
    except (TypeError, ValueError, RecursionError):
        yield _Field(pointer, "", Kind.OTHER, keys)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def with_contents(
    messages: Sequence[Mapping[str, Any]], new: Mapping[Content, Any]
) -> tuple[Mapping[str, Any], ...]:
    """Return `messages` with `new` values at some places; the given ones are not changed."""
    changed: dict[int, Any] = {}
    for content, value in new.items():
        number, pointer = content.place.message, content.place.pointer
        message = changed.get(number, messages[number])
        changed[number] = _replaced(message, pointer.split("/")[1:], value)
    return tuple(changed.get(number, each) for number, each in enumerate(messages))


def _replaced(target: Any, steps: Sequence[str], value: Any) -> Any:
    """Return `target` with `value` at `steps`; what is not on the way there is shared with it."""
    if steps:
        step: Any = int(steps[0]) if isinstance(target, list) else steps[0]
        copied: Any = list(target) if isinstance(target, list) else dict(target)
        copied[step] = _replaced(target[step], steps[1:], value)
        return copied
    if not isinstance(value, Keys):
        return value
    left = {key: each for key, each in target.items() if key not in value.names}
    return {**value.new, **left}
