"""
Which parts of a document are judged: all of it, but for what is structure and looks like it.

A shape names the parts that have a meaning of their own. What a shape does not name is judged as JSON, with
its keys, so a field that an API gets tomorrow is not passed over. Structure, such as ids, counts and names of
models, is left alone only while it is plain: what looks otherwise is judged, too.

tests/guard/proxy/test_coverage.py
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from assaymark.guard.documents import Steps
from assaymark.guard.structure import OPAQUE, PLAIN, is_count, is_plain


class Leave(Enum):
    """What is not judged where it stands."""

    PLAIN = "plain"
    """Structure, as long as it is plain."""

    COUNT = "count"
    """Small numbers, and nothing else."""

    OPAQUE = "opaque"
    """Like `PLAIN`, of any length: coded or encrypted by the provider."""

    TAKEN = "taken"
    """Somebody else judges it."""


Shape: TypeAlias = "Mapping[str, Shape] | list[Shape] | Leave"
"""Of an object by its keys, of a list by its one element."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Something that no shape knows."""

    steps: Steps
    value: Any
    is_part: bool = False
    """Whether `value` holds some keys of the object at `steps`, and not all of what stands there."""


def rest_of(document: Any, shape: Shape, steps: Steps = ()) -> Iterator[Rest]:
    """Yield what of `document` has to be judged as JSON."""
    if document is None or shape is Leave.TAKEN:
        return
    if isinstance(shape, Leave):
        if not _is_left(document, shape):
            yield Rest(steps, document)
    elif isinstance(shape, list) and isinstance(document, list):
        for n, each in enumerate(document):
            yield from rest_of(each, shape[0], (*steps, n))
    elif isinstance(shape, Mapping) and isinstance(document, dict):
        unknown = {key: each for key, each in document.items() if key not in shape}
        if unknown:
            yield Rest(steps, unknown, is_part=True)
        for key, each in document.items():
            if key in shape:
                yield from rest_of(each, shape[key], (*steps, key))
    else:
        yield Rest(steps, document)


def _is_left(value: Any, shape: Leave) -> bool:
    if shape is Leave.COUNT:
        return is_count(value)
    return is_plain(value, OPAQUE if shape is Leave.OPAQUE else PLAIN)


def texts_of(rest: Rest, but: Collection[str]) -> Iterator[tuple[Steps, str]]:
    """Yield every text in `rest` that says something, with its place.

    Args:
        rest: What is judged as JSON.
        but: Keys of it whose lists are left out.
    """
    waiting: list[tuple[Steps, Any]] = [(rest.steps, rest.value)]
    if rest.is_part:
        waiting = [
            ((*rest.steps, key), each)
            for key, each in rest.value.items()
            if key not in but or not isinstance(each, list)
        ]
    while waiting:
        steps, value = waiting.pop()
        if isinstance(value, str) and value:
            yield steps, value
        elif isinstance(value, dict):
            waiting += [((*steps, key), each) for key, each in value.items()]
        elif isinstance(value, list):
            waiting += [((*steps, n), each) for n, each in enumerate(value)]


def put_back(document: Any, rests: Sequence[Rest], values: Sequence[Any]) -> Any:
    """Return `document` with `values` in the places of `rests`; the given one is not changed."""
    new = copy.deepcopy(document)
    for rest, value in zip(rests, values, strict=True):
        target = new
        if rest.is_part:
            for step in rest.steps:
                target = target[step]
            for key in rest.value:
                del target[key]
            target.update({key: each for key, each in value.items() if key not in target})
            continue
        if not rest.steps:
            return value
        *before, last = rest.steps
        for step in before:
            target = target[step]
        target[last] = value
    return new
