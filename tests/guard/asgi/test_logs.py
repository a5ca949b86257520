"""Logs and answers hold places and names, and no word of what passed."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from assaymark.guard.asgi import GuardMiddleware, Route
from guard.asgi.test_middleware import recorder, run_raw
from guard.conftest import MakeGuard, scripted

from .conftest import Serve, logged

CANARY = "canary-7f3a@example.com"
BOTH = "{input: [{detector: pii, do: redact}], output: [{detector: pii, do: redact}]}"
BLOCKS = "{input: [{detector: pii, do: block}]}"


def test_an_entry_says_what_was_found_where(
    make: MakeGuard, serve: Serve, entries: list[Any]
) -> None:
    """The whole entry, but for the time that it took."""
    guard = make(BOTH, detectors="detectors: {pii: {entities: [EMAIL_ADDRESS]}}\n")
    routes = [Route(path="/chat*", request="messages", response="reply")]
    client = serve(recorder()[0], guard, routes=routes)

    client.post(
        "/chat/now",
        json={"messages": [{"role": "user", "content": f"to {CANARY}"}]},
        headers={"x-answer": '{"reply": "ok"}'},
    )

    (entry,) = logged(entries)
    assert entry.pop("seconds") > 0
    assert entry == {
        "route": "/chat*",
        "method": "POST",
        "status": 200,
        "outcome": "passed",
        "cause": "",
        "policy": guard.policy,
        "detectors": dict(guard.detectors),
        "request": {
            "verdict": "redact",
            "findings": [
                {
                    "message": 0,
                    "field": "/messages/0/content",
                    "start": 3,
                    "end": 26,
                    "entity": "EMAIL_ADDRESS",
                    "score": 1.0,
                    "detector": "pii",
                    "view": "",
                    "action": "redact",
                }
            ],
            "unjudged": [],
        },
        "response": {"verdict": "allow", "findings": [], "unjudged": []},
    }


@pytest.mark.parametrize("section", [BOTH, BLOCKS])
@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": CANARY}]},
        {"messages": [{"role": "user", "content": "a", CANARY: "b"}]},
        {"messages": [{"role": "user", "content": [{"type": "image", CANARY: CANARY}]}]},
        {CANARY: {"4111111111111111": [CANARY]}},
        f"{CANARY} as a text",
        f'{{"a": 1, "a": "{CANARY}"}}',
    ],
)
@pytest.mark.parametrize("path", ["/chat", "/other"])
def test_no_canary_sings(
    make: MakeGuard,
    serve: Serve,
    entries: list[Any],
    caplog: pytest.LogCaptureFixture,
    section: str,
    body: Any,
    path: str,
) -> None:
    """Content in values, in keys, in the path and in what is no JSON; of no logger, and in no answer."""
    caplog.set_level(logging.DEBUG, logger="assaymark")
    app, _ = recorder()
    client = serve(app, make(section), routes=[Route(path="/chat*", request="messages")])
    content = body if isinstance(body, str) else json.dumps(body)

    response = client.post(
        f"{path}/{CANARY}?q={CANARY}",
        content=content,
        headers={"content-type": "application/json", "x-answer": "{}"},
    )

    told = json.dumps(logged(entries)) + response.text + str(response.headers)
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("assaymark")]
    assert len(entries) == 1
    assert "canary" not in told + "".join(ours)
    # Not fewer digits: a time in nanoseconds has those at times.
    assert "4111 1111" not in told
    assert "41111111" not in told


def test_a_failing_detector_does_not_sing(
    make: MakeGuard, serve: Serve, entries: list[Any]
) -> None:
    """Its error may quote the text."""

    def raising(text: str) -> Any:
        raise ValueError(text)

    section = "{input: [{detector: scripted, do: block}]}"
    client = serve(recorder()[0], make(section, extra={"scripted": scripted(raising)}))

    response = client.post("/x", json=CANARY)

    assert "canary" not in json.dumps(logged(entries)) + response.text


def test_by_default_a_logger_gets_json(make: MakeGuard, caplog: pytest.LogCaptureFixture) -> None:
    """One line for each exchange."""
    caplog.set_level(logging.INFO, logger="assaymark.guard")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    scope = {"type": "http", "path": "/x", "method": "BREW", "headers": []}
    run_raw(GuardMiddleware(app, make(BOTH)), scope, [])

    (record,) = caplog.records
    entry = json.loads(record.getMessage())
    assert (entry["method"], entry["status"], entry["outcome"]) == ("other", 204, "passed")
