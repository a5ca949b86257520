"""
How a decision log stands, and what a caller is told whom it does not serve.

tests/guard/decisions/test_log.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from assaymark.errors import InputError


class UnloggedError(InputError):
    """A decision could not be logged."""


class OnCommit(Protocol):
    """Told of every group of entries, for metrics."""

    def __call__(self, entries: int, seconds: float) -> None:
        """Take how many entries were flushed together, and how long that took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """How a log stands."""

    size: int
    """Entries that were acknowledged."""

    sealed: int
    """Of these, those under the checkpoint."""

    waiting: int
    """Entries that are not acknowledged yet."""

    fault: str | None
    """Why the last try to write failed; `None` where it did not. Names files, no content."""

    seal_fault: str | None
    """Why the last try to seal failed; what was acknowledged stands in the journal meanwhile."""
