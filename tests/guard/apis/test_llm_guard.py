"""llm-guard's API, by the bodies that its documentation shows."""

from __future__ import annotations

from typing import Any

from guard.conftest import scripted

from .conftest import CARD, MAIL, Asked, MakeAsked


def test_a_prompt_comes_back_sanitised(asked: Asked) -> None:
    """With a score for each detector: that of what it found, or 0."""
    status, answer = asked.post(
        "/analyze/prompt", {"prompt": f"I am {MAIL}.", "scanners_suppress": []}
    )

    said = answer.pop("assaymark")
    assert (status, said["verdict"]) == (200, "redact")
    assert answer == {
        "is_valid": True,
        "scanners": {"pii-patterns": 1.0, "secrets": 0.0, "harm": 0.0},
        "sanitized_prompt": "I am <EMAIL_ADDRESS>.",
    }


def test_an_output_is_judged_under_the_rules_for_output(asked: Asked) -> None:
    """The prompt is not judged a second time."""
    _, answer = asked.post("/analyze/output", {"prompt": CARD, "output": f"I am {MAIL}."})

    assert answer["is_valid"]
    assert answer["sanitized_output"] == "I am <EMAIL_ADDRESS>."
    assert set(answer["scanners"]) == {"pii-patterns"}


def test_nothing_of_what_is_blocked_comes_back(asked: Asked) -> None:
    """It is not valid, and there is no text to pass on."""
    status, answer = asked.post("/analyze/prompt", {"prompt": f"pay {CARD}"})

    assert (status, answer["is_valid"], answer["sanitized_prompt"]) == (200, False, "")
    assert answer["scanners"]["pii-patterns"] == 1.0


def test_a_scan_returns_no_text(asked: Asked) -> None:
    """Neither of a prompt nor of an output."""
    _, prompt = asked.post("/scan/prompt", {"prompt": MAIL})
    _, output = asked.post("/scan/output", {"prompt": "", "output": MAIL})

    assert set(prompt) == set(output) == {"is_valid", "scanners", "assaymark"}


def test_a_client_cannot_leave_a_detector_out(asked: Asked) -> None:
    """The policy decides; a name that is none of its detectors changes nothing."""
    refused = asked.post("/analyze/prompt", {"prompt": "a", "scanners_suppress": ["secrets"]})
    harmless = asked.post("/analyze/prompt", {"prompt": "a", "scanners_suppress": ["Toxicity"]})

    assert refused == (
        403,
        {
            "message": "the policy asks for a detector that is to be left out",
            "details": [{"loc": ["body", "scanners_suppress"]}],
        },
    )
    assert harmless[0] == 200


def test_who_could_not_judge_has_no_score(ask: MakeAsked) -> None:
    """Not valid where the policy blocks it, and named where it lets it pass."""

    def judge(text: str) -> Any:
        raise ValueError(text)

    extra = {"scripted": scripted(judge)}
    closed = ask("{input: [{detector: scripted, do: redact}]}", extra=extra)
    opened = ask("{on_error: allow, input: [{detector: scripted, do: redact}]}", extra=extra)

    _, blocked = closed.post("/analyze/prompt", {"prompt": "a"})
    _, passed = opened.post("/analyze/prompt", {"prompt": "a"})

    assert (blocked["is_valid"], blocked["scanners"]) == (False, {})
    assert (passed["is_valid"], passed["scanners"], passed["sanitized_prompt"]) == (True, {}, "a")
    assert [each["detector"] for each in passed["assaymark"]["unjudged"]] == ["scripted"]


def test_a_wrong_body_is_answered_as_llm_guard_does(asked: Asked) -> None:
    """With a message, and details where a field is meant."""
    assert asked.post("/analyze/output", {"prompt": "a"}) == (
        422,
        {"message": "`output` is missing", "details": [{"loc": ["body", "output"]}]},
    )
