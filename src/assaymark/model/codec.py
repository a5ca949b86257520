"""
Frozen values to plain JSON values and back.

Keys are lowerCamelCase, as in-toto asks of predicates; an absent value is an absent key; times are
RFC 3339 in UTC with `Z`. Reading is strict: an unknown key, a missing key or a wrong type is an error
that names its place, because evidence that is half understood is worse than none.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar, Union

from assaymark.errors import EvidenceError
from assaymark.model.measurement import Labels, Measured, NotMeasured
from assaymark.model.subject import Sha256

T = TypeVar("T")

_TAGS: Mapping[type, str] = {Measured: "measured", NotMeasured: "notMeasured"}
"""Members of unions, told apart by the key `type`."""

_DIGEST = re.compile(r"[0-9a-f]{64}")

_JSON_NAMES: Mapping[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


def to_plain(value: Any) -> Any:
    """Return `value` as dictionaries, lists, strings, numbers and booleans."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return format_time(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _record_to_plain(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(each) for each in value]
    return value


def from_plain(kind: type[T], data: Any, *, at: str = "$") -> T:
    """Return `data` as a `kind`.

    Args:
        kind: A frozen dataclass of `assaymark.model`.
        data: What a strict JSON parser returned.
        at: Where `data` stands, for the error.

    Raises:
        EvidenceError: A key is unknown or missing, or a value has the wrong type.
    """
    return typing.cast("T", _read(kind, data, at))


def format_time(moment: datetime) -> str:
    """Return `moment` as RFC 3339 in UTC, whole seconds."""
    # Not strftime: it does not pad years before 1000.
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_time(text: str, *, at: str = "$") -> datetime:
    """Read what `format_time` writes.

    Raises:
        EvidenceError: `text` is no such time.
    """
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        moment = None
    # `strptime` also takes single digits; one moment has one spelling here.
    if moment is None or format_time(moment) != text:
        raise EvidenceError(f"{at}: expected a time such as 2026-01-31T12:00:00Z")
    return moment


def _record_to_plain(record: Any) -> dict[str, Any]:
    kind: Any = type(record)
    plain: dict[str, Any] = {"type": _TAGS[kind]} if kind in _TAGS else {}
    for name, hint in _hints(kind).items():
        value = getattr(record, name)
        if value is not None:
            plain[_camel(name)] = dict(value) if hint == Labels else to_plain(value)
    return plain


def _read(kind: Any, data: Any, at: str) -> Any:
    if kind == Labels:
        items = sorted(_expect(data, dict, at).items())
        return tuple((key, _expect(each, str, f"{at}.{key}")) for key, each in items)
    if kind is Sha256:
        return _read_digest(data, at)
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        return _read_union(typing.get_args(kind), data, at)
    if origin is tuple:
        return _read_tuple(typing.get_args(kind), data, at)
    if origin is not None and issubclass(origin, Mapping):
        _, inner = typing.get_args(kind)
        items = _expect(data, dict, at).items()
        return {key: _read(inner, each, f"{at}.{key}") for key, each in items}
    if kind is Any:
        return data
    if kind is datetime:
        return parse_time(_expect(data, str, at), at=at)
    if kind is float:
        # JSON has one number type; 1.0 is written as 1.
        return _read_float(data, at)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _read_enum(kind, data, at)
    if dataclasses.is_dataclass(kind):
        return _read_record(typing.cast("type", kind), data, at)
    return _expect(data, kind, at)


def _read_union(kinds: tuple[Any, ...], data: Any, at: str) -> Any:
    tagged = {_TAGS[each]: each for each in kinds if each in _TAGS}
    if tagged:
        tag = _expect(data, dict, at).get("type")
        if not isinstance(tag, str) or tag not in tagged:
            raise EvidenceError(f"{at}.type: expected one of {', '.join(tagged)}")
        return _read(tagged[tag], {k: v for k, v in data.items() if k != "type"}, at)
    (inner,) = [each for each in kinds if each is not type(None)]
    return None if data is None else _read(inner, data, at)


def _read_tuple(kinds: tuple[Any, ...], data: Any, at: str) -> tuple[Any, ...]:
    items = _expect(data, list, at)
    if len(kinds) == 2 and kinds[1] is Ellipsis:  # noqa: PLR2004 - tuple[X, ...]
        return tuple(_read(kinds[0], each, f"{at}[{i}]") for i, each in enumerate(items))
    if len(items) != len(kinds):
        raise EvidenceError(f"{at}: expected {len(kinds)} items, got {len(items)}")
    pairs = enumerate(zip(kinds, items, strict=True))
    return tuple(_read(each, item, f"{at}[{i}]") for i, (each, item) in pairs)


def _read_float(data: Any, at: str) -> float:
    try:
        return float(_expect(data, (int, float), at))
    except OverflowError:
        raise EvidenceError(f"{at}: the number is too large for double precision") from None


def _read_digest(data: Any, at: str) -> str:
    digest: str = _expect(data, str, at)
    if not _DIGEST.fullmatch(digest):
        raise EvidenceError(f"{at}: expected 64 lower-case hexadecimal digits")
    return digest


def _read_enum(kind: type[Enum], data: Any, at: str) -> Enum:
    try:
        return kind(_expect(data, str, at))
    except ValueError:
        names = ", ".join(str(each.value) for each in kind)
        raise EvidenceError(f"{at}: expected one of {names}") from None


def _read_record(kind: type, data: Any, at: str) -> Any:
    fields = {_camel(name): (name, inner) for name, inner in _hints(kind).items()}
    given = _expect(data, dict, at)
    if unknown := sorted(set(given) - set(fields)):
        raise EvidenceError(f"{at}: unknown key `{unknown[0]}`")
    values = {}
    for key, (name, inner) in fields.items():
        if key not in given and type(None) not in typing.get_args(inner):
            raise EvidenceError(f"{at}: the key `{key}` is missing")
        values[name] = _read(inner, given[key], f"{at}.{key}") if key in given else None
    try:
        return kind(**values)
    except ValueError as error:
        # The record's own check; its message states the rule and no value.
        raise EvidenceError(f"{at}: {error}") from None


def _expect(data: Any, kind: Any, at: str) -> Any:
    wrong_bool = isinstance(data, bool) and kind is not bool
    if wrong_bool or not isinstance(data, kind):
        # Of a tuple the last one is the widest.
        name = _JSON_NAMES[kind[-1] if isinstance(kind, tuple) else kind]
        raise EvidenceError(f"{at}: expected {name}, got {_JSON_NAMES[type(data)]}")
    return data


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return {each.name: typing.get_type_hints(kind)[each.name] for each in dataclasses.fields(kind)}


@functools.cache
def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(each.capitalize() for each in tail)
