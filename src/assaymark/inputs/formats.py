"""
Which formats there are: by hand, in the order in which a person would list them.

A suffix names the format; `--format` overrides it; for standard input, and for a single file whose
suffix says nothing, the first bytes decide.

tests/inputs/test_formats.py
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from assaymark.errors import InputError, UsageError
from assaymark.inputs.arrow_ipc import FILE_MAGIC, read_arrow
from assaymark.inputs.delimited import read_csv, read_tsv
from assaymark.inputs.encoding import as_utf8
from assaymark.inputs.json_document import read_json
from assaymark.inputs.jsonl import read_jsonl
from assaymark.inputs.names import name_hint
from assaymark.inputs.parquet import read_parquet
from assaymark.inputs.plain_text import read_plain_text
from assaymark.inputs.records import Met
from assaymark.inputs.selection import Selection

Reader: TypeAlias = Callable[[io.BufferedReader, str, Selection], Iterator[Met]]
"""Yields the records of a stream, given the file's name and which fields are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A file format."""

    name: str
    """What `--format` calls it."""

    suffixes: tuple[str, ...]
    read: Reader

    needs_seek: bool = False
    """Whether the reader jumps about in the file."""


JSONL = Format(name="jsonl", suffixes=(".jsonl", ".ndjson"), read=read_jsonl)
JSON = Format(name="json", suffixes=(".json",), read=read_json)
CSV = Format(name="csv", suffixes=(".csv",), read=read_csv)
TSV = Format(name="tsv", suffixes=(".tsv", ".tab"), read=read_tsv)
PARQUET = Format(name="parquet", suffixes=(".parquet", ".pq"), read=read_parquet, needs_seek=True)
ARROW = Format(
    name="arrow",
    suffixes=(".arrow", ".arrows", ".feather", ".ipc"),
    read=read_arrow,
    needs_seek=True,
)
TEXT = Format(name="text", suffixes=(".txt", ".md", ".log"), read=read_plain_text)

FORMATS = (JSONL, JSON, CSV, TSV, PARQUET, ARROW, TEXT)

PACKED_SUFFIXES = (".gz", ".zst")
"""What may stand behind a format's suffix."""

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".tzst", ".7z", ".rar", ".bz2", ".xz")

_ARCHIVE_MAGIC = (
    (b"PK\x03\x04", 0),
    (b"ustar", 257),
    (b"7z\xbc\xaf", 0),
    (b"BZh", 0),
    (b"\xfd7zXZ", 0),
)
_STREAM_MARK = b"\xff\xff\xff\xff"  # starts every message of an Arrow stream
_SNIFFED = 64 * 1024  # bytes that tell a format


def format_named(name: str) -> Format:
    """Return the format that `--format` calls `name`.

    Raises:
        UsageError: There is none.
    """
    for each in FORMATS:
        if each.name == name:
            return each
    raise UsageError(
        f"`{name}` is no input format", hint=name_hint(name, (each.name for each in FORMATS))
    )


def format_of_name(file: str) -> Format | None:
    """Return the format that a file's suffix names, or `None`."""
    suffix = _suffix(without_packing(file))
    return next((each for each in FORMATS if suffix in each.suffixes), None)


def without_packing(file: str) -> str:
    """Return a file's name without `.gz` or `.zst`."""
    for suffix in PACKED_SUFFIXES:
        if file.lower().endswith(suffix):
            return file[: -len(suffix)]
    return file


def is_archive_name(file: str) -> bool:
    """Return whether a file's suffix is that of an archive, or of a packing that is not read."""
    return _suffix(without_packing(file)) in ARCHIVE_SUFFIXES


def refuse_archive(file: str) -> InputError:
    """Return the error for an archive."""
    return InputError(
        f"`{file}` is an archive or is packed in a way that is not read",
        hint="unpack it first and name the directory",
    )


def sniffed_format(stream: io.BufferedReader, file: str) -> Format:
    """Tell the format from the first bytes, without taking them.

    Raises:
        InputError: It is an archive, or nothing that we read.
    """
    head = stream.peek(_SNIFFED)[:_SNIFFED]
    if head.startswith(b"PAR1"):
        return PARQUET
    if head.startswith((FILE_MAGIC, _STREAM_MARK)):
        return ARROW
    if any(head.startswith(magic, at) for magic, at in _ARCHIVE_MAGIC):
        raise refuse_archive(file)
    text = as_utf8(io.BufferedReader(io.BytesIO(head), buffer_size=_SNIFFED)).read()
    if not _is_text(text):
        names = ", ".join(each.name for each in FORMATS)
        raise InputError(
            f"the format of `{file}` is not known", hint=f"name it with `--format`: {names}"
        )
    start = text.lstrip()
    if start.startswith(b"["):
        return JSON
    if start.startswith(b"{"):
        return JSONL if _is_object(start.partition(b"\n")[0]) else JSON
    return TEXT


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # A character may be cut at the end of what was looked at.
        return len(head) - error.start < 4  # noqa: PLR2004 - the longest character in UTF-8
    return True


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _suffix(file: str) -> str:
    name = file.rpartition("/")[2].lower()
    return name[name.rfind(".") :] if "." in name else ""
