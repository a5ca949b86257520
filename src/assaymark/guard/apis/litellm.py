"""
`POST /beta/litellm_basic_guardrail_api`: LiteLLM's generic guardrail API.

* Texts come back in the order in which they came. Where the messages are there as a whole they are judged as
  such, so that results of tools have their own rules and old turns do not block. What is changed beside texts
  needs a LiteLLM that writes messages back; for another one it is blocked.
* LiteLLM sends a growing answer again and again. `stream_holdback_chars` says how much of each text is not
  final yet, so that `streaming_transform_mode: incremental_diff` keeps the streaming law.
* What would have to be changed and cannot be in this API, such as arguments of tools in an answer, is
  blocked; so are images and fields that nothing reads, unless the policy says `uninspected: allow`.

Source: LiteLLM 1.106, its guardrail hook. tests/guard/apis/test_litellm_api.py and tests/integrations
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assaymark.guard.apis.contract import Api, Call, Reply
from assaymark.guard.apis.presidio_forms import presidio_error
from assaymark.guard.apis.reading import answering, read, replied
from assaymark.guard.guard import Guard
from assaymark.guard.sessions import Session
from assaymark.guard.verdict import Checked, Verdict
from assaymark.policy.guarding import Phase

PATH = "/beta/litellm_basic_guardrail_api"

_Texts = Annotated[list[str], Field(max_length=10_000)]
_Objects = Annotated[list[dict[str, Any]], Field(max_length=10_000)]
_NOT_CONTENT = frozenset({"guardrail_name", "timestamp"})
"""Fields that are not ours and hold nothing that goes to a model."""


class LiteLlmRequest(BaseModel):
    """What LiteLLM is about to pass on."""

    model_config = ConfigDict(strict=True, extra="allow")

    input_type: Literal["request", "response"]
    texts: _Texts | None = None
    images: list[Any] | None = None
    tools: _Objects | None = None
    tool_calls: _Objects | None = None
    structured_messages: _Objects | None = None
    model: str | None = None
    request_data: dict[str, Any] | None = None
    request_headers: dict[str, Any] | None = None
    litellm_version: str | None = None
    litellm_call_id: str | None = None
    litellm_trace_id: str | None = None
    additional_provider_specific_params: dict[str, Any] | None = None
    """Not read: a client cannot choose another policy."""


class LiteLlmResponse(BaseModel):
    """What LiteLLM is to do."""

    action: Literal["NONE", "BLOCKED", "GUARDRAIL_INTERVENED"]
    blocked_reason: str | None = None
    texts: list[str] | None = None
    tools: list[dict[str, Any]] | None = None
    structured_messages: list[dict[str, Any]] | None = None
    stream_holdback_chars: list[int] | None = None
    assaymark: list[dict[str, Any]]
    """What the policy says: verdict, findings, what was not judged. LiteLLM does not read it."""


def litellm_api(guard: Guard, cap: int) -> Api:
    """Return the operation.

    Args:
        guard: The guard.
        cap: Bytes of a request at most.
    """

    async def answer(call: Call) -> Reply:
        request = read(LiteLlmRequest, call, cap)
        judging = _Judging(guard, call.judge(guard), request, _session(request, call))
        found = await judging.judged()
        return replied(found.answer(), checked=tuple(found.checked))

    return Api(method="POST", path=PATH, answer=answering(answer, presidio_error))


@dataclass(slots=True)
class _Found:
    """What is said of a request by now."""

    checked: list[Checked] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    """Why it is blocked."""

    passed: dict[str, Any] = field(default_factory=dict)
    """What may pass."""

    unread: list[str] = field(default_factory=list)
    """What nothing reads and the policy lets pass."""

    def add(self, what: str, checked: Checked) -> bool:
        """Take down what the guard said; return whether it passes."""
        self.checked.append(checked)
        if checked.verdict is not Verdict.BLOCK:
            return True
        names = sorted({each.entity for each in checked.findings if each.action.name == "BLOCK"})
        names += sorted({each.reason for each in checked.unjudged if not each.passed})
        self.reasons.append(f"the policy blocks {what}: {', '.join(names)}")
        return False

    def answer(self) -> dict[str, Any]:
        said = [each.to_plain() for each in self.checked]
        if self.unread:
            said.append({"unjudged": [{"field": each, "passed": True} for each in self.unread]})
        if self.reasons:
            reason = "; ".join(dict.fromkeys(self.reasons))
            return {"action": "BLOCKED", "blocked_reason": reason, "assaymark": said}
        changed = any(each.verdict is Verdict.REDACT for each in self.checked)
        action = "GUARDRAIL_INTERVENED" if changed else "NONE"
        return {"action": action, **self.passed, "assaymark": said}


class _Judging:
    def __init__(
        self, bare: Guard, guard: Guard, request: LiteLlmRequest, session: Session | None
    ) -> None:
        self._bare, self._guard, self._request, self._session = bare, guard, request, session
        self._phase = Phase.INPUT if request.input_type == "request" else Phase.OUTPUT
        self._found = _Found()

    async def judged(self) -> _Found:
        request = self._request
        rows, texts = request.structured_messages or [], request.texts or []
        if rows:
            await self._rows(rows, texts)
        elif texts:
            await self._texts(texts)
        if request.tool_calls and not rows:
            await self._tool_calls(request.tool_calls)
        if request.tools:
            await self._tools(request.tools)
        self._unread()
        return self._found

    async def _checked(self, messages: Sequence[Mapping[str, Any]]) -> Checked:
        return await self._guard.acheck(messages, self._phase, session=self._session)

    async def _rows(self, rows: Sequence[Mapping[str, Any]], texts: Sequence[str]) -> None:
        checked = await self._checked(rows)
        if not self._found.add("the messages", checked):
            return
        new = [dict(each) for each in checked.messages]
        places = [place for n, row in enumerate(rows) for place in _places(n, row)]
        if not _writes_rows(self._request.litellm_version) and _rest(new) != _rest(rows):
            self._found.reasons.append(
                "the policy changes more than texts, which this version of LiteLLM does not"
            )
            return
        if [_text_at(rows, each) for each in places] == list(texts):
            self._found.passed["texts"] = [_text_at(new, each) for each in places]
        else:
            await self._texts(texts)
        if new != list(rows):
            self._found.passed["structured_messages"] = new

    async def _texts(self, texts: Sequence[str]) -> None:
        role = "user" if self._phase is Phase.INPUT else "assistant"
        checked = await self._checked([{"role": role, "content": each} for each in texts])
        if not self._found.add("a text", checked):
            return
        self._found.passed["texts"] = [each["content"] for each in checked.messages]
        if self._phase is Phase.OUTPUT:
            self._found.passed["stream_holdback_chars"] = [await self._held(each) for each in texts]

    async def _held(self, text: str) -> int:
        """Return how much of what may pass is not final while the text may go on."""
        # It was judged already; whoever looks on need not see it twice.
        stream = self._bare.stream(Phase.OUTPUT, session=self._session)
        await stream.afeed(text)
        return len(await stream.afinish())

    async def _tool_calls(self, calls: Sequence[Mapping[str, Any]]) -> None:
        message = {"role": "assistant", "tool_calls": list(calls)}
        checked = await self._guard.acheck([message], self._phase, session=self._session)
        if self._found.add("a call of a tool", checked) and checked.verdict is Verdict.REDACT:
            self._found.reasons.append(
                "the policy changes the arguments of a tool, which this API does not"
            )

    async def _tools(self, tools: Sequence[Mapping[str, Any]]) -> None:
        checked = await self._guard.acheck_json(list(tools), (), self._phase, session=self._session)
        if self._found.add("the definition of a tool", checked):
            self._found.passed["tools"] = checked.messages[0]

    def _unread(self) -> None:
        extra = self._request.model_extra or {}
        names = sorted(name for name, value in extra.items() if value and name not in _NOT_CONTENT)
        # Fields of ours have names; what a newer LiteLLM calls another field is its own affair.
        unread = [
            *(["images"] if self._request.images else []),
            *(["other fields"] if names else []),
        ]
        for each in unread:
            if self._guard.rules.refuses_uninspected:
                self._found.reasons.append(f"nothing reads {each}")
            else:
                self._found.unread.append(each)


_WRITES_ROWS = (1, 106)
"""Version of LiteLLM that is known to write changed messages back."""

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\D|$)", re.ASCII)


def _writes_rows(version: str | None) -> bool:
    found = _VERSION.match(version or "")
    return found is not None and tuple(map(int, found.groups())) >= _WRITES_ROWS


def _rest(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return messages without what LiteLLM takes texts from."""
    rest = []
    for row in rows:
        content = row.get("content")
        parts = content if isinstance(content, list) else []
        left = [{k: v for k, v in p.items() if k != "text"} for p in parts if isinstance(p, dict)]
        rest.append({**row, "content": left})
    return rest


_Place = tuple[int, int | None]


def _places(number: int, row: Mapping[str, Any]) -> list[_Place]:
    """Return where LiteLLM takes the texts of a message from."""
    content = row.get("content")
    if isinstance(content, str):
        return [(number, None)]
    if not isinstance(content, list):
        return []
    return [
        (number, n)
        for n, part in enumerate(content)
        if isinstance(part, dict) and isinstance(part.get("text"), str)
    ]


def _text_at(rows: Sequence[Mapping[str, Any]], place: _Place) -> str:
    number, part = place
    content = rows[number]["content"]
    return str(content if part is None else content[part]["text"])


def _session(request: LiteLlmRequest, call: Call) -> Session | None:
    """Return the conversation: LiteLLM's, of one of its keys, so that no other key leads there."""
    conversation = request.litellm_trace_id or request.litellm_call_id
    if not conversation:
        return call.session
    key = str((request.request_data or {}).get("user_api_key_hash") or "")
    return call.conversation(f"{len(key)}:{key}{conversation}")
