"""From a key file on the command line to something that signs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.cli.passphrase import VARIABLE, ask_passphrase, given_passphrase
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.attest.keys import Signer

_ENCRYPTED = b"ENCRYPTED PRIVATE KEY-----"


def open_signer(path: Path, descriptor: int | None) -> Signer:
    """Open a private key, asking for its passphrase only where it has one.

    Raises:
        UsageError: The passphrase cannot be had.
        KeyFileError: The key cannot be used.
    """
    from assaymark.attest.keys import load_signer

    passphrase = given_passphrase(descriptor)
    if passphrase is None and path.is_file() and _ENCRYPTED in path.read_bytes():
        passphrase = ask_passphrase(f"passphrase of `{path}`")
        if passphrase is None:
            raise UsageError(f"`{path}` is encrypted and no passphrase was given", hint=HOW)
    return load_signer(path, passphrase=passphrase)


HOW = f"set {VARIABLE} or use `--passphrase-fd N`"
