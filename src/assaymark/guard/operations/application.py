"""
The pages for operators, in front of a server.

`/healthz` and `/readyz` are for whoever reaches the server; they name parts and no tenant. `/metrics` and
`/live` are for those whom `may_look` lets.

tests/guard/operations/test_at_work.py
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from assaymark.guard.apis.contract import Api, Call
from assaymark.guard.watch.pages import Pages

MayLook: TypeAlias = Callable[[Mapping[str, str]], Awaitable[bool]]
"""From headers, names in lower case, to whether their sender may see what operators see."""


class WithPages:
    """An ASGI application with the pages in front of it.

    Args:
        inner: Gets everything else.
        pages: What is served here.
        may_look: Who may see numbers and decisions.
    """

    def __init__(self, inner: Any, pages: Pages, may_look: MayLook) -> None:
        self._inner, self._may_look = inner, may_look
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
        if api.path in self._guarded and not await self._may_look(headers):
            told = b"a key is needed, of the tenant `*` where there are tenants\n"
            await _send(send, 401, {"content-type": "text/plain"}, told, scope)
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
