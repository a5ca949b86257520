"""
The recognizers that a policy brings along, told from Presidio's where one raises.

Presidio's own raise on a few texts, which are then not judged. One of a policy's own that raises is a
mistake in the policy: whoever wrote it can mend it, and what it leaves unjudged would be taken for bad data.

tests/cli/test_pii_settings.py shows both.
"""

from __future__ import annotations

from typing import Any

from presidio_analyzer import PatternRecognizer

from assaymark.detectors.pii.patterns.finders import PatternTimeoutError
from assaymark.errors import RecognizerError


class OwnRecognizer(PatternRecognizer):  # type: ignore[misc] # no types
    """A recognizer of a policy, with Presidio's answers."""


def blamed(recognizer: Any, error: Exception) -> Exception:
    """Return what `recognizer` raised, as a mistake in the policy if it is one of the policy's.

    Running out of time is none: it takes a text that was made for it.
    """
    if not isinstance(recognizer, OwnRecognizer) or isinstance(error, PatternTimeoutError):
        return error.with_traceback(None)
    return RecognizerError(
        f"the policy's recognizer `{recognizer.name}` raised {type(error).__name__} on a text",
        hint="mend its patterns, or take it out; one that matches blanks alone raises where a text ends",
    )
