"""Guards, and a model that a test scripts, on a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assaymark.guard import Guard
from guard.conftest import guard_of
from guard.proxy.upstream import Upstream

MAIL, CARD = "john@example.com", "4111 1111 1111 1111"
SECTION = """
  deadline_ms: 60000
  check_deadline_ms: 60000
  input:
    - {detector: pii, do: redact, entities: [EMAIL_ADDRESS]}
    - {detector: pii, do: block, entities: [CREDIT_CARD]}
  output:
    - {detector: pii, do: redact, entities: [EMAIL_ADDRESS]}
    - {detector: pii, do: block, entities: [CREDIT_CARD]}
"""
PII = "detectors: {pii: {entities: [EMAIL_ADDRESS, CREDIT_CARD], views: none}}\n"


@pytest.fixture(scope="session")
def guard() -> Iterator[Guard]:
    """It redacts addresses and blocks cards, both ways."""
    with guard_of(SECTION, detectors=PII) as guard:
        yield guard


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A model."""
    with Upstream() as upstream:
        yield upstream
