"""
A signed statement as a file: DSSE in a Sigstore bundle, version 0.3.

One signature; the key id is the OpenSSH fingerprint in both places that hold one, because that is the one
value that every DSSE client accepts; `tlogEntries` present though empty, because some demand it. The
same statement and key give the same bytes.

Reading is not here: `assaymark.attest.verify` reads a bundle only to judge it.
Source: sigstore/protobuf-specs, sigstore_bundle.proto.
tests/attest/test_interop.py hands the result to other people's verifiers.
"""

from __future__ import annotations

from assaymark.attest.dsse import PAYLOAD_TYPE, pae, to_base64
from assaymark.attest.keys import Signer
from assaymark.attest.predicates import BUNDLE, MAX_BUNDLE
from assaymark.canonical import canonical_bytes
from assaymark.errors import EvidenceError


def sign(statement: bytes, signer: Signer) -> bytes:
    """Return the bundle that holds `statement`, signed.

    Raises:
        EvidenceError: The bundle would be larger than any verifier of ours reads.
    """
    key_id = signer.public_key.fingerprint
    signature = signer.sign(pae(PAYLOAD_TYPE, statement))
    bundle = canonical_bytes(
        {
            "mediaType": BUNDLE,
            "verificationMaterial": {"publicKey": {"hint": key_id}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": to_base64(statement),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{"keyid": key_id, "sig": to_base64(signature)}],
            },
        }
    )
    if len(bundle) > MAX_BUNDLE:
        raise EvidenceError(
            f"the report takes {len(bundle)} bytes; a verifier reads at most {MAX_BUNDLE}",
            hint="audit fewer subjects at a time, or give many files as one directory",
        )
    return bundle
