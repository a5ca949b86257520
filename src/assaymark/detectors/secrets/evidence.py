"""
Second looks: what tells a secret from something that only looks like one.

Decoding and checksums come first, because they are certain; entropy comes last and only beside a name
that announces a secret.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import zlib
from collections import Counter
from typing import Any

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM_LENGTH = 6

_PLACEHOLDER = re.compile(
    r"""(?xi)
      ^[<{\[(%$*.#_\-=xX0]+$            # <>, ****, xxxx, 0000
    | ^<.*>$ | ^\{.*\}$ | ^\[.*\]$      # <your-key>, {token}
    | \$\{ | \{\{ | ^\$\(? [A-Za-z_]    # ${VAR}, {{ var }}, $VAR, $(command)
    | ^%[A-Za-z_(] | %s | %\(           # %VAR%, %s
    | x{4} | \*{3} | \.{3} | _{4}
    | example | sample | dummy | placeholder | changeme | change[_\-]?(?:it|this|me)
    | your[_\-]? | ^my[_\-]?(?:secret|password|token|key|pass)
    | redacted | masked | hidden | insert | replace | enter[_\-] | todo | fixme | ^test(?:ing)?\d*$
    | ^(?:user)?(?:pass(?:word|wd)?|pwd|secret|token|key)[_\-]?\d*[!?]?$
    | ^(?:none|null|nil|undefined|true|false|string|required|optional|unknown|default)$
    """
)
_REPEATED = re.compile(r"(.)\1{7}")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX = re.compile(r"(?i)[0-9a-f]+")


def is_placeholder(value: str) -> bool:
    """Return whether `value` says that a secret goes here rather than being one."""
    return _PLACEHOLDER.search(value) is not None or is_monotonous(value)


def is_monotonous(value: str) -> bool:
    """Return whether `value` has too little variety for a generated token."""
    return _REPEATED.search(value) is not None or len(set(value)) * 4 < min(len(value), 24)


def is_uuid(value: str) -> bool:
    """Return whether `value` is a UUID, which identifies and seldom grants."""
    return _UUID.fullmatch(value) is not None


def is_hexadecimal(value: str) -> bool:
    """Return whether `value` consists of hexadecimal digits."""
    return _HEX.fullmatch(value) is not None


def entropy(value: str) -> float:
    """Return the Shannon entropy of the characters of `value`, in bits per character."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values())


def has_letter_and_digit(value: str) -> bool:
    """Return whether `value` mixes letters and digits, as generated tokens nearly always do."""
    return any(each.isalpha() for each in value) and any(each.isdigit() for each in value)


def checksum_holds(token: str) -> bool:
    """Return whether the last six characters of `token` are the CRC-32 of those before, in base 62.

    `token` is what follows the prefix. GitHub's and npm's tokens are built this way.

    Source:
        GitHub, "Behind GitHub's new authentication token formats", 2021.
    """
    body, checksum = token[:-_CHECKSUM_LENGTH], token[-_CHECKSUM_LENGTH:]
    number = zlib.crc32(body.encode())
    digits = ""
    while number:
        number, rest = divmod(number, len(_BASE62))
        digits = _BASE62[rest] + digits
    return digits.rjust(_CHECKSUM_LENGTH, "0") == checksum


def decode_base64(value: str) -> bytes | None:
    """Return what standard or URL-safe base64 `value` encodes, padding optional; `None` if nothing."""
    padded = value.rstrip("=").replace("-", "+").replace("_", "/")
    padded += "=" * (-len(padded) % 4)
    try:
        return base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        return None


def decode_json(value: str) -> dict[str, Any] | None:
    """Return the JSON object that base64 `value` encodes, or `None`."""
    decoded = decode_base64(value)
    if decoded is None:
        return None
    try:
        parsed = json.loads(decoded)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None
