"""The operations on a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from assaymark.guard.apis import Api, Application, Call, Reply, application
from assaymark.guard.apis.contract import Answer
from guard.asgi.conftest import served

from .conftest import MAIL, Asked


@pytest.fixture(scope="module")
def client(asked: Asked) -> Iterator[httpx.Client]:
    """A client of the application."""
    with (
        served(application(asked.guard, cap=10_000)) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client


def test_a_request_reaches_its_operation(client: httpx.Client) -> None:
    """By method and path, also one with a name in braces; queries and bodies come along."""
    validated = client.post("/guards/output/validate", json={"llmOutput": MAIL}).json()
    entities = client.get("/supportedentities", params={"language": "en"}).json()
    health = client.get("/health")

    assert validated["validatedOutput"] == "<EMAIL_ADDRESS>"
    assert "EMAIL_ADDRESS" in entities
    assert health.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/", "/v1/chat/completions", "/guards//validate", "/guards/a/b/validate"]
)
def test_other_paths_lead_nowhere(client: httpx.Client, path: str) -> None:
    """They are not answered as if all were well."""
    answer = client.post(path, json={})

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "there is nothing here"


def test_another_method_is_not_taken(client: httpx.Client) -> None:
    """The answer says which is."""
    answer = client.get("/analyze")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_what_is_too_long_is_refused_before_it_is_there(client: httpx.Client) -> None:
    """However it is sent."""
    whole = client.post("/v1/check", json={"text": "a" * 20_000})
    pieces = client.post(
        "/v1/check",
        content=iter([b"a" * 9_000] * 3),
        headers={"content-type": "application/json"},
    )

    assert (whole.status_code, pieces.status_code) == (413, 413)


def test_too_many_parameters_are_none(client: httpx.Client) -> None:
    """A query is no way to keep the server busy."""
    answer = client.get("/supportedentities", params={f"k{n}": "1" for n in range(200)})

    assert answer.status_code == 200


def test_a_client_that_leaves_is_nobody(client: httpx.Client) -> None:
    """What it sent half of is not judged, and the server goes on."""
    address = client.base_url
    with socket.create_connection((address.host, address.port or 80)) as half:
        half.sendall(b"POST /v1/check HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")

    assert client.get("/health").status_code == 200


def replying(text: str) -> Answer:
    """A handler that answers with a text and its parameters."""

    async def answer(call: Call) -> Reply:
        return Reply(status=200, body=f"{text} {dict(call.path_parameters)}".encode())

    return answer


def asgi(app: Any, scope: dict[str, Any], *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """What an application sends."""
    sent: list[dict[str, Any]] = []
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def test_a_pattern_may_have_several_methods() -> None:
    """One operation for each."""
    app = Application(
        [
            Api(method="GET", path="/a/{id}", answer=replying("got")),
            Api(method="PUT", path="/a/{id}", answer=replying("put")),
            Api(method="GET", path="/b/{id}/c", answer=replying("other")),
        ]
    )
    scope = {"type": "http", "query_string": b"", "headers": []}
    whole = {"type": "http.request"}

    bodies = [
        asgi(app, {**scope, "method": method, "path": path}, whole)[-1]["body"]
        for method, path in (("GET", "/a/1"), ("PUT", "/a/2"), ("GET", "/b/3/c"))
    ]

    assert bodies == [b"got {'id': '1'}", b"put {'id': '2'}", b"other {'id': '3'}"]


def test_it_lives_as_a_server_wants_it() -> None:
    """It starts and stops when told to; web sockets are closed."""
    app = Application([])
    begin, end = {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}

    lived = asgi(app, {"type": "lifespan"}, begin, end)
    closed = asgi(app, {"type": "websocket"})

    assert [each["type"] for each in lived] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert closed == [{"type": "websocket.close", "code": 1003}]
