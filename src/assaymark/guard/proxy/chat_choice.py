"""
One choice of a chat completion, as a whole or in pieces, by the same steps.

Texts are judged in one order: reasoning, content, refusal, calls. The first that is blocked ends the choice;
nothing behind it leaves.

tests/guard/proxy/test_chat_completions.py and test_law.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assaymark.guard.documents import Steps, with_values
from assaymark.guard.proxy.chat_extras import Piece, pieces_in, with_texts
from assaymark.guard.proxy.chat_parts import OtherPart, PartText, parts_in, rests_in, with_parts
from assaymark.guard.proxy.coverage import Leave, Shape, rest_of
from assaymark.guard.proxy.dialect import REFUSAL, is_one_of
from assaymark.guard.proxy.judge import AT_ONCE, Judge
from assaymark.guard.proxy.reading import a_list, a_number, an_object, invalid_answer

TEXTS = ("reasoning_content", "reasoning", "content", "refusal")
FILTERED = "content_filter"

_MESSAGE: dict[str, Shape] = {
    "role": Leave.PLAIN,
    **dict.fromkeys((*TEXTS, "tool_calls", "function_call", "audio"), Leave.TAKEN),
}
_CHOICE: dict[str, Shape] = {
    **dict.fromkeys(("finish_reason", "native_finish_reason"), Leave.PLAIN),
    "index": Leave.COUNT,
    "logprobs": Leave.TAKEN,
}
_CALL: dict[str, Shape] = {
    **dict.fromkeys(("id", "type"), Leave.PLAIN),
    "index": Leave.COUNT,
    **dict.fromkeys(("function", "custom"), Leave.TAKEN),
}
_CALLED = {"function": "arguments", "custom": "input"}


class Choice:
    """One choice.

    Args:
        judge: Who judges.
        index: Which one.
        tools: Names that the request declares.
    """

    def __init__(self, judge: Judge, index: int, tools: frozenset[str]) -> None:
        self._judge, self._index, self._tools = judge, index, tools
        self._here: Steps = ("choices", index, "message")
        self.is_finished = self.is_blocked = False
        self._written: dict[Steps, Callable[[str], Any]] = {}
        """Text that came in parts last to what writes it as one."""
        self._is_whole = False

    async def whole(self, choice: dict[str, Any]) -> dict[str, Any]:
        """Return a choice that came as a whole, as it may pass.

        Raises:
            RefusedError: It is none, or may not.
        """
        self._is_whole = True
        message = await self._message(an_object(choice.get("message")))
        return await self._framed(choice, "message", message)

    async def delta(self, choice: dict[str, Any]) -> list[dict[str, Any]]:
        """Take a piece of the choice; return the pieces that leave.

        Raises:
            RefusedError: It is none, or may not leave.
        """
        if self.is_finished:
            return []
        delta = await self._message(an_object(choice.get("delta") or {}))
        new = await self._framed(choice, "delta", delta)
        if not self.is_blocked and choice.get("finish_reason") is None:
            return [new]
        # What came with the end stands before what was held of it, and the end stands last.
        tails = await self.rest()
        if self.is_blocked:
            return [{**new, "finish_reason": None}, *tails]
        if not tails or not any(each != "role" for each in delta):
            return [*tails, new]
        return [{**new, "finish_reason": None}, *tails, {**new, "delta": {}}]

    async def rest(self) -> list[dict[str, Any]]:
        """Return what is still held of the choice, up to what is blocked."""
        if self.is_finished:
            return []
        self.is_finished = True
        tails: list[dict[str, Any]] = []
        for key in self._judge.keys(self._here):
            text = await self._judge.finish(key)
            if text:
                tails.append(self._piece(self._delta_of(key, text)))
            if self._judge.is_blocked(key):
                self.is_blocked = True
                tails.append(self._piece({"refusal": REFUSAL}, FILTERED))
                break
        return tails

    def _delta_of(self, key: Steps, text: str) -> dict[str, Any]:
        written = self._written.get(key)
        return (
            _nested(key[len(self._here) :], text) if written is None else {"content": written(text)}
        )

    def _piece(self, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        return {"index": self._index, "delta": delta, "finish_reason": reason}

    async def _framed(
        self, choice: dict[str, Any], key: str, message: dict[str, Any]
    ) -> dict[str, Any]:
        new = await self._rest(choice, _CHOICE | {key: Leave.TAKEN})
        new = {**new, "index": self._index, key: message}
        if new.get("logprobs") is not None:
            new["logprobs"] = None
        if self.is_blocked:
            new["finish_reason"] = FILTERED
        return new

    async def _rest(self, part: dict[str, Any], shape: Shape, *where: str | int) -> dict[str, Any]:
        """Return a part of the choice as it may pass, but for what `shape` says that others judge."""
        here = None if self._is_whole else (*self._here, *where)
        return dict(await self._judge.answer_rest(part, list(rest_of(part, shape)), here))

    async def _message(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return a message, or a piece of one, as it may pass; nothing stands behind what is blocked."""
        strange = {"audio": message.get("audio")} if self._is_whole else message
        extras = pieces_in(strange, {*_MESSAGE, *AT_ONCE} - {"audio"})
        bare = with_values(message, {each.place: None for each in extras})
        new = await self._beside(bare, has_audio=message.get("audio") is not None)
        for key in TEXTS:
            if key in message:
                new[key] = await self._text(key, message[key], new[key])
        new = await self._with_extras(new, extras)
        if self.is_blocked:
            # It says the text again.
            new.pop("audio", None)
        calls = ("tool_calls", "function_call")
        new = {key: each for key, each in new.items() if key not in calls}
        if not self.is_blocked:
            await self._add_calls(message, new)
        return self._with_refusal(new) if self._is_whole else new

    async def _beside(self, message: dict[str, Any], *, has_audio: bool) -> dict[str, Any]:
        """Return a message with all but its texts as it may pass."""
        rests = list(rest_of(message, _MESSAGE))
        if has_audio:
            rests += self._judge.unread(message["audio"], "audio", in_answer=True)
        for key in TEXTS:
            value = message.get(key)
            if key == "content" and isinstance(value, list):
                rests += rests_in(value)
                for each in parts_in(value):
                    if isinstance(each, OtherPart):
                        rests += self._judge.unread(each.value, *each.place, in_answer=True)
            elif value is not None and not isinstance(value, str):
                rests += self._judge.unread(value, key, in_answer=True)
        here = None if self._is_whole else (*self._here, "message")
        return dict(await self._judge.answer_rest(message, rests, here))

    async def _with_extras(
        self, message: dict[str, Any], extras: Sequence[Piece]
    ) -> dict[str, Any]:
        """Return a piece of a message with what may leave of texts that the API does not have."""
        left: dict[Steps, str] = {}
        for each in extras:
            if not self.is_blocked:
                left[each.place] = await self._taken((*self._here, *each.text_place), each.piece)
        return with_texts(message, left)

    def _with_refusal(self, message: dict[str, Any]) -> dict[str, Any]:
        if not self.is_blocked:
            return message
        return {**message, "refusal": (message.get("refusal") or "") + REFUSAL}

    async def _add_calls(self, message: dict[str, Any], new: dict[str, Any]) -> None:
        if message.get("tool_calls") is not None:
            new["tool_calls"] = await self._calls(a_list(message["tool_calls"]))
        if message.get("function_call") is not None:
            new["function_call"] = await self._called("function", message["function_call"], None)

    async def _text(self, key: str, value: Any, passed: Any) -> Any:
        """Return a text of a message; `passed` is what may stand there beside what is a text."""
        if value is None or self.is_blocked:
            return None
        if isinstance(value, str):
            self._written.pop((*self._here, key), None)
            return await self._taken((*self._here, key), value)
        if key != "content" or not isinstance(value, list):
            return passed
        left: dict[Steps, str] = {}
        for each in parts_in(value):
            if isinstance(each, PartText) and not self.is_blocked:
                place = (*self._here, *(each.place if self._is_whole else each.text_place))
                self._written[place] = each.written
                left[each.place] = await self._taken(place, each.text)
        return with_parts(passed, left, is_cut=self.is_blocked)

    async def _calls(self, calls: list[Any]) -> list[Any]:
        passed = []
        for n, call in enumerate(calls):
            if self.is_blocked:
                break
            index = a_number(an_object(call).get("index"), n)
            new = await self._rest(call, _CALL, "call", index)
            for key in _CALLED:
                if call.get(key) is not None:
                    new[key] = await self._called(key, call[key], index)
            passed.append(new)
        return passed

    async def _called(self, key: str, called: Any, index: int | None) -> dict[str, Any]:
        """Return a called function or tool as it may be called."""
        inner = _CALLED[key]
        here = (*self._here, "function_call") if index is None else (
            *self._here, "tool_calls", index, key,
        )  # fmt: skip
        shape: dict[str, Shape] = {"name": Leave.TAKEN, inner: Leave.TAKEN}
        new = await self._rest(an_object(called), shape, "called", key, index or 0)
        name = called.get("name")
        if name is not None and not is_one_of(name, self._tools):
            if not isinstance(name, str):
                raise invalid_answer("the name of a tool is no text")
            new["name"] = await self._taken((*here, "name"), name, to_tool=True)
        value = called.get(inner)
        if self.is_blocked:
            new[inner] = ""
        elif value is not None:
            if not isinstance(value, str):
                raise invalid_answer("the arguments of a tool are no text")
            new[inner] = await self._taken(
                (*here, inner), value, to_tool=True, is_json=key == "function"
            )
        return new

    async def _taken(
        self, key: Steps, text: str, *, to_tool: bool = False, is_json: bool = False
    ) -> str:
        take = self._judge.whole if self._is_whole else self._judge.feed
        left = await take(key, text, to_tool=to_tool, is_json=is_json)
        self.is_blocked = self.is_blocked or self._judge.is_blocked(key)
        return left


def _nested(steps: Steps, text: str) -> dict[str, Any]:
    """Return a delta with `text` at `steps`."""
    value: Any = text
    for step in reversed(steps):
        value = [{"index": step, **value}] if isinstance(step, int) else {step: value}
    found: dict[str, Any] = value
    return found
