"""JSON documents: what is judged in them, and where it is put back."""

from __future__ import annotations

from typing import Any

import pytest

from assaymark.guard import Phase, Verdict
from assaymark.guard.documents import pointer
from assaymark.inputs.paths import parse_fields

from .conftest import MakeGuard

MAIL, HID = "john@example.com", "<EMAIL_ADDRESS>"
ONLY_MAIL = "detectors: {pii: {entities: [EMAIL_ADDRESS]}}\n"
REDACTS = "{input: [{detector: pii, do: redact}], output: [{detector: pii, do: block}]}"


@pytest.mark.parametrize(
    ("fields", "document", "expected"),
    [
        ("a", {"a": MAIL, "b": MAIL}, {"a": "<EMAIL_ADDRESS>", "b": MAIL}),
        ("a[*].b", {"a": [{"b": MAIL}, {}]}, {"a": [{"b": "<EMAIL_ADDRESS>"}, {}]}),
        ("a[1]", {"a": [MAIL, MAIL]}, {"a": [MAIL, "<EMAIL_ADDRESS>"]}),
        ("a.b", {"a.b": MAIL, "a": [MAIL], "c": MAIL}, {"a.b": HID, "a": [HID], "c": MAIL}),
        (
            "a.b",
            {"a.b": "x", "a": {"b": MAIL, "c": MAIL}},
            {"a.b": "x", "a": {"b": HID, "c": MAIL}},
        ),
        (
            "a.b, t",
            {"a": [{"b": MAIL}], "t": "x", "c": MAIL},
            {"a": [{"b": HID}], "t": "x", "c": MAIL},
        ),
        ("a.b, t", {"a": MAIL, "t": "x"}, {"a": HID, "t": "x"}),
        ("a[*].b, t", {"a": {"b": MAIL}, "t": "x"}, {"a": {"b": HID}, "t": "x"}),
        ("a[*].b", {"a": [{"b": "x"}, MAIL, {"c": MAIL}]}, {"a": [{"b": "x"}, HID, {"c": MAIL}]}),
        ("a[0], t", {"a": {"0": MAIL}, "t": "x"}, {"a": {"0": HID}, "t": "x"}),
        ("a[1].b, t", {"a": [MAIL], "t": "x", "c": MAIL}, {"a": [MAIL], "t": "x", "c": MAIL}),
        ("a.b, t", {"a": None, "t": "x", "c": MAIL}, {"a": None, "t": "x", "c": MAIL}),
        (["a", "b"], {"a": MAIL, "b": MAIL, "c": MAIL}, {"a": HID, "b": HID, "c": MAIL}),
        (parse_fields("a"), {"a": MAIL, "c": MAIL}, {"a": HID, "c": MAIL}),
        ("a", {"a": {MAIL: [MAIL]}}, {"a": {"<EMAIL_ADDRESS>": ["<EMAIL_ADDRESS>"]}}),
        ("a, a.b", {"a": {"b": MAIL}}, {"a": {"b": "<EMAIL_ADDRESS>"}}),
        ("$", MAIL, "<EMAIL_ADDRESS>"),
        (None, [MAIL], ["<EMAIL_ADDRESS>"]),
        ("nowhere", {"a": MAIL}, {"a": "<EMAIL_ADDRESS>"}),
        ("a", {"a": None, "b": MAIL}, {"a": None, "b": MAIL}),
    ],
)
def test_chosen_fields_are_judged(
    make: MakeGuard, fields: Any, document: Any, expected: Any
) -> None:
    """They alone, and what has another shape there, with the rest as it was; all where they lead nowhere."""
    before = repr(document)

    checked = make(REDACTS).check_json(document, fields)

    assert checked.messages == (expected,)
    assert repr(document) == before


def test_a_document_that_does_not_change_is_the_same_object(make: MakeGuard) -> None:
    """So that whoever has its bytes may send these."""
    document = {"a": ["b", 1.0, None, False, ""]}

    checked = make(REDACTS).check_json(document)

    assert checked.messages[0] is document


def test_chat_messages_are_judged_as_such(make: MakeGuard) -> None:
    """An earlier turn is withheld and does not block; tools have their rules; places are the document's."""
    section = "{input: [{detector: pii, do: block}], tool_results: [{detector: pii, do: redact}]}"
    messages = [
        {"role": "user", "content": MAIL},
        {"role": "assistant", "content": "ok"},
        {"role": "tool", "content": MAIL},
    ]

    checked = make(section, detectors=ONLY_MAIL).check_json(
        {"x": {"messages": messages}}, parse_fields("x.messages")
    )

    assert checked.verdict is Verdict.REDACT
    passed: Any = checked.messages[0]
    assert [each["content"] for each in passed["x"]["messages"]] == [
        "<WITHHELD>",
        "ok",
        "<EMAIL_ADDRESS>",
    ]
    assert {(each.message, each.field) for each in checked.findings} == {
        (0, "/x/messages/0/content"),
        (0, "/x/messages/2/content"),
    }


def test_one_message_is_judged_as_such(make: MakeGuard) -> None:
    """As an answer has it; places within JSON stand behind `#`."""
    section = "{output: [{detector: pii, do: redact}]}"
    call = {"function": {"name": "send", "arguments": f'{{"to": "{MAIL}"}}'}}
    document = {"message": {"role": "assistant", "content": None, "tool_calls": [call]}}

    checked = make(section, detectors=ONLY_MAIL).check_json(
        document, parse_fields("message"), Phase.OUTPUT
    )

    assert [each.field for each in checked.findings] == [
        "/message/tool_calls/0/function/arguments#/to"
    ]


def test_nothing_is_returned_of_what_is_blocked(make: MakeGuard) -> None:
    """A document does not pass in part."""
    checked = make(REDACTS, detectors=ONLY_MAIL).check_json({"a": "b", "c": MAIL}, (), Phase.OUTPUT)

    assert (checked.verdict, checked.messages) == (Verdict.BLOCK, ())
    assert [each.field for each in checked.findings] == ["#/c"]


def test_a_pointer_escapes() -> None:
    """As RFC 6901 says."""
    assert pointer(("a/b", 0, "~")) == "/a~1b/0/~0"
