"""
What a witness signs: this was the largest tree I saw of this log, at this time.

The time travels in front of the signature and is signed with it.
Source: C2SP tlog-cosignature, `cosignature/v1`.
"""

from __future__ import annotations

from datetime import UTC, datetime

TIMESTAMP_SIZE = 8  # bytes, big-endian seconds since 1970

_MAX_TIMESTAMP = 253_402_300_799
"""The end of the year 9999. The format allows more; no calendar does."""


def message_at(seconds: int, text: bytes) -> bytes:
    """Return what a witness signs who sees the checkpoint `text` at `seconds` since 1970."""
    return b"cosignature/v1\ntime %d\n%b" % (seconds, text)


def cosigned_message(signature: bytes, text: bytes) -> bytes | None:
    """Return what `signature` was made over, or `None` where its time cannot be one."""
    seconds = _seconds(signature)
    if len(signature) <= TIMESTAMP_SIZE or seconds > _MAX_TIMESTAMP:
        return None
    return message_at(seconds, text)


def timestamp_of(signature: bytes) -> datetime:
    """Return the time in a signature that `cosigned_message` took."""
    return datetime.fromtimestamp(_seconds(signature), UTC)


def _seconds(signature: bytes) -> int:
    return int.from_bytes(signature[:TIMESTAMP_SIZE], "big")
