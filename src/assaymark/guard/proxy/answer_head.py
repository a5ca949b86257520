"""
The head of an upstream's answer, and what it says about the body: HTTP/1.1, strictly.

What two readers could understand differently is no answer: two lengths, a length beside chunks, another
coding than `chunked`, a name of a header with a blank. Who reads less strictly would take for the next answer
what this one holds.

Source: RFC 9112, sections 2 to 6. tests/guard/proxy/test_answer_head.py compares with h11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

LONGEST_HEAD = 100 * 1024  # bytes

_END = re.compile(rb"\n\r?\n")
_LINE = re.compile(rb"\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)

_WITHOUT_BODY = frozenset({204, 304})


class NotHttpError(Exception):
    """What came is no answer, or ends in the middle of one."""


class Framing(Enum):
    """How the end of a body is told."""

    LENGTH = "length"
    CHUNKS = "chunks"
    CLOSE = "close"
    """The connection ends with it."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer."""

    status: int
    fields: tuple[tuple[str, str], ...]
    """Names in lower case, in order."""

    framing: Framing
    length: int
    """Bytes of the body, where `framing` says so."""

    is_last: bool
    """Whether the connection is of no use after it."""


def end_of_head(data: bytearray, start: int = 0) -> int | None:
    """Return where the head ends that `data` begins with; `None` where that is not there yet."""
    found = _END.search(data, start)
    return None if found is None else found.end()


def parse_head(data: bytes) -> Head:
    """Return the head that `data` is.

    Raises:
        NotHttpError: It is none.
    """
    first, *behind = _LINE.split(data.rstrip(b"\r\n"), maxsplit=1)
    status = _STATUS.fullmatch(first)
    if status is None or _CONTROL.search(first):
        raise NotHttpError
    fields = [_field(line) for each in behind for line in _LINE.split(_FOLD.sub(b" ", each))]
    code = int(status[2])
    framing, length = _framing(code, fields, is_old=status[1] == b"0")
    is_last = status[1] == b"0" or framing is Framing.CLOSE or "close" in _tokens(fields)
    return Head(code, tuple(fields), framing, length, is_last)


def _field(line: bytes) -> tuple[str, str]:
    found = _FIELD.fullmatch(line)
    if found is None or _CONTROL.search(found[2]):
        raise NotHttpError
    return found[1].decode("ascii").lower(), found[2].strip(b" \t").decode("latin-1")


def _framing(status: int, fields: list[tuple[str, str]], *, is_old: bool) -> tuple[Framing, int]:
    codings = _values(fields, "transfer-encoding")
    lengths = _values(fields, "content-length")
    if len(set(lengths)) > 1 or not all(_LENGTH.fullmatch(each) for each in lengths):
        raise NotHttpError
    if codings and (codings != ["chunked"] or lengths or is_old):
        raise NotHttpError
    if status in _WITHOUT_BODY:
        return Framing.LENGTH, 0
    if codings:
        return Framing.CHUNKS, 0
    return (Framing.LENGTH, int(lengths[0])) if lengths else (Framing.CLOSE, 0)


def _values(fields: list[tuple[str, str]], name: str) -> list[str]:
    """Return the elements of a list that a header holds, or several of one name."""
    return [
        each.strip(" \t").lower() for key, text in fields if key == name for each in text.split(",")
    ]


def _tokens(fields: list[tuple[str, str]]) -> list[str]:
    return _values(fields, "connection")
