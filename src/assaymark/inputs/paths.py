"""
Field paths, as users write them after `--field`: `text`, `messages[*].content`, `meta["a.b"][0]`.

tests/inputs/test_paths.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assaymark.errors import UsageError

_STEP = re.compile(
    r"""\[(?P<every>\*)\] | \[(?P<index>\d{1,9})\] | \["(?P<quoted>[^"]*)"\] | \.?(?P<name>[^.\[\]]+)""",
    re.VERBOSE,
)
_PIECES = re.compile(r'((?:\["[^"]*"\]|[^,])*)(?:,|$)')


@dataclass(frozen=True, slots=True)
class FieldPath:
    """One named field."""

    text: str
    """As the user wrote it; where a key or column is called exactly so, that one is meant."""

    steps: tuple[str | int | None, ...]
    """Keys, indices, and `None` for every element of a list. Empty for the record itself."""

    def select(self, record: Any) -> Iterator[tuple[str, Any]]:
        """Yield every value that the path leads to, with its place."""
        if isinstance(record, dict) and self.text in record:
            yield self.text, record[self.text]
        else:
            yield from _select(record, self.steps, "")

    def head(self, record: Any) -> str | int | None:
        """Return the top-level key that is meant in this record; `None` for the record itself."""
        if isinstance(record, dict) and self.text in record:
            return self.text
        if not self.steps:
            return None
        # An element of a list is no key of an object.
        return -1 if self.steps[0] is None else self.steps[0]


def parse_fields(text: str | None) -> tuple[FieldPath, ...]:
    """Read what stands after `--field`: paths, separated by commas; none where `text` is `None`.

    Raises:
        UsageError: A path is empty.
    """
    if text is None:
        return ()
    pieces = [each.strip() for each in _PIECES.findall(text)]
    # The pattern matches once more, empty, at the end of a text that does not end in a comma.
    if len(pieces) > 1 and not text.endswith(","):
        pieces.pop()
    if not all(pieces):
        raise UsageError(
            "a field name is empty", hint="write `--field text` or `--field prompt,response`"
        )
    return tuple(FieldPath(each, _steps(each)) for each in pieces)


def join(path: str, key: str) -> str:
    """Return the place of `key` in the object at `path`."""
    return f"{path}.{key}" if path else key


def _steps(text: str) -> tuple[str | int | None, ...]:
    rest = text[1:] if text == "$" or text.startswith(("$.", "$[")) else text
    steps: list[str | int | None] = []
    at = 0
    while at < len(rest):
        found = _STEP.match(rest, at)
        if found is None:
            # No path, so it can only be the literal name of a key or column.
            return (text,)
        at = found.end()
        if found["every"]:
            steps.append(None)
        elif found["index"]:
            steps.append(int(found["index"]))
        else:
            steps.append(found["name"] if found["quoted"] is None else found["quoted"])
    return tuple(steps)


def _select(
    value: Any, steps: tuple[str | int | None, ...], path: str
) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield path or "$", value
        return
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if isinstance(value, dict) and step in value:
            yield from _select(value[step], rest, join(path, step))
    elif isinstance(value, list):
        wanted = range(len(value)) if step is None else range(step, min(step + 1, len(value)))
        for index in wanted:
            yield from _select(value[index], rest, f"{path}[{index}]")
