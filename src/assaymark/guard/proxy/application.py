"""
The proxy as an ASGI application: which API a request is for, and what is known to all of them.

What is not served is answered with 404 in the form of an API, and never sent on.

tests/guard/proxy
"""

from __future__ import annotations

import hmac
import json
import logging
import uuid
from collections.abc import MutableMapping, Sequence
from typing import Any

from assaymark.errors import AssaymarkError
from assaymark.guard.asgi.incoming import ClientLeftError
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.proxy.client import Client
from assaymark.guard.proxy.contracts import Contracts, ContractsOf, answer_contract
from assaymark.guard.proxy.dialect import Dialect, OpenAIErrors
from assaymark.guard.proxy.exchange import Exchange
from assaymark.guard.proxy.faults import fault
from assaymark.guard.proxy.keys import Keyring
from assaymark.guard.proxy.models import answer_models, is_about_models
from assaymark.guard.proxy.settings import ServerLimits
from assaymark.guard.proxy.slots import Slots
from assaymark.guard.proxy.upstreams import Upstreams
from assaymark.guard.serving import DecisionSink, GuardSource, NullSink

_LOGGER = logging.getLogger("assaymark.guard.proxy")

ALIVE, READY = "/healthz", "/readyz"

_POLICY_VIOLATION = 1008
"""Why a WebSocket is closed; RFC 6455, section 7.4.1."""


class _Nowhere(OpenAIErrors):
    """What is asked where nothing is."""

    name = "none"
    path = "*"


class ProxyApplication:
    """Serves APIs of models, guarded.

    Args:
        dialects: The APIs.
        upstreams: Who answers.
        source: Knows which policy holds.
        keys: Who may ask.
        limits: How much.
        sink: Takes decisions.
        contracts: From a guard to APIs of its own that are served, too.
        digest_key: Key of the digests of requests in decisions; without one they have none.
    """

    def __init__(
        self,
        dialects: Sequence[Dialect],
        upstreams: Upstreams,
        source: GuardSource,
        *,
        keys: Keyring | None = None,
        limits: ServerLimits | None = None,
        sink: DecisionSink | None = None,
        contracts: ContractsOf | None = None,
        digest_key: bytes | None = None,
    ) -> None:
        self._dialects = {each.path: each for each in dialects}
        self.upstreams, self.source = upstreams, source
        self.keys = Keyring(()) if keys is None else keys
        self.limits = ServerLimits() if limits is None else limits
        self.sink: DecisionSink = NullSink() if sink is None else sink
        self.slots = Slots(self.limits)
        self._contracts = None if contracts is None else Contracts(contracts)
        self._digest_key = digest_key

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Serve one connection, as ASGI 3 says."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            client = Client(scope, receive, send, f"req_{uuid.uuid4().hex}")
            await self._serve(client, scope["path"])
        else:
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})

    def digest(self, data: bytes) -> str:
        """Return the keyed digest of a request."""
        if self._digest_key is None:
            return ""
        return hmac.digest(self._digest_key, data, "sha256").hex()

    def note(self, dialect: Any, refused: RefusedError, client: Client) -> None:
        """Log what was refused before any policy was asked."""
        entry = {
            "api": dialect.name,
            "route": dialect.path,
            "request_id": client.request_id,
            "outcome": refused.code,
            "status": refused.status,
            "cause": refused.cause,
        }
        _LOGGER.info("%s", json.dumps(entry, sort_keys=True))

    async def _serve(self, client: Client, path: str) -> None:
        try:
            await self._answer(client, path)
        except RefusedError as refused:
            await self._refuse(client, path, refused)
        except ClientLeftError:
            return
        except Exception as error:  # noqa: BLE001 - what is raised may quote the request, and servers log it
            await self._refuse(client, path, fault(error))

    async def _refuse(self, client: Client, path: str, refused: RefusedError) -> None:
        said = self._dialects.get(path) or self._nearest(path)
        self.note(said, refused, client)
        if not client.has_begun:
            body = json.dumps(said.error(refused, client.request_id)).encode()
            await client.send_error(refused, body, {})

    async def _answer(self, client: Client, path: str) -> None:
        size = sum(len(name) + len(value) for name, value in client.raw_headers)
        if size > self.limits.headers:
            raise RefusedError(431, "too_large", "the headers are too large")
        dialect = self._dialects.get(path)
        if path in (ALIVE, READY):
            await self._tell_health(client, path)
        elif dialect is not None and client.method == "POST":
            await Exchange(self, dialect, client).run()
        elif dialect is not None:
            raise RefusedError(405, "method_not_allowed", "this path takes POST only")
        elif is_about_models(path):
            await answer_models(self, client, path, self._dialects.values())
        elif self._contracts is None or not await answer_contract(
            self, self._contracts, client, path
        ):
            raise RefusedError(404, "not_found", "nothing is served at this path")

    async def _tell_health(self, client: Client, path: str) -> None:
        """Say whether the server lives, or whether it can take requests; anybody may ask."""
        status, word = 200, "ok"
        if path == READY:
            try:
                await self.sink.ready()
            except AssaymarkError:
                status, word = 503, "log_unavailable"
        await client.send_whole(status, json.dumps({"status": word}).encode(), {})

    def _nearest(self, path: str) -> Any:
        """Return the API in whose form a path that is not served is answered."""
        below = (each for known, each in self._dialects.items() if path.startswith(f"{known}/"))
        return next(below, _Nowhere())

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.upstreams.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
