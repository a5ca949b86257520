"""
A part that is not understood, such as an image: what in it can be read all the same, and what is coded.

* Coded are bytes in base64 and what a provider encrypted, under the few keys in which APIs send them.
  Everything else is read: addresses, names of files, transcripts, keys that nobody knows.
* What looks like base64 and is short could be a word, and is read.

tests/guard/test_unread.py and tests/guard/proxy/test_unread.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from assaymark.guard.structure import OPAQUE, is_plain

Steps: TypeAlias = tuple[str | int, ...]

_BYTES = frozenset(
    {
        *("data", "file_data", "image_data", "b64_json", "base64", "bytes", "result", "delta"),
        *("partial_image_b64", "image_url", "url", "file_url", "video_url", "images"),
    }
)
"""Keys under which APIs send bytes."""

_ENCRYPTED = frozenset({"encrypted_content", "signature", "thought_signature", "thoughtSignature"})
_WAYS = frozenset(
    {
        *("value", "content", "source", "image", "audio", "video", "file", "document", "media"),
        *("input_audio", "input_image", "input_file", "output", "variables", "inline_data"),
        *("inlineData", "part", "item", "action"),
    }
)
"""Keys below which such keys stand."""

_KNOWN = _BYTES | _ENCRYPTED | _WAYS

_STRUCTURE = frozenset(
    {
        *("type", "id", "index", "role", "status", "cache_control", "file_id", "call_id"),
        *("tool_use_id", "item_id", "detail", "format", "media_type", "mime_type", "mimeType"),
    }
)
_BASE64 = re.compile(
    r"[A-Za-z0-9+/]{64,}={0,2}"
    # In lines, as MIME has them.
    r"|(?:[A-Za-z0-9+/]{60,76}\r?\n)+[A-Za-z0-9+/]{0,76}={0,2}(?:\r?\n)?"
)
_DATA_URL = re.compile(
    r"data:[a-z]{1,20}/[a-zA-Z.+-]{0,80}\d{0,4}[a-zA-Z.+-]{0,40}(?:;charset=[a-z]{1,8}-?\d{0,5})?;base64,"
    r"[A-Za-z0-9+/\r\n]*={0,2}"
)
_DEEPEST = 12
"""Steps into a part; what lies deeper is read."""


class Readable(NamedTuple):
    """Something that can be read."""

    steps: Steps
    """In the part."""

    value: Any
    keys: tuple[str, ...] = ()
    """Of the object at `steps`, where it is not all that stands there."""


class Unread(NamedTuple):
    """A part."""

    readable: tuple[Readable, ...]
    coded: tuple[Steps, ...]
    """Where what is coded stands; the part itself where nothing is."""


def unread(part: Any) -> Unread:
    """Return what in a part can be read, and what cannot."""
    found = list(_found(part, "", (), _DEEPEST))
    readable = tuple(each for each in found if isinstance(each, Readable))
    return Unread(
        readable, tuple(each for each in found if not isinstance(each, Readable)) or ((),)
    )


def _found(value: Any, key: str, steps: Steps, deepest: int) -> Iterator[Readable | Steps]:
    if isinstance(value, Mapping) and deepest:
        yield from _found_in(value, steps, deepest)
    elif isinstance(value, list) and deepest:
        for n, each in enumerate(value):
            yield from _found(each, key, (*steps, n), deepest - 1)
    elif _is_coded(key, value):
        yield steps
    elif value not in (None, "", [], {}):
        yield Readable(steps, value)


def _found_in(holder: Mapping[Any, Any], steps: Steps, deepest: int) -> Iterator[Readable | Steps]:
    read: dict[Any, Any] = {}
    for key, value in holder.items():
        if _is_structure(key, value):
            continue
        if key in _KNOWN and isinstance(value, dict | list):
            yield from _found(value, key, (*steps, key), deepest - 1)
        elif _is_coded(key, value):
            yield (*steps, key)
        else:
            read[key] = value
    if read:
        yield Readable(steps, read, tuple(read))


def _is_structure(key: Any, value: Any) -> bool:
    try:
        return key in _STRUCTURE and is_plain(value)
    except RecursionError:
        return False


def _is_coded(key: Any, value: Any) -> bool:
    if not isinstance(value, str):
        return isinstance(value, bytes | bytearray)
    if key in _ENCRYPTED:
        return is_plain(value, OPAQUE)
    if key not in _BYTES:
        return False
    coded = _DATA_URL if value.startswith("data:") else _BASE64
    # Digits alone say something else.
    return coded.fullmatch(value) is not None and not value.isdecimal()
