"""
An operation of an API as a value, so that whatever serves HTTP can serve it.

A handler gets a whole request and returns a whole answer. It keeps nothing between calls, raises nothing on
purpose, and answers what it cannot read or judge in the error form of its own API.

tests/guard/apis/test_serving.py
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from assaymark.guard.sessions import Session
from assaymark.guard.verdict import Checked

if TYPE_CHECKING:
    from assaymark.guard.guard import Guard


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that came as a whole."""

    path_parameters: Mapping[str, str] = field(default_factory=dict)
    """What stands in the path for each name in braces, decoded."""

    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""

    body: bytes = b""
    tenant: str = ""
    """Whose call it is, as whoever serves the API knows it."""

    session: Session | None = None
    """Whose pseudonyms are used, as whoever serves the API knows it."""

    guard: Guard | None = None
    """The guard as this call has it, where whoever serves the API looks on while it judges."""

    def judge(self, guard: Guard) -> Guard:
        """Return who judges this call for an operation of `guard`."""
        return guard if self.guard is None else self.guard

    def conversation(self, name: str | None) -> Session | None:
        """Return the conversation that a body names, or that of the call where it names none.

        Args:
            name: What it is called. An empty name is none.
        """
        if name is None or not name.strip():
            return self.session
        return Session(self.tenant if self.session is None else self.session.tenant, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that goes as a whole."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case. `content-length` is added by whoever serves it."""

    body: bytes = b""
    checked: tuple[Checked, ...] = ()
    """What the guard said on the way, for the log of whoever serves the API."""


Answer: TypeAlias = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One operation.

    Attributes:
        answer: Answers one call; for any number of tasks at a time.
    """

    method: str
    """In capitals."""

    path: str
    """Begins with `/`; a name in braces stands for one step, as in `/guards/{id}/validate`."""

    answer: Answer
