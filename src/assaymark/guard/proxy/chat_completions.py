"""
OpenAI's chat completions, `POST /v1/chat/completions`.

* A request: messages are judged as messages, tools and everything else as JSON.
* An answer: each choice for itself. A choice that is blocked ends where it was, with `finish_reason:
  "content_filter"` and a refusal, streamed or not; the others go on.
* `logprobs` say the text again, in pieces too small to judge, and are dropped.

Fields: openai-openapi, `CreateChatCompletionRequest`, `CreateChatCompletionResponse`, and
`CreateChatCompletionStreamResponse`. tests/guard/proxy/test_chat_completions.py and test_law.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assaymark.guard.asgi.sse import Event
from assaymark.guard.proxy.chat_choice import FILTERED, Choice
from assaymark.guard.proxy.chat_request import judged_request
from assaymark.guard.proxy.coverage import Leave, Shape, rest_of
from assaymark.guard.proxy.dialect import (
    DONE,
    OpenAIErrors,
    declared_names,
    written,
)
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.proxy.moderation import moderation_of
from assaymark.guard.proxy.reading import a_list, a_number, an_object
from assaymark.guard.proxy.stream_ends import EndsByMark

FRAME: Mapping[str, Shape] = {
    **dict.fromkeys(
        (
            *("id", "object", "model", "system_fingerprint", "service_tier", "usage"),
            *("obfuscation", "provider"),
        ),
        Leave.PLAIN,
    ),
    "created": Leave.COUNT,
}
"""Of answers and events, structure."""

_ANSWER: Shape = {**FRAME, "choices": Leave.TAKEN}


class ChatCompletions(OpenAIErrors):
    """The operation."""

    name = "chat.completions"
    path = "/v1/chat/completions"
    target = "/chat/completions"
    names = frozenset(
        {
            *("messages", "choices", "message", "delta", "tools", "metadata", "user", "stop"),
            *("response_format", "parameters", "description"),
        }
    )

    async def request(self, document: dict[str, Any], judge: Judge) -> dict[str, Any]:
        """Return a request as it may be sent on.

        Raises:
            RefusedError: It may not.
        """
        return await judged_request(document, judge)

    def answer(self, request: Mapping[str, Any], judge: Judge) -> ChatAnswer:
        """Return what judges the answer to `request`."""
        return ChatAnswer(judge, declared_names(request.get("tools")), request.get("n"))


class ChatAnswer(EndsByMark):
    """One answer.

    Args:
        judge: Who judges.
        tools: Names that the request declares.
        count: How many choices it asks for.
    """

    def __init__(self, judge: Judge, tools: frozenset[str], count: Any) -> None:
        self._judge, self._tools = judge, tools
        self._count = count if isinstance(count, int) and count > 0 else 1
        self._choices: dict[int, Choice] = {}
        self._frame: dict[str, Any] = {}

    # -- as a whole

    async def whole(self, document: Any) -> Any:
        """Return an answer that came as a whole, as it may pass.

        Raises:
            RefusedError: It is none, or may not.
        """
        choices = a_list(an_object(document).get("choices"))
        passed = []
        for n, each in enumerate(choices):
            index = a_number(an_object(each).get("index"), n)
            passed.append(await self._choice(index).whole(each))
        new = await self._judge.answer_rest(document, list(rest_of(document, _ANSWER)))
        if "choices" in new:
            new = {**new, "choices": passed}
        if any(each.is_blocked for each in self._choices.values()):
            new = {**new, "moderation": moderation_of(self._judge)}
        return new

    # -- in pieces

    async def _piece(self, document: dict[str, Any]) -> list[Event]:
        choices = a_list(document.get("choices"))
        rests = list(rest_of(document, _ANSWER))
        plain = await self._judge.answer_rest(document, rests, ("event",))
        self._frame = {key: plain[key] for key in FRAME if key in plain and key != "usage"}
        left: list[Event] = []
        passed: list[dict[str, Any]] = []
        for n, each in enumerate(choices):
            choice = self._choice(a_number(an_object(each).get("index"), n))
            passed += await choice.delta(each)
        if not choices:
            left.append(Event(data=written(plain)))
        # One event may hold one piece of a choice only.
        while passed:
            once = list({each["index"]: each for each in reversed(passed)}.values())[::-1]
            passed = [each for each in passed if not any(each is one for one in once)]
            left.append(self._event(once, plain))
        return [*left, *self._closed()]

    async def _done(self) -> list[Event]:
        self.is_closing = self.is_over = True
        left = []
        for choice in self._choices.values():
            left += [self._event([tail]) for tail in await choice.rest()]
        return [*left, Event(data=DONE)]

    def _closed(self) -> list[Event]:
        """Note whether all choices are finished; return the end where all of them are blocked."""
        finished = [each for each in self._choices.values() if each.is_finished]
        self.is_closing = len(finished) >= self._count
        if not self.is_closing or not all(each.is_blocked for each in finished):
            return []
        self.is_over = True
        return [Event(data=DONE)]

    def _choice(self, index: int) -> Choice:
        if index not in self._choices:
            self._choices[index] = Choice(self._judge, index, self._tools)
        return self._choices[index]

    def _event(self, choices: Sequence[Any], frame: Mapping[str, Any] | None = None) -> Event:
        document = {**(self._frame if frame is None else frame), "choices": list(choices)}
        if any(each.get("finish_reason") == FILTERED for each in choices):
            document["moderation"] = moderation_of(self._judge)
        return Event(data=written(document))
