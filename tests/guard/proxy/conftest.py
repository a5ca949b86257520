"""The proxy on a port, in front of an upstream that a test scripts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import openai
import pytest
import uvicorn

from assaymark.guard import AnswerMemory, Guard
from assaymark.guard.proxy.application import ProxyApplication
from assaymark.guard.proxy.dialects import served_dialects
from assaymark.guard.proxy.keys import Keyring
from assaymark.guard.proxy.patience import patient
from assaymark.guard.proxy.settings import (
    KeySettings,
    Resilience,
    ServerLimits,
    Timeouts,
    UpstreamSettings,
)
from assaymark.guard.proxy.upstreams import Upstreams
from assaymark.guard.serving import Decision, OneGuard
from guard.conftest import guard_of

from .upstream import Reply, Upstream

CARD, MAIL = "4111 1111 1111 1111", "john@example.com"
REDACTS = (
    "{input: [{detector: pii, do: redact}, {detector: pii, do: block, entities: [CREDIT_CARD]}],"
    " output: [{detector: pii, do: redact}, {detector: secrets, do: redact}]}"
)
BLOCKS = "{input: [{detector: pii, do: redact}], output: [{detector: pii, do: block}]}"


@cache
def guard(section: str = REDACTS) -> Guard:
    """Return a guard that all tests share; it has nothing of any request."""
    return guard_of(section, memory=AnswerMemory(0))


class Kept:
    """Keeps decisions for a test to look at."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.begun: list[Decision] = []
        self.error: Exception | None = None

    async def ready(self) -> None:
        """Raise what the test says."""

    async def begin(self, decision: Decision) -> None:
        """Keep it."""
        self.begun.append(decision)

    async def record(self, decision: Decision) -> None:
        """Keep it, or raise what the test says."""
        if self.error is not None:
            raise self.error
        self.decisions.append(decision)


class Served:
    """A running proxy."""

    def __init__(self, app: ProxyApplication, **options: Any) -> None:
        self.app = app
        config = uvicorn.Config(
            app,
            port=0,
            log_level="critical",
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=1,
            **{"http": patient(30), **options},
        )
        self._server = uvicorn.Server(config)
        # It listens before it serves: who connects at once waits a little.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(128)
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._server.server_state.connections)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Stop it, and what is at work."""
        self._server.should_exit = True
        self._thread.join(10)


Serve = Callable[..., Served]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """An upstream; the test sets its `answer`."""
    with Upstream(lambda _: Reply([b"{}"])) as server:
        yield server


@pytest.fixture
def kept() -> Kept:
    """A sink."""
    return Kept()


@pytest.fixture
def serve(upstream: Upstream, kept: Kept) -> Iterator[Serve]:
    """Serve the proxy in front of `upstream`, and stop it after the test."""
    running: list[Served] = []

    def serve(  # noqa: PLR0913 - one for each part of the settings
        section: str = REDACTS,
        *,
        guard_: Guard | None = None,
        upstreams: tuple[UpstreamSettings, ...] | None = None,
        timeouts: Timeouts | None = None,
        resilience: Resilience | None = None,
        limits: ServerLimits | None = None,
        keys: tuple[KeySettings, ...] = (),
        forwards: bool = False,
        server: dict[str, Any] | None = None,
        **options: Any,
    ) -> Served:
        known = upstreams or (UpstreamSettings(name="one", url=upstream.url, secret="sk-up"),)
        app = ProxyApplication(
            served_dialects(),
            Upstreams(known, timeouts or Timeouts(), resilience or Resilience()),
            OneGuard(guard_ or guard(section)),
            keys=Keyring(keys, forwards=forwards),
            limits=limits or ServerLimits(),
            sink=kept,
            digest_key=bytes(32),
            **options,
        )
        running.append(Served(app, **(server or {})))
        return running[-1]

    yield serve
    for each in running:
        each.stop()


Client = Callable[..., openai.OpenAI]


@pytest.fixture
def client(serve: Serve) -> Iterator[Client]:
    """OpenAI's client, which does not try again, of a proxy made as `serve` makes it."""
    made: list[openai.OpenAI] = []

    def client(*arguments: Any, api_key: str = "sk-test", **options: Any) -> openai.OpenAI:
        url = f"{serve(*arguments, **options).url}/v1"
        made.append(openai.OpenAI(api_key=api_key, base_url=url, max_retries=0))
        return made[-1]

    yield client
    for each in made:
        each.close()


def limits_with(**changes: Any) -> ServerLimits:
    """Return the usual limits with `changes`."""
    return replace(ServerLimits(), **changes)
