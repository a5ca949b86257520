"""
The items of a response on their way, and what has left of their texts.

tests/guard/proxy/test_responses.py
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assaymark.guard.documents import Steps
from assaymark.guard.proxy.coverage import Leave, Shape, rest_of
from assaymark.guard.proxy.dialect import is_one_of
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.proxy.reading import a_list, a_number, an_object, invalid_answer

_ITEM: dict[str, Shape] = {
    **dict.fromkeys(("type", "id", "call_id", "status", "role", "phase"), Leave.PLAIN),
    "encrypted_content": Leave.OPAQUE,
}
_TEXT_OF = {
    **dict.fromkeys(("output_text", "reasoning_text", "summary_text", "text"), "text"),
    "refusal": "refusal",
}
"""Type of a part to the key of its text."""

_LISTS = ("summary", "content")
_INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text that events say piece by piece."""

    text: str
    """Its key where it is said as a whole, in the last event and in the item or part."""

    within: str = ""
    """The list of parts that it stands in, if it does."""

    to_tool: bool = False
    is_json: bool = False

    def key(self, event: dict[str, Any]) -> Steps:
        """Return the place of the text that `event` is about."""
        item: Steps = ("output", a_number(event.get("output_index"), 0))
        if not self.within:
            return (*item, self.text)
        index = "summary_index" if self.within == "summary" else "content_index"
        return (*item, self.within, a_number(event.get(index), 0), self.text)


_ARGUMENTS = Spoken("arguments", to_tool=True, is_json=True)
_TRANSCRIPT = Spoken("transcript")
_INPUT, _CODE = Spoken("input", to_tool=True), Spoken("code", to_tool=True)
_CALLS = {each.text: each for each in (_ARGUMENTS, _INPUT, _CODE)}

SPOKEN = {
    "response.output_text": Spoken("text", "content"),
    "response.refusal": Spoken("refusal", "content"),
    "response.reasoning_text": Spoken("text", "content"),
    "response.reasoning_summary_text": Spoken("text", "summary"),
    "response.audio.transcript": _TRANSCRIPT,
    "response.output_audio_transcript": _TRANSCRIPT,
    "response.function_call_arguments": _ARGUMENTS,
    "response.mcp_call_arguments": _ARGUMENTS,
    "response.custom_tool_call_input": _INPUT,
    "response.code_interpreter_call_code": _CODE,
}
"""Names of events, without `.delta` or `.done`, to the text that they say."""


class Items:
    """The items of one response.

    Args:
        judge: Who judges.
        tools: Names that the request declares.
    """

    def __init__(self, judge: Judge, tools: frozenset[str]) -> None:
        self._judge, self._tools = judge, tools
        self._is_whole = False
        self._sent: dict[Steps, str] = {}
        self._finished: set[Steps] = set()
        self._known: dict[int, dict[str, Any]] = {}

    @property
    def is_blocked(self) -> bool:
        """Whether a text is."""
        return self._judge.is_blocked(("output",))

    # -- as a whole

    async def whole(self, items: Sequence[Any]) -> list[Any]:
        """Return items that came as a whole, up to the one that is blocked."""
        self._is_whole = True
        for index, item in enumerate(items):
            await self.done(index, an_object(item))
            if self.is_blocked:
                break
        return self.so_far() if self.is_blocked else [self._known[n] for n in range(len(items))]

    async def again(self, items: Sequence[Any]) -> list[Any]:
        """Return items that were said before, in pieces."""
        passed = []
        for index, item in enumerate(items):
            passed.append(await self.done(index, an_object(item)))
            if self.is_blocked:
                break
        return passed

    def so_far(self) -> list[Any]:
        """Return what has left of the items."""
        for key in self._sent:
            self._known.setdefault(int(key[1]), {"type": "message", "role": "assistant"})
        return [self._filled(index) for index in sorted(self._known)]

    # -- in pieces

    async def piece(self, key: Steps, text: Any, spoken: Spoken) -> str:
        """Take a piece of a text; return what may leave."""
        left = await self._judge.feed(
            key, _text(text), to_tool=spoken.to_tool, is_json=spoken.is_json
        )
        self._sent[key] = self.sent(key) + left
        return left

    async def finish(self, key: Steps, text: Any, spoken: Spoken) -> str:
        """Take the end of a text, which says it again; return what may leave of it beyond what has left."""
        if key in self._finished:
            return ""
        self._finished.add(key)
        if key in self._sent:
            left = await self._judge.finish(key)
        else:
            left = await self._judge.whole(
                key, _text(text), to_tool=spoken.to_tool, is_json=spoken.is_json
            )
        self._sent[key] = self.sent(key) + left
        return left

    def sent(self, key: Steps) -> str:
        """Return what has left of a text."""
        return self._sent.get(key, "")

    async def added(self, index: int, item: dict[str, Any]) -> dict[str, Any]:
        """Return an item that begins, without the texts that are still to come."""
        return await self._item(index, item, is_done=False)

    async def done(self, index: int, item: dict[str, Any]) -> dict[str, Any]:
        """Return an item that is whole."""
        return await self._item(index, item, is_done=True)

    async def part(self, key: Steps, part: dict[str, Any], *, is_done: bool) -> dict[str, Any]:
        """Return a part of an item.

        Args:
            key: Its place.
            part: As it came.
            is_done: Whether it is whole.
        """
        text = _TEXT_OF.get(str(part.get("type")))
        shape: dict[str, Shape] = {"type": Leave.PLAIN, "logprobs": Leave.TAKEN}
        if text is not None:
            shape[text] = Leave.TAKEN
        new = await self._rest(part, shape, ("part", is_done, *key))
        if "logprobs" in new:
            new["logprobs"] = []
        if text is not None:
            new[text] = await self._taken((*key, text), part, Spoken(text), is_done=is_done)
        return new

    async def _item(self, index: int, item: dict[str, Any], *, is_done: bool) -> dict[str, Any]:
        here: Steps = ("output", index)
        taken = [each for each in _CALLS if isinstance(item.get(each), str)]
        lists = [each for each in _LISTS if isinstance(item.get(each), list)]
        shape = _ITEM | dict.fromkeys([*taken, *lists], Leave.TAKEN)
        if is_one_of(item.get("name"), self._tools):
            shape["name"] = Leave.TAKEN
        new = await self._rest(item, shape, ("item", is_done, *here))
        self._known[index] = new
        for key in lists:
            new[key] = []
            for n, part in enumerate(a_list(item[key])):
                if self._judge.is_blocked(here):
                    break
                new[key].append(await self.part((*here, key, n), an_object(part), is_done=is_done))
        for key in taken:
            new[key] = (
                ""
                if self._judge.is_blocked(here)
                else await self._taken((*here, key), item, _CALLS[key], is_done=is_done)
            )
        return new

    async def _rest(self, part: dict[str, Any], shape: Shape, here: Steps) -> dict[str, Any]:
        rests = list(rest_of(part, shape))
        return dict(await self._judge.answer_rest(part, rests, None if self._is_whole else here))

    async def _taken(
        self, key: Steps, holder: dict[str, Any], spoken: Spoken, *, is_done: bool
    ) -> str:
        if is_done:
            await self.finish(key, holder.get(spoken.text), spoken)
        elif holder.get(spoken.text):
            raise invalid_answer("a text began before its pieces")
        return self.sent(key)

    def _filled(self, index: int) -> dict[str, Any]:
        """Return an item with what has left of its texts."""
        item = copy.deepcopy(self._known[index])
        here: Steps = ("output", index)
        for key, text in self._sent.items():
            if key[:2] != here:
                continue
            if len(key) == 3:  # noqa: PLR2004 - `output`, index, key
                item[str(key[2])] = text
                continue
            _, _, name, place, last = key
            parts = item.setdefault(str(name), [])
            while len(parts) <= int(place):
                parts.append(_empty_part(str(name), str(last), str(item.get("type"))))
            parts[int(place)][str(last)] = text
        if self._judge.is_blocked(here):
            item["status"] = _INCOMPLETE
        return item


def _empty_part(name: str, text: str, kind: str) -> dict[str, Any]:
    if name == "summary":
        return {"type": "summary_text"}
    if text == "refusal":
        return {"type": "refusal"}
    if kind == "reasoning":
        return {"type": "reasoning_text"}
    return {"type": "output_text", "annotations": []}


def _text(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise invalid_answer("a text is none")
    return value or ""
