"""What is logged about a report: exactly one spelling, checkable without the report, and no text."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from assaymark.attest.bundle import sign
from assaymark.attest.dsse import PAYLOAD_TYPE, pae
from assaymark.attest.public_key import PublicKey
from assaymark.attest.tlog.entry import entry_for, parse_entry
from assaymark.attest.tlog.refusal import LogError, Reason
from assaymark.attest.verify import verify
from assaymark.canonical import canonical_bytes
from assaymark.errors import UsageError
from attest.by_hand import NOW, make_key, make_signer, make_statement
from attest.tlog.logs import make_log_signer

PAYLOAD = b'{"a":"statement"}'
SIGNATURE = make_signer().sign(pae(PAYLOAD_TYPE, PAYLOAD))
ENTRY = entry_for(PAYLOAD, SIGNATURE, make_signer().public_key)


def test_the_form_of_an_entry() -> None:
    """An entry is Rekor's `hashedrekord` 0.0.2 with the digest of the PAE, and nothing else."""
    body = json.loads(ENTRY)
    record = body["spec"].pop("hashedRekordV002")
    key = record["signature"]["verifier"]["publicKey"]["rawBytes"]
    pem = "".join(make_signer().public_key.pem.decode().split("\n")[1:-2])

    assert body == {"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {}}
    assert record == {
        "data": {
            "algorithm": "SHA2_256",
            "digest": base64.b64encode(
                hashlib.sha256(pae(PAYLOAD_TYPE, PAYLOAD)).digest()
            ).decode(),
        },
        "signature": {
            "content": base64.b64encode(SIGNATURE).decode(),
            "verifier": {
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "publicKey": {"rawBytes": pem},
            },
        },
    }
    assert key == pem
    assert canonical_bytes(json.loads(ENTRY)) == ENTRY


def test_an_entry_from_a_verified_report() -> None:
    """What the verifier returns about a report is all that its entry needs."""
    report = verify(sign(make_statement(), make_signer()), [make_key()], now=NOW)

    entry = entry_for(report.payload, report.signature, report.signer.public_key)

    assert parse_entry(entry).public_key == report.signer.public_key
    assert not any(word in entry for word in (b"card", b"policy", b"dataset", b"sha256:"))
    assert len(entry) < 600


def test_the_models_of_another_client() -> None:
    """Sigstore's models read an entry, and find the same in it."""
    entries = pytest.importorskip("sigstore_models.rekor.v2.entry", exc_type=ImportError)

    read = entries.Entry.from_json(ENTRY)

    assert (read.kind, read.api_version) == ("hashedrekord", "0.0.2")
    record = read.spec.hashed_rekord_v002
    assert record.signature.content == SIGNATURE
    assert record.signature.verifier.key_details == "PKIX_ECDSA_P256_SHA_256"


def test_a_p384_key() -> None:
    """The digest is of the kind that the key signs with."""
    private = ec.derive_private_key(5, ec.SECP384R1())
    signature = private.sign(pae("t", b"p"), ec.ECDSA(hashes.SHA384()))
    entry = parse_entry(
        entry_for(b"p", signature, PublicKey.of(private.public_key()), payload_type="t")
    )

    assert entry.digest == hashlib.sha384(pae("t", b"p")).digest()


def test_what_is_not_logged() -> None:
    """A signature that does not hold is not logged, nor one that a digest cannot be checked against."""
    with pytest.raises(UsageError) as caught:
        entry_for(b"other", SIGNATURE, make_signer().public_key)
    assert caught.value.message == "the signature does not hold, so it is not logged"

    ed25519 = make_log_signer()
    with pytest.raises(UsageError) as caught:
        entry_for(PAYLOAD, ed25519.sign(pae(PAYLOAD_TYPE, PAYLOAD)), ed25519.public_key)
    assert caught.value.message == (
        "nobody can check a signature of kind ed25519 from a digest, so it is not logged"
    )


def changed(*path: str, to: Any) -> bytes:
    """The entry with one value in it changed."""
    body = json.loads(ENTRY)
    place = body
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return canonical_bytes(body)


RECORD = ("spec", "hashedRekordV002")
OTHER_KEY = base64.b64encode(
    base64.b64decode("".join(make_signer(8).public_key.pem.decode().split("\n")[1:-2]))
).decode()
CANONICAL = "not an entry about a report: expected a canonical `hashedrekord` 0.0.2"
UNSIGNED = "not an entry about a report: its signature does not hold over its digest"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an entry about a report: not JSON at line 1 column 1: expecting value"),
        (b"[]", CANONICAL),
        (b"{}", CANONICAL),
        (ENTRY + b" ", CANONICAL),
        (json.dumps(json.loads(ENTRY)).encode(), CANONICAL),
        (changed("kind", to="dsse"), CANONICAL),
        (changed("apiVersion", to="0.0.1"), CANONICAL),
        (changed("text", to="a person's name"), CANONICAL),
        (changed(*RECORD, "data", "algorithm", to="SHA2_384"), CANONICAL),
        (changed(*RECORD, "data", "digest", to=7), CANONICAL),
        (changed(*RECORD, "data", "digest", to="AA=="), UNSIGNED),
        (changed(*RECORD, "data", "digest", to="A" * 43 + "="), UNSIGNED),
        (changed(*RECORD, "signature", "content", to="AAAA"), UNSIGNED),
        (changed(*RECORD, "signature", "content", to="A" * 400), CANONICAL),
        (
            changed(*RECORD, "signature", "verifier", "publicKey", "rawBytes", to=OTHER_KEY),
            UNSIGNED,
        ),
        (changed(*RECORD, "signature", "verifier", "publicKey", "rawBytes", to="AAAA"), CANONICAL),
        (
            changed(
                *RECORD,
                "signature",
                "verifier",
                "publicKey",
                "rawBytes",
                # Ed25519: the prefix of its SubjectPublicKeyInfo, and 32 bytes.
                to=base64.b64encode(bytes.fromhex("302a300506032b6570032100") + bytes(32)).decode(),
            ),
            CANONICAL,
        ),
        (changed(*RECORD, "signature", "verifier", to={"x509Certificate": {}}), CANONICAL),
    ],
)
def test_what_is_no_entry(data: bytes, message: str) -> None:
    """Anything but the one spelling of a signature that holds is refused."""
    with pytest.raises(LogError) as caught:
        parse_entry(data)

    assert (caught.value.reason, caught.value.message) == (Reason.MALFORMED, message)


@given(st.binary(max_size=100) | st.integers(0, len(ENTRY) * 8 - 1))
def test_any_bytes_as_an_entry(data: bytes | int) -> None:
    """Any bytes, and an entry with any bit changed, are refused by us."""
    if isinstance(data, int):
        flipped = bytearray(ENTRY)
        flipped[data // 8] ^= 1 << data % 8
        data = bytes(flipped)

    with pytest.raises(LogError):
        parse_entry(data)
