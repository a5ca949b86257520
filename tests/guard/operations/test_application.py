"""The pages in front of a server: who gets which, and everything else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.operations.application import WithPages
from assaymark.guard.watch.pages import Pages
from assaymark.guard.watch.telemetry import Telemetry


async def inner(scope: Any, receive: Any, send: Any) -> None:
    """The server behind."""
    await send({"type": "inner", "path": scope.get("path")})


async def demand(headers: Mapping[str, str]) -> None:
    """Whoever has the key."""
    shown = headers.get("authorization")
    if shown == "Bearer busy":
        raise RefusedError(429, "overloaded", "too many keys are being tried", retry_after=1)
    if shown != "Bearer ops":
        raise RefusedError(403 if shown == "Bearer one" else 401, "x", "not for everybody")


def ask(
    method: str, path: str, *, kind: str = "http", query: bytes = b"", key: str = ""
) -> list[Any]:
    """What is sent to a client."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(b"Authorization", f"Bearer {key}".encode())] if key else [],
    }
    application = WithPages(inner, Pages(telemetry=Telemetry()), demand)
    asyncio.run(application(scope, None, send))
    return sent


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/healthz", "", 200),
        ("/readyz", "", 200),
        ("/metrics", "ops", 200),
        ("/live", "ops", 200),
        ("/metrics", "", 401),
        ("/live", "other", 401),
        ("/metrics", "one", 403),
        ("/metrics", "busy", 429),
    ],
)
def test_who_gets_which_page(path: str, key: str, status: int) -> None:
    """Probes are for everybody, numbers and decisions for operators."""
    start, body = ask("GET", path, key=key)

    headers = dict(start["headers"])
    assert start["status"] == status
    assert int(headers[b"content-length"]) == len(body["body"]) > 0


def test_only_the_head() -> None:
    """The same headers, and no body."""
    start, body = ask("HEAD", "/healthz")

    assert dict(start["headers"])[b"content-length"] == b"15"
    assert body == {"type": "http.response.body", "body": b""}


def test_a_query() -> None:
    """It reaches the page."""
    _, body = ask("GET", "/live", key="ops", query=b"every=5")

    assert b'http-equiv="refresh" content="5"' in body["body"]


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/healthz", "http"),
        ("GET", "/v1/models", "http"),
        ("GET", "/healthz/", "http"),
        ("GET", "/healthz", "websocket"),
    ],
)
def test_everything_else_goes_on(method: str, path: str, kind: str) -> None:
    """What is no page is the server's."""
    assert ask(method, path, kind=kind) == [{"type": "inner", "path": path}]
