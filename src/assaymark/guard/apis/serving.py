"""
The operations as an ASGI application of their own.

It knows no keys and no limits but those on bodies: bind it to this machine, or put it behind something that
does. `assaymark guard serve` mounts the same operations beside its proxy.

tests/guard/apis/test_serving.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from assaymark.guard.apis.contract import Api, Call, Reply
from assaymark.guard.apis.reading import MAX_BODY

_NAME = re.compile(r"\{([a-z_]+)\}")


class Routes:
    """Finds who answers.

    Args:
        operations: Each path and method once.
    """

    def __init__(self, operations: Sequence[Api]) -> None:
        self._fixed: dict[str, dict[str, Api]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Api]]] = []
        for each in operations:
            if _NAME.search(each.path):
                self._pattern(each.path)[each.method] = each
            else:
                self._fixed.setdefault(each.path, {})[each.method] = each

    def find(self, path: str) -> tuple[Mapping[str, Api], Mapping[str, str]]:
        """Return who answers at `path`, by method, and what its names in braces stand for."""
        if path in self._fixed:
            return self._fixed[path], {}
        for pattern, methods in self._patterns:
            match = pattern.fullmatch(path)
            if match is not None:
                return methods, match.groupdict()
        return {}, {}

    def _pattern(self, path: str) -> dict[str, Api]:
        parts = _NAME.split(path)
        # Every second part is a name.
        written = "".join(
            f"(?P<{each}>[^/]+)" if n % 2 else re.escape(each) for n, each in enumerate(parts)
        )
        for pattern, methods in self._patterns:
            if pattern.pattern == written:
                return methods
        self._patterns.append((re.compile(written), {}))
        return self._patterns[-1][1]


class Application:
    """Serves operations.

    Args:
        operations: What is served.
        cap: Bytes of a request at most; what is longer is not even read.
    """

    def __init__(self, operations: Sequence[Api], *, cap: int = MAX_BODY) -> None:
        self._routes, self._cap = Routes(operations), cap

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await _send(await self._answered(scope, receive), send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _answered(self, scope: Any, receive: Any) -> Reply:
        methods, parameters = self._routes.find(scope["path"])
        if not methods:
            return _error(404, "there is nothing here")
        api = methods.get(scope["method"])
        if api is None:
            allowed = {"allow": ", ".join(sorted(methods))}
            return _error(405, "this method is not taken here", allowed)
        body = await _body(receive, self._cap)
        if body is None:
            # Nobody is there to be answered.
            return _error(400, "the client left")
        return await api.answer(
            Call(
                path_parameters=parameters,
                query=_query(scope.get("query_string", b"")),
                headers={
                    key.decode("latin-1").lower(): value.decode("latin-1")
                    for key, value in scope["headers"]
                },
                body=body,
            )
        )


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _body(receive: Any, cap: int) -> bytes | None:
    """Return the body, or as much as shows that it is too long; `None` where the client left."""
    data = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        data += message.get("body", b"")
        if len(data) > cap or not message.get("more_body", False):
            return bytes(data)


def _query(text: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(text.decode("ascii", "replace"), max_num_fields=100))
    except ValueError:
        return {}


async def _send(reply: Reply, send: Any) -> None:
    headers = {**reply.headers, "content-length": str(len(reply.body))}
    raw = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": reply.body})


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return Reply(
        status=status,
        headers={"content-type": "application/json", **(headers or {})},
        body=json.dumps({"error": error}).encode(),
    )
