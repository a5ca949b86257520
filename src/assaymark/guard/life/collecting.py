"""
What a request consisted of, kept until its decision is there, so that shadows can judge it afterwards.

Keeping costs a reference for each message and a list entry for each piece of a stream. Beyond a bound nothing
more is kept, and the shadow's answer says that it did not see everything. Nothing of it is ever logged.

tests/guard/life/test_shadow.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assaymark.guard.guard import Guard
from assaymark.guard.selectors import named
from assaymark.guard.sessions import Session
from assaymark.guard.stream import GuardStream
from assaymark.guard.verdict import Checked
from assaymark.policy.guarding import Phase

if TYPE_CHECKING:
    from assaymark.guard.selectors import Fields
    from assaymark.inputs.paths import FieldPath

_MOST = 4 * 1024 * 1024  # characters of streams
_MOST_PARTS = 2_000


@dataclass(frozen=True, slots=True)
class Messages:
    """Chat messages that were judged."""

    messages: Sequence[Mapping[str, Any]]
    phase: Phase


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON document that was judged."""

    document: Any
    fields: tuple[FieldPath, ...]
    phase: Phase


@dataclass(slots=True)
class Text:
    """One text of a stream, as far as it came."""

    phase: Phase
    is_json: bool
    pieces: list[str] = field(default_factory=list)
    is_whole: bool = False


class Collected:
    """The parts of one request."""

    def __init__(self) -> None:
        self.parts: list[Messages | Document | Text] = []
        self.is_complete = True
        """Whether everything was kept."""

        self._size = 0

    def add(self, part: Messages | Document | Text) -> None:
        """Keep a part."""
        if len(self.parts) < _MOST_PARTS:
            self.parts.append(part)
        else:
            self.is_complete = False

    def has_room_for(self, text: str) -> bool:
        """Return whether a piece of a stream can be kept, and count it."""
        self._size += len(text)
        if self._size > _MOST:
            self.is_complete = False
        return self._size <= _MOST


class CollectingGuard(Guard):
    """A guard as one request sees it: it judges as `Guard` does, and keeps what it was asked about.

    Made by `view`; it shares everything with the guard that it is a view of, and closes nothing.
    """

    collected: Collected | None
    behind: Guard

    @property
    def shared(self) -> Guard:
        """The guard that this is a view of."""
        return self.behind

    @classmethod
    def view(cls, guard: Guard, collected: Collected | None) -> CollectingGuard:
        """Return a view of `guard` that keeps parts in `collected`, where there is one."""
        made = cls.__new__(cls)
        made.__dict__.update(guard.__dict__)
        made.collected, made.behind = collected, guard.shared
        return made

    def close(self) -> None:
        """Do nothing: others use the guard as well."""

    def check(
        self,
        messages: Sequence[Mapping[str, Any]],
        phase: Phase = Phase.INPUT,
        *,
        session: Session | None = None,
    ) -> Checked:
        """Do as `Guard.check`."""
        if self.collected is not None:
            self.collected.add(Messages(messages, phase))
        return super().check(messages, phase, session=session)

    def check_json(
        self,
        document: Any,
        fields: Fields = (),
        phase: Phase = Phase.INPUT,
        *,
        session: Session | None = None,
    ) -> Checked:
        """Do as `Guard.check_json`."""
        paths = named(fields)
        if self.collected is not None:
            self.collected.add(Document(document, paths, phase))
        return super().check_json(document, paths, phase, session=session)

    def stream(
        self,
        phase: Phase = Phase.OUTPUT,
        *,
        session: Session | None = None,
        is_json: bool = False,
    ) -> GuardStream:
        """Do as `Guard.stream`."""
        made = super().stream(phase, session=session, is_json=is_json)
        if self.collected is None:
            return made
        text = Text(phase, is_json)
        self.collected.add(text)
        return CollectingStream.view(made, text, self.collected)


class CollectingStream(GuardStream):
    """A stream that keeps what it was fed."""

    kept: Text
    collected: Collected

    @classmethod
    def view(cls, stream: GuardStream, kept: Text, collected: Collected) -> CollectingStream:
        """Return a view of `stream` that keeps its pieces in `kept`."""
        made = cls.__new__(cls)
        made.__dict__.update(stream.__dict__)
        made.kept, made.collected = kept, collected
        return made

    def feed(self, text: str) -> str:
        """Do as `GuardStream.feed`."""
        if self.collected.has_room_for(text):
            self.kept.pieces.append(text)
        return super().feed(text)

    def finish(self) -> str:
        """Do as `GuardStream.finish`."""
        self.kept.is_whole = True
        return super().finish()
