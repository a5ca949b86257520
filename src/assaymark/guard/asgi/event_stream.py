"""
Server-sent events on their way: texts that are written piece by piece, one piece in each event.

* The pieces of one field are one text, and the streaming law holds for it: what leaves of it, put together,
  is what leaves of the whole. Elements of lists that have an `index` are told apart by it.
* An event without such a piece is judged by itself, all of it, and does not overtake the text before it.
* What is still held at the end leaves in one more event, shaped as the last one of its field.

tests/guard/asgi/test_streams.py
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass, replace
from typing import Any

from assaymark.errors import AssaymarkError
from assaymark.guard.asgi.account import Account
from assaymark.guard.asgi.bodies import Judging, parsed
from assaymark.guard.asgi.refusals import RefusedError, unreadable
from assaymark.guard.asgi.routes import PLAIN, Route, fields_of
from assaymark.guard.asgi.sse import Event, EventReader
from assaymark.guard.documents import Selected, Steps, outermost, selected, strays, with_values
from assaymark.guard.stream import GuardStream
from assaymark.guard.verdict import Verdict
from assaymark.policy.guarding import Phase

DONE = "[DONE]"
"""Data of the last event, as the OpenAI API writes it."""

_MOST_FIELDS = 1_000


@dataclass(slots=True)
class _Lane:
    """One text that is written over many events."""

    stream: GuardStream
    event: Event
    """The last one that had a piece of it, without any text."""

    document: Any = None
    steps: Steps = ()
    came: int = 0

    def with_text(self, text: str) -> Event:
        """Return the last event with `text` as its piece."""
        if self.document is None:
            return replace(self.event, data=text)
        return replace(self.event, data=_json(with_values(self.document, {self.steps: text})))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An event that goes when the text before it has gone."""

    event: Event
    behind: dict[Steps, int]


class EventStream:
    """A response of server-sent events.

    Args:
        judging: Who judges.
        route: Which fields hold pieces.
    """

    streams = True
    changed = True

    def __init__(self, judging: Judging, route: Route) -> None:
        self._judging, self._is_plain = judging, route.events == PLAIN
        self._texts = () if self._is_plain else fields_of(route.events)
        self._arguments = fields_of(route.arguments)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._reader = EventReader()
        self._lanes: dict[Steps, _Lane] = {}
        self._queue: list[_Waiting] = []
        self._is_over = False
        self._alone = Account()

    @property
    def account(self) -> Account:
        """What is said of it by now."""
        account = Account()
        for each in (lane.stream for lane in self._lanes.values()):
            account.add(each)
        account.merge(self._alone)
        return account

    @property
    def blocked(self) -> bool:
        """Whether nothing more leaves."""
        lanes = any(each.stream.blocked for each in self._lanes.values())
        return lanes or self._alone.verdict is Verdict.BLOCK

    async def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return the events that may leave."""
        left: list[Event] = []
        for event in self._reader.feed(self._decoded(data, is_final=False)):
            if not (self.blocked or self._is_over):
                left += await self._event(event)
        self._judging.demand_room(self._reader.pending)
        return _written(left)

    async def finish(self) -> bytes:
        """Say that the stream has ended; return the rest."""
        self._decoded(b"", is_final=True)
        return b"" if self._is_over or self.blocked else _written(await self._rest())

    def ending(self, refused: RefusedError, /) -> bytes:
        """Return the event that says why nothing more comes, and the last one."""
        last = [] if self._is_plain else [Event(data=DONE)]
        return _written([Event(name="error", data=refused.envelope()), *last])

    def _decoded(self, data: bytes, *, is_final: bool) -> str:
        try:
            return self._decoder.decode(data, is_final)
        except UnicodeDecodeError:
            raise unreadable(self._judging.what, "it is not UTF-8") from None

    async def _event(self, event: Event) -> list[Event]:
        if event.data == DONE:
            self._is_over = True
            left = await self._rest()
            return left if self.blocked else [*left, Event(data=DONE)]
        event = await self._with_judged_names(event)
        if self.blocked:
            return []
        if event.data is None:
            return self._in_turn(event)
        if self._is_plain:
            return await self._plain_piece(event, event.data)
        try:
            document = self._judging.without_dropped(parsed(event.data))
        except ValueError:
            raise unreadable(self._judging.what, "an event has odd JSON") from None
        pieces = self._pieces(document)
        if not pieces:
            return await self._judged_alone(event, document)
        return await self._json_pieces(event, document, pieces)

    async def _with_judged_names(self, event: Event) -> Event:
        """Return `event` with its name and id as they may pass."""
        said = {key: each for key, each in (("name", event.name), ("id", event.id)) if each}
        if not said:
            return event
        checked = await self._judging.json(list(said.values()))
        self._alone.add(checked)
        if self.blocked or not checked.messages:
            return event
        values: Any = checked.messages[0]
        return replace(event, **dict(zip(said, values, strict=True)))

    async def _judged_alone(self, event: Event, document: Any) -> list[Event]:
        checked = await self._judging.json(document, has_frame=True)
        self._alone.add(checked)
        if checked.verdict is Verdict.BLOCK:
            return []
        new: Any = checked.messages[0]
        if new is not document:
            event = replace(event, data=new if document == event.data else _json(new))
        elif not isinstance(new, str):
            event = replace(event, data=_json(new))
        return self._in_turn(event)

    # -- pieces of text

    def _pieces(self, document: Any) -> list[tuple[Selected, bool]]:
        """Return the pieces in an event, each with whether it is JSON."""
        texts = [each for field in self._texts for each in selected(document, field)]
        arguments = [each for field in self._arguments for each in selected(document, field)]
        are_json = {each.steps for each in arguments}
        found = [each for each in (*arguments, *texts) if each.value is not None]
        if found:
            found += self._strays(document, found)
        return [(each, each.steps in are_json) for each in outermost(iter(found))]

    def _strays(self, document: Any, found: list[Selected]) -> list[Selected]:
        """Return what has another shape than a field says, and is judged beside the pieces `found`."""
        fields = (*self._arguments, *self._texts)
        odd = [each for field in fields for each in strays(document, field)]
        for each in odd:
            if any(piece.steps[: len(each.steps)] == each.steps for piece in found):
                # Judged with the piece it would not be streamed, judged without it the rest would pass.
                raise unreadable(self._judging.what, "an event has another shape than a field says")
        return odd

    async def _plain_piece(self, event: Event, text: str) -> list[Event]:
        lane = self._lane((), event, is_json=False)
        left = await self._fed(lane, text)
        return [replace(event, data=left), *self._due()] if left else self._due()

    async def _json_pieces(
        self, event: Event, document: Any, pieces: list[tuple[Selected, bool]]
    ) -> list[Event]:
        new: dict[Steps, Any] = {}
        for each, _ in pieces:
            if not isinstance(each.value, str):
                new[each.steps] = await self._judged_value(each.value)
        texts = [(each, is_json) for each, is_json in pieces if isinstance(each.value, str)]
        emptied = with_values(document, new | {each.steps: "" for each, _ in texts})
        for each, is_json in texts:
            if self.blocked:
                new[each.steps] = ""
                continue
            lane = self._lane(_told_apart(document, each.steps), event, is_json=is_json)
            lane.document, lane.steps = emptied, each.steps
            new[each.steps] = await self._fed(lane, each.value)
        if self.blocked and not any(new.values()):
            return []
        return [replace(event, data=_json(with_values(document, new))), *self._due()]

    async def _judged_value(self, value: Any) -> Any:
        checked = await self._judging.json(value)
        self._alone.add(checked)
        return None if self.blocked else checked.messages[0]

    def _lane(self, key: Steps, event: Event, *, is_json: bool) -> _Lane:
        if key not in self._lanes:
            if len(self._lanes) >= _MOST_FIELDS:
                raise unreadable(self._judging.what, f"it has more than {_MOST_FIELDS:,} texts")
            phase = Phase.TOOL_CALLS if is_json else self._judging.phase
            try:
                stream = self._judging.guard.stream(
                    phase, session=self._judging.session, is_json=is_json
                )
            except AssaymarkError as error:
                raise self._judging.unavailable(error) from None
            self._lanes[key] = _Lane(stream, event)
        self._lanes[key].event = replace(event, id=None, retry="")
        return self._lanes[key]

    async def _fed(self, lane: _Lane, text: str) -> str:
        lane.came += len(text)
        left = await lane.stream.afeed(text) if text else ""
        self._judging.demand_room(lane.stream.held)
        return left

    # -- order

    def _in_turn(self, event: Event) -> list[Event]:
        """Return what may go now that `event` is the last one."""
        behind = {key: lane.came for key, lane in self._lanes.items() if lane.stream.held}
        self._queue.append(_Waiting(event, behind))
        return self._due()

    def _due(self) -> list[Event]:
        due: list[Event] = []
        while self._queue and all(
            self._lanes[key].came - self._lanes[key].stream.held >= place
            for key, place in self._queue[0].behind.items()
        ):
            due.append(self._queue.pop(0).event)
        return due

    async def _rest(self) -> list[Event]:
        """Return what is still held, and what waits for it."""
        left: list[Event] = []
        for lane in self._lanes.values():
            text = await lane.stream.afinish()
            left += [lane.with_text(text)] if text else []
            if self.blocked:
                return left
        left += [each.event for each in self._queue]
        self._queue.clear()
        return left


def _told_apart(document: Any, steps: Steps) -> Steps:
    """Return `steps` with each index as the element itself says it."""
    told: list[str | int] = []
    for step in steps:
        document = document[step]
        index = document.get("index") if isinstance(document, dict) else None
        is_index = isinstance(step, int) and isinstance(index, int)
        told.append(index if is_index and index is not None else step)
    return tuple(told)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _written(events: list[Event]) -> bytes:
    return "".join(each.written() for each in events).encode()
