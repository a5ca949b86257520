"""A guard, and what asks its APIs without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from assaymark.guard import Guard
from assaymark.guard.apis import Api, Call, Reply, apis
from assaymark.guard.apis.serving import Routes
from guard.conftest import guard_of

MAIL, PHONE, CARD = "john@example.com", "212-555-5555", "4111 1111 1111 1111"
JSON = {"content-type": "application/json"}

DETECTORS = "detectors: {pii-patterns: {min_score: 0.0}, secrets: {}, harm: {}}\n"
SECTION = """
  deadline_ms: 60000
  check_deadline_ms: 60000
  input:
    - {detector: pii-patterns, do: redact, entities: [EMAIL_ADDRESS]}
    - {detector: pii-patterns, do: block, entities: [CREDIT_CARD]}
    - {detector: secrets, do: block}
    - {detector: harm, do: flag}
  output:
    - {detector: pii-patterns, do: redact, entities: [EMAIL_ADDRESS]}
    - {detector: pii-patterns, do: block, entities: [CREDIT_CARD]}
"""


class Asked:
    """Answers calls as a server would, with a guard.

    Args:
        guard: The guard.
    """

    def __init__(self, guard: Guard, **options: Any) -> None:
        self.guard = guard
        self.operations: tuple[Api, ...] = tuple(apis(guard, **options))
        self._routes = Routes(self.operations)

    def reply(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] = JSON,
        query: Mapping[str, str] | None = None,
        session: Any = None,
    ) -> Reply:
        """Return what is answered to bytes."""
        methods, parameters = self._routes.find(path)
        call = Call(
            path_parameters=parameters,
            query=query or {},
            headers=headers,
            body=body,
            session=session,
        )
        return asyncio.run(methods[method].answer(call))

    def post(self, path: str, document: Any, **options: Any) -> tuple[int, Any]:
        """Return status and document of what is answered to a document."""
        reply = self.reply("POST", path, json.dumps(document).encode(), **options)
        return reply.status, json.loads(reply.body)

    def get(self, path: str, **query: str) -> tuple[int, Any]:
        """Return status and document of what is answered to a query."""
        reply = self.reply("GET", path, query=query)
        return reply.status, json.loads(reply.body)


@pytest.fixture(scope="session")
def asked() -> Iterator[Asked]:
    """A guard of personal data, secrets and harm."""
    guard = guard_of(SECTION, detectors=DETECTORS)
    yield Asked(guard)
    guard.close()


MakeAsked = Callable[..., Asked]


@pytest.fixture
def ask() -> Iterator[MakeAsked]:
    """Make others, which are closed after the test."""
    made: list[Guard] = []

    def ask(section: str, *, cap: int = 1 << 20, **options: Any) -> Asked:
        made.append(guard_of(section, **options))
        return Asked(made[-1], cap=cap)

    yield ask
    for each in made:
        each.close()
