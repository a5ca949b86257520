"""
Key files: make them, open them, and refuse what is not safe.

* A private key without a passphrase is used only if nobody but its owner can read the file.
* No file is overwritten, and none is half-written: a key appears whole or not at all.
* Passphrases come from the caller. This module reads no terminal, environment or descriptor.

Signing stands behind `Signer`, so that a hardware token or a key service can take the file's place.
tests/attest/test_keys.py holds all of this.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from assaymark.attest.pkcs8 import encrypt_pem
from assaymark.attest.public_key import PublicKey
from assaymark.errors import KeyFileError

_MAX_FILE = 64 * 1024  # bytes
_NOT_OWNER = stat.S_IRWXG | stat.S_IRWXO


class Signer(Protocol):
    """Something that holds a private key and signs with it."""

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature over `message`, made as `public_key.algorithm` says."""
        ...


@dataclass(frozen=True, slots=True)
class FileSigner:
    """A P-256 key from a file."""

    public_key: PublicKey
    _private: ec.EllipticCurvePrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Return a DER signature. The same message has the same signature (RFC 6979)."""
        return self._private.sign(message, _ecdsa())


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Where a new key lies, and what it is called."""

    private_path: Path
    public_path: Path
    public_key: PublicKey


def generate(path: Path, *, passphrase: bytes | None) -> KeyPair:
    """Make a P-256 key: the private half at `path`, the public half beside it as `<path>.pub`.

    Args:
        path: A file that does not exist yet, in a folder that does.
        passphrase: Encrypts the private half; `None` leaves it readable to whoever can read the file,
            which is its owner alone (mode 0600).

    Raises:
        KeyFileError: A file is there already or cannot be written, or the passphrase is empty.
    """
    if passphrase is not None and not passphrase:
        raise KeyFileError(
            "the passphrase is empty", hint="give one, or ask for a key without a passphrase"
        )
    public_path = path.with_name(path.name + ".pub")
    private = ec.generate_private_key(ec.SECP256R1())
    public_key = PublicKey.of(private.public_key())
    _create(path, _private_pem(private, passphrase), mode=0o600)
    try:
        _create(public_path, public_key.pem, mode=0o644)
    except KeyFileError:
        path.unlink()
        raise
    return KeyPair(path, public_path, public_key)


def load_signer(path: Path, *, passphrase: bytes | None) -> FileSigner:
    """Open the P-256 private key at `path`.

    Args:
        path: PEM, as `generate` writes it; keys that openssl made will do as well.
        passphrase: `None` where the key has none.

    Raises:
        KeyFileError: The file is missing or no key, others can read it, the key is no P-256 key, or the
            passphrase is missing, wrong or not needed.
    """
    data, mode = _read(path)
    private = _open(path, data, mode, passphrase)
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise KeyFileError(
            f"`{path}` is a private key of another kind; reports are signed with P-256",
            hint="make one with `assaymark keys new`",
        )
    return FileSigner(PublicKey.of(private.public_key()), private)


def load_public_key(path: Path) -> PublicKey:
    """Read the public key at `path`.

    Raises:
        KeyFileError: The file is missing, holds no public key in PEM, or a key of another kind.
    """
    data, _ = _read(path)
    try:
        return PublicKey.from_pem(data)
    except KeyFileError as error:
        raise KeyFileError(f"`{path}`: {error.message}", hint=error.hint) from None


def fingerprint(public_key: PublicKey) -> str:
    """Return the OpenSSH SHA-256 fingerprint, such as `SHA256:` and 43 characters."""
    return public_key.fingerprint


def _ecdsa() -> ec.ECDSA:
    try:
        return ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    except UnsupportedAlgorithm:
        # OpenSSL before 3.2 knows random nonces only: as safe, but not the same bytes each time.
        return ec.ECDSA(hashes.SHA256())


def _private_pem(private: ec.EllipticCurvePrivateKey, passphrase: bytes | None) -> bytes:
    plain = serialization.NoEncryption()
    if passphrase is None:
        return private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain
        )
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, plain
    )
    return encrypt_pem(der, passphrase)


def _open(path: Path, data: bytes, mode: int, passphrase: bytes | None) -> object:
    if b"PRIVATE KEY-----" not in data:
        raise KeyFileError(f"`{path}` is not a private key in PEM")
    is_encrypted = b"ENCRYPTED" in data
    if is_encrypted and not passphrase:
        raise KeyFileError(f"`{path}` is encrypted", hint="give its passphrase")
    if not is_encrypted and mode & _NOT_OWNER:
        raise KeyFileError(
            f"`{path}` has no passphrase and others can read it: expected mode 0600, got {mode:04o}",
            hint=f"chmod 600 {path}",
        )
    if not is_encrypted and passphrase is not None:
        raise KeyFileError(
            f"`{path}` is not encrypted, yet a passphrase was given",
            hint="leave the passphrase out, or check that this is the key you mean",
        )
    try:
        return serialization.load_pem_private_key(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if is_encrypted:
            message = f"the passphrase does not open `{path}`, or the file is damaged"
        else:
            message = f"`{path}` is not a private key that can be read"
        raise KeyFileError(message) from None


def _read(path: Path) -> tuple[bytes, int]:
    """Return content and permission bits, both of the file that was opened."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise _unusable("read", path, error) from None
    if len(data) > _MAX_FILE:
        raise KeyFileError(f"`{path}` is not a key: more than {_MAX_FILE} bytes")
    return data, mode


def _create(path: Path, data: bytes, *, mode: int) -> None:
    """Write a new file under another name and give it its own only when it is whole."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, fails where the name is taken.
        path.hardlink_to(draft)
    except FileExistsError:
        raise KeyFileError(
            f"`{path}` exists already", hint="choose another name; no key is ever overwritten"
        ) from None
    except OSError as error:
        raise _unusable("write", path, error) from None
    finally:
        with suppress(OSError):
            draft.unlink()


def _unusable(verb: str, path: Path, error: OSError) -> KeyFileError:
    reason = (error.strerror or type(error).__name__).lower()
    return KeyFileError(f"cannot {verb} `{path}`: {reason}")
