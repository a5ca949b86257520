"""
What an API is to the proxy: how its requests and answers are judged, and how it says that something failed.

One dialect serves all requests of an API; an `Answer` is made for each.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.asgi.sse import Event
from assaymark.guard.proxy.judge import Judge

REFUSAL = "The rest of this answer was withheld by a policy."
"""What stands in the place of what is blocked, for people."""

DONE = "[DONE]"
"""Data of the last event, as the OpenAI API writes it."""


class Answer(Protocol):
    """One answer on its way."""

    is_closing: bool
    """Whether its texts are over, and what comes now ends it."""

    is_over: bool
    """Whether nothing more comes."""

    async def whole(self, document: Any) -> Any:
        """Return an answer that came as a whole, as it may pass."""
        ...

    async def event(self, event: Event) -> list[Event]:
        """Take the next event; return those that may leave."""
        ...

    async def end(self) -> list[Event]:
        """Take the end of the stream; return the rest.

        Raises:
            RefusedError: It is no end: the upstream left in the middle.
        """
        ...

    def broken(self, refused: RefusedError) -> list[Event]:
        """Return what ends a stream that cannot go on."""
        ...


class Dialect(Protocol):
    """One operation of an API."""

    name: str
    """Such as `chat.completions`; what settings call it."""

    path: str
    """Where it is served."""

    target: str
    """Where upstreams serve it, below their address."""

    key_header: str
    """In which upstreams expect their key; `authorization` for a bearer token."""

    names: frozenset[str]
    """Keys of its documents that logs may tell."""

    async def request(self, document: dict[str, Any], judge: Judge) -> dict[str, Any]:
        """Return a request as it may be sent on.

        Raises:
            RefusedError: It may not.
        """
        ...

    def answer(self, request: Mapping[str, Any], judge: Judge) -> Answer:
        """Return what judges the answer to `request`, as it was sent on."""
        ...

    def error(self, refused: RefusedError, request_id: str) -> Any:
        """Return the body of an error."""
        ...


class OpenAIErrors:
    """How the APIs of OpenAI say that something failed."""

    key_header = "authorization"

    def error(self, refused: RefusedError, request_id: str) -> Any:  # noqa: ARG002 - the interface's
        """Return the body of an error."""
        return json.loads(refused.envelope())


def data_of(event: Event) -> Any:
    """Return the JSON in an event.

    Raises:
        RefusedError: It has none that means one thing only.
    """
    from assaymark.canonical import parse_strict
    from assaymark.errors import EvidenceError
    from assaymark.guard.proxy.reading import invalid_answer

    try:
        return parse_strict((event.data or "").encode())
    except EvidenceError:
        raise invalid_answer("an event is no JSON that means one thing only") from None


def written(value: Any) -> str:
    """Return `value` as JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_one_of(value: Any, names: Collection[str]) -> bool:
    """Return whether `value`, which may be anything, is one of `names`."""
    return isinstance(value, str) and value in names


def declared_names(tools: Any) -> frozenset[str]:
    """Return the names of the tools that a request declares, in any form that APIs have."""
    found: set[str] = set()
    for each in tools if isinstance(tools, Sequence) and not isinstance(tools, str) else ():
        if not isinstance(each, Mapping):
            continue
        inner = [each, each.get("function"), each.get("custom")]
        found.update(
            part["name"]
            for part in inner
            if isinstance(part, Mapping) and isinstance(part.get("name"), str)
        )
    return frozenset(found)
