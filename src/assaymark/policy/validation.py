"""
From the shape of a policy file to mistakes at their places.

pydantic says which path of a mapping is wrong; this module finds the place in the file and says it in our
words. A mistake is reported once: where `refuse_voids` has spoken, `validate` is silent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from assaymark.marked_yaml import Mark, Node
from assaymark.policy.diagnostics import Reporter, did_you_mean, listed, quoted

P = TypeVar("P", bound=BaseModel)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LITERAL = re.compile(r"'([^']*)'")


def validate(model: type[P], node: Node, reporter: Reporter, *, settings: bool = False) -> P | None:
    """Return `node` as a `model`, or report every mistake of shape and return `None`.

    Values are taken as written: `"5"` is no number and `1` is not `true`.

    Args:
        model: What is expected.
        node: Where it should stand.
        reporter: Of the file.
        settings: Whether it is the settings of a detector or check, see `refuse_voids`.
    """
    part, mistakes = try_validate(model, node.plain())
    for mistake in mistakes:
        fallback = place_of(node) if settings else None
        report_mistake(mistake, model, node, reporter, fallback=fallback)
    return part


def try_validate(model: type[P], plain: Any) -> tuple[P | None, list[Any]]:
    """Return `plain` as a `model`, or pydantic's account of why it is none.

    Read as JSON, because only then is strict validation about types that JSON has.
    """
    try:
        return model.model_validate_json(json.dumps(plain), strict=True), []
    except ValidationError as error:
        return None, _once_per_place(error.errors(include_url=False), plain)


def report_mistake(
    mistake: Any,
    model: type[BaseModel],
    node: Node,
    reporter: Reporter,
    *,
    fallback: Mark | None = None,
) -> None:
    """Report one of pydantic's errors at its place in the file.

    Args:
        mistake: One item of `ValidationError.errors()`.
        model: What `node` was read as; its keys are offered in place of unknown ones.
        node: Where it stands.
        reporter: Of the file.
        fallback: Given for settings, some of which may stand in a parent: where to point then.
    """
    loc: tuple[str | int, ...] = mistake["loc"]
    path = _path_in(loc, node.plain())
    found = node.at(*path)
    if loc[-1:] == ("[key]",) and path:
        mark = (node.at(*path[:-1]) or node).keys[str(path[-1])]
        code, message, hint = _wording(mistake, Node(str(path[-1]), mark))
    elif mistake["type"] == "extra_forbidden":
        mark, code, message, hint = _unknown_key(str(loc[-1]), path, model, node, fallback)
    elif mistake["type"] == "missing":
        mark = place_of(found) if found and path else fallback or place_of(node)
        what = f"the key {quoted(loc[-1])}" if isinstance(loc[-1], str) else "an item"
        code, message, hint = "missing-key", f"{what} is missing", None
    else:
        stands = found is not None and len(path) > 0
        if stands and found is not None and _is_reported_as_void(found, settings=bool(fallback)):
            return
        code, message, hint = _wording(mistake, found if stands else None)
        mark = place_of(found) if found and stands else fallback or place_of(node)
    reporter.error(code, mark, message, hint)


def _unknown_key(
    key: str,
    path: list[str | int],
    model: type[BaseModel],
    node: Node,
    fallback: Mark | None,
) -> tuple[Mark, str, str, str | None]:
    parent = node.at(*path[:-1]) or node
    known = [str(field.alias or name) for name, field in model.model_fields.items()]
    hint = None
    if len(path) == 1:
        otherwise = f"the keys here are {listed(known)}" if known else "remove it"
        hint = did_you_mean(key, known, otherwise=otherwise)
    mark = parent.keys.get(key, fallback) or place_of(node)
    return mark, "unknown-key", f"unknown key {quoted(key)}", hint


def _is_reported_as_void(node: Node, *, settings: bool) -> bool:
    """Whether `refuse_voids` has spoken about `node`."""
    return not settings and (node.value == [] or node.value is None)


def place_of(node: Node) -> Mark:
    """Return where to point for `node`: a block mapping is known by its first key."""
    if isinstance(node.value, dict) and node.keys and node.mark.width == 1:
        return next(iter(node.keys.values()))
    return node.mark


def _path_in(loc: tuple[str | int, ...], plain: Any) -> list[str | int]:
    """Return `loc` without the steps that pydantic adds for unions and functions."""
    path: list[str | int] = []
    for step in loc:
        in_mapping = isinstance(plain, Mapping) and step in plain
        in_list = isinstance(plain, list) and isinstance(step, int) and step < len(plain)
        if in_mapping or in_list:
            plain = plain[step]
            path.append(step)
    return path


def _once_per_place(mistakes: list[Any], plain: Any) -> list[Any]:
    """Keep the first mistake at each place: a union reports one for each of its members."""
    kept: dict[tuple[Any, ...], Any] = {}
    for each in mistakes:
        missing = (each["loc"][-1],) if each["type"] == "missing" else ()
        kept.setdefault((*_path_in(each["loc"], plain), *missing), each)
    return list(kept.values())


_EXPECTED = {
    "string": "text",
    "float": "a number",
    "int": "a whole number",
    "bool": "`true` or `false`",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "a mapping",
    "mapping": "a mapping",
    "model": "a mapping",
}

_MEANT = {
    "block": "deny",
    "enforce": "deny",
    "fail": "deny",
    "reject": "deny",
    "alert": "warn",
    "log": "audit",
    "record": "audit",
    "minor": "low",
    "moderate": "medium",
    "major": "high",
    "severe": "critical",
}
"""Words that other tools use for ours, and that no spelling brings together."""

_PER_CENT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?%")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")

_LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def _wording(mistake: Any, node: Node | None) -> tuple[str, str, str | None]:
    """Return code, message and hint for one of pydantic's errors."""
    kind: str = mistake["type"]
    context = mistake.get("ctx", {})
    got = "nothing" if node is None else shown(node)
    if {"message", "hint"} <= context.keys():
        # A settings model may speak for itself, with a `PydanticCustomError` of our form.
        return kind.replace("_", "-"), str(context["message"]), str(context["hint"])
    if kind in ("literal_error", "enum"):
        names = _LITERAL.findall(str(context["expected"]))
        hint = _word_hint(str(node.value), names) if node is not None else None
        expected = listed(names, last="or") if names else str(context["expected"])
        return "unknown-value", f"expected {expected}, got {got}", hint
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        limit = context[name]
        number = f"{limit:g}" if isinstance(limit, int | float) else str(limit)
        hint = _share_hint(limit, node) if name in ("lt", "le") else None
        return "out-of-range", f"expected {words} {number}, got {got}", hint
    if kind == "string_too_short" and node is not None and node.value == "":
        return "missing-value", "expected text, got nothing", None
    if kind == "int_from_float":
        return "wrong-type", f"expected a whole number, got {got}", None
    wanted = _EXPECTED.get(kind.removesuffix("_type").removesuffix("_attributes"))
    if kind.endswith("_type") and wanted is not None:
        return "wrong-type", f"expected {wanted}, got {got}", _type_hint(wanted, node)
    if kind in ("value_error", "assertion_error"):
        return "invalid-value", str(context.get("error", mistake["msg"])), None
    if kind == "string_pattern_mismatch":
        return "invalid-value", f"expected text like `{context['pattern']}`, got {got}", None
    message = str(mistake["msg"])
    return "invalid-value", f"{message[:1].lower()}{message[1:]}", None


def _word_hint(word: str, names: list[str]) -> str | None:
    meant = _MEANT.get(word.casefold())
    return did_you_mean(word, names) or (
        f"did you mean {quoted(meant)}?" if meant in names else None
    )


def _share_hint(limit: object, node: Node | None) -> str | None:
    """Return the hint for `95` where at most 1 may stand."""
    value = None if node is None else node.value
    if limit != 1 or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 1 < value <= 100 or value != int(value):  # noqa: PLR2004 - per cent
        return None
    return f"write {value / 100:g} for {value:g} %"


def _type_hint(expected: str, node: Node | None) -> str | None:
    if node is None or isinstance(node.value, list | dict) or node.value is None:
        return None
    if expected == "a number" and isinstance(node.value, str):
        if (share := _PER_CENT.fullmatch(node.value)) is not None:
            return f"a share is written as a decimal: `{float(share[1]) / 100:g}`"
        if _NUMBER.fullmatch(node.value):
            return "write it without quotes"
    if expected == "text":
        return "put it in quotes"
    if expected == "a list":
        return "put it in brackets: `[...]`"
    return None


def shown(node: Node) -> str:
    """Return what stands at `node`, in a few words."""
    value = node.value
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    return (
        f"the number `{value:g}`"
        if isinstance(value, float)
        else f"the number {quoted(str(value))}"
    )


def refuse_voids(node: Node, reporter: Reporter, *, levels: int | None = None) -> None:
    """Report what is never meant: keys without a value, empty lists, and text that is no text.

    Settings of detectors and checks may be null or empty where their own declaration allows it.

    Args:
        node: The document, or a part of it.
        reporter: Of the file.
        levels: Below this many levels stand the settings of a detector or check; `None` outside of
            these sections.
    """
    in_settings = levels is not None and levels <= 0
    for key, mark, each in _children(node):
        what = quoted(key) if key else "this item"
        if each.value is None and not in_settings:
            reporter.error(
                "missing-value", mark, f"{what} has no value", "write one, or remove the line"
            )
        elif each.value == [] and not in_settings:
            hint = "an empty list demands nothing; fill it or remove it"
            reporter.error("empty", each.mark, f"{what} is an empty list", hint)
        for text, place in ((key, mark), (each.value, each.mark)):
            if isinstance(text, str) and _has_surrogate(text):
                reporter.error("not-text", place, "half of a surrogate pair is no text")
        if levels is not None:
            inner: int | None = levels - 1
        else:
            inner = 1 if key in ("detectors", "checks") else None
        refuse_voids(each, reporter, levels=inner)


def _children(node: Node) -> Iterator[tuple[str, Mark, Node]]:
    if isinstance(node.value, dict):
        for key, each in node.value.items():
            yield key, node.keys[key], each
    elif isinstance(node.value, list):
        for each in node.value:
            yield "", each.mark, each


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def read_date(node: Node | None, reporter: Reporter) -> date | None:
    """Return the date at `node`, or report that it is none and return `None`."""
    if node is None or not isinstance(node.value, str):
        return None
    if _DATE.fullmatch(node.value):
        try:
            return date.fromisoformat(node.value)
        except ValueError:
            reporter.error(
                "invalid-date", node.mark, f"there is no such day as {quoted(node.value)}"
            )
            return None
    reporter.error(
        "invalid-date", node.mark, f"expected a date, got {shown(node)}", "write YEAR-MONTH-DAY"
    )
    return None


def text_at(node: Node | None, *path: str | int) -> Node | None:
    """Return the node at `path` if it is text; mistakes of type are reported by `validate`."""
    found = None if node is None else node.at(*path)
    return found if found is not None and isinstance(found.value, str) else None


def items_at(node: Node | None, *path: str | int) -> list[Node]:
    """Return the items of the list at `path`; none where there is no list."""
    found = None if node is None else node.at(*path)
    return found.value if found is not None and isinstance(found.value, list) else []


def entries_at(node: Node | None, *path: str | int) -> Mapping[str, Node]:
    """Return the entries of the mapping at `path`; none where there is no mapping."""
    found = None if node is None else node.at(*path)
    return found.value if found is not None and isinstance(found.value, dict) else {}
