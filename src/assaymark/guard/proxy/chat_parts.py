"""
The content of a message of a chat completion where it is a list of parts; some servers answer so, too.

Each text is judged where it stands, also in the list that a part may hold in its turn. In a stream the pieces
of one kind of part are one text, together with what comes as plain text, since clients put them together; a
part with an `index` has a text of its own.

tests/guard/proxy/test_chat_parts.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from assaymark.guard.documents import Steps, with_values
from assaymark.guard.proxy.coverage import Leave, Rest, Shape, rest_of
from assaymark.guard.structure import is_count

PART_TEXTS: Mapping[str, str] = {
    **dict.fromkeys(("text", "input_text", "output_text"), "text"),
    **{each: each for each in ("refusal", "thinking")},
}
"""Type of a part to the key of its text."""

_PART: Mapping[str, Shape] = {
    **dict.fromkeys(("type", "id", "status", "cache_control"), Leave.PLAIN),
    "index": Leave.COUNT,
    "signature": Leave.OPAQUE,
}
_CONTENT = "content"
_TEXT = "text"


class PartText(NamedTuple):
    """A text in a part, or a piece of one."""

    place: Steps
    """In the message."""

    text_place: Steps
    """Of the text that it belongs to, in all pieces of a stream."""

    text: str
    written: Callable[[str], Any]
    """Returns content that holds another text in the same form."""


class OtherPart(NamedTuple):
    """A part without a text that is known."""

    place: Steps
    value: Any


def parts_in(content: list[Any]) -> Iterator[PartText | OtherPart]:
    """Yield the texts of a list of parts, and the parts that have none, in order."""
    yield from _parts(content, (_CONTENT,), (_CONTENT,), lambda each: [each])


def text_key(part: Any) -> str | None:
    """Return the key of the text, or of the list of parts, that a part holds."""
    if not isinstance(part, dict):
        return None
    key = PART_TEXTS.get(str(part.get("type")))
    return key if key is not None and isinstance(part.get(key), str | list) else None


def rests_in(content: list[Any], place: Steps = (_CONTENT,)) -> Iterator[Rest]:
    """Yield what stands beside the texts of parts, and is no structure."""
    for n, part in enumerate(content):
        key = text_key(part)
        if key is not None:
            yield from rest_of(part, {**_PART, key: Leave.TAKEN}, (*place, n))
            if isinstance(part[key], list):
                yield from rests_in(part[key], (*place, n, key))


def with_parts(content: list[Any], texts: Mapping[Steps, str], *, is_cut: bool) -> list[Any]:
    """Return a list of parts with other texts.

    Args:
        content: The parts. They are not changed.
        texts: The texts by their place in the message.
        is_cut: Whether nothing stands behind the last of them.
    """
    new: list[Any] = with_values({_CONTENT: content}, texts)[_CONTENT]
    if is_cut:
        target: Any = {_CONTENT: new}
        for step in list(texts)[-1]:
            if isinstance(step, int):
                del target[step + 1 :]
            target = target[step]
    return new


def _parts(
    parts: list[Any], place: Steps, text_place: Steps, wrapped: Callable[[Any], Any]
) -> Iterator[PartText | OtherPart]:
    for n, part in enumerate(parts):
        here = (*place, n)
        key = text_key(part)
        if isinstance(part, str):
            yield PartText(here, text_place, part, wrapped)
        elif key is None:
            yield OtherPart(here, part)
        else:
            yield from _texts(part, key, here, text_place, wrapped)


def _texts(
    part: dict[str, Any], key: str, place: Steps, text_place: Steps, wrapped: Callable[[Any], Any]
) -> Iterator[PartText | OtherPart]:
    # Nothing else of a part goes along with its text: what it holds beside is judged by itself.
    head, of, index = {"type": part["type"]}, text_place, part.get("index")
    if isinstance(index, int) and is_count(index):
        head, of = {**head, "index": index}, (*text_place, index)
    if key != _TEXT:
        of = (*of, key)

    def written(value: Any) -> Any:
        return wrapped({**head, key: value})

    if isinstance(part[key], str):
        yield PartText((*place, key), of, part[key], written)
    else:
        yield from _parts(part[key], (*place, key), of, lambda each: written([each]))
