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
_LOGGERS = (
    "presidio-analyzer",
    "decision_process",
    "spacy",
    "tldextract",
    "tldextract.cache",
    "phonenumbers",
)

_answering: ContextVar[bool] = ContextVar("_answering", default=False)


def _may_pass(_: logging.LogRecord) -> bool:
    return not _answering.get()


@contextmanager
def silenced() -> Iterator[None]:
    """Drop what Presidio and its libraries log in this thread, for the length of the block."""
    for name in _LOGGERS:
        # Adding a filter that is there already changes nothing.
        logging.getLogger(name).addFilter(_may_pass)
    token = _answering.set(True)
    try:
        yield
    finally:
        _answering.reset(token)
