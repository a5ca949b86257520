"""
`POST /guards/{id}/openai/v1/chat/completions`: chat completions for clients of guardrails-ai's server.

* They are judged as any other chat completion: requests by the policy's rules for `input`, answers by those
  for `output`, whatever guard the path names.
* Beside what the API has, an answer and each event of a stream have `guardrails`, which says whether what
  stands in it is all that the model said, or the policy blocked the rest.

Source: guardrails-api, its routes. A stream there ends without `[DONE]`; here it ends as OpenAI's do.
tests/guard/proxy/test_guardrails_chat.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assaymark.guard.asgi.sse import Event
from assaymark.guard.proxy.chat_completions import ChatAnswer, ChatCompletions
from assaymark.guard.proxy.dialect import DONE, Dialect, declared_names, written
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.verdict import Verdict
from assaymark.policy.guarding import Phase


def guardrails_chats() -> tuple[Dialect, ...]:
    """Return the operation, for every guard."""
    return tuple(GuardrailsChat(each) for each in Phase)


class GuardrailsChat(ChatCompletions):
    """The operation for one guard.

    Args:
        phase: Which one.
    """

    def __init__(self, phase: Phase) -> None:
        self.path = f"/guards/{phase.value}/openai/v1/chat/completions"

    def answer(self, request: Mapping[str, Any], judge: Judge) -> GuardrailsAnswer:
        """Return what judges the answer to `request`."""
        return GuardrailsAnswer(judge, declared_names(request.get("tools")), request.get("n"))


class GuardrailsAnswer(ChatAnswer):
    """One answer."""

    async def whole(self, document: Any) -> Any:
        """Return an answer that came as a whole, as it may pass."""
        return {**await super().whole(document), "guardrails": self._outcome()}

    async def event(self, event: Event) -> list[Event]:
        """Take the next event; return those that may leave."""
        return self._with_outcome(await super().event(event))

    async def end(self) -> list[Event]:
        """Take the end of the stream."""
        return self._with_outcome(await super().end())

    def _with_outcome(self, events: list[Event]) -> list[Event]:
        outcome = self._outcome()
        return [
            each
            if each.data is None or each.data == DONE
            else Event(data=written({**json.loads(each.data), "guardrails": outcome}))
            for each in events
        ]

    def _outcome(self) -> dict[str, Any]:
        passed = self._judge.response.verdict is not Verdict.BLOCK
        error = None if passed else "the policy blocks the text"
        return {"reask": None, "validation_passed": passed, "error": error}
