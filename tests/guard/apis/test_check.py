"""Our own API."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assaymark.guard import Session
from guard.conftest import guard_of

from .conftest import CARD, MAIL, Asked, MakeAsked

PATH = "/v1/check"


def test_a_text_comes_back_as_it_may_pass(asked: Asked) -> None:
    """With what was found, where, and under which policy, and never with the value."""
    status, answer = asked.post(PATH, {"text": f"I am {MAIL}."})

    assert status == 200
    assert answer.pop("detectors") == dict(asked.guard.detectors)
    assert answer.pop("recalled") in (0, 1, 2, 3)
    assert answer == {
        "verdict": "redact",
        "phase": "input",
        "findings": [
            {
                "message": 0,
                "field": "/content",
                "start": 5,
                "end": 21,
                "entity": "EMAIL_ADDRESS",
                "score": 1.0,
                "detector": "pii-patterns",
                "view": "",
                "action": "redact",
            }
        ],
        "unjudged": [],
        "policy": asked.guard.policy,
        "text": "I am <EMAIL_ADDRESS>.",
    }


def test_messages_come_back_as_messages(asked: Asked) -> None:
    """Tool calls of an answer are judged, too."""
    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "f", "arguments": f'{{"a":"{MAIL}"}}'},
    }
    message = {"role": "assistant", "content": None, "tool_calls": [call]}

    status, answer = asked.post(PATH, {"messages": [message], "phase": "output"})

    assert status == 200
    arguments = answer["messages"][0]["tool_calls"][0]["function"]["arguments"]
    assert (answer["verdict"], arguments) == ("redact", '{"a":"<EMAIL_ADDRESS>"}')


def test_a_document_is_judged_in_the_fields_that_are_named(asked: Asked) -> None:
    """Others are left alone; without fields all of it is judged."""
    document = {"a": MAIL, "b": [MAIL]}

    _, some = asked.post(PATH, {"document": document, "fields": "b[*]"})
    _, all_of_it = asked.post(PATH, {"document": document})

    assert some["document"] == {"a": MAIL, "b": ["<EMAIL_ADDRESS>"]}
    assert all_of_it["document"] == {"a": "<EMAIL_ADDRESS>", "b": ["<EMAIL_ADDRESS>"]}


@pytest.mark.parametrize(
    "body",
    [{"text": CARD}, {"messages": [{"role": "user", "content": CARD}]}, {"document": [CARD]}],
)
def test_nothing_of_what_is_blocked_comes_back(asked: Asked, body: dict[str, object]) -> None:
    """Whoever does not look at the verdict finds nothing to pass on."""
    (name,) = body
    reply = asked.reply("POST", PATH, json.dumps(body).encode())
    _, answer = asked.post(PATH, body)

    assert (reply.status, answer["verdict"], answer[name]) == (200, "block", None)
    assert b"4111" not in reply.body
    assert [each.verdict.name for each in reply.checked] == ["BLOCK"]


def test_pseudonyms_belong_to_a_session_of_the_tenant_that_the_server_names(tmp_path: Path) -> None:
    """The body says which conversation it is, never whose."""
    rules = "[{detector: pii, do: redact, with: pseudonym, entities: [EMAIL_ADDRESS]}]"
    guard = guard_of(f"{{input: {rules}, output: {rules}}}", vault=tmp_path / "vault")
    asked = Asked(guard)
    mine, theirs = Session("acme"), Session("other")
    _, answer = asked.post(PATH, {"text": f"I am {MAIL}.", "session": "1"}, session=mine)
    alias = answer["text"]

    _, back = asked.post(PATH, {"text": alias, "session": "1", "phase": "output"}, session=mine)
    _, no = asked.post(PATH, {"text": alias, "session": "1", "phase": "output"}, session=theirs)
    status, error = asked.post(PATH, {"text": "x"})
    guard.close()

    assert (MAIL in alias, MAIL in back["text"], MAIL in no["text"]) == (False, True, False)
    assert status == 400
    assert error["error"]["message"] == "a rule says `with: pseudonym`, which needs a session"


def test_a_vault_that_cannot_be_used_lets_nothing_pass(tmp_path: Path) -> None:
    """Its own words are for whoever runs the server."""
    rules = "[{detector: pii, do: redact, with: pseudonym, entities: [EMAIL_ADDRESS]}]"
    (tmp_path / "vault").mkdir()
    guard = guard_of(f"{{input: {rules}}}", vault=tmp_path / "vault")

    status, answer = Asked(guard).post(PATH, {"text": MAIL, "session": "1"})
    guard.close()

    assert status == 503
    assert answer == {
        "error": {
            "message": "the guard cannot judge now",
            "type": "server_error",
            "param": None,
            "code": "guard_unavailable",
        }
    }


PHASES = "`input`, `output`, `tool_calls`, `tool_results`"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "give one of `messages`, `text` and `document`"),
        ({"text": "a", "document": 1}, "give one of `messages`, `text` and `document`"),
        ({"text": "a", "fields": "b"}, "`fields` belongs to `document`"),
        ({"text": 1}, "`text` is not as expected: string type"),
        (
            {"text": "a", "phase": "both"},
            f"`phase` is not as expected: expected one of {PHASES}",
        ),
        ({"text": "a", MAIL: 1}, "the request has a field that is not known"),
        ({"messages": [1]}, "`messages.0` is not as expected: dict type"),
        ({"document": {}, "fields": ","}, "a field name is empty"),
        ({"document": {}, "fields": f"{MAIL}["}, "`fields` has something that is no field path"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    asked: Asked, body: dict[str, object], message: str
) -> None:
    """In the form of OpenAI's errors, without what the client wrote."""
    status, answer = asked.post(PATH, body)

    assert status == 400
    assert answer["error"]["message"] == message


def test_what_was_not_judged_is_told(ask: MakeAsked) -> None:
    """Also where the policy lets it pass."""
    asked = ask("{uninspected: allow, input: [{detector: secrets, do: redact}]}")
    image = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}

    _, answer = asked.post(PATH, {"messages": [{"role": "user", "content": [image]}]})

    assert answer["verdict"] == "allow"
    assert [(each["field"], each["passed"]) for each in answer["unjudged"]] == [
        ("/content/0", True)
    ]
