"""Keys, entries and logs for the tests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519

from assaymark.attest.tlog.checkpoint import Checkpoint, sign_checkpoint
from assaymark.attest.tlog.directory import LogDirectory
from assaymark.attest.tlog.merkle import leaf_hash, root_of
from assaymark.attest.tlog.note import KeyType, NoteKey
from assaymark.attest.tlog.reader import LogReader
from assaymark.attest.tlog.refusal import LogError, Reason
from attest.by_hand import Ed25519Signer

ORIGIN = "example.com/audit-log"
NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)


def make_log_signer(number: int = 1) -> Ed25519Signer:
    """An Ed25519 key that everybody knows."""
    seed = hashlib.sha256(b"log %d" % number).digest()
    return Ed25519Signer(ed25519.Ed25519PrivateKey.from_private_bytes(seed))


def log_key(number: int = 1, origin: str = ORIGIN) -> NoteKey:
    """The public half of `make_log_signer(number)`, as the key of a log."""
    return NoteKey.of(origin, KeyType.ED25519, make_log_signer(number).public_key)


def witness_key(number: int, name: str | None = None) -> NoteKey:
    """The public half of `make_log_signer(number)`, as the key of a witness."""
    public_key = make_log_signer(number).public_key
    return NoteKey.of(name or f"witness.example/{number}", KeyType.COSIGNATURE, public_key)


def make_entries(count: int, start: int = 0) -> list[bytes]:
    """Entries that differ."""
    return [b"entry %d" % each for each in range(start, start + count)]


def make_log(root: Path, *batches: int, signer: Ed25519Signer | None = None) -> LogReader:
    """A log that was appended to once for each of `batches`."""
    signer = signer or make_log_signer()
    key = LogDirectory.create(root, ORIGIN, signer)
    with LogDirectory.open(root, signer) as log:
        size = 0
        for each in batches:
            log.append(make_entries(each, size))
            size += each
    return LogReader.open(root, key)


def signed_head(entries: list[bytes], *, number: int = 1, origin: str = ORIGIN) -> bytes:
    """A checkpoint over `entries`, signed by the log."""
    root = root_of([leaf_hash(each) for each in entries])
    return sign_checkpoint(Checkpoint(origin, len(entries), root), make_log_signer(number)).render()


def reason_against(act: Callable[[], object]) -> Reason | None:
    """Why `act` is refused; `None` where it is not."""
    try:
        act()
    except LogError as error:
        return error.reason
    return None


def files_of(root: Path) -> dict[str, bytes]:
    """Every file of a log with its content, but the lock."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "lock"
    }
