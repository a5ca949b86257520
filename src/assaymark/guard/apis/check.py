"""
`POST /v1/check`: the guard itself.

    {"messages": [{"role": "user", "content": "..."}], "phase": "input", "session": "conversation 7"}

Either `messages`, `text`, or `document` with `fields`. The answer is that of `Checked.to_plain`, with
places as they are, and with what may pass under the name under which it came; where the verdict is `block`,
that is null.

tests/guard/apis/test_check.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from assaymark.errors import UsageError
from assaymark.guard.apis.contract import Api, Call, Reply
from assaymark.guard.apis.moderations import openai_error
from assaymark.guard.apis.reading import answering, read, replied
from assaymark.guard.guard import Guard
from assaymark.guard.selectors import named
from assaymark.guard.sessions import Session
from assaymark.guard.verdict import Checked, Finding, Unjudged, Verdict
from assaymark.inputs.paths import parse_fields
from assaymark.policy.guarding import Phase

PATH = "/v1/check"
_FORMS = ("messages", "text", "document")


class CheckRequest(BaseModel):
    """What is to be judged."""

    model_config = ConfigDict(strict=True, extra="forbid")

    messages: Annotated[list[dict[str, Any]], Field(max_length=10_000)] | None = None
    """Chat messages as OpenAI's API writes them."""

    text: str | None = None
    document: Any = None
    """Any JSON value but null."""

    fields: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    """Field paths into `document`, separated by commas; all of it by itself."""

    phase: Literal["input", "output", "tool_calls", "tool_results"] = "input"
    """Whose rules hold."""

    session: Annotated[str, Field(max_length=1_000)] | None = None
    """Which conversation it is, for pseudonyms."""

    @model_validator(mode="after")
    def _one_form(self) -> CheckRequest:
        if sum(getattr(self, each) is not None for each in _FORMS) != 1:
            raise ValueError("give one of `messages`, `text` and `document`")
        if self.fields is not None and self.document is None:
            raise ValueError("`fields` belongs to `document`")
        return self


class PlainFinding(BaseModel):
    """Something found. Never the value."""

    message: int
    field: str
    start: int
    end: int
    entity: str
    score: float
    detector: str
    view: str
    action: Literal["allow", "flag", "redact", "block"]


class PlainUnjudged(BaseModel):
    """Something that should have been judged and was not."""

    message: int
    field: str
    detector: str
    reason: str
    passed: bool


class CheckResponse(BaseModel):
    """What the policy says."""

    verdict: Literal["allow", "flag", "redact", "block"]
    phase: str
    findings: list[PlainFinding]
    unjudged: list[PlainUnjudged]
    policy: str
    detectors: dict[str, str]
    recalled: int
    messages: list[dict[str, Any]] | None = None
    text: str | None = None
    document: Any = None


def check_api(guard: Guard, cap: int) -> Api:
    """Return the operation.

    Args:
        guard: The guard.
        cap: Bytes of a request at most.
    """

    async def answer(call: Call) -> Reply:
        request = read(CheckRequest, call, cap)
        checked = await _checked(call.judge(guard), request, _session(request, call))
        said = {**_placed(checked), **_passed(request, checked)}
        return replied(said, checked=(checked,))

    return Api(method="POST", path=PATH, answer=answering(answer, openai_error, {422: 400}))


async def _checked(guard: Guard, request: CheckRequest, session: Session | None) -> Checked:
    phase = Phase(request.phase)
    if request.messages is not None:
        return await guard.acheck(request.messages, phase, session=session)
    if request.text is not None:
        message = {"role": "user", "content": request.text}
        return await guard.acheck([message], phase, session=session)
    fields = parse_fields(request.fields)
    try:
        fields = named(request.fields)
    except UsageError:
        # The answer has nothing that the client wrote.
        raise UsageError(
            "`fields` has something that is no field path",
            hint="write `messages[*].content, title`",
        ) from None
    return await guard.acheck_json(request.document, fields, phase, session=session)


def _placed(checked: Checked) -> dict[str, Any]:
    """Return what is said with places as they are: whoever asks chose the keys in them."""
    told: Mapping[str, Sequence[Finding | Unjudged]]
    told = {"findings": checked.findings, "unjudged": checked.unjudged}
    placed = {
        name: [{**each.to_plain(), "field": each.field} for each in some]
        for name, some in told.items()
    }
    return {**checked.to_plain(), **placed}


def _passed(request: CheckRequest, checked: Checked) -> Mapping[str, Any]:
    name = next(each for each in _FORMS if getattr(request, each) is not None)
    if checked.verdict is Verdict.BLOCK:
        return {name: None}
    if name == "messages":
        return {name: list(checked.messages)}
    return {name: checked.messages[0] if name == "document" else checked.messages[0]["content"]}


def _session(request: CheckRequest, call: Call) -> Session | None:
    """Return the conversation; whose it is, only whoever serves the API can say."""
    return call.conversation(request.session)
