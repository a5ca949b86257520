"""
Lines of bytes, with a limit that holds before a line is in memory.

Only a line feed ends a line. It is taken off, a carriage return before it is left on, because inside a
quoted CSV cell it is content.

tests/inputs/test_lines.py
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

from assaymark.inputs.stored import CHUNK

MAX_LINE = 64 * 1024 * 1024
"""Bytes. Also the limit for one JSON value and one CSV record."""

TOO_LONG = "longer than 64 MiB"


class Line(NamedTuple):
    """One physical line."""

    number: int
    """From 1."""

    data: bytes | None
    """Without its line feed; `None` where it is longer than the limit."""


def lines_of(stream: io.BufferedReader, *, limit: int = MAX_LINE) -> Iterator[Line]:
    """Yield every line; an empty last one is none.

    Memory holds one line within the limit and one chunk, however long a line is.
    """
    number = 0
    pending: list[bytes] = []
    size = 0
    while chunk := stream.read(CHUNK):
        first, *more = chunk.split(b"\n")
        size += len(first)
        if size <= limit:
            pending.append(first)
        else:
            pending.clear()
        if not more:
            continue
        number += 1
        yield Line(number, b"".join(pending) if size <= limit else None)
        for data in more[:-1]:
            number += 1
            yield Line(number, data if len(data) <= limit else None)
        size = len(more[-1])
        pending = [more[-1]] if size <= limit else []
    if size:
        yield Line(number + 1, b"".join(pending) if size <= limit else None)
