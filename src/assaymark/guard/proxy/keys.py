"""
Who asks: the keys that clients show.

The settings hold digests only. A key has 256 random bits, so one SHA-256 is as hard to undo as guessing it;
all digests are compared, each in constant time, so that time tells nothing.

tests/guard/proxy/test_limits.py
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.settings import KeySettings
from assaymark.guard.serving import TENANT

PREFIX = "amk-"
"""Begins every key, so that scanners recognise one that was lost."""

ANY = "*"
"""The tenant of a key whose owner may speak for any."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    tenant: str


def new_key() -> tuple[str, str]:
    """Return a new key and its digest."""
    key = PREFIX + secrets.token_urlsafe(32)
    return key, digest_of(key)


def digest_of(key: str) -> str:
    """Return the SHA-256 of a key, in hexadecimal digits."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class Keyring:
    """The keys that are known.

    Args:
        keys: None: everybody may ask.
        forwards: Whether upstreams for which there is no key of ours get the client's.
    """

    def __init__(self, keys: Sequence[KeySettings], *, forwards: bool = False) -> None:
        self._keys = tuple(keys)
        self.forwards = forwards

    def caller(self, headers: Mapping[str, str]) -> Caller:
        """Return who asks.

        Args:
            headers: Of the request; names in lower case.

        Raises:
            RefusedError: No key that is known.
        """
        asked = headers.get(TENANT, "")
        if not self._keys:
            return Caller("", asked)
        shown = digest_of(shown_key(headers) or "")
        found = None
        for each in self._keys:
            if hmac.compare_digest(shown, each.digest):
                found = each
        if found is None:
            raise RefusedError(401, "invalid_api_key", "the request has no key that is known here")
        return Caller(found.name, asked if found.tenant == ANY else found.tenant)


def shown_key(headers: Mapping[str, str]) -> str | None:
    """Return the key in a request: a bearer token, or as Anthropic and Azure have it."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key") or headers.get("api-key")
