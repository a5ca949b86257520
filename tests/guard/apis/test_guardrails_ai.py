"""guardrails-ai's validate route, by both spellings that its clients use."""

from __future__ import annotations

from typing import Any

import pytest

from guard.conftest import scripted

from .conftest import CARD, MAIL, Asked, MakeAsked


@pytest.mark.parametrize("key", ["llmOutput", "llm_output"])
def test_a_text_is_validated(asked: Asked, key: str) -> None:
    """What is redacted passes, changed; each detector has a summary."""
    status, answer = asked.post("/guards/output/validate", {key: f"I am {MAIL}.", "numReasks": 0})

    said = answer.pop("assaymark")
    assert len(answer.pop("callId")) == 32
    assert (status, said["verdict"], said["phase"]) == (200, "redact", "output")
    assert answer == {
        "rawLlmOutput": f"I am {MAIL}.",
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
