"""
Server-sent events as text: read piece by piece, and written again.

The format is that of the HTML standard, section 9.2: lines end in CR LF, LF or CR, an event at an empty line;
what has no empty line behind it at the end is no event. Comments are told without their text.

tests/guard/asgi/test_sse.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event."""

    data: str | None = None
    """Lines joined by LF; `None` where it has none."""

    name: str = ""
    id: str | None = None
    retry: str = ""

    def written(self) -> str:
        """Return the event as it is sent; one that says nothing is a comment, which keeps a line open."""
        lines = [f"event: {self.name}"] if self.name else []
        lines += [f"id: {self.id}"] if self.id is not None else []
        lines += [f"retry: {self.retry}"] if self.retry else []
        if self.data is not None:
            lines += [f"data: {each}" for each in re.split(r"\r\n|\r|\n", self.data)]
        return "\n".join([*(lines or [":"]), "", ""])


class EventReader:
    """Reads events from text that arrives in pieces."""

    def __init__(self) -> None:
        self._rest: list[str] = []
        """The beginning of a line, in the pieces in which it came: none is looked at twice."""
        self._after_cr = False
        self._data: list[str] = []
        self._name, self._retry = "", ""
        self._id: str | None = None
        self._is_comment = False
        self.pending = 0
        """Characters that belong to no event yet."""

    def feed(self, text: str) -> Iterator[Event]:
        """Yield the events that are whole with `text`."""
        if self._after_cr and text:
            # What came before ended in CR, and counted as a line: this LF belongs to it.
            text, self._after_cr = text.removeprefix("\n"), False
        self.pending += len(text)
        at = 0
        while line := _LINE.match(text, at):
            at = line.end()
            self._rest.append(line[0].rstrip("\r\n"))
            whole, self._rest = "".join(self._rest), []
            event = self._line(whole)
            if event is not None:
                self.pending = len(text) - at
                yield event
        if at < len(text):
            self._rest.append(text[at:])
        self._after_cr = text.endswith("\r")

    def _line(self, line: str) -> Event | None:
        if not line:
            return self._event()
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not key:
            self._is_comment = True
        elif key == "data":
            self._data.append(value)
        elif key == "event":
            self._name = value
        elif key == "id" and "\0" not in value:
            self._id = value
        elif key == "retry" and value.isascii() and value.isdigit():
            self._retry = value
        return None

    def _event(self) -> Event | None:
        says = self._data or self._retry or self._id is not None or self._is_comment
        data = "\n".join(self._data) if self._data else None
        name = self._name if self._data else ""
        event = Event(data=data, name=name, id=self._id, retry=self._retry)
        self._data, self._name, self._retry, self._id = [], "", "", None
        self._is_comment = False
        return event if says else None
