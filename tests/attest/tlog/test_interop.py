"""Other people's code reads what we write."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from assaymark.attest.dsse import PAYLOAD_TYPE, pae
from assaymark.attest.tlog.directory import LogDirectory
from assaymark.attest.tlog.entry import entry_for, parse_entry
from assaymark.attest.tlog.reader import LogReader
from attest.by_hand import make_signer
from attest.tlog.logs import ORIGIN, log_key, make_log, make_log_signer


def make_report_log(root: Path, count: int) -> tuple[LogReader, list[bytes]]:
    """A log of reports, and its entries."""
    signer = make_signer()
    payloads = [b'{"report":%d}' % each for each in range(count)]
    entries = [
        entry_for(each, signer.sign(pae(PAYLOAD_TYPE, each)), signer.public_key)
        for each in payloads
    ]
    make_log(root)
    with LogDirectory.open(root, make_log_signer()) as log:
        log.append(entries)
    return LogReader.open(root, log_key()), entries


def test_sigstore_follows_our_proofs(scratch: Path) -> None:
    """sigstore-python's proof and checkpoint readers agree with ours, entry by entry."""
    merkle = pytest.importorskip("sigstore._internal.merkle", exc_type=ImportError)
    checkpoints = pytest.importorskip("sigstore._internal.rekor.checkpoint", exc_type=ImportError)
    reader, entries = make_report_log(scratch / "log", 11)
    head = reader.signed.checkpoint

    read = checkpoints.SignedCheckpoint.from_text(reader.signed.render().decode())
    assert (read.checkpoint.origin, read.checkpoint.log_size, read.checkpoint.log_hash) == (
        ORIGIN,
        11,
        head.root.hex(),
    )
    for index, entry in enumerate(entries):
        inclusion = SimpleNamespace(
            log_index=index,
            tree_size=head.size,
            hashes=list(reader.prove_inclusion(index).hashes),
            root_hash=head.root,
        )
        inner = SimpleNamespace(inclusion_proof=inclusion, canonicalized_body=entry)
        merkle.verify_merkle_inclusion(SimpleNamespace(_inner=inner))


def test_openssl_verifies_a_checkpoint(scratch: Path) -> None:
    """`openssl pkeyutl` finds the log's signature good over the text of the checkpoint."""
    reader, _ = make_report_log(scratch / "log", 3)
    (scratch / "key.pub").write_bytes(make_log_signer().public_key.pem)
    (scratch / "text").write_bytes(reader.signed.note.text)
    (scratch / "signature").write_bytes(reader.signed.note.lines[0].signature)

    openssl(
        scratch,
        *("pkeyutl", "-verify", "-pubin", "-inkey", "key.pub", "-rawin"),
        *("-in", "text", "-sigfile", "signature"),
    )


def test_openssl_verifies_an_entry(scratch: Path) -> None:
    """`openssl pkeyutl` finds a report's signature good over the digest that the log holds."""
    reader, _ = make_report_log(scratch / "log", 3)
    entry = parse_entry(next(reader.entries(2)))
    (scratch / "key.pub").write_bytes(entry.public_key.pem)
    (scratch / "digest").write_bytes(entry.digest)
    (scratch / "signature").write_bytes(entry.signature)

    openssl(
        scratch,
        *("pkeyutl", "-verify", "-pubin", "-inkey", "key.pub"),
        *("-in", "digest", "-sigfile", "signature"),
    )


def openssl(folder: Path, *arguments: str) -> None:
    """Run openssl in `folder` and demand that it succeeds."""
    done = subprocess.run(
        ["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "Signature Verified Successfully\n"), done.stderr
