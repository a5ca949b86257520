"""
`POST /guards/{id}/validate` as guardrails-ai's server has it, and what its clients ask beside it.

* The guard's id is the phase whose rules hold: `input`, `output`, `tool_calls` or `tool_results`. Its
  validators are these rules. Guards are not made, changed or removed here: the policy says what they are.
* Clients ask for the history of each call. There is none, since it would hold texts: the list is empty.
* What the policy redacts is valid with `validatedOutput` changed; what it blocks is not, and
  `validatedOutput` is null. `rawLlmOutput` is the same: whoever asks has the text, and whoever logs the
  answer is not to have it.
* Nobody is asked again, and no model is called: a body without a text to validate is refused.

Both spellings of keys are read, since clients and server disagree about them. What a client says about
prompts, models and keys is not read. Its proxy of OpenAI's API is in `guard.proxy.guardrails_chat`.

Source: guardrails-api, its routes; what guardrails-ai 0.11 and guardrails-api-client 0.4 ask and read.
tests/guard/apis/test_guardrails_ai.py
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from assaymark.guard.apis.contract import Api, Call, Reply
from assaymark.guard.apis.reading import RefusedError, answering, read, replied
from assaymark.guard.guard import Guard
from assaymark.guard.verdict import Checked, Finding, Verdict
from assaymark.policy.guarding import Action, GuardRule, Phase

ALL, ONE, PATH = "/guards", "/guards/{id}", "/guards/{id}/validate"
HISTORY = "/guards/{id}/history/{call_id}"

_ON_FAIL = {
    Action.ALLOW: "noop",
    Action.FLAG: "noop",
    Action.REDACT: "fix",
    Action.BLOCK: "exception",
}
"""What guardrails-ai calls what we do."""


class ValidateRequest(BaseModel):
    """What is to be validated."""

    model_config = ConfigDict(strict=True, populate_by_name=True)

    llm_output: str | None = Field(
        default=None, validation_alias=AliasChoices("llmOutput", "llm_output")
    )
    num_reasks: int | None = Field(
        default=None, validation_alias=AliasChoices("numReasks", "num_reasks")
    )
    """More than one is refused: there is no model to ask again."""

    stream: bool | None = None
    """Refused unless it is false."""


class ValidatorReference(BaseModel):
    """A rule of the policy."""

    model_config = ConfigDict(alias_generator=to_camel)

    id: str
    """Of its detector."""

    on: str
    on_fail: str
    options: dict[str, Any] = Field(serialization_alias="kwargs")
    """What it is about: `entities`, `above`, `operator`; nothing where it has none of its own."""


class GuardDescription(BaseModel):
    """A phase of the policy, as a guard."""

    id: str
    name: str
    description: str
    validators: list[ValidatorReference]
    output_schema: dict[str, str]


class ErrorSpan(BaseModel):
    """Where something is."""

    start: int
    end: int
    reason: str


class ValidationSummary(BaseModel):
    """What one detector says."""

    model_config = ConfigDict(alias_generator=to_camel)

    validator_name: str
    validator_status: str
    property_path: str
    failure_reason: str | None
    error_spans: list[ErrorSpan]


class ValidationOutcome(BaseModel):
    """What the policy says."""

    model_config = ConfigDict(alias_generator=to_camel)

    call_id: str
    raw_llm_output: str | None
    """As it may pass, and null where the policy blocks it: clients put this document into errors and logs."""

    validated_output: str | None
    reask: None
    validation_passed: bool
    error: str | None
    validation_summaries: list[ValidationSummary]
    assaymark: dict[str, Any]
    """Verdict, findings, what was not judged. guardrails-ai has no such field."""


class GuardrailsError(BaseModel):
    """An error as guardrails-ai's server writes it."""

    status_code: int
    detail: str


def _form(refused: RefusedError) -> dict[str, Any]:
    return {"status_code": refused.status, "detail": refused.message}


def guardrails_apis(guard: Guard, cap: int) -> Sequence[Api]:
    """Return the operations.

    Args:
        guard: The guard.
        cap: Bytes of a request at most.
    """

    async def guards(call: Call) -> Reply:
        # Clients take the first one for the one that they named.
        named = call.query.get("name")
        return replied([_described(guard, e) for e in Phase if named is None or e.value == named])

    async def one(call: Call) -> Reply:
        return replied(_described(guard, _phase(call.path_parameters.get("id", ""))))

    async def history(call: Call) -> Reply:
        _phase(call.path_parameters.get("id", ""))
        return replied([])

    async def validate(call: Call) -> Reply:
        phase = _phase(call.path_parameters.get("id", ""))
        request = read(ValidateRequest, call, cap)
        if request.llm_output is None:
            raise RefusedError(
                400, "`llmOutput` is missing, and no model is called here", code="invalid_request"
            )
        if request.stream or (request.num_reasks or 0) > 1:
            raise RefusedError(
                400, "neither streams nor new questions to a model are had here", code="unsupported"
            )
        message = {"role": "user", "content": request.llm_output}
        checked = await call.judge(guard).acheck([message], phase, session=call.session)
        return replied(_outcome(guard, checked), checked=(checked,))

    return (
        Api(method="GET", path=ALL, answer=answering(guards, _form)),
        Api(method="GET", path=ONE, answer=answering(one, _form)),
        Api(method="GET", path=HISTORY, answer=answering(history, _form)),
        Api(method="POST", path=PATH, answer=answering(validate, _form)),
    )


def _described(guard: Guard, phase: Phase) -> dict[str, Any]:
    return {
        "id": phase.value,
        "name": phase.value,
        "description": f"what the policy says about {phase.value.replace('_', ' ')}",
        "validators": [_validator(each) for each in guard.rules.rules[phase]],
        "output_schema": {"type": "string"},
    }


def _validator(rule: GuardRule) -> dict[str, Any]:
    own: dict[str, Any] = {}
    if rule.entities is not None:
        own["entities"] = list(rule.entities)
    if rule.above is not None:
        own["above"] = rule.above
    if rule.action is Action.REDACT:
        own["operator"] = rule.operator
    return {"id": rule.detector, "on": "$", "onFail": _ON_FAIL[rule.action], "kwargs": own}


def _phase(name: str) -> Phase:
    try:
        return Phase(name)
    except ValueError:
        known = ", ".join(f"`{each.value}`" for each in Phase)
        raise RefusedError(404, f"the guards here are {known}", code="not_found") from None


def _outcome(guard: Guard, checked: Checked) -> dict[str, Any]:
    passed = checked.verdict is not Verdict.BLOCK
    reasons = [each.reason for each in checked.unjudged if not each.passed]
    text = checked.messages[0]["content"] if passed else None
    error = None if passed else "the policy blocks the text"
    if reasons:
        error = f"the text could not be judged: {', '.join(dict.fromkeys(reasons))}"
    return {
        "callId": uuid.uuid4().hex,
        "rawLlmOutput": text,
        "validatedOutput": text,
        "reask": None,
        "validationPassed": passed,
        "error": error,
        "validationSummaries": _summaries(guard, checked),
        "assaymark": checked.to_plain(),
    }


def _summaries(guard: Guard, checked: Checked) -> list[dict[str, Any]]:
    unable = {each.detector: each.reason for each in checked.unjudged}
    names = dict.fromkeys(each.detector for each in guard.rules.rules[checked.phase])
    return [
        _summary(name, [e for e in checked.findings if e.detector == name], unable.get(name))
        for name in names
    ]


def _summary(name: str, findings: Sequence[Finding], unjudged: str | None) -> dict[str, Any]:
    minded = [each for each in findings if each.action > Action.ALLOW]
    entities = json.dumps(sorted({each.entity for each in minded}))[1:-1]
    reason = f"found {entities}" if minded else None
    return {
        "validatorName": name,
        "validatorStatus": "fail" if minded or unjudged else "pass",
        "propertyPath": "$",
        "failureReason": unjudged or reason,
        "errorSpans": [
            {"start": each.start, "end": each.end, "reason": each.entity} for each in minded
        ],
    }
