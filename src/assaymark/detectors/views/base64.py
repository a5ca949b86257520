"""
The `base64` view: runs that decode to text, read as that text.

Standard and URL-safe alphabet, with and without padding, also wrapped into lines as in mail. A run counts
only if all of it decodes, to printable text: of nine random bytes, one in ten thousand does. Each character
keeps the place of the digits that hold its bits. Text is UTF-8, or ASCII in UTF-16 of either byte order, with
a byte order mark or without.
"""

from __future__ import annotations

import binascii
import re

from assaymark.detectors.views.offsets import Rewriting, Seen
from assaymark.detectors.views.view import View

_LEAST = 12  # digits of the alphabet: nine bytes, an address such as `10.0.0.12`

# Printable ASCII has its first byte below 0x7f, so the first digit of each group is one of I to f.
_TELLING = re.compile(r"(?<![A-Za-z0-9+/_-])(?:[I-Za-f][A-Za-z0-9+/_-]{3}){3}")
# In UTF-16 of ASCII every other byte is zero, which leaves five of eight digits few values.
_WIDE = (
    r"(?:[I-Za-f][AQgw][AB][A-Za-z0-9+/_-]A[A-H][A-Za-z0-9+/_-]A"
    r"|A[A-H][A-Za-z0-9+/_-]A[I-Za-f][AQgw][AB])"
)
_TELLING_WIDE = re.compile(
    rf"(?<![A-Za-z0-9+/_-])(?:(?:[/_]{{2}}[4-7]|[/_]v8)[A-Za-z0-9+/_-])?{_WIDE}"
)
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_RUN = re.compile(
    r"(?<![A-Za-z0-9+/_-])"
    r"[A-Za-z0-9+/_-]{12,}(?:(?<=[A-Za-z0-9+/_-]{60})\r?\n[A-Za-z0-9+/_-]{4,}){0,100000}={0,2}"
)
_BREAK = re.compile(r"[\r\n]+")
_PRINTABLE = re.compile(r"[\t\n\r -~\u00a0-\U0010ffff]*")
_URL_SAFE = str.maketrans("-_", "+/")


def see(text: str) -> Seen | None:
    """Return `text` with its encoded runs decoded."""
    if _TELLING.search(text) is None and _TELLING_WIDE.search(text) is None:
        return None
    result = Rewriting(text)
    for match in _RUN.finditer(text):
        _decode(text, match.start(), match.end(), result)
    return result.seen()


def _decode(text: str, start: int, end: int, result: Rewriting) -> None:
    run = text[start:end]
    if not (_TELLING.match(text, start) or _TELLING_WIDE.match(text, start)):
        return
    digits = _BREAK.sub("", run).rstrip("=")
    if len(digits) < _LEAST or len(digits) % 4 == 1:
        return
    padded = digits.translate(_URL_SAFE) + "=" * (-len(digits) % 4)
    try:
        octets = binascii.a2b_base64(padded)
        encoding, octet = _encoding_of(octets)
        plain = octets[octet:].decode(encoding)
    except (binascii.Error, UnicodeDecodeError):
        return
    if not _PRINTABLE.fullmatch(plain):
        return
    places = [start + place for place, each in enumerate(run) if each not in "\r\n="]
    reached, size = start, len(octets)
    for each in plain:
        after = octet + len(each.encode(encoding))
        # Six bits a digit: where the first bit of the character lies, and its last one.
        first, last = octet * 8 // 6, (after * 8 - 1) // 6
        if reached < places[first]:
            result.replace(reached, places[first], "")  # a line break, or the byte order mark
        # Padding belongs to the last group: without its digits it would be left over.
        octet, reached = after, end if after == size else places[last] + 1
        result.replace(places[first], reached, each)


def _encoding_of(octets: bytes) -> tuple[str, int]:
    """Return the encoding of the text in `octets`, and how many of them are its byte order mark."""
    start = 2 if octets.startswith(_BYTE_ORDER_MARKS) else 0
    if len(octets) % 2 == 0 and len(octets) > start:
        for first, encoding in enumerate(("utf-16-be", "utf-16-le")):
            if not any(octets[start + first :: 2]):
                return encoding, start
    return "utf-8", 0


BASE64 = View(
    name="base64",
    summary="base64 in both alphabets, where it decodes to text",
    # The second half: two groups of eight digits of UTF-16 have these five, wherever they begin.
    trigger=(
        r"(?:^|[^A-Za-z0-9+/_-])(?:[I-Za-f][A-Za-z0-9+/_-]{3}){3}|[AQgw][AB][A-Za-z0-9+/_-]A[A-H]"
    ),
    see=see,
)
