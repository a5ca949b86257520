"""
No text in any log.

Presidio logs the words around a match at DEBUG and a malformed account number at ERROR, so its level
cannot be trusted to keep content out. While our detector answers, records of that thread are dropped
before any handler sees them; an application's own use of the same libraries logs as before.

tests/detectors/test_pii_privacy.py plants canaries and searches everything that was logged.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# A filter sees only what its own logger is given, so children are named too.
_LOGGERS = tuple(
    map(
        logging.getLogger,
        (
            "presidio-analyzer",
            "decision_process",
            "spacy",
            "tldextract",
            "tldextract.cache",
            "phonenumbers",
        ),
    )
)

_answering: ContextVar[bool] = ContextVar("_answering", default=False)


def _may_pass(_: logging.LogRecord) -> bool:
    return not _answering.get()


@contextmanager
def silenced() -> Iterator[None]:
    """Drop what Presidio and its libraries log in this thread, for the length of the block."""
    for each in _LOGGERS:
        # Somebody may have taken it away; adding one that is there takes a lock.
        if _may_pass not in each.filters:
            each.addFilter(_may_pass)
    token = _answering.set(True)
    try:
        yield
    finally:
        _answering.reset(token)
