"""
What is judged where: paths of an application, and the fields of their bodies.

tests/guard/asgi/test_middleware.py
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Self

from assaymark.guard.selectors import named
from assaymark.inputs.paths import FieldPath

PLAIN = "$"
"""Instead of fields: the data of each event is a piece of text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Paths that are judged alike. Fields are field paths, separated by commas.

    Raises:
        UsageError: A field has no name, or is no field path.
    """

    path: str = "*"
    """A pattern in which `*` stands for any characters, also for `/`."""

    request: str | None = None
    """Fields of JSON requests; by default all of them."""

    response: str | None = None
    """Fields of JSON responses; by default all of them."""

    events: str | None = None
    """Fields of the JSON in server-sent events that hold pieces of a text, or `$` if the data is the text.
    Without it nothing can judge such a stream."""

    arguments: str | None = None
    """Fields of events that hold pieces of the arguments of tools, as JSON."""

    frame: str | None = None
    """Fields that are left alone where all of a body or event is judged, such as times and ids."""

    drop: str | None = None
    """Fields of responses and events that become null, such as those that say a text again in tokens."""

    exempt: bool = False
    """Whether nothing is judged; the response and the log say so."""

    def __post_init__(self) -> None:
        for each in self._written():
            fields_of(each)

    @classmethod
    def chat_completions(cls, path: str = "*/chat/completions") -> Self:
        """Return the route of OpenAI's chat completions, streamed or not.

        The messages are judged, both ways, with tool calls. `logprobs` are dropped: they say the text again.
        """
        delta, calls = "choices[*].delta", "tool_calls[*].function.arguments"
        texts = ("content", "refusal", "reasoning_content", "reasoning")
        return cls(
            path=path,
            request="messages, prediction",
            response="choices[*].message",
            events=", ".join(f"{delta}.{each}" for each in texts),
            arguments=f"{delta}.{calls}, {delta}.function_call.arguments",
            frame=(
                "id, object, created, model, system_fingerprint, service_tier, usage, obfuscation,"
                f" choices[*].index, choices[*].finish_reason, {delta}.role,"
                f" {delta}.tool_calls[*].index, {delta}.tool_calls[*].id, {delta}.tool_calls[*].type"
            ),
            drop="choices[*].logprobs",
        )

    def keys(self) -> set[str]:
        """Return every key that its fields name."""
        paths = [path for each in self._written() for path in fields_of(each)]
        return {step for path in paths for step in path.steps if isinstance(step, str)}

    def _written(self) -> tuple[str | None, ...]:
        return (
            *(self.request, self.response, self.events, self.arguments),
            *(self.frame, self.drop),
        )

    def fits(self, path: str) -> bool:
        """Return whether it is about `path`."""
        return fnmatchcase(path, self.path)


@functools.lru_cache(1_000)
def fields_of(written: str | None) -> tuple[FieldPath, ...]:
    """Return the fields that a route names.

    Raises:
        UsageError: One has no name, or is no field path.
    """
    return named(written)


def route_of(routes: Sequence[Route], path: str) -> Route:
    """Return the first route that fits, or one that judges everything."""
    return next((each for each in routes if each.fits(path)), Route())
