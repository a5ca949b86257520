"""
A public key that somebody chose to trust: for what, from when, until when.

Until a report carries a time stamp from a third party, the only clock is the signer's own word. Two rules
follow:

* A key that was stolen can sign any date, so `compromised` refuses everything that it ever signed.
* A key that was put aside in good order (`superseded`, `retired`) keeps its word for earlier dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assaymark.attest.public_key import PublicKey
from assaymark.model.codec import format_time


class Role(StrEnum):
    """What a key may vouch for."""

    AUDITOR = "auditor"
    """Signs audit reports."""

    WAIVER_APPROVER = "waiver-approver"
    REVIEWER = "reviewer"
    POLICY_AUTHOR = "policy-author"
    LOG = "log"
    """Signs checkpoints of a transparency log."""

    TSA = "tsa"
    """Signs RFC 3161 time stamps."""


class RevocationReason(StrEnum):
    """Why a key is no longer used."""

    COMPROMISED = "compromised"
    SUPERSEDED = "superseded"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """When a key was given up, and why."""

    at: datetime
    reason: RevocationReason


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """One key of the verifier's own list."""

    name: str
    public_key: PublicKey
    roles: frozenset[Role]

    valid_from: datetime | None = None
    valid_until: datetime | None = None
    """Both ends count as valid."""

    revoked: Revocation | None = None

    def refusal(self, signed_at: datetime) -> str | None:
        """Return why a signature of `signed_at` does not count, or `None` where it does."""
        when = format_time(signed_at)
        if self.revoked is not None:
            if self.revoked.reason is RevocationReason.COMPROMISED:
                return "it was revoked as compromised, so no date that it signed can be believed"
            if signed_at >= self.revoked.at:
                since = format_time(self.revoked.at)
                return f"it was revoked at {since} as {self.revoked.reason}, and this was signed at {when}"
        if self.valid_from is not None and signed_at < self.valid_from:
            return f"it is valid from {format_time(self.valid_from)}, and this was signed at {when}"
        if self.valid_until is not None and signed_at > self.valid_until:
            return (
                f"it was valid until {format_time(self.valid_until)}, and this was signed at {when}"
            )
        return None
