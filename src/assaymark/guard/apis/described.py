"""
What the operations take and answer, for the document that describes them.

tests/guard/apis/test_openapi.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assaymark.guard.apis import (
    check,
    guardrails_ai,
    litellm,
    llm_guard,
    moderations,
    presidio_analyzer,
    presidio_anonymizer,
    presidio_forms,
)
from assaymark.policy.guarding import Phase

if TYPE_CHECKING:
    from pydantic import BaseModel

_STRINGS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation."""

    method: str
    path: str
    summary: str
    request: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    schema: Mapping[str, Any] | None = None
    """Of the answer, where no model is it."""

    error: type[BaseModel] | None = None
    refusals: Sequence[int] = (400, 413, 415, 503)
    parameters: Sequence[Mapping[str, Any]] = ()
    media_type: str = "application/json"

    @property
    def models(self) -> list[type[BaseModel]]:
        """The models of its bodies."""
        return [each for each in (self.request, self.response, self.error) if each is not None]


_LANGUAGE = {"name": "language", "in": "query", "required": False, "schema": {"type": "string"}}
_GUARD = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": [each.value for each in Phase]},
}
_RESULTS = {
    "type": "array",
    "items": {"$ref": "#/components/schemas/RecognizerResult"},
}
_PRESIDIO = presidio_forms.PresidioError

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path=check.PATH,
        summary="Judge messages, a text or a document under the policy",
        request=check.CheckRequest,
        response=check.CheckResponse,
        error=moderations.ModerationError,
    ),
    Operation(
        method="POST",
        path=moderations.PATH,
        summary="Score inputs, as OpenAI's API does",
        request=moderations.ModerationRequest,
        response=moderations.ModerationResponse,
        error=moderations.ModerationError,
    ),
    Operation(
        method="POST",
        path=presidio_analyzer.ANALYZE,
        summary="Say where values are, as Presidio's analyzer does",
        request=presidio_forms.AnalyzeRequest,
        schema={"anyOf": [_RESULTS, {"type": "array", "items": _RESULTS}]},
        error=_PRESIDIO,
    ),
    *(
        Operation(
            method="GET",
            path=path,
            summary=summary,
            schema=_STRINGS,
            error=_PRESIDIO,
            refusals=(400,),
            parameters=(_LANGUAGE,),
        )
        for path, summary in (
            (presidio_analyzer.RECOGNIZERS, "Name who looks for values"),
            (presidio_analyzer.SUPPORTED, "Name what can be found"),
        )
    ),
    Operation(
        method="GET",
        path=presidio_analyzer.HEALTH,
        summary="Say that the guard is up",
        schema={"type": "string"},
        refusals=(),
        media_type="text/plain",
    ),
    Operation(
        method="POST",
        path=presidio_anonymizer.ANONYMIZE,
        summary="Replace places of a text, as Presidio's anonymizer does",
        request=presidio_anonymizer.AnonymizeRequest,
        response=presidio_anonymizer.OperatedText,
        error=_PRESIDIO,
        refusals=(400, 413, 415, 422),
    ),
    Operation(
        method="POST",
        path=presidio_anonymizer.DEANONYMIZE,
        summary="Turn replaced places back, as Presidio's anonymizer does",
        request=presidio_anonymizer.DeanonymizeRequest,
        response=presidio_anonymizer.OperatedText,
        error=_PRESIDIO,
        refusals=(400, 413, 415, 422),
    ),
    *(
        Operation(method="GET", path=path, summary=summary, schema=_STRINGS, refusals=())
        for path, summary in (
            (presidio_anonymizer.ANONYMIZER_NAMES, "Name what can replace a value"),
            (presidio_anonymizer.DEANONYMIZER_NAMES, "Name what can turn it back"),
        )
    ),
    Operation(
        method="POST",
        path=litellm.PATH,
        summary="Judge what LiteLLM is about to pass on",
        request=litellm.LiteLlmRequest,
        response=litellm.LiteLlmResponse,
        error=_PRESIDIO,
        refusals=(400, 413, 415, 422, 503),
    ),
    Operation(
        method="GET",
        path=guardrails_ai.ALL,
        summary="Name the guards, as guardrails-ai's server does",
        schema={"type": "array", "items": {"$ref": "#/components/schemas/GuardDescription"}},
        error=guardrails_ai.GuardrailsError,
        refusals=(),
        parameters=(
            {"name": "name", "in": "query", "required": False, "schema": {"type": "string"}},
        ),
    ),
    Operation(
        method="GET",
        path=guardrails_ai.HISTORY,
        summary="Name what is kept of a call, which is nothing",
        schema={"type": "array", "maxItems": 0},
        error=guardrails_ai.GuardrailsError,
        refusals=(404,),
        parameters=(
            _GUARD,
            {"name": "call_id", "in": "path", "required": True, "schema": {"type": "string"}},
        ),
    ),
    Operation(
        method="GET",
        path=guardrails_ai.ONE,
        summary="Describe a guard, as guardrails-ai's server does",
        response=guardrails_ai.GuardDescription,
        error=guardrails_ai.GuardrailsError,
        refusals=(404,),
        parameters=(_GUARD,),
    ),
    Operation(
        method="POST",
        path=guardrails_ai.PATH,
        summary="Validate a text, as guardrails-ai's server does",
        request=guardrails_ai.ValidateRequest,
        response=guardrails_ai.ValidationOutcome,
        error=guardrails_ai.GuardrailsError,
        refusals=(400, 404, 413, 415, 422, 503),
        parameters=(_GUARD,),
    ),
    *(
        Operation(
            method="POST",
            path=path,
            summary=summary,
            request=request,
            response=response,
            error=llm_guard.LlmGuardError,
            refusals=(400, 403, 413, 415, 422, 503),
        )
        for path, summary, request, response in (
            (
                llm_guard.ANALYZE_PROMPT,
                "Judge a prompt, as llm-guard's API does",
                llm_guard.PromptRequest,
                llm_guard.PromptResponse,
            ),
            (
                llm_guard.ANALYZE_OUTPUT,
                "Judge an answer, as llm-guard's API does",
                llm_guard.OutputRequest,
                llm_guard.OutputResponse,
            ),
            (
                llm_guard.SCAN_PROMPT,
                "Judge a prompt without returning it",
                llm_guard.PromptRequest,
                llm_guard.ScanResponse,
            ),
            (
                llm_guard.SCAN_OUTPUT,
                "Judge an answer without returning it",
                llm_guard.OutputRequest,
                llm_guard.ScanResponse,
            ),
        )
    ),
)
"""Every operation but the one that returns this document."""
