"""
Single values of a server's settings.

tests/guard/proxy/test_settings.py
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from assaymark.attest.trust.reader import whole, word
from assaymark.guard.proxy.settings import is_loopback
from assaymark.marked_yaml import Mark, Node
from assaymark.policy.diagnostics import Reporter, quoted

_DIGEST = re.compile(r"[0-9a-f]{64}")
_HEADER = re.compile(r"[a-z][a-z0-9-]{0,63}")
_MAX_PORT = 65_535


class Once:
    """Values that may stand once: reports the second one, and where the first one is.

    Args:
        report: Of the file.
        what: What would be said twice, such as ``two keys are called``.
    """

    def __init__(self, report: Reporter, what: str) -> None:
        self._report, self._what = report, what
        self._seen: dict[str, Mark] = {}

    def take(self, value: str | None, mark: Mark, shown: str = "") -> None:
        """Take one.

        Args:
            value: The value; nothing where there is none.
            mark: Where it stands.
            shown: How a message tells it, where it may be told.
        """
        if value is None:
            return
        first = self._seen.setdefault(value, mark)
        if first is not mark:
            self._report.error(
                "duplicate",
                mark,
                f"{self._what}{shown and f' {quoted(shown)}'}: the first is on line {first.line}",
            )


def one_line(value: str) -> str:
    """Return a secret, which has to be one line of printable ASCII."""
    value = value.strip()
    if not value or not value.isascii() or not value.isprintable():
        raise ValueError("it holds no key: one line of printable ASCII")
    return value


def seconds(node: Node) -> float:
    """Read a time in seconds."""
    match node.value:
        case bool():
            pass
        case int() | float() as number if 0 < number <= 86_400:  # noqa: PLR2004 - a day
            return float(number)
    raise ValueError("expected seconds, more than 0 and at most a day")


def port(node: Node) -> int:
    """Read a port; 0 for any that is free."""
    number = whole(0)(node)
    if number > _MAX_PORT:
        raise ValueError(f"expected a whole number from 0 to {_MAX_PORT:,}")
    return number


def digest(node: Node) -> str:
    """Read the SHA-256 of a key."""
    if not isinstance(node.value, str) or not _DIGEST.fullmatch(node.value):
        raise ValueError("expected the SHA-256 of a key, as `assaymark guard key` prints it")
    return node.value


def header(node: Node) -> str:
    """Read the name of a header."""
    name = word(node).lower()
    if not _HEADER.fullmatch(name):
        raise ValueError("expected the name of a header, such as `api-key`")
    return name


def url(node: Node, *, allows_plain: bool, is_near: bool = True) -> str:
    """Read the address of an upstream.

    Args:
        node: Where it stands.
        allows_plain: Whether requests may go over the network in the clear.
        is_near: Whether a loopback address is on this machine, not behind a proxy.

    Raises:
        ValueError: It is none, or may not be used.
    """
    text = word(node)
    scheme, host = _address(text, "https://api.example.com/v1")
    if scheme == "http" and not (allows_plain or (is_near and is_loopback(host))):
        raise ValueError(
            "keys and prompts would go over the network in the clear; use https, or `allow_plain_http: true`"
        )
    return text.rstrip("/")


def proxy_url(node: Node) -> str:
    """Read the address of a proxy.

    Raises:
        ValueError: It is none.
    """
    example = "http://proxy.example.com:3128"
    text = word(node).rstrip("/")
    _address(text, example)
    if urlsplit(text).path:
        raise ValueError(f"expected an address such as `{example}`")
    return text


def _address(text: str, example: str) -> tuple[str, str]:
    """Return scheme and host of an address."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("http", "https") or port == 0 or not text.isascii():
        raise ValueError(f"expected an address such as `{example}`")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("expected an address without user, query or fragment")
    return parts.scheme, host
