"""Answers of chat completions whose content is a list of parts, as some servers send it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import BLOCKS, MAIL, REDACTS
from .fields import USER
from .test_unread import CHAT, TEXT, answered, asked, deltas, whole
from .upstream import chat

PARTS: list[Any] = [
    {
        "type": "thinking",
        "thinking": [{"type": "text", "text": TEXT, "note": TEXT}],
        "signature": "c2ln",
    },
    {"type": "thinking", "thinking": TEXT},
    {"type": "text", "text": TEXT, "annotations": [TEXT], "index": 1},
    TEXT,
    {"type": "refusal", "refusal": "no"},
]


def test_each_text_is_judged_in_place() -> None:
    """Also in parts of parts, with what stands beside it; by default, as nothing in it is unread."""
    document = chat({"role": "assistant", "content": PARTS})

    got, named = answered(CHAT, whole(document), REDACTS)

    assert (got.status, named) == (200, [])
    assert got.json == json.loads(json.dumps(document).replace(MAIL, "<EMAIL_ADDRESS>"))


def test_they_are_judged_when_they_are_sent_back() -> None:
    """In requests, too, and nothing of them is withheld."""
    document = {"model": "m", "messages": [{"role": "assistant", "content": PARTS}, *USER]}

    got, sent, named = asked(CHAT, document, REDACTS)

    assert (got.status, named) == (200, [])
    assert sent == json.loads(json.dumps(document).replace(MAIL, "<EMAIL_ADDRESS>"))


def test_a_blocked_text_ends_the_choice() -> None:
    """Wherever it stands, nothing behind it leaves."""
    parts = [
        {"type": "text", "text": "Hello"},
        {"type": "thinking", "thinking": [{"type": "text", "text": f"he is {MAIL}"}, "so"]},
        {"type": "text", "text": "and more"},
    ]

    got, _ = answered(CHAT, whole(chat({"role": "assistant", "content": parts})), BLOCKS)

    (choice,) = got.json["choices"]
    assert choice["message"]["content"] == [
        parts[0],
        {"type": "thinking", "thinking": [{"type": "text", "text": "he is "}]},
    ]
    assert choice["finish_reason"] == "content_filter"
    assert choice["message"]["refusal"]


def test_pieces_of_one_kind_are_one_text() -> None:
    """In parts and as plain text; what is held leaves in the form in which it came last."""
    script = deltas(
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "by jo"}]}]},
        {"content": "ask jo"},
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "hn@example.com"}]}
            ]
        },
        {"content": [{"type": "text", "text": "hn@exam"}]},
        {"content": [{"type": "text", "text": "ple.com"}]},
    )

    got, _ = answered(CHAT, script, REDACTS)

    said: dict[str, str] = {"text": "", "thinking": ""}
    for each in got.events[:-1]:
        content = each["choices"][0]["delta"].get("content", "")
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            value = part[part["type"]]
            said[part["type"]] += value if isinstance(value, str) else value[0]["text"]
    assert said == {"text": "ask <EMAIL_ADDRESS>", "thinking": "by <EMAIL_ADDRESS>"}


def test_a_part_with_an_index_has_a_text_of_its_own() -> None:
    """What is held of it leaves under its index."""
    script = deltas(
        {"content": [{"type": "text", "index": 0, "text": "ask jo"}]},
        {"content": [{"type": "text", "index": 1, "text": "by jane"}]},
        {"content": [{"type": "text", "index": 0, "text": "hn@example.com"}]},
    )

    got, _ = answered(CHAT, script, REDACTS)

    said = {0: "", 1: ""}
    for each in got.events[:-1]:
        for part in each["choices"][0]["delta"].get("content", []):
            said[part["index"]] += part["text"]
    assert said == {0: "ask <EMAIL_ADDRESS>", 1: "by jane"}


@pytest.mark.parametrize("index", [MAIL, 4111111111111111, [MAIL], {"text": MAIL}])
def test_what_is_called_an_index_is_one_or_is_judged(index: object) -> None:
    """A value does not leave beside a text because its key says that it is a number."""
    part = {"type": "text", "text": "hello", "index": index}
    nested = {"type": "thinking", "thinking": [part]}

    for each in (part, nested):
        got, _ = answered(CHAT, deltas({"content": [each]}), REDACTS)

        assert MAIL.encode() not in got.body
        assert b"4111" not in got.body


def test_a_part_that_nobody_knows_ends_the_stream() -> None:
    """As what nothing reads does."""
    got, _ = answered(CHAT, deltas({"content": [{"type": "new", "text": TEXT}]}), REDACTS)

    assert got.json["error"]["code"] == "not_inspectable"
    assert MAIL.encode() not in got.body
