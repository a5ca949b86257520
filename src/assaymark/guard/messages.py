"""
The texts in chat messages, each with its place; and messages with other texts in these places.

The form is that of the OpenAI API: `content` as text or parts, `tool_calls`, `function_call`, `refusal`,
`reasoning_content`. Keys that are not known here, and structure that does not look like it, are judged as
JSON, keys and values. What is no text, such as an image, is reported as something that nothing reads; where
it may pass, what can be read in it is judged.

tests/guard/test_guard.py and test_messages.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from assaymark.errors import UsageError
from assaymark.guard.message_fields import Kind, fields_of
from assaymark.policy.guarding import Phase
from assaymark.redaction.redactor import WITHHELD

_FROM_TOOLS = frozenset({"tool", "function"})


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


class Part(NamedTuple):
    """What stands in the place of a part."""

    pointer: str
    new: Any


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

    part: str | None = None
    """Pointer of the part that it is read in, where all of that is withheld with it."""

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
        if self.part is not None:
            is_of_content = self.part.startswith("/content/")
            return Part(self.part, {"type": "text", "text": WITHHELD} if is_of_content else None)
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
        for field in fields_of(message, blocks_other=blocks_other):
            calls = phase is Phase.OUTPUT and field.is_call
            goes = Phase.TOOL_CALLS if calls else of
            place = Place(number, field.pointer, goes, number <= last)
            refused = field.kind is Kind.OTHER and blocks_other
            found.append(Content(place, field.text, field.kind, refused, field.keys, field.part))
    return found


def with_contents(
    messages: Sequence[Mapping[str, Any]], new: Mapping[Content, Any]
) -> tuple[Mapping[str, Any], ...]:
    """Return `messages` with `new` values at some places; the given ones are not changed."""
    changed: dict[int, Any] = {}
    # What stands in the place of a part stands there last.
    for content, value in sorted(new.items(), key=lambda each: isinstance(each[1], Part)):
        number, pointer = content.place.message, content.place.pointer
        pointer, stands = value if isinstance(value, Part) else (pointer, value)
        message = changed.get(number, messages[number])
        changed[number] = _replaced(message, pointer.split("/")[1:], stands)
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


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
