"""
A guardrail inside LiteLLM's proxy, in its process.

    guardrails:
      - guardrail_name: assaymark
        litellm_params:
          guardrail: assaymark.integrations.litellm.AssaymarkGuardrail
          mode: [pre_call, post_call]
          default_on: true
          policy: policy.yaml

* Requests and answers of chat completions, completions, embeddings, responses and Anthropic's messages are
  judged by the same code as in our own proxy. Chat completions stream, under the streaming law, with the
  arguments of tools; of the others only what does not stream passes.
* What cannot be judged is refused, and so is every other route.
* It uses LiteLLM's native hooks and not its unified ones, which let arguments of tools pass before they are
  judged.

Written for LiteLLM 1.106. tests/integrations/test_litellm.py
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar

from assaymark.errors import MissingExtraError, UsageError
from assaymark.guard.asgi.middleware import to_logger
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.asgi.sse import Event
from assaymark.guard.guard import Guard
from assaymark.guard.proxy.dialect import DONE, Dialect
from assaymark.guard.proxy.dialects import served_dialects
from assaymark.guard.proxy.faults import BLOCKED_STATUS
from assaymark.guard.proxy.judge import Caps, Judge
from assaymark.guard.proxy.reading import invalid_answer
from assaymark.guard.sessions import Session

try:
    from fastapi import HTTPException
    from litellm.integrations.custom_guardrail import CustomGuardrail
    from litellm.types.guardrails import GuardrailEventHooks
except ImportError:
    raise MissingExtraError("the guardrail in LiteLLM", extra="litellm") from None

POLICY = "ASSAYMARK_POLICY"
"""Environment variable with the policy's path, where nothing else names it."""

_DIALECTS: Mapping[str, str] = {
    **dict.fromkeys(("completion", "acompletion"), "chat.completions"),
    **dict.fromkeys(("text_completion", "atext_completion"), "completions"),
    **dict.fromkeys(("embedding", "aembedding", "embeddings"), "embeddings"),
    **dict.fromkeys(("responses", "aresponses"), "responses"),
    **dict.fromkeys(("anthropic_messages", "aanthropic_messages"), "messages"),
}
"""What LiteLLM calls a call to the API that it is of."""

_STREAMED = "chat.completions"
_INTERNAL = frozenset(
    {
        *("metadata", "proxy_server_request", "secret_fields", "model_info", "guardrails", "tags"),
        *("api_key", "api_base", "headers", "extra_headers", "timeout", "num_retries", "cache"),
        *("fallbacks", "policies", "client", "custom_llm_provider", "deployment", "ttl", "caching"),
        *(
            "guardrail_to_apply",
            "specific_deployment",
            "prompt_id",
            "prompt_variables",
            "max_retries",
        ),
    }
)
_INTERNAL_PREFIXES = ("litellm_", "user_api_key", "_")
"""Of a request as LiteLLM has it, what is LiteLLM's own and goes to no model."""


class AssaymarkGuardrail(CustomGuardrail):  # type: ignore[misc] # not installed where types are checked
    """The guardrail.

    Args:
        guard: Who judges; by itself it is made of `policy`.
        policy: Path of a policy; by itself what the environment variable `ASSAYMARK_POLICY` says.
        exempt: Kinds of calls that pass unjudged, as LiteLLM names them, such as `aspeech`.
        options: Of LiteLLM's guardrails.

    Raises:
        UsageError: There is neither a guard nor a policy.
    """

    use_native_lifecycle_hooks: ClassVar[bool] = True

    def __init__(
        self,
        guard: Guard | None = None,
        policy: str | None = None,
        exempt: Sequence[str] = (),
        **options: Any,
    ) -> None:
        location = policy or os.environ.get(POLICY)
        if guard is None and not location:
            raise UsageError(
                "the guardrail has no policy", hint=f"set `policy`, or the variable {POLICY}"
            )
        self.guard = Guard.load(location) if guard is None and location else guard
        self.exempt = frozenset(exempt)
        self._dialects: dict[str, Dialect] = {each.name: each for each in served_dialects()}
        options.setdefault("guardrail_name", "assaymark")
        hooks = [GuardrailEventHooks.pre_call, GuardrailEventHooks.post_call]
        options.setdefault("event_hook", hooks)
        options.setdefault("default_on", True)
        options["supported_event_hooks"] = hooks
        super().__init__(**options)

    async def async_pre_call_hook(
        self,
        user_api_key_dict: Any,
        cache: Any,  # noqa: ARG002 - LiteLLM's interface
        data: dict[str, Any],
        call_type: str,
    ) -> dict[str, Any]:
        """Return a request as it may be sent.

        Raises:
            HTTPException: It may not.
        """
        if call_type in self.exempt or not self._runs(data, GuardrailEventHooks.pre_call):
            return data
        judge = self._judge(user_api_key_dict, data)
        try:
            dialect = self._dialect(call_type, is_stream=bool(data.get("stream")))
            document = _request_in(data)
            data.update(await dialect.request(document, judge))
        except RefusedError as refused:
            raise self._refused(refused, "request", judge) from None
        self._log(dialect, "request", judge, "passed")
        return data

    async def async_post_call_success_hook(
        self, data: dict[str, Any], user_api_key_dict: Any, response: Any
    ) -> Any:
        """Return an answer that came as a whole, as it may leave.

        Raises:
            HTTPException: It may not.
        """
        if not self._runs(data, GuardrailEventHooks.post_call):
            return response
        judge = self._judge(user_api_key_dict, data)
        try:
            dialect = self._dialects[_dialect_of(response)]
            document = _plain(response)
            new = await dialect.answer(_request_in(data), judge).whole(document)
        except RefusedError as refused:
            raise self._refused(refused, "response", judge) from None
        self._log(dialect, "response", judge, "passed")
        return response if new == document else _remade(response, new)

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: Any, response: Any, request_data: dict[str, Any]
    ) -> AsyncIterator[Any]:
        """Yield the chunks of an answer as they may leave.

        Raises:
            HTTPException: They may not.
        """
        if not self._runs(request_data, GuardrailEventHooks.post_call):
            async for chunk in response:
                yield chunk
            return
        judge = self._judge(user_api_key_dict, request_data)
        dialect = self._dialects[_STREAMED]
        answer = dialect.answer(_request_in(request_data), judge)
        kind: Any = None
        outcome = "interrupted"
        try:
            async for chunk in response:
                kind = kind or type(chunk)
                if _dialect_of(chunk) != _STREAMED:
                    raise invalid_answer("it is none of a chat")
                for event in await answer.event(Event(data=json.dumps(_plain(chunk)))):
                    if event.data not in (None, DONE):
                        yield kind(**json.loads(event.data or ""))
                if answer.is_over:
                    break
            rest = [] if answer.is_over else await answer.end()
            for event in rest:
                if event.data not in (None, DONE):
                    yield kind(**json.loads(event.data or ""))
            outcome = "passed"
        except RefusedError as refused:
            outcome = refused.code
            raise self._error(refused) from None
        finally:
            self._log(dialect, "response", judge, outcome)

    # -- parts

    def _runs(self, data: Mapping[str, Any], hook: Any) -> bool:
        return self.should_run_guardrail(data=data, event_type=hook) is True

    def _judge(self, caller: Any, data: Mapping[str, Any]) -> Judge:
        assert self.guard is not None  # noqa: S101 - made with the guardrail
        return Judge(self.guard, _session(caller, data), Caps())

    def _dialect(self, call_type: str, *, is_stream: bool) -> Dialect:
        name = _DIALECTS.get(str(getattr(call_type, "value", call_type)))
        if name is None:
            raise RefusedError(
                BLOCKED_STATUS, "not_inspectable", "nothing here can judge calls of this kind"
            )
        if is_stream and name != _STREAMED:
            raise RefusedError(
                BLOCKED_STATUS, "not_inspectable", "streams of this API cannot be judged here"
            )
        return self._dialects[name]

    def _refused(self, refused: RefusedError, side: str, judge: Judge) -> Exception:
        self._log(None, side, judge, refused.code)
        return self._error(refused)

    @staticmethod
    def _error(refused: RefusedError) -> Exception:
        detail = json.loads(refused.envelope())["error"]
        made: Exception = HTTPException(status_code=refused.status, detail=detail)
        return made

    def _log(self, dialect: Dialect | None, side: str, judge: Judge, outcome: str) -> None:
        names = frozenset[str]() if dialect is None else dialect.names
        account = judge.request if side == "request" else judge.response
        to_logger(
            {
                "api": "" if dialect is None else dialect.name,
                "policy": judge.guard.policy,
                "detectors": dict(judge.guard.detectors),
                "outcome": outcome,
                side: account.to_plain(names),
            }
        )


def _request_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of LiteLLM's request goes to a model and is JSON."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        if key in _INTERNAL or key.startswith(_INTERNAL_PREFIXES):
            continue
        try:
            found[key] = json.loads(json.dumps(value))
        except (TypeError, ValueError, RecursionError):
            # An object of LiteLLM's, such as a logger.
            continue
    return found


def _dialect_of(response: Any) -> str:
    """Return the API that an answer, or a chunk of one, is of."""
    kind = type(response).__name__
    if kind in ("ModelResponse", "ModelResponseStream"):
        return "chat.completions"
    if kind == "TextCompletionResponse":
        return "completions"
    if kind == "EmbeddingResponse":
        return "embeddings"
    if kind == "ResponsesAPIResponse":
        return "responses"
    if isinstance(response, dict) and response.get("type") == "message":
        return "messages"
    raise invalid_answer("it is of no kind that can be judged")


def _plain(response: Any) -> Any:
    if isinstance(response, dict):
        return response
    return response.model_dump(mode="json", exclude_none=True)


def _remade(response: Any, document: Any) -> Any:
    if isinstance(response, dict):
        return document
    made = type(response)(**document)
    # What it cost, and who answered, is told there.
    for name in ("_hidden_params", "_response_headers"):
        if hasattr(response, name):
            setattr(made, name, getattr(response, name))
    return made


def _session(caller: Any, data: Mapping[str, Any]) -> Session | None:
    """Return the conversation: LiteLLM's session or call, of the key that asks."""
    metadata = data.get("metadata") or data.get("litellm_metadata") or {}
    conversation = data.get("litellm_session_id") or metadata.get("session_id")
    conversation = conversation or data.get("litellm_call_id")
    if conversation is None:
        return None
    return Session(str(getattr(caller, "api_key", None) or ""), str(conversation))
