"""
A waiver: a narrow, expiring exception to one requirement for one subject.

How waivers are signed and verified is `assaymark.attest`'s affair; by the time one reaches a decision it
is this value, and `assaymark.policy.decide` is the only place that applies it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assaymark.model.subject import Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Who excused what, for which subject, and until when."""

    id: str
    requirement: str
    subject: Sha256
    reason: str
    approver: str
    granted_at: datetime
    expires_at: datetime
    """The waiver counts strictly before this time."""
