"""
One field of an answer that arrives in pieces, as callers hold it.

tests/guard/test_streaming_law.py
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from assaymark.guard.running import weight
from assaymark.guard.summing import told, verdict_of
from assaymark.guard.verdict import Finding, Unjudged, Verdict, unable

if TYPE_CHECKING:
    from assaymark.guard.field import TextField
    from assaymark.guard.json_field import JsonField
    from assaymark.model.subject import Sha256
    from assaymark.policy.guarding import Phase


Run: TypeAlias = "Callable[[Callable[[], str], int, bool], Awaitable[str]]"
"""Does some work off the event loop, or at once: told are its weight, and whether it is a text's end."""


class GuardStream:
    """Judges one field piece by piece. Made by `Guard.stream`; for one caller at a time.

    Once `blocked` is true nothing more is returned: the caller ends the answer, as its API does it.
    """

    def __init__(
        self,
        field: TextField | JsonField,
        phase: Phase,
        policy: Sha256,
        detectors: Mapping[str, Sha256],
        run: Run,
    ) -> None:
        self._field = field
        self._run = run
        self.phase, self.policy, self.detectors = phase, policy, dict(detectors)

    def feed(self, text: str) -> str:
        """Take the next piece; return what may leave by now, often an earlier piece."""
        return self._field.feed(text)

    def finish(self) -> str:
        """Say that the field is whole; return the rest. Without it the end of the text is missing."""
        return self._field.finish()

    def whole(self, text: str) -> str:
        """Return what leaves of a field that is there as a whole; judged once, with the same outcome."""
        self._field.hold()
        return self.feed(text) + self.finish()

    async def afeed(self, text: str) -> str:
        """Do as `feed`; the event loop waits for short texts only."""
        return await self._run(partial(self.feed, text), self._field.at_work + weight(text), False)

    async def afinish(self) -> str:
        """Do as `finish`, likewise."""
        return await self._run(self.finish, self._field.at_work, True)

    async def awhole(self, text: str) -> str:
        """Do as `whole`, likewise."""
        return await self._run(partial(self.whole, text), self._field.at_work + weight(text), True)

    @property
    def blocked(self) -> bool:
        """Whether nothing more leaves."""
        return self._field.blocked

    @property
    def held(self) -> int:
        """How many characters have come and were neither returned nor replaced."""
        return self._field.held

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found in what has left or was replaced, with places in the field as it came."""
        return told(self._field.parts(), 0, "")[0]

    @property
    def unjudged(self) -> tuple[Unjudged, ...]:
        """What could not be judged."""
        return told(self._field.parts(), 0, "")[1]

    @property
    def blocked_unjudged(self) -> bool:
        """As `Checked.blocked_unjudged`."""
        return bool(unable(self.findings, self.unjudged))

    @property
    def verdict(self) -> Verdict:
        """What has come of the field so far."""
        changed = any(seen.changed for _, seen in self._field.parts())
        return verdict_of(blocked=self.blocked, changed=changed, findings=self.findings)

    def to_plain(self) -> dict[str, Any]:
        """Return what a log needs: no content."""
        return {
            "verdict": self.verdict.name.lower(),
            "phase": self.phase.value,
            "findings": [each.to_plain() for each in self.findings],
            "unjudged": [each.to_plain() for each in self.unjudged],
            "policy": self.policy,
            "detectors": self.detectors,
        }
