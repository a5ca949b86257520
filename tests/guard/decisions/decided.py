"""Decisions and logs for the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assaymark.attest.tlog.directory import LogDirectory
from assaymark.attest.tlog.note import NoteKey
from assaymark.guard import Verdict
from assaymark.guard.serving import Decision
from assaymark.model.subject import Sha256
from attest.tlog.logs import log_key, make_log_signer

ORIGIN = "example.com/decisions"
SIGNER = make_log_signer()
NOW = datetime(2026, 6, 1, 12, 0, 0, 250_000, tzinfo=UTC)
POLICY = Sha256("a" * 64)


def key() -> NoteKey:
    """The key that readers of the tests' logs have."""
    return log_key(origin=ORIGIN)


def new_log(root: Path) -> Path:
    """An empty log."""
    LogDirectory.create(root, ORIGIN, SIGNER)
    return root


def finding(**changes: Any) -> dict[str, Any]:
    """A finding as a decision has it."""
    return {
        "side": "request",
        "message": 0,
        "field": "/messages/0/content",
        "start": 11,
        "end": 30,
        "entity": "CREDIT_CARD",
        "score": 1.0,
        "detector": "pii",
        "view": "",
        "action": "redact",
    } | changes


def decision(number: int = 0, **changes: Any) -> Decision:
    """A decision about one request."""
    values: dict[str, Any] = {
        "time": NOW,
        "request_id": f"req-{number}",
        "tenant": "acme",
        "api": "chat.completions",
        "route": "/v1/chat/completions",
        "phase": "output",
        "outcome": "passed",
        "status": 200,
        "policy": POLICY,
        "detectors": {"pii": Sha256("b" * 64)},
        "request_digest": "c" * 64,
        "verdict": Verdict.REDACT,
        "findings": (finding(),),
        "unjudged": (),
        "latency": 0.25,
        "overhead": 0.002,
    }
    return Decision(**values | changes)
