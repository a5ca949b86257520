"""
What was said of one body, put together, and as a log may hold it: places and names, never content.

What stands in a document under a key that the client chose is told without the key, which may be a value.

tests/guard/asgi/test_logs.py
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from assaymark.guard.verdict import UNREAD, Finding, Unjudged, Verdict, unable

_NAMES = frozenset(
    {
        *("content", "refusal", "reasoning_content", "reasoning", "name", "text", "thinking"),
        *("tool_calls", "function_call", "function", "arguments", "custom", "input"),
        *("image_url", "url", "images", "input_audio", "audio", "file", "file_data", "source"),
        "data",
    }
)
"""Keys of chat messages that mean something."""


class Said(Protocol):
    """What a guard says, of a whole or of a stream."""

    @property
    def verdict(self) -> Verdict:
        """What comes of it."""
        ...

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found."""
        ...

    @property
    def unjudged(self) -> tuple[Unjudged, ...]:
        """What could not be judged."""
        ...


class Account:
    """What was said of one request or response."""

    def __init__(self) -> None:
        self.verdict = Verdict.ALLOW
        self._findings: list[Finding] = []
        self._unjudged: list[Unjudged] = []
        self.reason = ""
        """Why nothing of it was judged, in one word."""
        self.is_judged = False
        """Whether a guard said anything of it."""

    def add(self, said: Said) -> None:
        """Take down what a guard said."""
        self.is_judged = True
        self.verdict = max(self.verdict, said.verdict)
        self._findings += said.findings
        self._unjudged += [each for each in said.unjudged if each not in self._unjudged]

    def give_up(self, why: str) -> None:
        """Note that the judging ended before there was a verdict, and why, in one word."""
        if self.verdict is not Verdict.BLOCK:
            self.reason = self.reason or why

    def merge(self, other: Account) -> None:
        """Take down what another account holds."""
        self.is_judged |= other.is_judged
        self.verdict = max(self.verdict, other.verdict)
        self._findings += other._findings
        self._unjudged += [each for each in other._unjudged if each not in self._unjudged]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found."""
        return tuple(self._findings)

    @property
    def blocked_unjudged(self) -> bool:
        """Whether it is blocked because it could not be judged, and not for what it says."""
        return bool(unable(self._findings, self._unjudged))

    @property
    def lapses(self) -> list[str]:
        """Who did not judge what passed: detectors, or `fields` that nothing reads."""
        passed = [each.detector or "fields" for each in self._unjudged if each.passed]
        return [self.reason] if self.reason else list(dict.fromkeys(passed))

    def to_plain(self, known: Iterable[str]) -> dict[str, Any]:
        """Return the form for logs.

        Args:
            known: Keys that may be told.
        """
        names = _NAMES.union(known)
        if self.reason:
            return {"unjudged": self.reason}
        return {
            "verdict": self.verdict.name.lower(),
            "findings": [
                {**each.to_plain(), "field": _shown(each.field, names)} for each in self._findings
            ],
            "unjudged": [
                {
                    **each.to_plain(),
                    "field": _shown(each.field, names),
                    # Without a detector there is no more to say.
                    "reason": each.reason if each.detector else UNREAD,
                }
                for each in self._unjudged
            ],
        }


def _shown(field: str, names: frozenset[str]) -> str:
    before, hash_, inner = field.partition("#")
    parts = ["/".join(_step(each, names) for each in part.split("/")) for part in (before, inner)]
    return hash_.join(parts)


_LONGEST_INDEX = 4
"""Digits; more may be a number of somebody."""


def _step(step: str, names: frozenset[str]) -> str:
    is_index = step.isascii() and step.isdigit() and len(step) <= _LONGEST_INDEX
    return step if not step or is_index or step in names else "*"
