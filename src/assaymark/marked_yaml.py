"""
YAML with places: every value knows its line and column, and nothing is guessed.

The subset that people mean when they write configuration:

* a key that stands twice in one mapping is an error, as are anchors, aliases, merge keys and tags;
* only the core scalars of YAML 1.2 are more than text: `true`, `false`, `null`, integers and decimals.
  `no`, `on`, `12:30`, `007`, `0x1f`, `.nan` and `2026-01-31` stay text, so nothing changes its meaning
  behind the writer;
* one document, of bounded size and depth; lines end as editors end them.

This is the only module that imports PyYAML.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from assaymark.errors import AssaymarkError

MAX_BYTES = 1_000_000
MAX_DEPTH = 40

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,30})")
_DECIMAL = re.compile(
    r"[-+]?(?:(?:0|[1-9][0-9]{0,30})(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?"
)
_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}

# PyYAML breaks lines here and most editors do not, so places would not agree.
_ODD_BREAK = re.compile("[\x85\u2028\u2029]")

Scalar: TypeAlias = "str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of one line of a file. Lines and columns count from 1, in code points."""

    line: int
    column: int
    width: int
    """Characters to underline, at least 1."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands."""

    value: Scalar | list[Node] | dict[str, Node]
    mark: Mark
    keys: dict[str, Mark] = field(default_factory=dict)
    """For a mapping: where each key stands."""

    def plain(self) -> Any:
        """Return the value without its marks."""
        if isinstance(self.value, dict):
            return {key: each.plain() for key, each in self.value.items()}
        if isinstance(self.value, list):
            return [each.plain() for each in self.value]
        return self.value

    def at(self, *path: str | int) -> Node | None:
        """Return the node at `path` below this one, or `None` where there is none."""
        node: Node | None = self
        for step in path:
            if node is None:
                return None
            if isinstance(node.value, dict) and isinstance(step, str):
                node = node.value.get(step)
            elif isinstance(node.value, list) and isinstance(step, int):
                node = node.value[step] if step < len(node.value) else None
            else:
                return None
        return node


@dataclass(frozen=True, slots=True)
class YamlProblem:
    """One thing that is wrong with a text as YAML."""

    mark: Mark
    message: str
    hint: str | None = None


class MarkedYamlError(AssaymarkError):
    """A text is not the YAML that we read; `problems` holds at least one reason, in reading order."""

    def __init__(self, problems: list[YamlProblem]) -> None:
        first = problems[0]
        super().__init__(
            f"line {first.mark.line} column {first.mark.column}: {first.message}", hint=first.hint
        )
        self.problems = problems


def parse_yaml(data: bytes) -> Node:
    """Parse one document.

    Raises:
        MarkedYamlError: The data is too large, too deep, not UTF-8, not YAML, or outside the subset.
    """
    start = Mark(1, 1, 1)
    if len(data) > MAX_BYTES:
        raise MarkedYamlError([YamlProblem(start, f"expected at most {MAX_BYTES} bytes")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MarkedYamlError([YamlProblem(Mark(line, 1, 1), "not UTF-8")]) from None
    if odd := _ODD_BREAK.search(text):
        place = _place(text, odd.start())
        raise MarkedYamlError([_bad_character(place, ord(odd[0]))])
    problems = list(_forbidden(text))
    if problems:
        raise MarkedYamlError(problems)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        raise MarkedYamlError([YamlProblem(start, "the document is empty")])
    node = _convert(root, problems)
    if problems:
        raise MarkedYamlError(sorted(problems, key=lambda each: (each.mark.line, each.mark.column)))
    return node


def _forbidden(text: str) -> Iterator[YamlProblem]:
    """Walk the events, which needs no recursion, before anything is built."""
    depth = documents = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            mark = _mark(event)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    yield YamlProblem(mark, "expected one document, got a second")
            elif isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    yield YamlProblem(mark, f"nested deeper than {MAX_DEPTH} levels")
                    return
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                yield YamlProblem(
                    mark, "anchors and aliases are not allowed", "write the value out"
                )
            elif getattr(event, "tag", None):
                yield YamlProblem(mark, "tags are not allowed", "remove the `!` tag")
    except yaml.MarkedYAMLError as error:
        yield _syntax_problem(error)
    except yaml.reader.ReaderError as error:
        yield _bad_character(_place(text, error.position), error.character)


def _bad_character(place: Mark, character: int) -> YamlProblem:
    return YamlProblem(place, f"the character U+{character:04X} is not allowed")


def _place(text: str, index: int) -> Mark:
    # Only for characters that end the reading, so every line break before them is one of editors'.
    lines = re.split(r"\r\n|\r|\n", text[:index])
    return Mark(len(lines), len(lines[-1]) + 1, 1)


def _syntax_problem(error: yaml.MarkedYAMLError) -> YamlProblem:
    place = error.problem_mark or error.context_mark
    mark = Mark(1, 1, 1) if place is None else Mark(place.line + 1, place.column + 1, 1)
    reason = re.sub(r"'([^']*)'", r"`\1`", error.problem or "unreadable")
    return YamlProblem(mark, f"not YAML: {reason}")


def _convert(node: yaml.Node, problems: list[YamlProblem]) -> Node:
    if isinstance(node, yaml.ScalarNode):
        return Node(_scalar(node), _mark(node))
    if isinstance(node, yaml.SequenceNode):
        return Node([_convert(each, problems) for each in node.value], _mark(node))
    values: dict[str, Node] = {}
    keys: dict[str, Mark] = {}
    for key, value in node.value:
        mark = _mark(key)
        if not isinstance(key, yaml.ScalarNode):
            problems.append(YamlProblem(mark, "a key must be text"))
            continue
        name = key.value
        if name == "<<" and key.style is None:
            problems.append(YamlProblem(mark, "merge keys are not allowed", "write the keys out"))
        elif name in keys:
            first = keys[name].line
            problems.append(YamlProblem(mark, f"the key `{name}` stands on line {first} already"))
        else:
            keys[name] = mark
            values[name] = _convert(value, problems)
    return Node(values, _mark(node), keys)


def _scalar(node: yaml.ScalarNode) -> Scalar:
    text: str = node.value
    if node.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def _mark(item: Any) -> Mark:
    start, end = item.start_mark, item.end_mark
    width = end.column - start.column if start.line == end.line else 1
    return Mark(start.line + 1, start.column + 1, max(1, width))
