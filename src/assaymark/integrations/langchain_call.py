"""
One call of a guarded model of LangChain: what goes in, and what comes out as a whole.

tests/integrations/test_langchain.py
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assaymark.guard.blocking import BlockedError
from assaymark.guard.guard import Guard
from assaymark.guard.sessions import Session
from assaymark.guard.verdict import Checked, Verdict
from assaymark.integrations.langchain_messages import (
    document_of,
    is_json,
    judged,
    plain_role,
    replaced,
    without_repeats,
)
from assaymark.policy.guarding import Phase

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk, BaseMessage
    from langchain_core.outputs import ChatResult


class Call:
    """One call.

    Args:
        guard: Who judges.
        session: Whose pseudonyms are used.
        messages: The input.
        kwargs: What else the model is called with.
    """

    def __init__(
        self,
        guard: Guard,
        session: Session | None,
        messages: list[BaseMessage],
        kwargs: dict[str, Any],
    ) -> None:
        self._guard, self.session = guard, session
        self.messages, self.kwargs = messages, kwargs

    def judge_input(self) -> None:
        """Make of `messages` and `kwargs` what may go in.

        Raises:
            BlockedError: It may not.
        """
        self.messages = self._judged(self.messages, Phase.INPUT)
        # Tools, schemas and the like; what is no JSON was written by the programmer.
        plain = {key: each for key, each in self.kwargs.items() if is_json(each)}
        if plain:
            checked = self._guard.check_json(plain, (), Phase.INPUT, session=self.session)
            _demand_passed(checked)
            self.kwargs = {**self.kwargs, **checked.messages[0]}

    def judged(self, result: ChatResult) -> ChatResult:
        """Return an answer as it may come out.

        Raises:
            BlockedError: It may not.
        """
        from langchain_core.outputs import ChatGeneration, ChatResult

        messages = [each.message for each in result.generations]
        new = self._judged(messages, Phase.OUTPUT)
        return ChatResult(
            generations=[
                ChatGeneration(
                    message=message, generation_info=without_repeats(each.generation_info or {})
                )
                for message, each in zip(new, result.generations, strict=True)
            ],
            llm_output=result.llm_output,
        )

    def _judged(self, messages: Sequence[BaseMessage], phase: Phase) -> list[BaseMessage]:
        documents = [document_of(each) for each in messages]
        forms = [judged(d, plain_role(m)) for d, m in zip(documents, messages, strict=True)]
        before = [each.message for each in forms]
        checked = self._guard.check(before, phase, session=self.session)
        _demand_passed(checked)
        values = [value for each in forms for value in each.rests.values()]
        passed: Any = values
        if values:
            rest = self._guard.check_json(values, (), phase, session=self.session)
            _demand_passed(rest)
            passed = rest.messages[0]
        left = iter(passed)
        return [
            replaced(
                message, document, form.message, after, {place: next(left) for place in form.rests}
            )
            for message, document, form, after in zip(
                messages, documents, forms, checked.messages, strict=True
            )
        ]


def _demand_passed(checked: Checked) -> None:
    if checked.verdict is Verdict.BLOCK:
        raise BlockedError(checked.phase, checked.findings, checked.unjudged)


def chunk_of(generation: Any) -> AIMessageChunk:
    """Return the message of a generation as a chunk, which one that came as a whole is not."""
    from langchain_core.messages import AIMessageChunk

    message = generation.message
    if isinstance(message, AIMessageChunk):
        return message
    return AIMessageChunk(
        content=message.content,
        additional_kwargs=message.additional_kwargs,
        response_metadata=message.response_metadata,
        id=message.id,
        usage_metadata=message.usage_metadata,
        tool_call_chunks=[
            {
                "name": each["name"],
                "args": json.dumps(each["args"]),
                "id": each["id"],
                "index": n,
                "type": "tool_call_chunk",
            }
            for n, each in enumerate(message.tool_calls)
        ],
    )
