"""
The pages for operators, in front of a server.

`/healthz` and `/readyz` are for whoever reaches the server; they name parts and no tenant. `/metrics` and
`/live` are for those whom `demand` lets; whoever shows no key that is known is told apart from whose key is
not enough.

tests/guard/operations/test_at_work.py
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from assaymark.guard.apis.contract import Api, Call
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.watch.pages import Pages

Demand: TypeAlias = Callable[[Mapping[str, str]], Awaitable[None]]
"""Takes headers, names in lower case; raises `RefusedError` where their sender is no operator."""


class WithPages:
    """An ASGI application with the pages in front of it.

    Args:
        inner: Gets everything else.
        pages: What is served here.
        demand: Who may see numbers and decisions.
    """

    def __init__(self, inner: Any, pages: Pages, demand: Demand) -> None:
        self._inner, self._demand = inner, demand
        self._open = {each.path: each for each in pages.probes()}
        self._guarded = {each.path: each for each in pages.reports()}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Serve one connection, as ASGI 3 says."""
        path = scope.get("path", "")
        api = self._open.get(path) or self._guarded.get(path)
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or api is None:
            await self._inner(scope, receive, send)
            return
        await self._answer(api, scope, send)

    async def _answer(self, api: Api, scope: Mapping[str, Any], send: Any) -> None:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        try:
            if api.path in self._guarded:
                await self._demand(headers)
        except RefusedError as refused:
            more = {"retry-after": str(refused.retry_after)} if refused.retry_after else {}
            told = f"{refused.message}\n".encode()
            await _send(send, refused.status, {"content-type": "text/plain", **more}, told, scope)
            return
        query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
        reply = await api.answer(Call(query=query, headers=headers))
        await _send(send, reply.status, reply.headers, reply.body, scope)


async def _send(
    send: Any, status: int, headers: Mapping[str, str], body: bytes, scope: Mapping[str, Any]
) -> None:
    told = {**headers, "content-length": str(len(body))}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in told.items()],
        }
    )
    content = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": content})
