"""
Reading the mappings of a trust file: required keys, unknown keys, kinds of values, all with their places.

Nothing here stops at the first mistake. `docs/trust-file.md` describes what is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from assaymark.errors import EvidenceError, PolicyError
from assaymark.marked_yaml import Mark, Node
from assaymark.model.codec import parse_time
from assaymark.policy.diagnostics import (
    Diagnostic,
    Reporter,
    did_you_mean,
    listed,
    quoted,
    render,
)

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_DURATION = re.compile(r"([1-9][0-9]{0,4})([hd])")
_LARGEST = 999_999_999


class TrustFileError(PolicyError):
    """A trust file cannot be used; `diagnostics` holds every mistake."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(render(self.diagnostics))

    @classmethod
    def whole(cls, message: str) -> TrustFileError:
        """Return the error about a file that cannot be read at all."""
        error = cls(())
        error.args = (message,)
        error.message = message
        return error


class MapReader:
    """One mapping. Remembers which keys were asked for, so that the rest can be refused."""

    def __init__(
        self, report: Reporter, mark: Mark, fields: dict[str, Node], marks: dict[str, Mark]
    ) -> None:
        self._report = report
        self._mark = mark
        self._fields = fields
        self._marks = marks
        self._known: list[str] = []

    @classmethod
    def of(cls, report: Reporter, node: Node, what: str) -> MapReader | None:
        """Return a reader of `node`, or report that it is no mapping."""
        if not isinstance(node.value, dict):
            report.error("wrong-kind", node.mark, f"{what} is a mapping of keys and values")
            return None
        return cls(report, node.mark, node.value, node.keys)

    @staticmethod
    def choice(report: Reporter, node: Node, kind: type[E], code: str, what: str) -> E | None:
        """Return the member of `kind` that `node` names, or report the ones that exist."""
        names = [str(each) for each in kind]
        if isinstance(node.value, str) and node.value in names:
            return kind(node.value)
        got = quoted(str(node.plain()))
        hint = did_you_mean(str(node.plain()), names)
        expected = listed(names, last="or")
        report.error(code, node.mark, f"expected {what} ({expected}), got {got}", hint)
        return None

    def node(self, key: str, *, required: bool = False) -> Node | None:
        """Return what stands at `key`."""
        self._know(key)
        if required and key not in self._fields:
            self._report.error("missing-key", self._mark, f"the key `{key}` is missing")
        return self._fields.get(key)

    def _know(self, key: str) -> None:
        if key not in self._known:
            self._known.append(key)

    def __contains__(self, key: object) -> bool:
        """Whether the mapping has `key`; whoever asks knows it, so that `close` offers it."""
        if isinstance(key, str):
            self._know(key)
        return key in self._fields

    def mark(self, key: str | None = None) -> Mark:
        """Return where the value of `key` stands, or the mapping itself."""
        return self._mark if key is None else self._fields[key].mark

    def value(self, key: str, read: Callable[[Node], T], *, required: bool = False) -> T | None:
        """Return what `read` makes of the value of `key`; a `ValueError` becomes a report."""
        node = self.node(key, required=required)
        if node is None:
            return None
        try:
            return read(node)
        except ValueError as error:
            self._report.error("bad-value", node.mark, f"`{key}`: {error}")
            return None

    def section(self, key: str, read: Callable[[MapReader], T]) -> T | None:
        """Return what `read` makes of the mapping at `key`, read to its end; `None` where there is none."""
        node = self.node(key)
        section = None if node is None else MapReader.of(self._report, node, f"`{key}`")
        if section is None:
            return None
        value = read(section)
        section.close()
        return value

    def demand(self, key: str, expected: str) -> None:
        """Demand that `key` is exactly `expected`."""
        node = self.node(key, required=True)
        if node is not None and node.value != expected:
            got = quoted(str(node.plain()))
            self._report.error(
                "wrong-kind", node.mark, f"expected `{expected}` as {key}, got {got}"
            )

    def items(self, key: str, *, required: bool = False) -> list[Node]:
        """Return the entries of the list at `key`, of which there must be one at least."""
        node = self.node(key, required=required)
        if node is None:
            return []
        if not isinstance(node.value, list) or not node.value:
            self._report.error(
                "empty-list", node.mark, f"`{key}` is a list with one entry at least"
            )
            return []
        return node.value

    def close(self) -> None:
        """Refuse every key that nothing asked for."""
        for key, mark in self._marks.items():
            if key not in self._known:
                hint = did_you_mean(
                    key, self._known, otherwise=f"known here: {listed(self._known)}"
                )
                self._report.error("unknown-key", mark, f"unknown key {quoted(key)}", hint)


def word(node: Node) -> str:
    """Read a text that is not empty."""
    if not isinstance(node.value, str) or not node.value.strip():
        raise ValueError("expected a text")
    return node.value


def moment(node: Node) -> datetime:
    """Read a day (its beginning in UTC) or a time in UTC."""
    text = node.value if isinstance(node.value, str) else ""
    try:
        return parse_time(text if "T" in text else f"{text}T00:00:00Z")
    except EvidenceError:
        raise ValueError(
            "expected a day such as 2026-01-31 or a time such as 2026-01-31T12:00:00Z"
        ) from None


def duration(node: Node) -> timedelta:
    """Read a number of days or hours, such as `30d` or `12h`."""
    match = _DURATION.fullmatch(node.value) if isinstance(node.value, str) else None
    if match is None:
        raise ValueError("expected a number of days or hours, such as `30d` or `12h`")
    number = int(match[1])
    return timedelta(days=number) if match[2] == "d" else timedelta(hours=number)


def flag(node: Node) -> bool:
    """Read `true` or `false`."""
    if isinstance(node.value, bool):
        return node.value
    raise ValueError("expected `true` or `false`")


def whole(least: int) -> Callable[[Node], int]:
    """Return what reads a whole number of `least` at least."""

    def read(node: Node) -> int:
        match node.value:
            case bool():
                pass
            case int() as number if least <= number <= _LARGEST:
                return number
        raise ValueError(f"expected a whole number from {least} to {_LARGEST:,}")

    return read
