"""
Texts sealed under AES-256-GCM, each bound to what it is about.

Source: NIST SP 800-38D (GCM; random 96-bit nonces). tests/redaction/test_vault.py and test_vault_spaces.py
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12  # bytes


class Sealer:
    """Seals and opens under one key.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: str, about: bytes) -> bytes:
        """Return `text`, sealed; it opens beside the same `about` only."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, text.encode("utf-8", "surrogatepass"), about)

    def open(self, sealed: bytes, about: bytes) -> str | None:
        """Return what was sealed about `about`; `None` where one of the two is not what it was."""
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
        except (InvalidTag, ValueError, TypeError):
            return None
        return plain.decode("utf-8", "surrogatepass")
