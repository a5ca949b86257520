"""LiteLLM's generic guardrail API, by bodies as its hook sends them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assaymark.guard import Session
from assaymark.guard.apis.litellm import _session
from guard.conftest import guard_of

from .conftest import CARD, MAIL, Asked, MakeAsked

PATH = "/beta/litellm_basic_guardrail_api"
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": f'{{"a": "{MAIL}"}}'}}
TOOL = {"type": "function", "function": {"name": "f", "description": "looks something up"}}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}


def body(**fields: Any) -> dict[str, Any]:
    """A request with the keys that are always there."""
    return {
        "input_type": "request",
        "litellm_call_id": "call",
        "litellm_trace_id": None,
        "texts": None,
        "images": None,
        "tools": None,
        "tool_calls": None,
        "structured_messages": None,
        "model": "gpt-4o",
        "request_data": {"user_api_key_hash": "88dc"},
        "request_headers": {"authorization": "[present]"},
        "litellm_version": "1.106.2",
        "additional_provider_specific_params": {},
        **fields,
    }


def answered(asked: Asked, **fields: Any) -> dict[str, Any]:
    """The answer, without what the policy says besides."""
    status, answer = asked.post(PATH, body(**fields))
    assert status == 200
    answer.pop("assaymark")
    return dict(answer)


def test_what_the_policy_does_not_mind_passes(asked: Asked) -> None:
    """Texts come back as they are."""
    messages = [{"role": "user", "content": "hello"}]

    assert answered(asked, texts=["hello"], structured_messages=messages) == {
        "action": "NONE",
        "texts": ["hello"],
    }


def test_what_is_redacted_comes_back_in_its_place(asked: Asked) -> None:
    """In as many texts, in their order, and in the messages."""
    messages = [
        {"role": "system", "content": "be brief"},
        {
            "role": "user",
            "content": [{"type": "text", "text": MAIL}, {"type": "text", "text": "b"}],
        },
        {"role": "tool", "content": MAIL, "tool_call_id": "1"},
    ]

    assert answered(asked, texts=["be brief", MAIL, "b", MAIL], structured_messages=messages) == {
        "action": "GUARDRAIL_INTERVENED",
        "texts": ["be brief", "<EMAIL_ADDRESS>", "b", "<EMAIL_ADDRESS>"],
        "structured_messages": [
            messages[0],
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "<EMAIL_ADDRESS>"},
                    {"type": "text", "text": "b"},
                ],
            },
            {"role": "tool", "content": "<EMAIL_ADDRESS>", "tool_call_id": "1"},
        ],
    }


def test_what_is_blocked_is_not_sent_back(asked: Asked) -> None:
    """The reason names what was found and not the value."""
    reply = asked.post(PATH, body(texts=[f"pay {CARD}"]))

    assert reply[1]["action"] == "BLOCKED"
    assert reply[1]["blocked_reason"] == "the policy blocks a text: CREDIT_CARD"
    assert "4111" not in str(reply)
    assert "texts" not in reply[1]


def test_an_old_turn_does_not_block_the_conversation(asked: Asked) -> None:
    """It was judged in its turn; what is withheld from it is withheld from the model."""
    messages = [
        {"role": "user", "content": f"pay {CARD}"},
        {"role": "assistant", "content": "no"},
        {"role": "user", "content": "why"},
    ]

    answer = answered(asked, texts=[f"pay {CARD}", "no", "why"], structured_messages=messages)

    assert answer["action"] == "GUARDRAIL_INTERVENED"
    assert answer["texts"] == ["<WITHHELD>", "no", "why"]


def test_texts_that_are_not_those_of_the_messages_are_judged_themselves(asked: Asked) -> None:
    """LiteLLM may leave some out; what it sends is what comes back."""
    messages = [{"role": "user", "content": f"I am {MAIL}"}]

    answer = answered(asked, texts=[f"{MAIL} again"], structured_messages=messages)

    assert answer["texts"] == ["<EMAIL_ADDRESS> again"]
    assert answer["structured_messages"] == [{"role": "user", "content": "I am <EMAIL_ADDRESS>"}]


def test_earlier_calls_of_tools_are_changed_in_the_messages(asked: Asked) -> None:
    """Which LiteLLM writes back as a whole."""
    messages = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
    ]

    answer = answered(asked, texts=["hi"], tool_calls=[CALL], structured_messages=messages)

    call = answer["structured_messages"][1]["tool_calls"][0]
    assert call["function"]["arguments"] == '{"a": "<EMAIL_ADDRESS>"}'


@pytest.mark.parametrize("version", [None, "1.80.3", "1.105.9-stable", "odd"])
def test_a_version_that_changes_only_texts_gets_no_more(asked: Asked, version: str | None) -> None:
    """What it would pass on as it was is blocked; texts are changed all the same."""
    call = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    text = [{"role": "user", "content": MAIL}]

    blocked = answered(asked, texts=[], structured_messages=[call], litellm_version=version)
    changed = answered(asked, texts=[MAIL], structured_messages=text, litellm_version=version)

    assert blocked == {
        "action": "BLOCKED",
        "blocked_reason": (
            "the policy changes more than texts, which this version of LiteLLM does not"
        ),
    }
    assert changed["texts"] == ["<EMAIL_ADDRESS>"]


def test_calls_of_tools_that_cannot_be_changed_are_blocked(asked: Asked) -> None:
    """LiteLLM does not apply other arguments to an answer."""
    changed = answered(asked, input_type="response", texts=["x"], tool_calls=[CALL])
    harmless = {**CALL, "function": {"name": "f", "arguments": "{}"}}
    fine = answered(asked, input_type="response", texts=["x"], tool_calls=[harmless])

    assert changed == {
        "action": "BLOCKED",
        "blocked_reason": "the policy changes the arguments of a tool, which this API does not",
    }
    assert fine["action"] == "NONE"


def test_definitions_of_tools_are_judged_and_changed(asked: Asked) -> None:
    """They go to the model like everything else."""
    tool = {"type": "function", "function": {"name": "f", "description": f"ask {MAIL}"}}
    blocked = {"type": "function", "function": {"name": "f", "description": CARD}}

    passed = answered(asked, texts=["x"], tools=[TOOL])
    changed = answered(asked, texts=["x"], tools=[tool])
    refused = answered(asked, texts=["x"], tools=[blocked])

    assert (passed["action"], passed["tools"]) == ("NONE", [TOOL])
    assert changed["action"] == "GUARDRAIL_INTERVENED"
    assert changed["tools"][0]["function"]["description"] == "ask <EMAIL_ADDRESS>"
    assert refused["blocked_reason"] == "the policy blocks the definition of a tool: CREDIT_CARD"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"images": ["data:image/png;base64,AA=="]}, "nothing reads images"),
        ({"audio": ["AA=="]}, "nothing reads other fields"),
        (
            {"structured_messages": [{"role": "user", "content": [IMAGE]}]},
            "the policy blocks the messages: nothing reads it",
        ),
    ],
)
def test_what_nothing_reads_is_blocked_or_named(
    asked: Asked, ask: MakeAsked, fields: dict[str, Any], reason: str
) -> None:
    """As the policy says."""
    lenient = ask("{uninspected: allow, input: [{detector: secrets, do: redact}]}")

    closed = answered(asked, texts=[], **fields)
    _, opened = lenient.post(PATH, body(texts=[], **fields))

    assert closed == {"action": "BLOCKED", "blocked_reason": reason}
    assert opened["action"] == "NONE"
    assert [each["passed"] for said in opened["assaymark"] for each in said["unjudged"]] == [True]


TEXT = f"Write to {MAIL}, she knows. Or call me at once, will you? {MAIL}"


@pytest.mark.parametrize("end", range(1, len(TEXT) + 1))
def test_what_is_not_held_back_stays_as_it_is(asked: Asked, end: int) -> None:
    """The streaming law, for the way in which LiteLLM streams: however much of the answer is there."""
    whole = answered(asked, input_type="response", texts=[TEXT])
    answer = answered(asked, input_type="response", texts=[TEXT[:end]])
    (text,), (held,) = answer["texts"], answer["stream_holdback_chars"]

    assert whole["texts"][0].startswith(text[: len(text) - held])
    assert held <= 40


def test_pseudonyms_come_back_in_the_same_conversation_only(tmp_path: Path) -> None:
    """It is told by the trace, or the call, and by the key of LiteLLM's client."""
    rules = "[{detector: pii, do: redact, with: pseudonym, entities: [EMAIL_ADDRESS]}]"
    guard = guard_of(f"{{input: {rules}, output: {rules}}}", vault=tmp_path / "vault")
    asked = Asked(guard)
    alias = answered(asked, texts=[MAIL])["texts"]

    back = answered(asked, input_type="response", texts=alias)
    other_key = {"request_data": {"user_api_key_hash": "99"}}
    others = answered(asked, input_type="response", texts=alias, **other_key)
    elsewhere = answered(asked, input_type="response", texts=alias, litellm_trace_id="t")
    guard.close()

    assert alias != [MAIL]
    assert back["texts"] == [MAIL]
    assert MAIL not in (others["texts"][0], elsewhere["texts"][0])


def test_without_a_conversation_it_is_the_servers() -> None:
    """Whoever serves the API may know one."""
    from assaymark.guard.apis import Call
    from assaymark.guard.apis.litellm import LiteLlmRequest

    request = LiteLlmRequest(input_type="request")

    assert _session(request, Call(session=Session("acme", "1"))) == Session("acme", "1")


def test_a_wrong_body_is_an_error(asked: Asked) -> None:
    """Which LiteLLM takes for a failure."""
    assert asked.post(PATH, {"texts": ["a"]}) == (422, {"error": "`input_type` is missing"})
