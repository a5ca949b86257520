"""
Answers of OpenAI's responses, as a whole and in pieces.

* A text that is blocked ends its item, and the answer with it: `status: "incomplete"`, for the reason
  `content_filter`; in a stream `response.incomplete`.
* A stream says its texts several times: in pieces, then whole, part by part, item by item, and all together.
  What is said again is put together from what has left, whatever the upstream says there.
* What repeats the request word for word is left alone.

tests/guard/proxy/test_responses.py and test_law.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.asgi.sse import Event
from assaymark.guard.documents import Steps
from assaymark.guard.proxy.coverage import Leave, Rest, Shape, rest_of
from assaymark.guard.proxy.dialect import data_of, declared_names, written
from assaymark.guard.proxy.judge import Judge
from assaymark.guard.proxy.moderation import moderation_of
from assaymark.guard.proxy.reading import a_list, a_number, an_object, invalid_answer
from assaymark.guard.proxy.response_items import SPOKEN, Items, Spoken
from assaymark.guard.proxy.stream_ends import EndsByEvent
from assaymark.guard.structure import is_plain

_FILTERED = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}

_RESPONSE: dict[str, Shape] = {
    **dict.fromkeys(
        (
            *("id", "object", "status", "model", "background", "store"),
            *("parallel_tool_calls", "truncation", "service_tier", "reasoning", "usage"),
            *("incomplete_details", "previous_response_id", "prompt_cache_key"),
            *("prompt_cache_retention", "text", "tool_choice", "safety_identifier"),
        ),
        Leave.PLAIN,
    ),
    **dict.fromkeys(
        (
            *("created_at", "completed_at", "temperature", "top_p", "top_logprobs"),
            *("max_output_tokens", "max_tool_calls"),
        ),
        Leave.COUNT,
    ),
    "output": Leave.TAKEN,
}
_ECHOES = ("instructions", "tools", "tool_choice", "metadata", "text", "user", "reasoning", "input")
"""What an answer repeats of its request."""

_EVENT: dict[str, Shape] = {
    **dict.fromkeys(("type", "item_id", "obfuscation"), Leave.PLAIN),
    **dict.fromkeys(
        (
            *("sequence_number", "output_index", "content_index", "summary_index"),
            "annotation_index",
        ),
        Leave.COUNT,
    ),
}
_BEGINS = frozenset({"response.created", "response.in_progress", "response.queued"})
_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
_INDEXES = ("output_index", "content_index", "summary_index", "annotation_index")
_PARTS = ("response.content_part", "response.reasoning_summary_part")


class ResponsesAnswer(EndsByEvent):
    """One answer.

    Args:
        judge: Who judges.
        request: As it was sent on.
    """

    def __init__(self, judge: Judge, request: Mapping[str, Any]) -> None:
        self._judge, self._request = judge, request
        self._items = Items(judge, declared_names(request.get("tools")))
        self._frame: dict[str, Any] = {}
        self._number = 0

    # -- as a whole

    async def whole(self, document: Any) -> Any:
        """Return an answer that came as a whole, as it may pass.

        Raises:
            RefusedError: It is none, or may not.
        """
        items = a_list(an_object(document).get("output"))
        passed = await self._items.whole(items)
        plain = await self._framed(document)
        if "output" in plain:
            plain = {**plain, "output": passed}
        return {**plain, **self._filtered()} if self._items.is_blocked else plain

    async def _framed(self, response: dict[str, Any], here: Steps | None = None) -> dict[str, Any]:
        """Return a response with all but its items as it may pass."""
        shape = dict(_RESPONSE)
        for key in _ECHOES:
            if key in response and response[key] == self._request.get(key):
                shape[key] = Leave.TAKEN
        new: dict[str, Any] = await self._judge.answer_rest(
            response, list(rest_of(response, shape)), here
        )
        return new

    # -- in pieces

    async def event(self, event: Event) -> list[Event]:
        """Take the next event; return those that may leave.

        Raises:
            RefusedError: It is no event of this API, or may not leave.
        """
        if event.data is None:
            return [Event()]
        document = an_object(data_of(event))
        kind = document.get("type")
        if not isinstance(kind, str) or not is_plain(kind):
            raise invalid_answer("an event has no type")
        if kind == "error":
            raise RefusedError(502, "upstream_failed", "the upstream failed in the middle")
        stem, _, phase = kind.rpartition(".")
        if kind in _BEGINS or kind in _ENDS:
            left = await self._whole_response(kind, document)
        elif stem in SPOKEN and phase in ("delta", "done"):
            left = await self._spoken(document, SPOKEN[stem], stem, is_done=phase == "done")
        elif stem == "response.output_item":
            left = await self._item(document, is_done=phase == "done")
        elif stem in _PARTS:
            left = await self._part(document, is_done=phase == "done")
        elif phase == "delta" or "audio" in kind or "image" in kind:
            self._judge.opaque("delta", in_answer=True)
            left = [await self._strange(kind, document, self._judge.readable(document))]
        else:
            left = [await self._strange(kind, document, [Rest((), document)])]
        return [*left, *self._ended()]

    def broken(self, refused: RefusedError) -> list[Event]:
        """Return what ends a stream that cannot go on."""
        self.is_over = True
        error = {"type": "error", "code": refused.code, "message": refused.message, "param": None}
        return [self._event(error)]

    async def _strange(self, kind: str, document: dict[str, Any], rests: Sequence[Rest]) -> Event:
        """Return an event of a kind that is not known."""
        here: Steps = (kind, *(a_number(document.get(each), 0) for each in _INDEXES))
        new = await self._judge.answer_rest(document, rests, here)
        return self._event({**new, "type": kind})

    async def _whole_response(self, kind: str, document: dict[str, Any]) -> list[Event]:
        response = an_object(document.get("response"))
        items = a_list(response.get("output"))
        self._frame = await self._framed(response, ("response", kind))
        if kind in _BEGINS:
            if items:
                raise invalid_answer("a response began with items")
            return [await self._with(document, "response", self._frame)]
        self.is_closing = True
        output = await self._items.again(items)
        if self._items.is_blocked:
            return []
        self.is_over = True
        new = {**self._frame, "output": output} if "output" in self._frame else self._frame
        return [await self._with(document, "response", new)]

    async def _spoken(
        self, document: dict[str, Any], spoken: Spoken, stem: str, *, is_done: bool
    ) -> list[Event]:
        key = spoken.key(document)
        text = spoken.text if is_done else "delta"
        shape = _EVENT | dict.fromkeys((text, "logprobs"), Leave.TAKEN)
        rests = list(rest_of(document, shape))
        new = dict(await self._judge.answer_rest(document, rests, (stem, is_done, *key)))
        if "logprobs" in new:
            new["logprobs"] = []
        if not is_done:
            new["delta"] = await self._items.piece(key, document.get("delta"), spoken)
            return [self._event(new)]
        tail = await self._items.finish(key, document.get(spoken.text), spoken)
        left = []
        if tail:
            piece = {each: new[each] for each in new if each != spoken.text}
            left.append(self._event({**piece, "type": f"{stem}.delta", "delta": tail}))
        if self._items.is_blocked:
            return left
        new[spoken.text] = self._items.sent(key)
        return [*left, self._event(new)]

    async def _item(self, document: dict[str, Any], *, is_done: bool) -> list[Event]:
        index = a_number(document.get("output_index"), 0)
        item = an_object(document.get("item"))
        take = self._items.done if is_done else self._items.added
        return [await self._with(document, "item", await take(index, item))]

    async def _part(self, document: dict[str, Any], *, is_done: bool) -> list[Event]:
        index = a_number(document.get("output_index"), 0)
        is_summary = "summary_index" in document
        place = a_number(document.get("summary_index" if is_summary else "content_index"), 0)
        key: Steps = ("output", index, "summary" if is_summary else "content", place)
        new = await self._items.part(key, an_object(document.get("part")), is_done=is_done)
        return [await self._with(document, "part", new)]

    async def _with(self, document: dict[str, Any], key: str, value: Any) -> Event:
        rests = list(rest_of(document, _EVENT | {key: Leave.TAKEN}))
        here: Steps = ("with", key, *(a_number(document.get(each), 0) for each in _INDEXES))
        new = await self._judge.answer_rest(document, rests, here)
        return self._event({**new, key: value})

    def _ended(self) -> list[Event]:
        """Return the end of the answer, where a text is blocked."""
        if self.is_over or not self._items.is_blocked:
            return []
        self.is_closing = self.is_over = True
        response = {**self._frame, **self._filtered(), "output": self._items.so_far()}
        return [self._event({"type": "response.incomplete", "response": response})]

    def _filtered(self) -> dict[str, Any]:
        return {**_FILTERED, "moderation": moderation_of(self._judge, is_list=False)}

    def _event(self, document: dict[str, Any]) -> Event:
        """Return an event with the next number: there may be more than came."""
        number, self._number = self._number, self._number + 1
        kind = str(document["type"])
        return Event(name=kind, data=written({**document, "sequence_number": number}))
