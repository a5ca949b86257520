"""
Which of two settings asks for more.

A policy may tighten what it inherits and never loosen it, so every setting of a detector or check has a
way that is stricter. Its author declares it where the field stands:

    min_score: float = Field(default=0.4, json_schema_extra={"stricter": "lower"})

`lower`, `higher`, `superset` and `subset` say what they say; `any` means that the setting changes no
answer, such as a time-out. A setting that declares nothing must stay as it is, except for the names that
mean the same everywhere: see `BY_NAME`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


class Stricter(StrEnum):
    """Which way a setting is stricter."""

    LOWER = "lower"
    HIGHER = "higher"
    SUPERSET = "superset"
    SUBSET = "subset"
    ANY = "any"
    SAME = "same"


BY_NAME: Mapping[str, Stricter] = {
    "min_score": Stricter.LOWER,
    "entities": Stricter.SUPERSET,
    "categories": Stricter.SUPERSET,
    "languages": Stricter.SUPERSET,
}
"""What fields of these names mean where they declare nothing."""


class IncomparableError(Exception):
    """Two settings differ and neither is the stricter one."""


def stricter_way(model: type[BaseModel], name: str) -> Stricter:
    """Return which way the field `name` of `model` is stricter."""
    field = model.model_fields.get(name)
    extra = None if field is None else field.json_schema_extra
    if isinstance(extra, Mapping) and "stricter" in extra:
        return Stricter(str(extra["stricter"]))
    return BY_NAME.get(name, Stricter.SAME)


def is_loosened(way: Stricter, parent: Any, child: Any) -> bool:
    """Whether `child` asks for less than `parent`, or cannot be compared with it."""
    if parent == child or way is Stricter.ANY:
        return False
    try:
        return bool(stricter_of(way, parent, child) != _normal(way, child))
    except IncomparableError:
        return True


def stricter_of(way: Stricter, a: Any, b: Any) -> Any:
    """Return what asks for at least as much as both `a` and `b`.

    Raises:
        IncomparableError: There is no such value.
    """
    if a == b or way is Stricter.ANY:
        return a
    if _are(a, b, int | float):
        if way is Stricter.LOWER:
            return min(a, b)
        if way is Stricter.HIGHER:
            return max(a, b)
    if _are(a, b, list):
        if way is Stricter.SUPERSET:
            return _normal(way, [*a, *(each for each in b if each not in a)])
        if way is Stricter.SUBSET:
            return _normal(way, [each for each in a if each in b])
    raise IncomparableError


def _are(a: Any, b: Any, kind: Any) -> bool:
    return isinstance(a, kind) and isinstance(b, kind) and bool not in (type(a), type(b))


def _normal(way: Stricter, value: Any) -> Any:
    """Lists that are sets have no order and nothing twice."""
    if way in (Stricter.SUPERSET, Stricter.SUBSET) and isinstance(value, list):
        return sorted({repr(each): each for each in value}.values(), key=repr)
    return value
