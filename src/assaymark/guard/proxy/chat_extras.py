"""
Texts of a streamed chat completion that its API does not have, and servers send all the same.

Such as `reasoning_details` of OpenRouter and `thinking_blocks` of LiteLLM: objects that come in pieces, put
together by their `index`. Every text in them is judged as a stream of its own. Lists of anything else than
objects cannot be put together by anybody, and are judged as they are.

tests/guard/proxy/test_strangers.py
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from assaymark.guard.documents import Steps
from assaymark.guard.proxy.reading import a_number, invalid_answer

_STRUCTURE = frozenset({"id", "type", "index", "format", "signature", "data", "role"})
"""Keys of what is no text, and is judged for itself."""


class Piece(NamedTuple):
    """A piece of a text."""

    place: Steps
    """In the delta that it came with."""

    text_place: Steps
    """Of the text that it belongs to, in all deltas."""

    piece: str


def pieces_in(delta: Mapping[str, Any], known: Collection[str]) -> list[Piece]:
    """Return the pieces in a delta of texts that stand under none of the keys `known`.

    Raises:
        RefusedError: An index is none.
    """
    return [
        each
        for key, value in delta.items()
        if key not in known
        for each in _pieces(value, (key,), (key,))
    ]


def with_texts(delta: dict[str, Any], texts: Mapping[Steps, str]) -> dict[str, Any]:
    """Return a delta that was judged without some texts, with them.

    Raises:
        RefusedError: A key above one was replaced, so nobody could put it together.
    """
    new = copy.deepcopy(delta) if texts else delta
    for (*steps, last), text in texts.items():
        target: Any = new
        for step in steps:
            target = target.get(step) if isinstance(target, dict) else target[step]
            if target is None:
                break
        if target is None or last not in target:
            raise invalid_answer("a text stands under a key that may not pass")
        target[last] = text
    return new


def _pieces(value: Any, place: Steps, text_place: Steps) -> Iterator[Piece]:
    if isinstance(value, str):
        yield Piece(place, text_place, value)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key not in _STRUCTURE:
                yield from _pieces(each, (*place, key), (*text_place, key))
    elif isinstance(value, list) and all(isinstance(each, dict) for each in value):
        for n, each in enumerate(value):
            index = a_number(each.get("index"), n)
            yield from _pieces(each, (*place, n), (*text_place, index))
