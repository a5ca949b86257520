"""
Headers as ASGI has them, and what a content type says about how a body is judged.

tests/guard/asgi/test_middleware.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

Headers = list[tuple[bytes, bytes]]

OURS = b"assaymark-"
"""Begins the names of headers that only this package sets."""

WHOLE_ONLY = frozenset({b"accept-encoding", b"range", b"if-range", b"te"})
"""What a client may ask for and must not get: what is coded, or a part of a response, cannot be judged."""

OF_THE_BYTES = frozenset({b"content-length", b"etag", b"content-md5", b"digest", b"content-digest"})
"""What is no longer true of a body that was changed."""

_TEXT = frozenset({"text/plain", "text/markdown"})
_LONGEST_LENGTH = 20  # digits


class BodyKind(Enum):
    """How a body is judged."""

    JSON = "json"
    TEXT = "text"
    EVENTS = "events"


def without(headers: Iterable[tuple[bytes, bytes]], names: Iterable[bytes]) -> Headers:
    """Return `headers` without those of `names`, and without any that only we set."""
    gone = frozenset(names)
    return [
        (name, value)
        for name, value in headers
        if name.lower() not in gone and not name.lower().startswith(OURS)
    ]


def values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    """Return every value of a header."""
    return [value.decode("latin-1") for key, value in headers if key.lower() == name]


def announced(length: str) -> int:
    """Return how many bytes a content length announces; 0 where it is none."""
    if not length.isdecimal():
        return 0
    # No body is as large as a number that is longer, and Python reads none of thousands of digits.
    return int(length) if len(length) < _LONGEST_LENGTH else 10**_LONGEST_LENGTH


def body_kind(headers: Headers) -> BodyKind | str:
    """Return how a body is judged, or, as one word, why it cannot be."""
    codings = [each.strip().lower() for each in values(headers, b"content-encoding")]
    if any(each != "identity" for each in codings):
        return "content-encoding"
    types = values(headers, b"content-type")
    if len(types) != 1:
        return "content-type"
    media, *parameters = (each.strip().lower() for each in types[0].split(";"))
    charset = [each.removeprefix("charset=") for each in parameters if each.startswith("charset=")]
    if any(each.strip('"') not in {"utf-8", "utf8", "us-ascii"} for each in charset):
        return "charset"
    if media == "application/json" or media.endswith("+json"):
        return BodyKind.JSON
    if media == "text/event-stream":
        return BodyKind.EVENTS
    return BodyKind.TEXT if media in _TEXT else "content-type"


def told(said: Mapping[str, str]) -> Headers:
    """Return our own headers; what is empty is left out."""
    return [(OURS + key.encode(), each.encode("latin-1")) for key, each in said.items() if each]
