"""
OpenAI's legacy completions, `POST /v1/completions`.

Prompts are judged as texts; tokens are a coded text that nothing reads. A choice that is blocked ends there,
with `finish_reason: "content_filter"`; `logprobs` are dropped.

Fields: openai-openapi, `CreateCompletionRequest` and `CreateCompletionResponse`.
tests/guard/proxy/test_completions.py and test_law.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assaymark.guard.asgi.sse import Event
from assaymark.guard.documents import Steps
from assaymark.guard.proxy.chat_choice import FILTERED
from assaymark.guard.proxy.chat_completions import FRAME
from assaymark.guard.proxy.chat_request import SETTINGS
from assaymark.guard.proxy.coverage import Leave, Shape, rest_of
from assaymark.guard.proxy.dialect import DONE, OpenAIErrors, written
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.proxy.prompts import prompt_turns
from assaymark.guard.proxy.reading import a_list, a_number, an_object, invalid_answer
from assaymark.guard.proxy.stream_ends import EndsByMark
from assaymark.guard.proxy.turns import Form, Turn, judged_turns

_REQUEST: Shape = {
    **SETTINGS,
    "best_of": Leave.COUNT,
    "echo": Leave.PLAIN,
    **dict.fromkeys(("prompt", "suffix"), Leave.TAKEN),
}
_ANSWER: Shape = {**FRAME, "choices": Leave.TAKEN}
_CHOICE: Shape = {
    "index": Leave.COUNT,
    "finish_reason": Leave.PLAIN,
    **dict.fromkeys(("text", "logprobs"), Leave.TAKEN),
}


class Completions(OpenAIErrors):
    """The operation."""

    name = "completions"
    path = "/v1/completions"
    target = "/completions"
    names = frozenset({"prompt", "suffix", "choices"})

    async def request(self, document: dict[str, Any], judge: Judge) -> dict[str, Any]:
        """Return a request as it may be sent on.

        Raises:
            RefusedError: It may not.
        """
        turns = prompt_turns(document, "prompt", judge)
        suffix = document.get("suffix")
        if suffix is not None:
            form = Form.TEXT if isinstance(suffix, str) else Form.JSON
            turns.append(Turn(("suffix",), "user", suffix, form))
        new = await judge.rest(document, list(rest_of(document, _REQUEST)))
        passed: dict[str, Any] = await judged_turns(new, turns, judge)
        return passed

    def answer(self, request: Mapping[str, Any], judge: Judge) -> CompletionAnswer:
        """Return what judges the answer to `request`."""
        prompt = request.get("prompt")
        prompts = len(prompt) if isinstance(prompt, list) else 1
        count = request.get("n")
        return CompletionAnswer(judge, (count if isinstance(count, int) else 1) * max(prompts, 1))


class CompletionAnswer(EndsByMark):
    """One answer.

    Args:
        judge: Who judges.
        count: How many choices it may have.
    """

    def __init__(self, judge: Judge, count: int) -> None:
        self._judge, self._count = judge, count
        self._finished: dict[int, bool] = {}
        """Index of each choice that is finished to whether it was blocked."""
        self._frame: dict[str, Any] = {}

    async def whole(self, document: Any) -> Any:
        """Return an answer that came as a whole, as it may pass.

        Raises:
            RefusedError: It is none, or may not.
        """
        passed = []
        for n, choice in enumerate(a_list(an_object(document).get("choices"))):
            index = a_number(an_object(choice).get("index"), n)
            text = await self._judge.whole(_key(index), _text(choice))
            new = await self._framed(choice, index, text, None)
            if self._judge.is_blocked(_key(index)):
                new["finish_reason"] = FILTERED
            passed.append(new)
        plain = await self._judge.answer_rest(document, list(rest_of(document, _ANSWER)))
        return {**plain, "choices": passed} if "choices" in plain else plain

    async def _piece(self, document: dict[str, Any]) -> list[Event]:
        plain = await self._judge.answer_rest(
            document, list(rest_of(document, _ANSWER)), ("event",)
        )
        self._frame = {key: each for key, each in plain.items() if key in FRAME and key != "usage"}
        passed: list[dict[str, Any]] = []
        choices = a_list(document.get("choices"))
        for n, choice in enumerate(choices):
            index = a_number(an_object(choice).get("index"), n)
            if index not in self._finished:
                passed.append(await self._choice(choice, index))
        left = [Event(data=written({**plain, "choices": passed}))] if passed or not choices else []
        self.is_closing = len(self._finished) >= self._count
        if self.is_closing and all(self._finished.values()):
            self.is_over = True
            left.append(Event(data=DONE))
        return left

    async def _choice(self, choice: dict[str, Any], index: int) -> dict[str, Any]:
        key = _key(index)
        text = await self._judge.feed(key, _text(choice))
        if choice.get("finish_reason") is not None:
            text += await self._judge.finish(key)
            self._finished[index] = False
        new = await self._framed(choice, index, text, ("choices", index))
        if self._judge.is_blocked(key):
            self._finished[index] = True
            new["finish_reason"] = FILTERED
        return new

    async def _framed(
        self, choice: dict[str, Any], index: int, text: str, here: Steps | None
    ) -> dict[str, Any]:
        new = await self._judge.answer_rest(choice, list(rest_of(choice, _CHOICE)), here)
        return {**new, "index": index, "text": text, "logprobs": None}

    async def _done(self) -> list[Event]:
        self.is_closing = self.is_over = True
        left = []
        for (_, index, *_), text in [
            (key, await self._judge.finish(key)) for key in self._judge.keys(("choices",))
        ]:
            if index in self._finished:
                continue
            reason = FILTERED if self._judge.is_blocked(("choices", index)) else None
            if text or reason:
                piece = {"index": index, "text": text, "logprobs": None, "finish_reason": reason}
                left.append(Event(data=written({**self._frame, "choices": [piece]})))
        return [*left, Event(data=DONE)]


def _key(index: int) -> Steps:
    return ("choices", index, "text")


def _text(choice: dict[str, Any]) -> str:
    text = choice.get("text")
    if text is not None and not isinstance(text, str):
        raise invalid_answer("the text of a choice is none")
    return text or ""
