"""
What is said where something of ours failed: that it did, and where, for the log.

tests/guard/proxy/test_broken.py
"""

from __future__ import annotations

import traceback
from pathlib import Path

from assaymark.guard.asgi.refusals import RefusedError


def fault(error: Exception) -> RefusedError:
    """Return the refusal where `error` was raised; its own words are not told, for they may quote content."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    cause = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
    return RefusedError(500, "internal_error", "a fault of ours", cause=cause)
