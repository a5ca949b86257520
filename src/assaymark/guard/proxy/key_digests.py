"""
What a server keeps of the keys that clients show: nothing by which they can be shown again.

* A key that was made here has 256 random bits. One SHA-256 of it is as hard to undo as guessing the key.
* Any other key may be guessable, so it is kept under scrypt, with its own salt, and a SHA-256 of it is never
  accepted.

Sources: RFC 7914; the PHC string format for the way in which parameters, salt and digest are written.
tests/guard/proxy/test_keys.py
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass

from assaymark.errors import UsageError

PREFIX = "amk-"
"""Begins every key that is made here, so that scanners recognise one that was lost."""

MIN_CHARACTERS, MAX_CHARACTERS = 16, 1_024
"""Of a key that somebody else made."""

MIN_DIFFERENT = 8
"""Characters that differ in such a key: `aaaaaaaaaaaaaaaa` is not one."""

_OURS = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
_SALT = r"[A-Za-z0-9+/]"
_FORM = re.compile(
    rf"\$scrypt\$ln=([0-9]{{1,2}}),r=([0-9]{{1,2}}),p=([0-9])\$({_SALT}{{22,86}})\$({_SALT}{{43,86}})",
    re.ASCII,
)
_LEAST, _MOST = (15, 8, 1), (20, 32, 4)
"""Cost (the exponent of 2), block size, parallelism; each trial takes 32 MiB at least."""

_MOST_MEMORY = 256 << 20
"""Bytes of one trial: whoever shows a key makes the server spend them."""

_ROOM = 1 << 20
"""Bytes that OpenSSL wants beside those that the parameters ask for."""


def new_key() -> tuple[str, str]:
    """Return a new key and its SHA-256."""
    key = PREFIX + secrets.token_urlsafe(32)
    return key, digest_of(key)


def is_ours(key: str) -> bool:
    """Return whether `key` has the form of a key that `new_key` makes."""
    return _OURS.fullmatch(key) is not None


def digest_of(key: str) -> str:
    """Return the SHA-256 of a key, in hexadecimal digits."""
    return hashlib.sha256(_bytes(key)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScryptDigest:
    """The digest of a key under scrypt."""

    cost: int
    """Exponent of 2."""

    block_size: int
    parallelism: int
    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, key: str) -> ScryptDigest:
        """Return the digest of a key, under a new salt.

        Raises:
            UsageError: It is too easy to guess, or too long.
        """
        if not MIN_CHARACTERS <= len(key) <= MAX_CHARACTERS or len(set(key)) < MIN_DIFFERENT:
            raise UsageError(
                "the key can be guessed, or is none: expected"
                f" {MIN_CHARACTERS} to {MAX_CHARACTERS:,} characters, {MIN_DIFFERENT} of them different",
                hint="`assaymark guard key` makes a good one",
            )
        cost, block_size, parallelism = _LEAST
        empty = cls(
            cost=cost,
            block_size=block_size,
            parallelism=parallelism,
            salt=secrets.token_bytes(16),
            digest=bytes(32),
        )
        return cls(
            cost=cost,
            block_size=block_size,
            parallelism=parallelism,
            salt=empty.salt,
            digest=empty._derived(key),
        )

    @classmethod
    def parse(cls, text: str) -> ScryptDigest:
        """Read what `str` writes.

        Raises:
            ValueError: It is no such digest, or one that is too cheap or too dear to try.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError("expected a scrypt digest, as `assaymark guard key --given` prints it")
        given = (int(match[1]), int(match[2]), int(match[3]))
        fits = zip(_LEAST, given, _MOST, strict=True)
        if not all(least <= each <= most for least, each, most in fits):
            raise ValueError(
                f"expected ln from {_LEAST[0]} to {_MOST[0]}, r from {_LEAST[1]} to {_MOST[1]}"
                f" and p from {_LEAST[2]} to {_MOST[2]}"
            )
        if _memory(*given) > _MOST_MEMORY + _ROOM:
            raise ValueError(
                f"expected a digest that takes at most {_MOST_MEMORY >> 20} MiB to try: a smaller ln or r"
            )
        return cls(
            cost=given[0],
            block_size=given[1],
            parallelism=given[2],
            salt=_decoded(match[4]),
            digest=_decoded(match[5]),
        )

    def __str__(self) -> str:
        """Return its text."""
        parameters = f"ln={self.cost},r={self.block_size},p={self.parallelism}"
        return f"$scrypt${parameters}${_encoded(self.salt)}${_encoded(self.digest)}"

    def matches(self, key: str) -> bool:
        """Return whether it is the digest of `key`. It takes a tenth of a second."""
        return hmac.compare_digest(self.digest, self._derived(key))

    def _derived(self, key: str) -> bytes:
        memory = _memory(self.cost, self.block_size, self.parallelism)
        return hashlib.scrypt(
            _bytes(key),
            salt=self.salt,
            n=2**self.cost,
            r=self.block_size,
            p=self.parallelism,
            maxmem=memory + _ROOM,
            dklen=len(self.digest),
        )


def _memory(cost: int, block_size: int, parallelism: int) -> int:
    """Return the bytes that a trial takes; RFC 7914, section 6."""
    return 128 * block_size * ((1 << cost) + parallelism)


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")


def _encoded(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        data = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        data = b""
    if _encoded(data) != text:
        raise ValueError("expected salt and digest in base64 without padding")
    return data
