"""
Encryption as Presidio's operators `encrypt` and `decrypt` do it: AES in CBC mode, PKCS #7, a random vector.

The form is theirs, for texts that go there and come back. It says nothing about whether a text was changed
on the way; what this package encrypts itself uses `operators.Encrypt`.

Source: presidio-anonymizer 2.2.366. tests/guard/apis/test_presidio_anonymizer.py compares with it.
"""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from assaymark.errors import InputError

KEY_SIZES = (16, 24, 32)
"""Bytes of a key."""

_BLOCK = 16
_BITS = 128


def encrypt(key: bytes, text: str) -> str:
    """Return `text` encrypted, in base64 for addresses.

    Args:
        key: 16, 24 or 32 bytes.
        text: Any text without halves of surrogate pairs.
    """
    padder = PKCS7(_BITS).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    vector = os.urandom(_BLOCK)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return base64.urlsafe_b64encode(
        vector + encryptor.update(padded) + encryptor.finalize()
    ).decode()


def decrypt(key: bytes, text: str) -> str:
    """Return what `encrypt` made `text` of.

    Raises:
        InputError: It was not made by `encrypt` with this key.
    """
    try:
        data = base64.urlsafe_b64decode(text.encode())
        vector, rest = data[:_BLOCK], data[_BLOCK:]
        decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
        unpadder = PKCS7(_BITS).unpadder()
        padded = decryptor.update(rest) + decryptor.finalize()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except (binascii.Error, ValueError):
        raise InputError("a text cannot be decrypted with this key") from None
