"""
Which share of the conversations something gets: the same ones, whoever asks and however often.

A conversation is in the share if a keyed digest of its name is below it. The key is the server's, so that
nobody can choose a name for its side; a larger share holds all of a smaller one, so raising it moves
conversations in one direction only.

tests/guard/life/test_canary.py
"""

from __future__ import annotations

import hmac

_RANGE = 1 << 64


def is_in_share(name: str, share: float, key: bytes, purpose: str) -> bool:
    """Return whether the conversation `name` is in a share.

    Args:
        name: Of the conversation, with whatever else tells it from those of others.
        share: In [0, 1].
        key: Of the server.
        purpose: Shares for different purposes are drawn independently.
    """
    message = purpose.encode() + b"\0" + name.encode("utf-8", "surrogatepass")
    drawn = int.from_bytes(hmac.digest(key, message, "sha256")[:8], "big")
    # Whole numbers: a share of 1 takes all, one of 0 none.
    return drawn < int(share * _RANGE)
