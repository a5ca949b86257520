"""The two encodings of DSSE."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from hypothesis import given
from hypothesis import strategies as st

from assaymark.attest.dsse import from_base64, pae, to_base64
from assaymark.attest.keys import FileSigner
from assaymark.attest.public_key import PublicKey

HELLO = "http://example.com/HelloWorld"
# Numbers and result of the example in DSSE's protocol.md.
PRIVATE = 97358161215184420915383655311931858321456579547487070936769975997791359926199
RAW_SIGNATURE = (
    "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="
)


def test_the_protocols_own_example() -> None:
    """Our PAE is the one of the protocol, byte for byte."""
    assert pae(HELLO, b"hello world") == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_the_protocols_own_signature() -> None:
    """Its example signature holds here, and our deterministic signature is the same one."""
    private = ec.derive_private_key(PRIVATE, ec.SECP256R1())
    raw = from_base64(RAW_SIGNATURE)
    expected = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    signer = FileSigner(PublicKey.of(private.public_key()), private)

    made = signer.sign(pae(HELLO, b"hello world"))

    assert decode_dss_signature(made) == expected
    private.public_key().verify(
        encode_dss_signature(*expected), pae(HELLO, b"hello world"), ec.ECDSA(hashes.SHA256())
    )


def test_lengths_are_bytes_not_characters() -> None:
    """A type outside ASCII tells apart clients that count characters."""
    assert pae("é", "ü€".encode()) == b"DSSEv1 2 \xc3\xa9 5 \xc3\xbc\xe2\x82\xac"


@given(st.text(), st.binary(), st.text(), st.binary())
def test_different_pairs_have_different_bytes(
    one: str, first: bytes, other: str, second: bytes
) -> None:
    """No type and body can be passed off as another type and body."""
    assert (pae(one, first) == pae(other, second)) == ((one, first) == (other, second))


@given(st.binary())
def test_base64_comes_back(data: bytes) -> None:
    """What is written is read."""
    assert from_base64(to_base64(data)) == data


@pytest.mark.parametrize(
    "text",
    {
        "no padding": "YQ",
        "half the padding": "YQ=",
        "too much padding": "YQ===",
        "padding inside": "YQ==YQ==",
        "URL-safe alphabet": "-_-_",
        "line break": "YWJj\n",
        "line break inside": "YW\nJj",
        "space": "YWJj ",
        "junk": "YW!Jj",
        "stray bits": "YR==",
        "not ASCII": "YWJjé",
        "full-width letters": "\uff39\uff31==",
    }.values(),
)
def test_other_spellings_are_refused(text: str) -> None:
    """A value has one spelling; each of these is another."""
    with pytest.raises(ValueError, match="base64"):
        from_base64(text)
