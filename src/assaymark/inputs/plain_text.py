"""
Plain text: one record on each line, blank ones included, so that the row is the line less one.

tests/inputs/test_plain_text.py
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from assaymark.errors import InputError
from assaymark.inputs.encoding import as_utf8
from assaymark.inputs.jsonl import INVALID_UTF8
from assaymark.inputs.lines import TOO_LONG, lines_of
from assaymark.inputs.records import Met, Record, Text, Unreadable
from assaymark.inputs.selection import Selection

FIELD = "text"
NUL = "NUL character"


def read_plain_text(stream: io.BufferedReader, file: str, selection: Selection) -> Iterator[Met]:
    """Yield every line.

    Raises:
        InputError: A field other than `text` was named.
    """
    other = next((each.text for each in selection.named if each.text != FIELD), None)
    if other is not None:
        raise InputError(
            f"`{file}` is plain text and has no field `{other}`",
            hint="leave `--field` out, or name the format with `--format`",
        )
    for number, data in lines_of(as_utf8(stream)):
        if data is None:
            yield Unreadable(number, TOO_LONG)
        elif b"\0" in data:
            # UTF-16 without a byte order mark decodes as UTF-8 with a NUL in every other place, and
            # would look clean to every detector.
            yield Unreadable(number, NUL)
        else:
            yield _record(data.removesuffix(b"\r"), number)


def _record(data: bytes, line: int) -> Met:
    try:
        return Record(line, (Text(FIELD, data.decode()),))
    except UnicodeDecodeError:
        return Unreadable(line, INVALID_UTF8)
