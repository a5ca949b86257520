"""An application behind the guard: what it sees, and what its clients get."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse

from assaymark.errors import UsageError
from assaymark.guard import Session
from assaymark.guard.asgi import GuardMiddleware, Limits, Route
from guard.conftest import MakeGuard, scripted

from .conftest import Serve, logged

CARD, MAIL = "4111 1111 1111 1111", "john@example.com"
BOTH = "{input: [{detector: pii, do: redact}], output: [{detector: pii, do: redact}]}"
BLOCKS = "{input: [{detector: pii, do: block}], output: [{detector: pii, do: block}]}"
LENIENT = "{uninspected: allow, input: [{detector: pii, do: redact}], output: [{detector: pii, do: redact}]}"
CHAT = Route(path="/chat", request="messages, prompt", response="reply, choices[*].message")


def recorder() -> tuple[FastAPI, list[Any]]:
    """Return an application that answers as it is told to, and what it sees."""
    app, seen = FastAPI(), []

    @app.api_route("/{path:path}", methods=["GET", "POST", "HEAD"])
    async def any_path(request: Request) -> Response:
        body = await request.body()
        seen.append((dict(request.headers), body))
        answer = request.headers.get("x-answer")
        if answer is None:
            return Response(body, media_type="application/json")
        kind = request.headers.get("x-type", "application/json")
        return Response(answer, media_type=kind, headers={"etag": '"1"'})

    return app, seen


def error_of(response: Any) -> dict[str, Any]:
    """The error of an envelope, which has nothing else."""
    (error,) = response.json().values()
    assert error["param"] is None
    return dict(error)


def test_a_request_is_redacted_before_the_application_sees_it(
    make: MakeGuard, serve: Serve
) -> None:
    """Chosen fields are judged, the rest is left alone, and the length is that of the new body."""
    app, seen = recorder()
    client = serve(app, make(BOTH), routes=[CHAT])
    asked = {"messages": [{"role": "user", "content": f"mail {MAIL}"}], "user": MAIL, "n": 1}

    response = client.post("/chat", json=asked, headers={"x-answer": '{"reply": "ok"}'})

    headers, body = seen[0]
    told = {**asked, "messages": [{"role": "user", "content": "mail <EMAIL_ADDRESS>"}]}
    assert json.loads(body) == told
    assert int(headers["content-length"]) == len(body)
    assert response.headers["assaymark-request"] == "redact"
    assert response.headers["assaymark-response"] == "allow"
    assert "assaymark-unjudged" not in response.headers


def test_a_response_is_redacted(make: MakeGuard, serve: Serve) -> None:
    """Its length is renewed, and what was said of the old bytes is gone."""
    guard = make(BOTH)
    client = serve(recorder()[0], guard, routes=[CHAT])
    answer = {"reply": f"ask {MAIL} é", "id": 7}

    response = client.post("/chat", json={}, headers={"x-answer": json.dumps(answer)})

    assert response.json() == {"reply": "ask <EMAIL_ADDRESS> é", "id": 7}
    assert int(response.headers["content-length"]) == len(response.content)
    assert "etag" not in response.headers
    assert response.headers["assaymark-response"] == "redact"
    assert response.headers["assaymark-policy"] == guard.policy


def test_what_does_not_change_keeps_its_bytes(make: MakeGuard, serve: Serve) -> None:
    """Blanks, escapes and headers are as they came, both ways."""
    app, seen = recorder()
    client = serve(app, make(BOTH))
    text = b'{ "a" : "caf\\u00e9", "b": 1.0 }'

    response = client.post("/x", content=text, headers={"content-type": "application/json"})

    assert seen[0][1] == text
    assert response.content == text


def test_without_fields_everything_is_judged(make: MakeGuard, serve: Serve) -> None:
    """Every string, key and number of both bodies."""
    app, seen = recorder()
    client = serve(app, make(BOTH))

    response = client.post("/x", json={"a": [{MAIL: 1}], "b": 4111111111111111})

    assert json.loads(seen[0][1]) == {"a": [{"<EMAIL_ADDRESS>": 1}], "b": "<CREDIT_CARD>"}
    assert response.json() == json.loads(seen[0][1])


def test_a_shape_that_no_field_fits_is_judged_whole(make: MakeGuard, serve: Serve) -> None:
    """Errors that quote the request, as validation does, are not passed by."""
    client = serve(recorder()[0], make(BOTH), routes=[CHAT])

    response = client.post("/chat", json={}, headers={"x-answer": f'{{"detail": "bad {MAIL}"}}'})

    assert response.json() == {"detail": "bad <EMAIL_ADDRESS>"}


@pytest.mark.parametrize("status", [403, 422])
def test_a_blocked_request_does_not_reach_the_application(
    make: MakeGuard, serve: Serve, status: int
) -> None:
    """The answer says so, in the form of the OpenAI API, without what was blocked."""
    app, seen = recorder()
    client = serve(app, make(BLOCKS), routes=[CHAT], status=status)

    response = client.post("/chat", json={"prompt": f"pay {CARD}"})

    assert response.status_code == status
    assert error_of(response) == {
        "message": "the request was blocked by the policy",
        "type": "policy_violation",
        "param": None,
        "code": "content_filter",
    }
    assert response.headers["assaymark-request"] == "block"
    assert seen == []


def test_a_blocked_response_does_not_leave(make: MakeGuard, serve: Serve) -> None:
    """Neither does any header that the application set for it."""
    client = serve(recorder()[0], make(BLOCKS), routes=[CHAT])

    response = client.post("/chat", json={}, headers={"x-answer": f'{{"reply": "pay {CARD}"}}'})

    assert response.status_code == 403
    assert error_of(response)["message"] == "the response was blocked by the policy"
    assert "etag" not in response.headers
    assert "4111" not in response.text


def test_a_text_with_a_length_is_judged_whole(make: MakeGuard, serve: Serve) -> None:
    """Both ways, as one text."""
    app, seen = recorder()
    client = serve(app, make(BOTH))
    headers = {"content-type": "text/plain; charset=UTF-8", "x-type": "text/plain"}

    response = client.post(
        "/x", content=f"to {MAIL}", headers={**headers, "x-answer": f"from {MAIL}"}
    )

    assert seen[0][1] == b"to <EMAIL_ADDRESS>"
    assert response.text == "from <EMAIL_ADDRESS>"
    assert int(response.headers["content-length"]) == len(response.content)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"content-type": "application/octet-stream"}, "content-type"),
        ({"content-type": "multipart/form-data; boundary=x"}, "content-type"),
        ({"content-type": "text/event-stream"}, "content-type"),
        ({}, "content-type"),
        ({"content-type": "application/json", "content-encoding": "gzip"}, "content-encoding"),
        ({"content-type": "application/json; charset=utf-16"}, "charset"),
    ],
)
def test_a_request_that_nothing_can_judge(
    make: MakeGuard, serve: Serve, headers: dict[str, str], reason: str, entries: list[Any]
) -> None:
    """It is refused; or, as the policy says, it passes and is named in the response and the log."""
    (strict, unseen), (lenient, seen) = recorder(), recorder()
    ask = {"content": b"some bytes", "headers": {**headers, "x-answer": "{}"}}

    refused = serve(strict, make(BOTH)).post("/x", **ask)
    passed = serve(lenient, make(LENIENT)).post("/x", **ask)

    assert (refused.status_code, unseen) == (415, [])
    assert (
        error_of(refused)["message"] == f"the request cannot be judged: nothing reads its {reason}"
    )
    assert (passed.status_code, seen[0][1]) == (200, b"some bytes")
    assert passed.headers["assaymark-unjudged"] == f"request={reason}"
    assert [each["request"] for each in logged(entries, 2)] == [{"unjudged": reason}] * 2


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("text/html", "content-type"), ("text/plain; charset=utf-16", "charset")],
)
def test_a_response_that_nothing_can_judge(
    make: MakeGuard, serve: Serve, kind: str, reason: str, entries: list[Any]
) -> None:
    """It is refused; or, as the policy says, it passes and is named in the response and the log."""
    headers = {"x-answer": f"<b>{MAIL}</b>", "x-type": kind}

    refused = serve(recorder()[0], make(BOTH)).get("/x", headers=headers)
    passed = serve(recorder()[0], make(LENIENT)).get("/x", headers=headers)

    assert refused.status_code == 502
    assert error_of(refused)["code"] == "not_inspectable"
    assert MAIL not in refused.text
    assert passed.content == f"<b>{MAIL}</b>".encode()
    assert passed.headers["assaymark-unjudged"] == f"response={reason}"
    assert [each["response"] for each in logged(entries, 2)] == [{"unjudged": reason}] * 2


def test_an_exempt_path_passes_and_says_so(
    make: MakeGuard, serve: Serve, entries: list[Any]
) -> None:
    """Nothing of it is judged, by the user's word."""
    routes = [Route(path="/health*", exempt=True)]
    client = serve(recorder()[0], make(BOTH), routes=routes)

    response = client.get("/healthz", headers={"x-answer": f"<b>{MAIL}", "x-type": "text/html"})

    assert response.text == f"<b>{MAIL}"
    assert response.headers["assaymark-unjudged"] == "request=exempt, response=exempt"
    assert "assaymark-request" not in response.headers
    (entry,) = logged(entries)
    assert (entry["request"], entry["route"]) == ({"unjudged": "exempt"}, "/health*")


def test_a_large_request_is_refused(make: MakeGuard, serve: Serve) -> None:
    """By the length that it states before any of it is read, and by what comes where it states none."""
    app, seen = recorder()
    client = serve(app, make(BOTH), limits=Limits(request=100))

    stated = client.post("/x", json={"a": "b" * 100})
    chunked = client.post(
        "/x",
        content=iter([b"[", b" " * 60, b" " * 60]),
        headers={"content-type": "application/json"},
    )

    assert [stated.status_code, chunked.status_code] == [413, 413]
    assert error_of(stated)["message"] == "the request has more than 100 bytes"
    assert seen == []


def test_a_large_response_is_refused(make: MakeGuard, serve: Serve) -> None:
    """None of it leaves."""
    client = serve(recorder()[0], make(BOTH), limits=Limits(response=100))

    response = client.post("/x", headers={"x-answer": json.dumps("b" * 100)})

    assert response.status_code == 502
    assert error_of(response)["code"] == "too_large"


@pytest.mark.parametrize(
    "body", [b'{"a": 1, "a": 2}', b"{", b'"\\ud800"', b'"\xff"', b"\xef\xbb\xbf{}", b"[" * 100]
)
def test_json_that_may_mean_two_things_is_refused(
    make: MakeGuard, serve: Serve, body: bytes
) -> None:
    """The application might read what was not judged."""
    app, seen = recorder()
    client = serve(app, make(BOTH))

    response = client.post("/x", content=body, headers={"content-type": "application/json"})

    assert response.status_code == 400
    assert error_of(response)["message"] == "the request is no JSON that means one thing only"
    assert seen == []


def test_a_text_that_is_not_utf_8_is_refused(make: MakeGuard, serve: Serve) -> None:
    """No detector could read it."""
    client = serve(recorder()[0], make(BOTH))

    response = client.post("/x", content=b"\xff", headers={"content-type": "text/plain"})

    assert response.status_code == 415
    assert error_of(response)["message"] == "the request cannot be judged: it is not UTF-8"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"a": "john\\u0040example.com"}', '{"a":"<EMAIL_ADDRESS>"}'),
        ('"john\\u0040example.com"', '"<EMAIL_ADDRESS>"'),
        ('{"a": "é"} ', '{"a": "é"} '),
        ("7", "7"),
        ('"so', '"so'),
    ],
)
def test_json_that_is_called_a_text_is_judged_as_both(
    make: MakeGuard, serve: Serve, body: str, expected: str
) -> None:
    """A client cannot hide a value behind escapes by the name of the type."""
    app, seen = recorder()
    client = serve(app, make(BOTH), routes=[CHAT])

    client.post("/chat", content=body, headers={"content-type": "text/plain", "x-answer": "{}"})

    assert seen[0][1].decode() == expected


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"a": 1, "a": "john\\u0040example.com"}', 400),
        ('{"a": "john@example.com"}'.encode("utf-16-le"), 415),
        (b"[" * 100_000, 400),
    ],
)
def test_a_text_that_others_may_read_as_json_is_refused(
    make: MakeGuard, serve: Serve, body: bytes, status: int
) -> None:
    """Where it cannot be said how they would."""
    app, seen = recorder()
    client = serve(app, make(BOTH))

    response = client.post("/x", content=body, headers={"content-type": "text/plain"})

    assert (response.status_code, seen) == (status, [])


def test_a_detector_that_hangs_is_given_up(make: MakeGuard, serve: Serve) -> None:
    """After the time that the policy gives it; the request is blocked."""
    over = threading.Event()

    def hanging(text: str) -> Any:
        over.wait(30)
        return []

    section = "{check_deadline_ms: 100, input: [{detector: scripted, do: block}]}"
    client = serve(recorder()[0], make(section, extra={"scripted": scripted(hanging)}))

    response = client.post("/x", json="hi")

    over.set()
    assert response.status_code == 403


def test_a_request_that_does_not_come_is_given_up(make: MakeGuard, serve: Serve) -> None:
    """The application is not kept waiting by it."""
    app, seen = recorder()
    client = serve(app, make(BOTH), limits=Limits(seconds=0.2))
    host, port = client.base_url.host, client.base_url.port

    with socket.create_connection((host, port), timeout=10) as line:
        line.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n[")
        answer = line.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the request took more than 0.2 s to come" in answer
    assert seen == []


def test_a_client_that_leaves_before_its_request_is_whole(
    make: MakeGuard, serve: Serve, entries: list[Any]
) -> None:
    """The application never hears of it; the log does."""
    app, seen = recorder()
    client = serve(app, make(BOTH))

    with socket.create_connection((client.base_url.host, client.base_url.port)) as line:
        line.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n[")

    assert [each["outcome"] for each in logged(entries)] == ["client_left"]
    assert seen == []


def test_parts_and_codings_are_not_asked_for(make: MakeGuard, serve: Serve, tmp_path: Any) -> None:
    """A file comes whole, through the guard, whatever the client and the server could do about it."""
    app = FastAPI()
    path = tmp_path / "a.txt"
    path.write_text(f"to {MAIL}")

    @app.get("/file")
    async def file() -> Response:
        return FileResponse(path, media_type="text/plain")

    client = serve(app, make(BOTH))

    response = client.get("/file", headers={"range": "bytes=6-"})

    assert (response.status_code, response.text) == (200, "to <EMAIL_ADDRESS>")
    assert "accept-ranges" not in response.headers


def test_our_headers_cannot_be_forged(make: MakeGuard, serve: Serve) -> None:
    """Neither by a client nor by the application."""
    app, seen = FastAPI(), []

    @app.get("/x")
    async def answer(request: Request) -> Response:
        seen.append(request.headers.get("assaymark-request"))
        return PlainTextResponse(
            "x", headers={"Assaymark-Unjudged": "", "Assaymark-Request": "flag"}
        )

    response = serve(app, make(BOTH)).get("/x", headers={"Assaymark-Request": "allow"})

    assert seen == [None]
    assert response.headers.get_list("assaymark-request") == ["allow"]
    assert "assaymark-unjudged" not in response.headers


@pytest.mark.parametrize("on_error", ["block", "allow"])
def test_a_detector_that_fails(make: MakeGuard, serve: Serve, on_error: str) -> None:
    """As the policy says: it is blocked, or passes and is named."""

    def raising(text: str) -> Any:
        raise ValueError(text)

    section = f"{{on_error: {on_error}, input: [{{detector: scripted, do: flag}}]}}"
    guard = make(section, extra={"scripted": scripted(raising)})

    response = serve(recorder()[0], guard).post("/x", json="hi")

    if on_error == "block":
        assert response.status_code == 403
        assert error_of(response)["message"] == (
            "the request was blocked by the policy: it could not be judged"
        )
        assert response.headers["assaymark-request"] == "block"
    else:
        assert (response.status_code, response.json()) == (200, "hi")
        assert response.headers["assaymark-unjudged"] == "request=scripted"


def test_a_response_that_could_not_be_judged_is_told_from_what_it_says(
    make: MakeGuard, serve: Serve
) -> None:
    """Of what is blocked; the code for programs is the same."""

    def raising(text: str) -> Any:
        if "odd" in text:
            raise ValueError(text)
        return [(0, 3, "WORD")] if "bad" in text else []

    guard = make(
        "{output: [{detector: scripted, do: block}]}", extra={"scripted": scripted(raising)}
    )
    client = serve(recorder()[0], guard)

    odd, bad = (client.post("/x", headers={"x-answer": f'"{each}"'}) for each in ("odd", "bad"))

    assert error_of(odd) == {
        "message": "the response was blocked by the policy: it could not be judged",
        "type": "policy_violation",
        "param": None,
        "code": "content_filter",
    }
    assert error_of(bad)["message"] == "the response was blocked by the policy"


@pytest.mark.parametrize(
    ("headers", "body", "status", "why"),
    [
        ({"content-type": "application/json"}, b'{"a"', 400, "invalid_json"),
        ({"content-type": "application/json"}, b'{"a": 1, "a": 2}', 400, "invalid_json"),
        ({"content-type": "application/json"}, b"1" * 200, 413, "too_large"),
        ({"content-type": "text/plain"}, b"\xff", 415, "not_inspectable"),
        ({"content-type": "image/png"}, b"a", 415, "content-type"),
    ],
)
def test_of_a_request_that_was_not_judged_nothing_else_is_said(
    make: MakeGuard,
    serve: Serve,
    entries: list[Any],
    headers: dict[str, str],
    body: bytes,
    status: int,
    why: str,
) -> None:
    """Neither to the client nor in the log: it did not pass, and nobody allowed it."""
    client = serve(recorder()[0], make(BOTH), limits=Limits(request=100))

    response = client.post("/x", content=body, headers=headers)

    assert response.status_code == status
    assert "assaymark-request" not in response.headers
    assert response.headers["assaymark-unjudged"] == f"request={why}"
    assert logged(entries)[0]["request"] == {"unjudged": why}


def test_of_a_response_that_was_not_judged_nothing_else_is_said(
    make: MakeGuard, serve: Serve, entries: list[Any]
) -> None:
    """It did not leave, either."""
    client = serve(recorder()[0], make(BOTH))

    response = client.post("/x", headers={"x-answer": '{"a"'})

    assert (response.status_code, error_of(response)["code"]) == (502, "invalid_json")
    assert response.headers["assaymark-request"] == "allow"
    assert "assaymark-response" not in response.headers
    assert response.headers["assaymark-unjudged"] == "response=invalid_json"
    assert logged(entries)[0]["response"] == {"unjudged": "invalid_json"}


def test_no_body_is_nothing_to_judge(make: MakeGuard, serve: Serve) -> None:
    """Neither a request without one, nor a response, whatever type it says."""
    app = FastAPI()

    @app.get("/empty")
    async def empty() -> Response:
        return Response(status_code=200, headers={"content-type": "image/png"})

    @app.get("/none")
    async def none() -> Response:
        return Response(status_code=204)

    client = serve(app, make(BOTH))

    assert [client.get("/empty").status_code, client.get("/none").status_code] == [200, 204]


def test_a_head_request_keeps_its_length(make: MakeGuard, serve: Serve) -> None:
    """There is no body to judge."""
    client = serve(recorder()[0], make(BOTH))

    response = client.head("/x", headers={"x-answer": "[1, 2]"})

    assert (response.status_code, response.headers["content-length"]) == (200, "6")


def test_a_session_restores_what_was_replaced(make: MakeGuard, serve: Serve, tmp_path: Any) -> None:
    """Pseudonyms belong to the session that the scope names; without one nothing passes."""
    section = (
        "{input: [{detector: pii, do: redact, with: pseudonym}],"
        " output: [{detector: pii, do: redact, with: pseudonym}]}"
    )
    guard = make(section, vault=tmp_path / "vault")
    app, seen = recorder()
    named = serve(app, guard, session=lambda scope: Session("acme", scope["path"]))
    nameless = serve(recorder()[0], guard)

    response = named.post("/x", json=f"to {MAIL}")
    refused = nameless.post("/x", json=f"to {MAIL}")

    assert MAIL.encode() not in seen[0][1]
    assert response.json() == f"to {MAIL}"
    assert refused.status_code == 503
    assert error_of(refused)["message"] == "the request could not be judged"


def test_an_application_that_fails(make: MakeGuard, serve: Serve, entries: list[Any]) -> None:
    """Its server answers as without a guard, and the log says so."""
    app = FastAPI()

    @app.get("/x")
    async def fail() -> None:
        raise ZeroDivisionError

    response = serve(app, make(BOTH)).get("/x")

    assert response.status_code == 500
    assert [each["outcome"] for each in logged(entries)] == ["application_failed"]


def run_raw(gate: GuardMiddleware, scope: dict[str, Any], sent: list[Any]) -> None:
    """Serve one connection without a server."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(gate(scope, receive, send))


@pytest.mark.parametrize(("section", "passes"), [(BOTH, False), (LENIENT, True)])
def test_a_websocket_is_nothing_to_judge(make: MakeGuard, section: str, *, passes: bool) -> None:
    """It is closed, or, where the policy lets pass what nothing reads, passes and is logged."""
    sent: list[Any] = []
    entries: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})

    gate = GuardMiddleware(app, make(section), log=entries.append)

    run_raw(gate, {"type": "websocket", "path": "/x"}, sent)

    closed = {"type": "websocket.close", "code": 1008}
    assert sent == [{"type": "websocket.accept"} if passes else closed]
    assert entries[0]["request"] == {"unjudged": "websocket"}
    assert entries[0]["outcome"] == ("passed" if passes else "not_inspectable")


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (
            [{"type": "http.response.pathsend"}],
            "sent `http.response.pathsend`, which nothing judges",
        ),
        ([{"type": "http.response.body"}], "sent a body before it began a response"),
    ],
)
def test_an_application_that_goes_round_the_guard(
    make: MakeGuard, messages: list[Any], expected: str
) -> None:
    """What the guard does not know does not pass."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for each in messages:
            await send(each)

    gate = GuardMiddleware(app, make(BOTH))
    scope = {"type": "http", "path": "/x", "method": "GET", "headers": []}

    with pytest.raises(UsageError) as raised:
        run_raw(gate, scope, [])

    assert raised.value.message == f"the application {expected}"


def test_lifespan_is_the_applications(make: MakeGuard) -> None:
    """Starting and stopping are no content."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    run_raw(GuardMiddleware(app, make(BOTH)), {"type": "lifespan"}, [])

    assert seen == ["lifespan"]


def test_a_field_without_a_name_is_a_mistake() -> None:
    """It is found when the route is written, not when the first request comes."""
    with pytest.raises(UsageError) as raised:
        Route(request="messages,,prompt")

    assert raised.value.message == "a field has no name in `messages,,prompt`"
    assert raised.value.hint == "write, say, `messages, prompt`"


@pytest.mark.parametrize("of", ["request", "response", "events", "arguments", "frame", "drop"])
def test_a_misspelt_field_is_a_mistake(of: str) -> None:
    """It would be taken for a key that no document has, and nothing be judged."""
    with pytest.raises(UsageError) as raised:
        Route(**{of: "messages[*, title"})

    assert raised.value.message == "`messages[*` is no field path: `[*` cannot be read"


def test_a_field_of_another_shape_is_judged(make: MakeGuard, serve: Serve) -> None:
    """A list where the route names a key is not passed by because another field is there."""
    app, seen = recorder()
    client = serve(app, make(BOTH), routes=[Route(request="messages.content, title")])

    response = client.post("/x", json={"messages": [{"content": MAIL}], "title": "x"})

    assert json.loads(seen[0][1]) == {"messages": [{"content": "<EMAIL_ADDRESS>"}], "title": "x"}
    assert response.headers["assaymark-request"] == "redact"


def test_an_application_that_is_cancelled(make: MakeGuard) -> None:
    """The log says so, and the server hears of it."""
    entries: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise asyncio.CancelledError

    gate = GuardMiddleware(app, make(BOTH), log=entries.append)
    scope = {"type": "http", "path": "/x", "method": "GET", "headers": []}

    with pytest.raises(asyncio.CancelledError):
        run_raw(gate, scope, [])

    assert [each["outcome"] for each in entries] == ["cancelled"]
