"""
What a gate is given, and what it answers.

An answer carries its reasons: one line for every step that was taken, and one refusal for everything that
stands in the way. Lines and refusals hold names, digests and times, never the content of a subject.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from assaymark.model.codec import to_plain
from assaymark.model.subject import Sha256


class Ruling(StrEnum):
    """The answer. Where several refusals stand, the one listed last here is the answer."""

    ADMITTED = "admitted"

    UNDECIDED = "undecided"
    """The newest word on a subject is UNDECIDED, or what a demanded re-evaluation needs is missing."""

    DENIED = "denied"
    """A FAIL, no report, no report that still counts, or a policy that is not allowed."""

    NOT_AUTHENTIC = "not-authentic"
    """A report among those given does not hold. Nothing is admitted on the word of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedReport:
    """A report as it was received."""

    name: str
    """What the user calls it, such as its path."""

    bundle: bytes

    evidence: bytes | None = None
    """The `evidence.json` beside it, if there is one."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """What is to be deployed. The digest was computed here, from the bytes themselves."""

    name: str
    digest: Sha256

    tree: Sha256 | None = None
    """As `Subject.tree`: `None` for a single file."""


class Part(StrEnum):
    """What a step is about. Reports come first, each by itself, then what is to be deployed."""

    REPORT = "report"
    SUBJECT = "subject"


class State(StrEnum):
    """What a step came to."""

    HOLDS = "holds"
    FAILS = "fails"

    SET_ASIDE = "set-aside"
    """The report holds, and neither helps nor harms."""

    NOT_ASKED = "not-asked"
    """Neither the trust file nor the caller demands it."""


_MARK = {State.HOLDS: "ok", State.FAILS: "NO", State.SET_ASIDE: "--", State.NOT_ASKED: "--"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step, for `--explain`."""

    part: Part

    about: str
    """Name of the report or artifact."""

    step: int
    """As numbered in `assaymark.attest.verify`."""

    state: State
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One reason against admission."""

    step: int
    ruling: Ruling
    about: str
    reason: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The report that an artifact is admitted by."""

    artifact: str
    digest: Sha256
    report: str

    statement: Sha256
    """SHA-256 of the signed statement."""

    signer: str
    fingerprint: str
    policy: str
    policy_version: str
    policy_digest: Sha256
    decided_at: datetime
    valid_until: datetime

    reevaluated: bool
    """Whether the evidence was decided again here, with the same answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The gate's answer and its reasons."""

    ruling: Ruling
    checked_at: datetime
    refusals: tuple[Refusal, ...]
    grounds: tuple[Grounds, ...]
    """One for each artifact that a report proves, admitted or not as a whole."""

    lines: tuple[Line, ...]
    """By report, then by artifact; of each in the order of the steps."""

    @property
    def admitted(self) -> bool:
        """Whether everything that was named may be deployed."""
        return self.ruling is Ruling.ADMITTED

    def explain(self) -> Iterator[str]:
        """Yield what `--explain` prints: each report and artifact with its steps below it."""
        shown: tuple[Part, str] | None = None
        for each in self.lines:
            if (each.part, each.about) != shown:
                shown = each.part, each.about
                yield f"{each.part} {each.about}"
            yield f"  {each.step:2}  {_MARK[each.state]}  {each.text}"

    def to_plain(self) -> dict[str, Any]:
        """Return the form that `--json` prints."""
        return {"admitted": self.admitted, **to_plain(self)}
