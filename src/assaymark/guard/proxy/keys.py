"""
Who asks: the keys that clients show, and the word of a gateway in front.

* All SHA-256 digests are compared, each in constant time, so that time tells nothing.
* A key that is kept under scrypt is tried once; then a digest of it under a key of this process is
  remembered, so that a request does not pay each time. Trials are done one after the other, few wait, and
  who fails is remembered for a while: strangers cannot make the server spend more.
* Without keys a request has to be addressed to this machine by a loopback name: a page of another site that
  has its own name point here (DNS rebinding) is refused.
* A conversation is named once, or not at all: an empty name is none, so that no two clients share one by it.
* A tenant is believed from a key. Without one it is believed from a header only where the settings name the
  addresses that set it; from everybody else the header is not read.

tests/guard/proxy/test_keys.py and test_limits.py
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.key_digests import MAX_CHARACTERS, digest_of, is_ours, new_key
from assaymark.guard.proxy.settings import KeySettings, Trust, is_loopback
from assaymark.guard.serving import SESSION, TENANT

__all__ = [
    "ANY",
    "Asking",
    "Caller",
    "Keyring",
    "conversation_of",
    "digest_of",
    "new_key",
    "shown_key",
]

ANY = "*"
"""The tenant of a key whose owner may speak for any."""

_MOST_WAITING = 16
"""Requests with a key that has to be tried; each other one is told to come back."""

_MOST_STRANGERS = 4_096
"""Keys that were tried in vain and are remembered."""


_SHOWN_IN = ("x-api-key", "api-key", "x-guardrailsai-api-key")
_KEY_HEADERS = frozenset(each.encode() for each in ("authorization", *_SHOWN_IN))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    tenant: str


class Asking(Protocol):
    """A request, as far as it says whose it is."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        ...

    @property
    def raw_headers(self) -> Sequence[tuple[bytes, bytes]]:
        """As they came."""
        ...

    @property
    def peer(self) -> str:
        """The address from which it came; empty where nobody knows."""
        ...


class Keyring:
    """The keys that are known.

    Args:
        keys: None: everybody may ask.
        forwards: Whether upstreams for which there is no key of ours get the client's.
        trust: Whose word about tenants is believed.
    """

    def __init__(
        self, keys: Sequence[KeySettings], *, forwards: bool = False, trust: Trust | None = None
    ) -> None:
        self._keys = tuple(each for each in keys if each.scrypt is None)
        self._slow = tuple(each for each in keys if each.scrypt is not None)
        self.forwards = forwards
        self._trust = trust
        self._secret = secrets.token_bytes(32)
        self._tried: dict[bytes, KeySettings] = {}
        self._strangers: OrderedDict[bytes, None] = OrderedDict()
        self._trying = asyncio.Semaphore(1)
        self._waiting = 0

    async def caller(self, asking: Asking) -> Caller:
        """Return who asks.

        Args:
            asking: The request.

        Raises:
            RefusedError: No key that is known, too many keys to try, or a key or a tenant that stands in two
                headers of one name; without keys, another name than this machine's.
        """
        if not self._keys and not self._slow:
            if self._trust is not None and _is_in(asking.peer, self._trust):
                return Caller("", self._named(asking))
            _demand_here(asking.headers)
            return Caller("", "")
        _demand_one_of_each(asking)
        found = await self._owner(asking.headers)
        if found is None:
            raise _unknown()
        return Caller(found.name, self._named(asking) if found.tenant == ANY else found.tenant)

    async def demand_operator(self, headers: Mapping[str, str]) -> None:
        """Demand that a request may see what is about all tenants: its key speaks for any.

        Raises:
            RefusedError: It may not: nobody knows the key, or it is one tenant's.
        """
        if not self._keys and not self._slow:
            _demand_here(headers)
            return
        found = await self._owner(headers)
        if found is None:
            raise _unknown()
        if found.tenant != ANY:
            raise RefusedError(
                403,
                "not_allowed",
                "this is for keys whose tenant is `*`, and this key is another's",
            )

    # -- the key

    async def _owner(self, headers: Mapping[str, str]) -> KeySettings | None:
        shown = shown_key(headers) or ""
        digest, found = digest_of(shown), None
        for each in self._keys:
            if hmac.compare_digest(digest, each.digest):
                found = each
        if found is not None and not is_ours(shown):
            cause = (
                "a key under `sha256` was not made by `assaymark guard key`; keep it under `scrypt`"
            )
            raise _unknown(cause)
        if found is not None:
            return found
        if not self._slow or not 0 < len(shown) <= MAX_CHARACTERS:
            return None
        return await self._tried_out(shown)

    async def _tried_out(self, shown: str) -> KeySettings | None:
        seen = hmac.digest(self._secret, shown.encode("utf-8", "surrogateescape"), "sha256")
        if seen not in self._tried and seen not in self._strangers:
            if self._waiting >= _MOST_WAITING:
                raise RefusedError(
                    429, "overloaded", "too many keys are being tried", retry_after=1
                )
            self._waiting += 1
            try:
                async with self._trying:
                    await self._try(seen, shown)
            finally:
                self._waiting -= 1
        return self._tried.get(seen)

    async def _try(self, seen: bytes, shown: str) -> None:
        if seen in self._tried or seen in self._strangers:
            return
        for each in self._slow:
            if each.scrypt is not None and await asyncio.to_thread(each.scrypt.matches, shown):
                self._tried[seen] = each
                return
        self._strangers[seen] = None
        while len(self._strangers) > _MOST_STRANGERS:
            self._strangers.popitem(last=False)

    # -- the tenant

    def _named(self, asking: Asking) -> str:
        """Return the tenant that a request names and may name."""
        header = TENANT
        if self._trust is not None:
            if not _is_in(asking.peer, self._trust):
                return ""
            header = self._trust.tenant_header
        # A gateway that adds its own word to the client's leaves two, and nobody can tell whose is whose.
        return _named_once(asking, header, "tenant")


def conversation_of(asking: Asking) -> str | None:
    """Return the conversation that a request names, if it names one.

    Raises:
        RefusedError: It names two.
    """
    return _named_once(asking, SESSION, "conversation") or None


def _demand_one_of_each(asking: Asking) -> None:
    """Demand that no key stands beside another one: who is in front may have looked at the other."""
    names = [name.lower() for name, _ in asking.raw_headers]
    shown = [each for each in names if each in _KEY_HEADERS]
    if len(shown) != len(set(shown)):
        raise RefusedError(400, "invalid_request", "the request shows its key more than once")


def _named_once(asking: Asking, header: str, what: str) -> str:
    if sum(name.lower() == header.encode() for name, _ in asking.raw_headers) > 1:
        raise RefusedError(400, "invalid_request", f"the request names its {what} more than once")
    return asking.headers.get(header, "").strip()


def _unknown(cause: str = "") -> RefusedError:
    message = "the request has no key that is known here"
    return RefusedError(401, "invalid_api_key", message, cause=cause)


def _demand_here(headers: Mapping[str, str]) -> None:
    """Refuse a request that was made to another name than this machine's own."""
    host = headers.get("host", "localhost")
    # A port follows, but not every colon of an IPv6 address begins one.
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if not is_loopback(name):
        raise RefusedError(
            403, "unknown_host", "without keys only requests to a loopback address are answered"
        )


def _is_in(peer: str, trust: Trust) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in each for each in trust.addresses)


def shown_key(headers: Mapping[str, str]) -> str | None:
    """Return the key in a request: a bearer token, or as Anthropic, Azure or guardrails-ai have it."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token.strip():
        return token.strip()
    return next((headers[each] for each in _SHOWN_IN if headers.get(each)), None)
