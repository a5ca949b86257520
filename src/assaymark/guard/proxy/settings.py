"""
What a server is told: what is served, to whom, from where, and how much of it.

`settings_file` reads these from YAML. Nothing here is secret but what `UpstreamSettings.secret` returns.

tests/guard/proxy/test_settings.py
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

from assaymark.errors import UsageError
from assaymark.guard.operations.settings import Operations
from assaymark.guard.proxy.judge import Caps
from assaymark.guard.proxy.key_digests import ScryptDigest
from assaymark.guard.serving import TENANT

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """A proxy through which an upstream is reached, by `CONNECT`."""

    url: str
    secret: str | None = field(default=None, repr=False)
    """Name and password, with a colon between them."""

    authority: Path | None = None
    """Whose certificates are believed there, where it speaks TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamSettings:
    """One address that answers requests."""

    name: str
    url: str
    """What stands before `/chat/completions`; ends in `/v1` for most."""

    secret: str | None = field(default=None, repr=False)
    """The key that is sent there."""

    key_header: str | None = None
    """In which it is sent; by default as the API has it."""

    authority: Path | None = None
    """Whose certificates are believed there; by default those that the system believes."""

    certificate: Path | None = None
    """By which the upstream knows this server, where it asks."""

    private_key: Path | None = None
    """Of the certificate; by default it is in the same file."""

    via: Via | None = None
    """By default it is reached directly, whatever the environment says."""

    weight: int = 1
    models: tuple[str, ...] = ("*",)
    """Patterns of the models that it has."""

    apis: tuple[str, ...] = ("*",)
    """Patterns of the APIs that it speaks, such as `chat.completions`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long an upstream may take; seconds."""

    connect: float = 5.0
    first_byte: float = 120.0
    """Until it begins to answer."""

    idle: float = 60.0
    """Between two pieces of an answer."""

    total: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resilience:
    """What is done about upstreams that fail."""

    attempts: int = 3
    """How often a request is tried, on any upstream, as long as none has begun to work on it."""

    failures: int = 5
    """In a row, after which an upstream is left alone."""

    rest: float = 30.0
    """Seconds for which it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """How much clients may ask for."""

    caps: Caps = field(default_factory=Caps)
    headers: int = 32 << 10
    """Bytes of all headers of a request."""

    seconds: float = 30.0
    """In which a request has to come, and a client to take a piece of the answer."""

    concurrent: int = 200
    """Requests at work."""

    waiting: int = 100
    """Requests that wait for one of these to end."""

    patience: float = 5.0
    """Seconds that they wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """A key that clients show."""

    name: str
    digest: str = ""
    """SHA-256 of the key, in hexadecimal digits; only of keys that were made here."""

    scrypt: ScryptDigest | None = None
    """Of any other key, instead."""

    tenant: str = ""
    """Whose key it is; `*` where its owner may speak for any tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose word about tenants is believed: that of a gateway which knows them."""

    addresses: tuple[Network, ...]
    """From which it asks."""

    tenant_header: str = TENANT
    """In lower case. The gateway has to replace what clients send in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where it is served."""

    host: str = "127.0.0.1"
    port: int = 8787
    certificate: Path | None = None
    private_key: Path | None = None
    client_authority: Path | None = None
    """Whose certificates clients must have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pseudonyms:
    """What pseudonyms are made with."""

    key: Path
    vault: Path
    lives: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """Everything about one server."""

    policy: str
    upstreams: tuple[UpstreamSettings, ...]
    listen: Listen = Listen()
    keys: tuple[KeySettings, ...] = ()
    trust: Trust | None = None
    """Nobody's word by default."""

    timeouts: Timeouts = Timeouts()
    resilience: Resilience = Resilience()
    limits: ServerLimits = ServerLimits()
    pseudonyms: Pseudonyms | None = None
    apis: tuple[str, ...] = ("*",)
    """Patterns of the APIs that are served."""

    contracts: bool = False
    """Whether the guard's own APIs are served beside them."""

    forward_keys: bool = False
    """Whether upstreams get the key that the client shows, where they have none of their own."""

    operations: Operations = field(default_factory=Operations)
    """The log, policies for tenants, alerts."""

    def __post_init__(self) -> None:
        if not self.keys and not is_loopback(self.listen.host):
            raise UsageError(
                f"the server would answer everybody who reaches `{self.listen.host}`",
                hint="add `keys`, or listen on 127.0.0.1",
            )
