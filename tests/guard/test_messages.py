"""Every field of chat messages is judged, or named: nothing in them passes unseen."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.guard import AnswerMemory, Guard, Phase, Verdict

from .conftest import guard_of

MAIL = "john@example.com"
RULES = "[{detector: pii-patterns, do: redact}]"
REDACTS = f"{{input: {RULES}, output: {RULES}}}"
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}

ODD: dict[str, dict[str, Any]] = {
    "unknown key": {"content": "x", "surprise": {"deep": [MAIL]}},
    "key itself": {"content": "x", MAIL: None},
    "role": {"role": f"user {MAIL}", "content": "x"},
    "id": {"content": "x", "id": MAIL},
    "tool call id": {"role": "tool", "content": "x", "tool_call_id": MAIL},
    "cache control": {"content": "x", "cache_control": {"type": "ephemeral", "for": MAIL}},
    "content that is a number": {"content": {"n": MAIL}},
    "key of a part": {"content": [{"type": "text", "text": "x", "annotations": [MAIL]}]},
    "structure of a part": {"content": [{"type": "text", "text": "x", "id": MAIL}]},
    "part without a text": {"content": [{"type": "text", "title": MAIL}]},
    "name of a function": {"tool_calls": [{"function": {"name": MAIL, "arguments": "{}"}}]},
    "name of a tool": {"tool_calls": [{"custom": {"name": MAIL, "input": "x"}}]},
    "old function": {"function_call": {"name": MAIL, "arguments": "{}"}},
    "key of a function": {"tool_calls": [{"function": {"arguments": "{}", "note": MAIL}}]},
    "key of a call": {"tool_calls": [{**CALL, "extra_content": {"google": MAIL}}]},
    "id of a call": {"tool_calls": [{**CALL, "id": MAIL}]},
    "arguments that are no text": {"tool_calls": [{"function": {"arguments": {"to": MAIL}}}]},
    "parsed arguments": {"tool_calls": [{"function": {"parsed_arguments": {"to": MAIL}}}]},
    "call that is none": {"tool_calls": [MAIL]},
    "calls that are none": {"tool_calls": {"to": MAIL}},
    "function call that is none": {"function_call": MAIL},
}


RULE = "[{detector: pii-patterns, do: block}]"
BLOCKS = f"{{input: {RULE}, tool_results: {RULE}}}"


@cache
def guard(section: str) -> Guard:
    """Return the guard of a section; nothing is remembered."""
    return guard_of(section, memory=AnswerMemory(0))


def message(fields: dict[str, Any]) -> dict[str, Any]:
    """A message of a user, unless the fields say otherwise."""
    return {"role": "user", **fields}


@pytest.mark.parametrize("phase", [Phase.INPUT, Phase.OUTPUT])
@pytest.mark.parametrize("name", ODD)
def test_whatever_stands_anywhere_is_judged(name: str, phase: Phase) -> None:
    """A value is redacted under every key, in every key, and in what calls itself structure."""
    given = message(ODD[name])
    before = json.dumps(given)

    checked = guard(REDACTS).check([given], phase)

    assert checked.verdict is Verdict.REDACT
    assert MAIL not in json.dumps(checked.messages)
    assert "<EMAIL_ADDRESS>" in json.dumps(checked.messages)
    assert not checked.unjudged
    assert json.dumps(given) == before


@pytest.mark.parametrize("name", ODD)
def test_a_blocked_field_of_an_old_turn_is_withheld(name: str) -> None:
    """Also where it is a key: nothing of it is left, and the conversation goes on."""
    turns = [message(ODD[name]), {"role": "assistant", "content": "no"}, message({"content": "x"})]

    fresh, later = guard(BLOCKS).check(turns[:1]), guard(BLOCKS).check(turns)

    assert fresh.verdict is Verdict.BLOCK
    assert MAIL not in json.dumps(fresh.messages)
    assert later.verdict is Verdict.REDACT
    assert MAIL not in json.dumps(later.messages)
    assert later.messages[1:] == tuple(turns[1:])


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"content": "x", "audio": {"data": "AAAA"}}, {"content": "x"}),
        ({"content": "x", "images": ["AAAA"]}, {"content": "x"}),
        (
            {"tool_calls": [{"function": {"name": MAIL, "arguments": f'{{"to": "{MAIL}"}}'}}]},
            {"tool_calls": [{"function": {"name": "withheld", "arguments": "{}"}}]},
        ),
        (
            {"content": [{"type": "text", "text": MAIL}, {"type": "file", "file": {"x": 1}}]},
            {"content": [{"type": "text", "text": "<WITHHELD>"}] * 2},
        ),
        ({"content": "x", "name": MAIL}, {"content": "x", "name": "withheld"}),
        ({"function_call": {"arguments": {"to": MAIL}}}, {"function_call": {"arguments": {}}}),
    ],
)
def test_what_is_withheld_can_still_be_read(fields: dict[str, Any], left: dict[str, Any]) -> None:
    """In its place stands something that an API takes, so that an old turn does not end the chat."""
    checked = guard(BLOCKS).check([message(fields), {"role": "assistant", "content": "no"}])

    assert checked.messages[0] == message(left)


def test_structure_is_left_alone() -> None:
    """What clients write without saying anything costs nothing and changes nothing."""
    whole = {
        "role": "assistant",
        "content": "x",
        "id": "msg_1",
        "refusal": None,
        "annotations": [],
        "audio": None,
        "function_call": None,
        "tool_calls": [{**CALL, "index": 0}],
    }

    checked = guard(REDACTS).check([whole], Phase.OUTPUT)

    assert checked.messages == (whole,)
    assert checked.messages[0] is whole
    assert (checked.verdict, checked.unjudged) == (Verdict.ALLOW, ())


def test_reasons_and_logs_quote_no_key() -> None:
    """What a client calls a field may be a value; where it stands is told to the caller alone."""
    secret = "Zoë-4111-1111"
    lenient = guard(f"{{uninspected: allow, input: {RULES}}}")

    checked = lenient.check([message({"content": "x", secret: object()})])

    (lapse,) = checked.unjudged
    assert lapse.field == f"/{secret}"
    assert lapse.reason == "nothing reads it"
    assert secret not in json.dumps(checked.to_plain(), ensure_ascii=False)
    assert checked.to_plain()["unjudged"][0]["field"] == "/*"


def test_what_is_no_json_hides_nothing_beside_it() -> None:
    """Its neighbours are judged, and it alone is named."""
    lenient = guard(f"{{uninspected: allow, input: {RULES}}}")
    odd = object()

    checked = lenient.check([message({"content": "x", "note": MAIL, "odd": odd})])

    assert checked.messages == (message({"content": "x", "note": "<EMAIL_ADDRESS>", "odd": odd}),)
    assert [each.field for each in checked.unjudged] == ["/odd"]


def test_keys_stay_where_they_can() -> None:
    """Only what was found is replaced in a value of JSON; its neighbours and their order stay."""
    given = message({"content": "x", "notes": [1, True, None, MAIL, {"a/b~c": MAIL}], "n": 2.5})

    checked = guard(REDACTS).check([given])

    left = dict(checked.messages[0])
    assert left == {
        "role": "user",
        "content": "x",
        "notes": [1, True, None, "<EMAIL_ADDRESS>", {"a/b~c": "<EMAIL_ADDRESS>"}],
        "n": 2.5,
    }
    assert {each.field for each in checked.findings} == {"#/notes/3", "#/notes/4/a~1b~0c"}


def test_what_is_nested_beyond_reading_is_named() -> None:
    """It is no reason to fall over."""
    deep: Any = MAIL
    for _ in range(100_000):
        deep = [deep]

    checked = guard(REDACTS).check([message({"content": "x", "cache_control": deep})])

    assert checked.verdict is Verdict.BLOCK
    assert [each.reason for each in checked.unjudged] == ["nothing reads it"]


_KEYS = st.sampled_from(
    ["role", "content", "name", "id", "tool_calls", "function_call", "function", "arguments", "text",
     "type", "audio", "custom", "input", "surprise", "refusal", "0", "", "~/", MAIL]
)  # fmt: skip
_VALUES = st.recursive(
    st.sampled_from([None, True, 0, 10**12, "", "x", "text", f"ask {MAIL}", f'{{"to": "{MAIL}"}}']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(fields=st.dictionaries(_KEYS, _VALUES, max_size=5), is_old=st.booleans())
def test_no_message_gets_a_value_through(fields: dict[str, Any], *, is_old: bool) -> None:
    """Whatever shape a message has, a value is not in what passes."""
    given = [fields, *([{"role": "assistant", "content": "ok"}] if is_old else [])]

    checked = guard(f"{{invalid_json: text, input: {RULES}}}").check(given)

    assert checked.verdict is Verdict.BLOCK or MAIL not in json.dumps(checked.messages)
