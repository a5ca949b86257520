"""
Which texts a record holds, and where.

A record of JSON has no schema, so the names decide:

* fields that were named with `--field`, whatever is in them; else
* the fields by which datasets call their text (`text`, `prompt`, `messages` …), and what commonly stands
  beside them; else, so that nothing escapes silently,
* every top-level field.

Inside a field that was not named, only keys that chat formats define are followed, since other keys may
be data. A table has a schema: all of it is read (`schema_texts`).

Text is what is a string, and an integer: card and social security numbers are often stored as such.
Other numbers, booleans and times are no text, nor are numbers in a list, which are vectors.

tests/inputs/test_fields.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from assaymark.errors import InputError
from assaymark.inputs.names import name_hint, shown_key
from assaymark.inputs.paths import FieldPath, join
from assaymark.inputs.records import Record, Text, Unreadable

MAX_DEPTH = 32
"""Levels that texts are searched in. The parser refuses only what it cannot hold."""

TOO_DEEP = "nested too deeply"

_MAIN = (
    *("text", "content", "prompt", "response", "completion", "instruction", "input", "output"),
    *("question", "answer", "messages", "conversations", "conversation", "choices", "contents"),
)
"""A record with one of these is a record of that format."""

_BESIDE = (
    *("system", "context", "query", "chosen", "rejected", "answers", "reference", "title", "body"),
    *("message", "summary", "document", "passage", "description", "comment", "tool_calls"),
)
"""Read together with the main fields; alone they are read like any other field."""

_CHAT = (
    *(
        "content",
        "value",
        "text",
        "message",
        "messages",
        "choices",
        "parts",
        "tool_calls",
        "function",
    ),
    *("function_call", "arguments", "input", "output", "refusal", "thinking", "reasoning"),
    *("reasoning_content", "body"),
)
"""Keys that chat and completion formats define below the top level."""

_FREE = frozenset({"arguments", "input"})
"""Calls to tools: objects with keys of their own, read as one text of JSON."""

_MARKERS = frozenset({"role", "from", "type"})
"""What kind of turn it is. No text."""

_MAX_NAMES = 1000  # names kept for a hint


class NestedTooDeeplyError(Exception):
    """Texts stand deeper than we look. Caught where the record is made; never leaves `inputs`."""


class JsonFields:
    """Finds the texts of the records of one file, and notices named fields that never come.

    Args:
        file: The file's name, for errors.
        named: What was named with `--field`; empty for none.
    """

    def __init__(self, file: str, named: tuple[FieldPath, ...]) -> None:
        self._file = file
        self._named = named
        self._missing = {each.text for each in named}
        self._names: dict[str, None] = {}
        self._records = 0

    def read(self, value: Any, line: int | None) -> Record | Unreadable:
        """Make a record of a JSON value."""
        if not isinstance(value, dict | str):
            return Unreadable(line, "not an object")
        self._records += 1
        try:
            return Record(line, list(self._texts(value)))
        except NestedTooDeeplyError:
            return Unreadable(line, TOO_DEEP)

    def finish(self) -> None:
        """Say so if a named field was in no record.

        Raises:
            InputError: There were records, and a named field was in none.
        """
        if not self._records or not self._missing:
            return
        name = next(each.text for each in self._named if each.text in self._missing)
        raise InputError(
            f"no record of `{self._file}` has the field `{name}`",
            hint=name_hint(name, self._names),
        )

    def _texts(self, value: Any) -> Iterator[Text]:
        if self._named:
            return self._named_texts(value)
        if isinstance(value, str):
            return iter((Text("$", value),))
        return iter(_found_texts(value))

    def _named_texts(self, value: Any) -> Iterator[Text]:
        if self._missing and isinstance(value, dict) and len(self._names) < _MAX_NAMES:
            for position, key in enumerate(value):
                if (shown := shown_key(key, position)) == key:
                    self._names[shown] = None
        for path in self._named:
            for place, found in path.select(value):
                self._missing.discard(path.text)
                yield from schema_texts(found, place, named=True)


def _found_texts(record: dict[str, Any]) -> list[Text]:
    texts: list[Text] = []
    if any(name in record for name in _MAIN):
        for name in (*_MAIN, *_BESIDE):
            if name in record:
                texts.extend(_chat_texts(record[name], name))
    if not texts:
        for position, (key, value) in enumerate(record.items()):
            texts.extend(_chat_texts(value, shown_key(key, position)))
    return texts


def _chat_texts(value: Any, path: str, depth: int = 0) -> Iterator[Text]:
    """Yield the texts of a field, following only keys that chat formats define."""
    _demand_depth(depth)
    if isinstance(value, list):
        for index, each in enumerate(value):
            if isinstance(each, str | list | dict):
                yield from _chat_texts(each, f"{path}[{index}]", depth + 1)
    elif isinstance(value, dict):
        for key in _CHAT:
            inner = value.get(key)
            if isinstance(inner, dict) and key in _FREE:
                yield Text(join(path, key), json.dumps(inner, ensure_ascii=False))
            elif inner is not None:
                yield from _chat_texts(inner, join(path, key), depth + 1)
    elif (text := _scalar_text(value)) is not None:
        yield Text(path, text)


def schema_texts(value: Any, path: str, depth: int = 0, *, named: bool = False) -> Iterator[Text]:
    """Yield every text of a value whose keys belong to a schema or were asked for.

    Args:
        value: JSON, or what Arrow makes of a cell: lists, dictionaries, pairs of a map, scalars.
        path: Where it stands.
        depth: Levels above it.
        named: Whether the user named this very place, so that any number in it is meant.
    """
    _demand_depth(depth)
    if isinstance(value, list):
        for index, each in enumerate(value):
            if isinstance(each, str | bytes | list | dict | tuple):
                yield from schema_texts(each, f"{path}[{index}]", depth + 1)
    elif isinstance(value, dict):
        for position, (key, each) in enumerate(value.items()):
            if depth == 0 or key not in _MARKERS:
                place = join(path, shown_key(key, position))
                yield from schema_texts(each, place, depth + 1)
    elif isinstance(value, tuple):
        for name, each in zip(("key", "value"), value, strict=True):
            yield from schema_texts(each, join(path, name), depth + 1)
    elif (text := _scalar_text(value)) is not None:
        yield Text(path, text)
    elif named and isinstance(value, float):
        yield Text(path, repr(value))


def _scalar_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return str(int(value))
    if isinstance(value, bytes) and b"\0" not in value:
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    return None


def _demand_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise NestedTooDeeplyError
