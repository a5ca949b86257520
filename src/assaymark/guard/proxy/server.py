"""
A server from its settings: the application, and uvicorn around it.

* Without keys it listens on this machine only.
* A client that connects and says nothing, or says it very slowly, is let go.
* Nothing of a request is logged but what `Decision` and the application's notes hold.

tests/guard/proxy/test_server.py
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import sys
from collections.abc import Callable
from typing import Any

import uvicorn

from assaymark.errors import InputError
from assaymark.guard.proxy.application import ProxyApplication
from assaymark.guard.proxy.chat_completions import ChatCompletions
from assaymark.guard.proxy.contracts import ContractsOf
from assaymark.guard.proxy.dialects import served_dialects
from assaymark.guard.proxy.guardrails_chat import guardrails_chats
from assaymark.guard.proxy.keys import Keyring
from assaymark.guard.proxy.patience import patient
from assaymark.guard.proxy.settings import Listen, ServerLimits, ServeSettings
from assaymark.guard.proxy.upstreams import Upstreams
from assaymark.guard.serving import DecisionSink, GuardSource

_BACKLOG = 2_048
_SWITCH = 0.0005
"""Seconds after which a thread that judges lets the loop go on; answers would show Python's own 5 ms."""
_BESIDE = 8_192
"""Bytes of a head beside its headers: the application says which are too large, while it still can."""
_KEPT_OPEN = 75
"""Seconds for which a connection waits for another request: longer than clients keep theirs (openai and httpx
5 s), so that none is closed under a request that is on its way."""
_GRACE = 30
"""Seconds in which requests may end after the server was told to stop."""


def application_of(
    settings: ServeSettings,
    source: GuardSource,
    *,
    sink: DecisionSink | None = None,
    contracts: ContractsOf | None = None,
    digest_key: bytes | None = None,
) -> ProxyApplication:
    """Return the application that `settings` describe.

    Args:
        settings: Of the server.
        source: Knows which policy holds.
        sink: Takes decisions.
        contracts: From a guard to APIs of its own that are served beside those of models.
        digest_key: Key of the digests of requests in decisions.

    Raises:
        UsageError: An API is asked for that does not exist.
    """
    dialects = served_dialects(settings.apis)
    if contracts is not None and any(each.name == ChatCompletions.name for each in dialects):
        dialects = (*dialects, *guardrails_chats())
    return ProxyApplication(
        dialects,
        Upstreams(settings.upstreams, settings.timeouts, settings.resilience),
        source,
        keys=Keyring(settings.keys, forwards=settings.forward_keys, trust=settings.trust),
        limits=settings.limits,
        sink=sink,
        contracts=contracts,
        digest_key=digest_key,
    )


def serve(
    application: Any,
    listen: Listen,
    limits: ServerLimits,
    *,
    on_start: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until a signal says to stop.

    Args:
        application: As ASGI 3 has it.
        listen: Where.
        limits: How long requests may take to come, and how large their headers may be.
        on_start: Is told the address.

    Raises:
        InputError: The address cannot be used, or the certificate.
    """
    sys.setswitchinterval(_SWITCH)
    config = _config(application, listen, limits)
    listening = _socket(listen)
    scheme = "https" if listen.certificate else "http"
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    on_start(f"{scheme}://{host}:{listening.getsockname()[1]}")
    uvicorn.Server(config).run(sockets=[listening])


def demand_servable(application: Any, listen: Listen, limits: ServerLimits) -> InputError | None:
    """Demand what `serve` demands, and listen to nobody.

    Returns:
        What `serve` would say now because somebody else listens there; a server that is replaced does, too.

    Raises:
        InputError: The address cannot be used, or the certificate.
    """
    _config(application, listen, limits)
    try:
        _bound(listen).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise _unusable(listen, error) from None
        return _unusable(listen, error)
    return None


def _socket(listen: Listen) -> socket.socket:
    try:
        listening = _bound(listen)
        listening.listen(_BACKLOG)
    except OSError as error:
        raise _unusable(listen, error) from None
    return listening


def _bound(listen: Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    # With the protocol named, asyncio sends small packets at once (TCP_NODELAY); else each answer waits.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((listen.host, listen.port))
    except OSError:
        listening.close()
        raise
    return listening


def _unusable(listen: Listen, error: OSError) -> InputError:
    reason = "no such address"
    if error.errno and not isinstance(error, socket.gaierror):
        reason = os.strerror(error.errno).lower()
    taken = "stop what listens there, or set another `port` under `listen`"
    return InputError(
        f"cannot listen on `{listen.host}` port {listen.port}: {reason}",
        hint=taken if error.errno == errno.EADDRINUSE else None,
    )


class _Config(uvicorn.Config):
    """With a bound on how long clients may take to agree on TLS, for which uvicorn has no setting."""

    handshake = 60.0

    def get_loop_factory(self) -> Callable[[], asyncio.AbstractEventLoop] | None:
        if self.ssl is None:
            return super().get_loop_factory()
        return lambda: _Timed(self.handshake)


class _Timed(asyncio.SelectorEventLoop):
    def __init__(self, handshake: float) -> None:
        super().__init__()
        self._handshake = handshake

    async def create_server(self, *arguments: Any, **options: Any) -> asyncio.Server:
        return await super().create_server(
            *arguments, **options, ssl_handshake_timeout=self._handshake
        )


def _config(application: Any, listen: Listen, limits: ServerLimits) -> uvicorn.Config:
    tls: dict[str, Any] = {}
    if listen.certificate is not None:
        tls["ssl_certfile"] = str(listen.certificate)
        tls["ssl_keyfile"] = str(listen.private_key) if listen.private_key else None
        if listen.client_authority is not None:
            tls["ssl_ca_certs"] = str(listen.client_authority)
            tls["ssl_cert_reqs"] = ssl.CERT_REQUIRED
    config = _Config(
        application,
        http=patient(limits.seconds, limits.headers + _BESIDE),
        # uvloop says of no connection under TLS that its client takes nothing.
        loop="asyncio" if tls else "auto",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEPT_OPEN,
        timeout_graceful_shutdown=_GRACE,
        **tls,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError):
        raise InputError(
            f"the certificate `{listen.certificate}`, or what belongs to it, cannot be used"
        ) from None
    config.handshake = limits.seconds
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return config
