"""
JSON documents, such as the bodies of an API: which of their values are judged, and how they are put back.

* A value is named by a field path. Texts are judged as texts, chat messages as chat messages, and everything
  else as JSON: each string, key and number in it.
* Where no path leads anywhere, as in an error that has another shape, all of the document is judged.
* Where a path meets another shape than it says, such as a list where it names a key, what stands there is
  judged. A key or element that is not there is no other shape.

tests/guard/test_documents.py
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

from assaymark.guard.message_fields import Kind
from assaymark.guard.messages import Content, Place, contents
from assaymark.guard.selectors import Fields, named
from assaymark.guard.verdict import Checked, Finding, Unjudged, Verdict
from assaymark.inputs.paths import FieldPath
from assaymark.policy.guarding import Phase

Steps = tuple[str | int, ...]
"""Keys and indices that lead to a value."""


class Selected(NamedTuple):
    """A value that a path leads to."""

    steps: Steps
    value: Any


class _Form(Enum):
    TEXT = "text"
    JSON = "json"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class _Part:
    """One value that is judged."""

    steps: Steps
    form: _Form
    message: Mapping[str, Any]
    """The value, as the guard judges it."""

    def value(self, message: Mapping[str, Any]) -> Any:
        """Return what stands in the document for the judged `message`."""
        if self.form is _Form.MESSAGE:
            return message
        return json.loads(message["content"]) if self.form is _Form.JSON else message["content"]

    def place(self, field: str) -> str:
        """Return where in the document a `field` of the judged message is."""
        inner = field if self.form is _Form.MESSAGE else field.removeprefix("/content")
        return pointer(self.steps) + inner


class JsonParts:
    """The judged values of one document.

    Args:
        document: A JSON value. It is not changed.
        fields: Paths to what is judged, as text or parsed; none for all of it.
        phase: `INPUT` or `OUTPUT`.
        blocks_other: Whether parts of messages that nothing reads are refused.

    Raises:
        UsageError: A path is misspelt.
    """

    def __init__(self, document: Any, fields: Fields, phase: Phase, *, blocks_other: bool) -> None:
        self._document = document
        self._parts: list[_Part] = []
        self.contents: list[Content] = []
        """Every field that is to be judged."""
        roots = judged_roots(document, named(fields))
        for root in roots or [Selected((), document)]:
            self._add(root, phase, blocks_other=blocks_other, is_named=bool(roots))

    @property
    def messages(self) -> list[Mapping[str, Any]]:
        """What `contents` speaks of."""
        return [each.message for each in self._parts]

    def whole(self, checked: Checked) -> Checked:
        """Return what is said of `messages` as said of the document, which becomes the only message."""
        passed: tuple[Any, ...] = ()
        if checked.verdict is not Verdict.BLOCK:
            new = {
                part.steps: part.value(message)
                for part, message in zip(self._parts, checked.messages, strict=True)
                if message is not part.message
            }
            passed = (with_values(self._document, new),)
        return replace(
            checked,
            messages=passed,
            findings=tuple(self._located(each) for each in checked.findings),
            unjudged=tuple(self._located(each) for each in checked.unjudged),
        )

    def _located(self, said: Any) -> Any:
        each: Finding | Unjudged = said
        return replace(each, message=0, field=self._parts[each.message].place(each.field))

    def _add(self, root: Selected, phase: Phase, *, blocks_other: bool, is_named: bool) -> None:
        steps, value = root
        count = len(self._parts)
        if value in (None, "", [], {}):
            return
        if isinstance(value, str):
            self._parts.append(_Part(steps, _Form.TEXT, {"content": value}))
            self.contents.append(Content(Place(count, "/content", phase), value))
        elif is_named and (messages := _messages(value)):
            self._parts += [
                _Part((*steps, n) if isinstance(value, list) else steps, _Form.MESSAGE, each)
                for n, each in enumerate(messages)
            ]
            self.contents += [
                replace(each, place=each.place._replace(message=count + each.place.message))
                for each in contents(messages, phase, blocks_other=blocks_other)
            ]
        else:
            text = json.dumps(value, ensure_ascii=False)
            self._parts.append(_Part(steps, _Form.JSON, {"content": text}))
            self.contents.append(Content(Place(count, "/content", phase), text, Kind.JSON))


def _messages(value: Any) -> list[Mapping[str, Any]]:
    """Return the chat messages that `value` is, if it is that."""
    some = value if isinstance(value, list) else [value]
    are_messages = all(isinstance(each, dict) and "role" in each for each in some)
    return some if are_messages else []


def selected(document: Any, field: FieldPath) -> Iterator[Selected]:
    """Yield every value that `field` leads to, also under a key that is called as the whole path is.

    Both are meant: else whoever writes such a key would turn the path away from what it names.
    """
    if isinstance(document, dict) and field.text in document and field.steps != (field.text,):
        yield Selected((field.text,), document[field.text])
    yield from (each for each, fits in _walked(document, field.steps, ()) if fits)


def strays(document: Any, field: FieldPath) -> Iterator[Selected]:
    """Yield every value at which `field` expects another shape: an object, or a list."""
    yield from (each for each, fits in _walked(document, field.steps, ()) if not fits)


def judged_roots(document: Any, fields: Sequence[FieldPath]) -> list[Selected]:
    """Return the values that are judged for `fields`; none where no field leads anywhere."""
    found = [each for field in fields for each in selected(document, field)]
    if found:
        found += [each for field in fields for each in strays(document, field)]
    return list(outermost(iter(found)))


def _walked(
    value: Any, path: Sequence[str | int | None], steps: Steps
) -> Iterator[tuple[Selected, bool]]:
    """Yield the values at which `path` ends, each with whether it ends there as it says."""
    if not path:
        yield Selected(steps, value), True
        return
    step, rest = path[0], path[1:]
    if isinstance(step, str) and isinstance(value, dict):
        if step in value:
            yield from _walked(value[step], rest, (*steps, step))
    elif not isinstance(step, str) and isinstance(value, list):
        wanted = range(len(value)) if step is None else range(step, min(step + 1, len(value)))
        for index in wanted:
            yield from _walked(value[index], rest, (*steps, index))
    elif value not in (None, "", [], {}):
        yield Selected(steps, value), False


def outermost(found: Iterator[Selected]) -> Iterator[Selected]:
    """Yield each of `found` that stands in no other of them, once."""
    known: set[Steps] = set()
    for each in sorted(found, key=lambda each: len(each.steps)):
        if not any(each.steps[:n] in known for n in range(len(each.steps) + 1)):
            known.add(each.steps)
            yield each


def values_at(document: Any, fields: Sequence[FieldPath]) -> dict[Steps, Any]:
    """Return every value that `fields` lead to, but not the document itself."""
    found = outermost(each for field in fields for each in selected(document, field) if each.steps)
    return dict(found)


def with_values(document: Any, new: Mapping[Steps, Any]) -> Any:
    """Return `document` with `new` values at some places; the given one is not changed.

    A place whose keys are there no more, since they were replaced, is left as it is.
    """
    if not new:
        return document
    if () in new:
        return new[()]
    changed = copy.deepcopy(document)
    for (*steps, last), value in new.items():
        target = changed
        for step in steps:
            target = target.get(step) if isinstance(target, dict) else target[step]
            if target is None:
                break
        else:
            if not isinstance(target, dict) or last in target:
                target[last] = value
    return changed


def pointer(steps: Steps) -> str:
    """Return the JSON pointer (RFC 6901) of `steps`."""
    return "".join(f"/{str(each).replace('~', '~0').replace('/', '~1')}" for each in steps)
