"""
The two encodings that DSSE rests on: what is signed, and how it travels.

* What is signed is the PAE of type and body, with lengths in bytes, so no other pair has the same bytes.
* Base64 has one spelling for each value here: standard alphabet, padded, no foreign characters, no
  stray bits at the end. Decoders that forgive more let a bundle be altered without being noticed.

Source: secure-systems-lab/dsse, protocol.md, version 1.0.2. The protocol lets a verifier accept URL-safe
base64 too; the Sigstore clients do not, and neither do we.
tests/attest/test_dsse.py holds both.
"""

from __future__ import annotations

import base64
import binascii

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def pae(payload_type: str, body: bytes) -> bytes:
    """Return the bytes that a DSSE signature is made over (`PAE` in the protocol)."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)


def to_base64(data: bytes) -> str:
    """Return `data` in padded standard base64 on one line."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """Decode what `to_base64` writes, and nothing else.

    Raises:
        ValueError: `text` is not the one spelling of its value.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ValueError("not padded standard base64") from None
    if to_base64(data) != text:
        raise ValueError("base64 with stray bits at the end")
    return data
