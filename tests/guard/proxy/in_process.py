"""
The proxy without sockets: a request through the ASGI application, and an upstream whose bytes a test writes.

For laws, which are asked thousands of times.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assaymark.guard import Guard
from assaymark.guard.proxy.application import ProxyApplication
from assaymark.guard.proxy.dialects import served_dialects
from assaymark.guard.proxy.settings import UpstreamSettings
from assaymark.guard.serving import DecisionSink, OneGuard


@dataclass
class Script:
    """An answer, as the upstream sends it."""

    pieces: Sequence[bytes]
    kind: str = "application/json"
    status: int = 200
    waited: float = 0.0

    @property
    def headers(self) -> Mapping[str, str]:
        """Of the answer."""
        return {"content-type": self.kind}

    async def pieces_of(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        for each in self.pieces:
            yield each

    async def body(self, _most: int) -> bytes:
        """Return the body."""
        return b"".join(self.pieces)

    async def close(self) -> None:
        """Do nothing."""


class _Answer:
    def __init__(self, script: Script) -> None:
        self.status, self.headers = script.status, script.headers
        self.body, self.close = script.body, script.close
        self.pieces = script.pieces_of
        self.waited = 0.0


class _Upstreams:
    def __init__(self) -> None:
        self.script = Script([b"{}"])
        self.asked: list[Any] = []

    async def ask(self, _api: str, _model: str, _target: str, body: bytes, _headers: Any) -> Any:
        self.asked.append(json.loads(body))
        return self, _Answer(self.script)

    def __iter__(self) -> Iterator[Any]:
        """There is one, which has any model."""
        yield self

    settings = UpstreamSettings(name="one", url="http://127.0.0.1/v1")
    is_resting = False

    @property
    def origin(self) -> Any:
        """Where it is."""

        class Origin:
            ask = staticmethod(self._listed)

        return Origin

    def speaks(self, _api: str) -> bool:
        """It speaks every API."""
        return True

    async def _listed(self, *_asked: Any) -> Any:
        return _Answer(self.script)

    def failed(self) -> None:
        """Nothing is remembered."""

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Got:
    """What the client got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body of a whole answer."""
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The data of each event, read as JSON where it is that."""
        found = []
        for each in self.body.decode().split("\n\n"):
            data = [line[6:] for line in each.split("\n") if line.startswith("data: ")]
            if data:
                found.append(data[0] if data[0] == "[DONE]" else json.loads(data[0]))
        return found


class InProcess:
    """The application, asked directly."""

    def __init__(self, guard: Guard, sink: DecisionSink | None = None) -> None:
        self.upstreams = _Upstreams()
        upstreams: Any = self.upstreams
        self.app = ProxyApplication(served_dialects(), upstreams, OneGuard(guard), sink=sink)

    async def ask(
        self,
        path: str,
        document: Any,
        script: Script,
        headers: Sequence[tuple[bytes, bytes]] = (),
        *,
        method: str = "POST",
    ) -> Got:
        """Send one request."""
        self.upstreams.script = script
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        sent: list[Any] = []
        is_asked = False

        async def receive() -> Any:
            nonlocal is_asked
            if not is_asked:
                is_asked = True
                return {"type": "http.request", "body": body, "more_body": False}
            import asyncio

            await asyncio.Event().wait()
            return None

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(b"content-type", b"application/json"), *headers],
        }
        await self.app(scope, receive, send)
        start, *rest = sent
        return Got(
            start["status"],
            {k.decode(): v.decode() for k, v in start["headers"]},
            b"".join(each["body"] for each in rest),
        )
