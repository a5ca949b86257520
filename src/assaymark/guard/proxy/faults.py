"""
What is said where something of ours failed: that it did, and where, for the log.

tests/guard/proxy/test_broken.py
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

from assaymark.errors import AssaymarkError
from assaymark.guard.asgi.refusals import RefusedError
from assaymark.guard.serving import SESSION, NotServedError
from assaymark.guard.sessions import SessionNeededError

_STOPPED = 30
"""Seconds after which whoever was stopped may ask again; nobody knows when it goes on."""

BLOCKED_STATUS = 400
"""Of the answer to a request that the policy blocks: clients do not try again."""

_NAMED = 3
"""Fields that an error names."""


def fault(error: Exception) -> RefusedError:
    """Return the refusal where `error` was raised; its own words are not told, for they may quote content."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    cause = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
    return RefusedError(500, "internal_error", "a fault of ours", cause=cause)


def unserved(error: AssaymarkError) -> RefusedError:
    """Return the refusal where no policy holds for a request; the cause is for the log."""
    if isinstance(error, NotServedError) and error.outcome == "stopped":
        return RefusedError(
            503,
            "guard_unavailable",
            "whoever runs this guard has stopped it: nothing is served until it goes on",
            cause=error.message,
            retry_after=_STOPPED,
        )
    return RefusedError(
        503, "guard_unavailable", "no policy holds for this request", cause=error.message
    )


def unavailable(error: AssaymarkError) -> RefusedError:
    """Return the refusal where the guard cannot work; the cause is for the log."""
    if isinstance(error, SessionNeededError):
        return RefusedError(
            400,
            "invalid_request",
            f"the policy needs to know the conversation: name it in the header `{SESSION}`",
            cause=error.message,
        )
    return RefusedError(
        503, "guard_unavailable", "the request could not be judged", cause=error.message
    )


def not_inspectable(what: str, names: Sequence[str]) -> RefusedError:
    """Return the refusal of a `request` or `response` with parts that nothing can read."""
    status = BLOCKED_STATUS if what == "request" else 502
    shown = f" its `{'`, `'.join(names[:_NAMED])}`" if names else " a part of it"
    return RefusedError(
        status,
        "not_inspectable",
        f"the {what} cannot be judged: nothing reads{shown}",
        param=names[0] if names else None,
    )
