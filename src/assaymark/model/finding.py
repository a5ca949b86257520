"""
A finding: one place where something was seen.

INVARIANT: a finding never holds the matched value, nor text around it. `shape` keeps the form of a
value (`9999 9999 9999 9999`) and none of its letters or digits.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

_SHAPE_LIMIT = 48  # characters of a value whose form is kept


class Severity(StrEnum):
    """How bad it is where it is true. Separate from confidence, and from enforcement."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for `info` up to 4 for `critical`."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """Where in a subject, so that a person can find it again."""

    file: str
    """Relative to the subject; the subject's own name where it is a single file."""

    row: int
    """Record number in that file, from 0, counting records that could not be read."""

    line: int | None
    """Line number from 1 where the format has lines."""

    field: str
    """JSON path of the text inside the record, such as `messages[2].content`, or a column name."""

    start: int
    """First character, in Unicode code points of the original text."""

    end: int
    """One past the last character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Words that moved a score, by where they stand."""

    start: int
    """First character, in Unicode code points of the original text."""

    end: int
    """One past the last character."""

    weight: float
    """How much lower the score's log-odds are without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where a check saw what it looks for."""

    check: str
    rule: str
    """What was seen, in the check's vocabulary: an entity, a harm category, a licence rule."""

    location: Location
    detector: str
    severity: Severity

    confidence: float
    """The detector's score in [0, 1]."""

    shape: str
    """Form of the matched text, letters and digits masked; empty where a whole text is meant."""

    fingerprint: str
    """Stable across runs over the same subject; see `fingerprint_of`."""

    view: str | None = None
    """In which other form of the text it was seen, such as `base64`; `None`: in the text itself."""

    because: tuple[Moved, ...] | None = None
    """The words that moved the score most, in order; on a few sampled findings only."""

    other: Location | None = None
    """The other place, where a finding is about two, such as a text that comes twice."""


def shape_of(value: str) -> str:
    """Return the form of `value`: `x` and `X` for letters, `9` for digits, ASCII marks as they are.

    Other characters become `·`. At most 48 characters, then an ellipsis.
    """
    masked = "".join(_mask(character) for character in value[:_SHAPE_LIMIT])
    return masked + "…" if len(value) > _SHAPE_LIMIT else masked


def _mask(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return character if " " <= character <= "~" else "·"


def fingerprint_of(check: str, rule: str, location: Location) -> str:
    """Return 32 hexadecimal digits that name this finding across runs.

    It is made from the place, not from the value: a digest of a card number can be reversed by trying
    all card numbers.
    """
    parts = (check, rule, location.file, location.row, location.field, location.start, location.end)
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


def finding_at(
    check: str,
    rule: str,
    location: Location,
    severity: Severity,
    *,
    confidence: float = 1.0,
    other: Location | None = None,
) -> Finding:
    """Return a finding about a whole record or document, in which no value stands out."""
    return Finding(
        check=check,
        rule=rule,
        location=location,
        detector="",
        severity=severity,
        confidence=confidence,
        shape="",
        fingerprint=fingerprint_of(check, rule, location),
        other=other,
    )
