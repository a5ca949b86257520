"""
Which of two settings asks for more.

A policy may tighten what it inherits and never loosen it, so every setting of a detector or check has a
way that is stricter. Its author declares it where the field stands:

    min_score: float = Field(default=0.4, json_schema_extra={"stricter": "lower"})

`lower`, `higher`, `superset` and `subset` say what they say. `any` means that the setting changes no
answer, such as a time-out. `not-default` means that every other value asks for more than the default
does, and that two others cannot be compared. A setting that declares nothing must stay as it is, except
for the names that mean the same everywhere: see `BY_NAME`.

tests/policy/test_tighten_laws.py holds that the stricter of two settings loosens neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    NOT_DEFAULT = "not-default"
    ANY = "any"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Way:
    """Which way one setting is stricter."""

    kind: Stricter
    default: Any = None
    """As JSON has it."""

    @property
    def refuses_empty(self) -> bool:
        """Whether an empty list would look for nothing, where the default looks for something."""
        return self.kind is Stricter.SUPERSET and self.default != []


BY_NAME: Mapping[str, Stricter] = {
    "min_score": Stricter.LOWER,
    "entities": Stricter.SUPERSET,
    "categories": Stricter.SUPERSET,
    "languages": Stricter.SUPERSET,
}
"""What fields of these names mean where they declare nothing."""


class IncomparableError(Exception):
    """Two settings differ and neither is the stricter one."""


def stricter_way(model: type[BaseModel], name: str) -> Way:
    """Return which way the field `name` of `model` is stricter."""
    field = model.model_fields.get(name)
    if field is None:
        return Way(Stricter.SAME)
    default = list(field.default) if isinstance(field.default, tuple) else field.default
    extra = field.json_schema_extra
    if isinstance(extra, Mapping) and "stricter" in extra:
        return Way(Stricter(str(extra["stricter"])), default)
    return Way(BY_NAME.get(name, Stricter.SAME), default)


def is_loosened(way: Way, parent: Any, child: Any) -> bool:
    """Whether `child` asks for less than `parent`, or cannot be compared with it."""
    if parent == child or way.kind is Stricter.ANY:
        return False
    try:
        return bool(stricter_of(way, parent, child) != _normal(way, child))
    except IncomparableError:
        return True


def stricter_of(way: Way, a: Any, b: Any) -> Any:
    """Return what asks for at least as much as both `a` and `b`.

    Raises:
        IncomparableError: There is no such value.
    """
    kind = way.kind
    if a == b or kind is Stricter.ANY:
        return a
    if kind is Stricter.NOT_DEFAULT and way.default in (a, b):
        return b if a == way.default else a
    if _are(a, b, int | float):
        if kind is Stricter.LOWER:
            return min(a, b)
        if kind is Stricter.HIGHER:
            return max(a, b)
    if _are(a, b, list):
        if kind is Stricter.SUPERSET:
            return _normal(way, [*a, *(each for each in b if each not in a)])
        if kind is Stricter.SUBSET:
            return _normal(way, [each for each in a if each in b])
    raise IncomparableError


def _are(a: Any, b: Any, kind: Any) -> bool:
    return isinstance(a, kind) and isinstance(b, kind) and bool not in (type(a), type(b))


def _normal(way: Way, value: Any) -> Any:
    """Lists that are sets have no order and nothing twice."""
    if way.kind in (Stricter.SUPERSET, Stricter.SUBSET) and isinstance(value, list):
        return sorted({repr(each): each for each in value}.values(), key=repr)
    return value
