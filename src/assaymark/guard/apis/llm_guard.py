"""
`POST /analyze/prompt` and `/analyze/output` as llm-guard has them, and `/scan/...`, which leave the text out.

* `scanners` has one entry for each detector that judged: the highest score of what it found that a rule
  minds, 0 if nothing. Who could not judge has no entry, and is named under `assaymark`.
* `is_valid` is false where the policy blocks. Nothing of a blocked text comes back.
* `scanners_suppress` cannot switch off what the policy asks for.

Source: llm-guard 0.3.16, its API. tests/guard/apis/test_llm_guard.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from assaymark.guard.apis.contract import Answer, Api, Call, Reply
from assaymark.guard.apis.reading import RefusedError, answering, read, replied
from assaymark.guard.guard import Guard
from assaymark.guard.verdict import Checked, Verdict
from assaymark.policy.guarding import Phase

ANALYZE_PROMPT, ANALYZE_OUTPUT = "/analyze/prompt", "/analyze/output"
SCAN_PROMPT, SCAN_OUTPUT = "/scan/prompt", "/scan/output"


class PromptRequest(BaseModel):
    """A prompt."""

    model_config = ConfigDict(strict=True)

    prompt: str
    scanners_suppress: list[str] = Field(default_factory=list)


class OutputRequest(PromptRequest):
    """An answer, and the prompt before it, which is not judged again."""

    output: str


class ScanResponse(BaseModel):
    """What is said of a text."""

    is_valid: bool
    scanners: dict[str, float]
    assaymark: dict[str, Any]
    """What the policy says: verdict, findings, what was not judged. llm-guard has no such field."""


class PromptResponse(ScanResponse):
    """The same, with the prompt as it may pass."""

    sanitized_prompt: str


class OutputResponse(ScanResponse):
    """The same, with the answer as it may pass."""

    sanitized_output: str


class LlmGuardError(BaseModel):
    """An error as llm-guard writes it."""

    message: str
    details: list[dict[str, Any]] | None


def _form(refused: RefusedError) -> dict[str, Any]:
    details = None if refused.field is None else [{"loc": ["body", refused.field]}]
    return {"message": refused.message, "details": details}


def llm_guard_apis(guard: Guard, cap: int) -> Sequence[Api]:
    """Return the operations.

    Args:
        guard: The guard.
        cap: Bytes of a request at most.
    """

    def prompt(*, text: bool) -> Answer:
        async def answer(call: Call) -> Reply:
            request = read(PromptRequest, call, cap)
            key = "sanitized_prompt" if text else ""
            return await _judged(guard, request, request.prompt, Phase.INPUT, key, call)

        return answering(answer, _form)

    def output(*, text: bool) -> Answer:
        async def answer(call: Call) -> Reply:
            request = read(OutputRequest, call, cap)
            key = "sanitized_output" if text else ""
            return await _judged(guard, request, request.output, Phase.OUTPUT, key, call)

        return answering(answer, _form)

    return (
        Api(method="POST", path=ANALYZE_PROMPT, answer=prompt(text=True)),
        Api(method="POST", path=ANALYZE_OUTPUT, answer=output(text=True)),
        Api(method="POST", path=SCAN_PROMPT, answer=prompt(text=False)),
        Api(method="POST", path=SCAN_OUTPUT, answer=output(text=False)),
    )


async def _judged(
    guard: Guard, request: PromptRequest, text: str, phase: Phase, key: str, call: Call
) -> Reply:
    detectors = list(dict.fromkeys(each.detector for each in guard.rules.rules[phase]))
    if set(detectors).intersection(request.scanners_suppress):
        raise RefusedError(
            403,
            "the policy asks for a detector that is to be left out",
            code="not_allowed",
            field="scanners_suppress",
        )
    message = {"role": "user", "content": text}
    checked = await call.judge(guard).acheck([message], phase, session=call.session)
    passed = checked.verdict is not Verdict.BLOCK
    answer: dict[str, Any] = {
        "is_valid": passed,
        "scanners": _scanners(detectors, checked),
        "assaymark": checked.to_plain(),
    }
    if key:
        answer[key] = checked.messages[0]["content"] if passed else ""
    return replied(answer, checked=(checked,))


def _scanners(detectors: Sequence[str], checked: Checked) -> dict[str, float]:
    unable = {each.detector for each in checked.unjudged}
    return {
        name: max((each.score for each in checked.findings if each.detector == name), default=0.0)
        for name in detectors
        if name not in unable
    }
