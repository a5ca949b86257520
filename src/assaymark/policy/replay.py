"""
Deciding again: stored evidence under a policy, without scanning anything.

Evidence that was measured with other settings than the policy asks for does not count: `decide` calls
what rests on it UNDECIDED, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assaymark.canonical import parse_strict
from assaymark.model.codec import from_plain
from assaymark.model.decision import Decision
from assaymark.model.evidence import Evidence
from assaymark.model.waiver import Waiver
from assaymark.policy.decide import decide
from assaymark.policy.policy import Policy


def read_evidence(data: bytes) -> Evidence:
    """Return the evidence that `data`, the bytes of an `evidence.json`, holds.

    Raises:
        EvidenceError: The bytes are not strict JSON, or not evidence.
    """
    return from_plain(Evidence, parse_strict(data))


def replay(
    policy: Policy, evidence_bytes: bytes, waivers: Sequence[Waiver], now: datetime
) -> Decision:
    """Judge stored evidence under `policy`.

    Args:
        policy: What must hold.
        evidence_bytes: The bytes of an `evidence.json`.
        waivers: Exceptions, their signatures already verified.
        now: The time of the decision, with a time zone.

    Raises:
        EvidenceError: The bytes are not strict JSON, or not evidence.
    """
    return decide(policy, read_evidence(evidence_bytes), waivers, now)
