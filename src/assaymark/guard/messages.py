"""
The texts in chat messages, each with its place; and messages with other texts in these places.

The form is that of the OpenAI API: `content` as text or parts, `tool_calls`, `function_call`, `refusal`,
`reasoning_content`. What is no text, and every key that is not known here, is reported as something that
nothing reads, never passed over.

tests/guard/test_guard.py
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from assaymark.errors import UsageError
from assaymark.policy.guarding import Phase

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
_FROM_TOOLS = frozenset({"tool", "function"})


class Kind(Enum):
    """How a field is read."""

    TEXT = "text"
    JSON = "json"
    OTHER = "other"
    """Not at all."""


class Place(NamedTuple):
    """Where a field is, and whose rules hold for it."""

    message: int
    pointer: str
    phase: Phase
    is_old: bool = False
    """Whether it was judged in an earlier turn."""


@dataclass(frozen=True, slots=True)
class Content:
    """A field."""

    place: Place
    text: str
    """Empty where it is no text."""

    kind: Kind = Kind.TEXT
    is_refused: bool = False
    """Whether it is blocked because nothing reads it."""

    @property
    def what(self) -> str:
        """What a message calls it."""
        return f"nothing reads `{self.place.pointer.rsplit('/', 1)[-1]}`"


def contents(
    messages: Sequence[Mapping[str, Any]], phase: Phase, *, blocks_other: bool
) -> list[Content]:
    """Return every field of `messages`, in order.

    Args:
        messages: As the API writes them.
        phase: `INPUT` or `OUTPUT`; tools have rules of their own.
        blocks_other: Whether what nothing reads is refused.

    Raises:
        UsageError: They are no mappings.
    """
    given: Any = messages
    if isinstance(given, str) or not all(isinstance(each, Mapping) for each in given):
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
        for pointer, value, kind in _fields(message):
            calls = phase is Phase.OUTPUT and pointer.startswith(("/tool_calls", "/function_call"))
            place = Place(number, pointer, Phase.TOOL_CALLS if calls else of, number <= last)
            if kind is Kind.OTHER:
                found.append(Content(place, "", kind, blocks_other))
            elif value:
                found.append(Content(place, value, kind))
    return found


def _fields(message: Mapping[str, Any]) -> Iterator[tuple[str, str, Kind]]:
    for key, value in message.items():
        pointer = f"/{_escaped(key)}"
        if value is None or key in _STRUCTURE:
            continue
        if key in _TEXTS and isinstance(value, str):
            yield pointer, value, Kind.TEXT
        elif key == "content" and isinstance(value, list):
            yield from _parts(pointer, value)
        elif key == "tool_calls" and isinstance(value, list):
            for number, call in enumerate(value):
                yield from _call(f"{pointer}/{number}", call)
        elif key == "function_call" and isinstance(value, dict):
            yield from _function(pointer, value)
        elif value not in ("", [], {}):
            yield pointer, "", Kind.OTHER


def _parts(pointer: str, parts: Sequence[Any]) -> Iterator[tuple[str, str, Kind]]:
    for number, part in enumerate(parts):
        here = f"{pointer}/{number}"
        if isinstance(part, str):
            yield here, part, Kind.TEXT
            continue
        key = _PART_TEXTS.get(str(part.get("type"))) if isinstance(part, dict) else None
        if key is None or not isinstance(part.get(key), str):
            yield here, "", Kind.OTHER
            continue
        yield f"{here}/{key}", part[key], Kind.TEXT
        for other in part:
            if other != key and other not in _STRUCTURE and part[other] not in (None, "", [], {}):
                yield f"{here}/{_escaped(other)}", "", Kind.OTHER


def _call(pointer: str, call: Any) -> Iterator[tuple[str, str, Kind]]:
    if not isinstance(call, dict):
        yield pointer, "", Kind.OTHER
        return
    for key, value in call.items():
        if key == "function" and isinstance(value, dict):
            yield from _function(f"{pointer}/function", value)
        elif key == "custom" and isinstance(value, dict) and isinstance(value.get("input"), str):
            yield f"{pointer}/custom/input", value["input"], Kind.TEXT
        elif key not in _STRUCTURE and value is not None:
            yield f"{pointer}/{_escaped(key)}", "", Kind.OTHER


def _function(pointer: str, function: Mapping[str, Any]) -> Iterator[tuple[str, str, Kind]]:
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        yield f"{pointer}/arguments", arguments, Kind.JSON
    elif arguments is not None:
        yield f"{pointer}/arguments", "", Kind.OTHER


def with_contents(
    messages: Sequence[Mapping[str, Any]], new: Mapping[tuple[int, str], Any]
) -> tuple[Mapping[str, Any], ...]:
    """Return `messages` with `new` values at some places; the given ones are not changed."""
    changed: dict[int, Any] = {}
    for (number, pointer), value in new.items():
        if number not in changed:
            changed[number] = copy.deepcopy(dict(messages[number]))
        target = changed[number]
        *steps, last = [_unescaped(each) for each in pointer.split("/")[1:]]
        for step in steps:
            target = target[int(step)] if isinstance(target, list) else target[step]
        target[int(last) if isinstance(target, list) else last] = value
    return tuple(changed.get(number, each) for number, each in enumerate(messages))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")
