"""guardrails-ai's validate route, by both spellings that its clients use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from guardrails_api_client import ApiClient, Configuration, GuardApi, ValidateApi, ValidatePayload
from guardrails_api_client.exceptions import BadRequestException, NotFoundException

from assaymark.guard.apis import application
from guard.asgi.conftest import served
from guard.conftest import scripted

from .conftest import CARD, MAIL, Asked, MakeAsked


@pytest.fixture(scope="module")
def client(asked: Asked) -> Iterator[ApiClient]:
    """The real client, of our server."""
    with served(application(asked.guard)) as address:
        yield ApiClient(Configuration(host=address))


def test_the_real_client_validates(client: ApiClient) -> None:
    """It reads what passes, what does not, and why."""
    validate = ValidateApi(client).validate

    changed = validate("output", ValidatePayload(llmOutput=f"I am {MAIL}.", numReasks=1))
    blocked = validate("input", ValidatePayload(llmOutput=f"pay {CARD}", promptParams={"a": 1}))
    with pytest.raises(BadRequestException) as caught:
        validate("output", ValidatePayload(promptParams={}, llmApi="openai.ChatCompletion.create"))

    assert changed.validation_passed
    assert changed.validated_output.actual_instance == "I am <EMAIL_ADDRESS>."
    (summary,) = changed.validation_summaries
    assert (summary.validator_status, summary.error_spans[0].reason) == ("fail", "EMAIL_ADDRESS")
    assert (blocked.validation_passed, blocked.validated_output) == (False, None)
    assert blocked.error == "the policy blocks the text"
    assert "no model is called here" in caught.value.body


def test_the_real_client_lists_the_guards(client: ApiClient, asked: Asked) -> None:
    """Their validators are the rules of the policy; what is not there is not found."""
    guards = GuardApi(client)

    found = guards.get_guards()
    one = guards.get_guard("input")
    with pytest.raises(NotFoundException):
        guards.get_guard("mine")

    assert [each.name for each in found] == ["input", "output", "tool_calls", "tool_results"]
    assert [(each.id, each.on_fail, each.kwargs) for each in one.validators] == [
        ("pii-patterns", "fix", {"entities": ["EMAIL_ADDRESS"], "operator": "replace"}),
        ("pii-patterns", "exception", {"entities": ["CREDIT_CARD"]}),
        ("secrets", "exception", {}),
        ("harm", "noop", {}),
    ]
    assert [each["id"] for each in asked.get("/guards", name="output")[1]] == ["output"]
    assert asked.get("/guards", name="mine") == (200, [])
    assert asked.get("/guards/output/history/0123") == (200, [])
    assert asked.get("/guards/mine/history/0123")[0] == 404
    assert asked.get("/guards/mine") == (
        404,
        {
            "status_code": 404,
            "detail": "the guards here are `input`, `output`, `tool_calls`, `tool_results`",
        },
    )


@pytest.mark.parametrize("key", ["llmOutput", "llm_output"])
def test_a_text_is_validated(asked: Asked, key: str) -> None:
    """What is redacted passes, changed; each detector has a summary."""
    status, answer = asked.post("/guards/output/validate", {key: f"I am {MAIL}.", "numReasks": 0})

    said = answer.pop("assaymark")
    assert len(answer.pop("callId")) == 32
    assert (status, said["verdict"], said["phase"]) == (200, "redact", "output")
    assert answer == {
        "rawLlmOutput": "I am <EMAIL_ADDRESS>.",
        "validatedOutput": "I am <EMAIL_ADDRESS>.",
        "reask": None,
        "validationPassed": True,
        "error": None,
        "validationSummaries": [
            {
                "validatorName": "pii-patterns",
                "validatorStatus": "fail",
                "propertyPath": "$",
                "failureReason": 'found "EMAIL_ADDRESS"',
                "errorSpans": [{"start": 5, "end": 21, "reason": "EMAIL_ADDRESS"}],
            }
        ],
    }


def test_what_is_blocked_does_not_pass(asked: Asked) -> None:
    """There is no validated output, and nothing of the text comes back: clients put it into errors."""
    _, answer = asked.post("/guards/input/validate", {"llmOutput": f"pay {CARD}"})

    assert (answer["validationPassed"], answer["validatedOutput"]) == (False, None)
    assert "4111" not in str(answer)
    assert answer["error"] == "the policy blocks the text"


def test_the_guard_is_the_phase(asked: Asked) -> None:
    """Rules for input have other detectors than rules for output."""
    _, given = asked.post("/guards/input/validate", {"llmOutput": "a"})
    status, error = asked.post(f"/guards/{MAIL}/validate", {"llmOutput": "a"})

    names = [each["validatorName"] for each in given["validationSummaries"]]
    assert names == ["pii-patterns", "secrets", "harm"]
    assert {each["validatorStatus"] for each in given["validationSummaries"]} == {"pass"}
    assert (status, error) == (
        404,
        {
            "status_code": 404,
            "detail": "the guards here are `input`, `output`, `tool_calls`, `tool_results`",
        },
    )


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"messages": []}, "`llmOutput` is missing, and no model is called here"),
        (
            {"llmOutput": "a", "stream": True},
            "neither streams nor new questions to a model are had here",
        ),
        (
            {"llmOutput": "a", "num_reasks": 2},
            "neither streams nor new questions to a model are had here",
        ),
    ],
)
def test_what_needs_a_model_is_refused(asked: Asked, body: dict[str, Any], detail: str) -> None:
    """Nothing here calls one."""
    assert asked.post("/guards/output/validate", body) == (
        400,
        {"status_code": 400, "detail": detail},
    )


def test_who_could_not_judge_fails(ask: MakeAsked) -> None:
    """With the reason; what the policy lets pass then passes, and says so."""

    def judge(text: str) -> Any:
        raise ValueError(text)

    extra = {"scripted": scripted(judge)}
    reason = "the detector raised ValueError"
    closed = ask("{output: [{detector: scripted, do: redact}]}", extra=extra)
    opened = ask("{on_error: allow, output: [{detector: scripted, do: redact}]}", extra=extra)

    _, blocked = closed.post("/guards/output/validate", {"llmOutput": "a"})
    _, passed = opened.post("/guards/output/validate", {"llmOutput": "a"})

    assert blocked["error"] == f"the text could not be judged: {reason}"
    assert (blocked["validationPassed"], passed["validationPassed"]) == (False, True)
    for each in (blocked, passed):
        assert each["validationSummaries"][0]["validatorStatus"] == "fail"
        assert each["validationSummaries"][0]["failureReason"] == reason
