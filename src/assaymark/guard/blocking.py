"""
What is raised where a text does not pass.

The message says whether the text was blocked for what it says, or because nobody could judge it: in the one
case the text has to be mended, in the other the policy or a detector.

tests/guard/test_decorator.py
"""

from __future__ import annotations

from collections.abc import Iterable

from assaymark.errors import AssaymarkError
from assaymark.guard.verdict import Finding, Unjudged, unable
from assaymark.policy.guarding import Phase


class BlockedError(AssaymarkError):
    """The policy does not let a text pass.

    Args:
        phase: `INPUT` or `OUTPUT`.
        findings: What was found.
        unjudged: What could not be judged.
    """

    def __init__(
        self, phase: Phase, findings: tuple[Finding, ...], unjudged: tuple[Unjudged, ...]
    ) -> None:
        super().__init__(f"the {phase.value} was blocked by the policy{_why(findings, unjudged)}")
        self.phase, self.findings, self.unjudged = phase, findings, unjudged

    @property
    def blocked_unjudged(self) -> bool:
        """As `Checked.blocked_unjudged`."""
        return bool(unable(self.findings, self.unjudged))


def _why(findings: Iterable[Finding], unjudged: Iterable[Unjudged]) -> str:
    lapses = unable(findings, unjudged)
    who = " and ".join(dict.fromkeys(f"`{each.detector}`" for each in lapses if each.detector))
    if who:
        return f": {who} could not judge it"
    return ": nothing could judge all of it" if lapses else ""
