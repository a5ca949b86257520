"""Key files."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from assaymark.attest import keys
from assaymark.attest.keys import fingerprint, generate, load_public_key, load_signer
from assaymark.errors import KeyFileError

PASSPHRASE = b"correct horse"


def refusal(path: Path, passphrase: bytes | None = None) -> tuple[str, str | None]:
    """What `load_signer` says against the file."""
    with pytest.raises(KeyFileError) as caught:
        load_signer(path, passphrase=passphrase)
    return caught.value.message, caught.value.hint


def write_key(path: Path, key: Any, mode: int = 0o600) -> Path:
    """A private key in a file, without a passphrase."""
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(mode)
    return path


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_new_key_signs_and_verifies(tmp_path: Path, passphrase: bytes | None) -> None:
    """What was generated opens again, and its two halves belong together."""
    pair = generate(tmp_path / "audit.key", passphrase=passphrase)
    signer = load_signer(pair.private_path, passphrase=passphrase)
    public = load_public_key(pair.public_path)

    assert pair.public_path == tmp_path / "audit.key.pub"
    assert public == signer.public_key == pair.public_key
    assert fingerprint(public) == public.fingerprint
    assert public.accepts(signer.sign(b"message"), b"message")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["audit.key", "audit.key.pub"]


def test_only_the_owner_can_read_a_private_key(tmp_path: Path) -> None:
    """The private half is made with mode 0600, whatever the umask allows."""
    before = os.umask(0)
    try:
        pair = generate(tmp_path / "k", passphrase=None)
    finally:
        os.umask(before)

    assert stat.S_IMODE(pair.private_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(pair.public_path.stat().st_mode) == 0o644


def test_the_same_message_has_the_same_signature(tmp_path: Path) -> None:
    """Signatures are deterministic, so equal reports are equal files."""
    signer = load_signer(generate(tmp_path / "k", passphrase=None).private_path, passphrase=None)

    assert signer.sign(b"message") == signer.sign(b"message")


def test_signing_goes_on_without_deterministic_nonces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An OpenSSL that knows random nonces only still signs validly."""
    original = ec.ECDSA

    def old_openssl(digest: hashes.HashAlgorithm, **options: bool) -> ec.ECDSA:
        if options:
            raise UnsupportedAlgorithm("no RFC 6979")
        return original(digest)

    signer = load_signer(generate(tmp_path / "k", passphrase=None).private_path, passphrase=None)
    monkeypatch.setattr(keys.ec, "ECDSA", old_openssl)
    signature = signer.sign(b"message")
    monkeypatch.undo()

    assert signer.public_key.accepts(signature, b"message")


def test_the_private_number_is_not_shown(tmp_path: Path) -> None:
    """A signer in a log or a traceback gives nothing away."""
    signer = load_signer(generate(tmp_path / "k", passphrase=None).private_path, passphrase=None)

    assert "rivate" not in repr(signer)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_opens_an_encrypted_key(tmp_path: Path) -> None:
    """The encrypted file is plain PKCS#8, with the rounds that we promise."""
    pair = generate(tmp_path / "k", passphrase=PASSPHRASE)
    command = ["openssl", "pkey", "-in", str(pair.private_path), "-passin", "pass:correct horse"]

    public = subprocess.run([*command, "-pubout"], capture_output=True, check=True).stdout
    shape = subprocess.run(
        ["openssl", "asn1parse", "-in", str(pair.private_path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert public == pair.public_key.pem
    assert ":PBES2" in shape
    assert ":0927C0" in shape  # 600,000 rounds
    assert ":aes-256-cbc" in shape


@pytest.mark.parametrize("taken", ["k", "k.pub"])
def test_nothing_is_overwritten(taken: str, tmp_path: Path) -> None:
    """Either half in the way stops both, and the file that was there stays."""
    (tmp_path / taken).write_bytes(b"precious")
    with pytest.raises(KeyFileError) as caught:
        generate(tmp_path / "k", passphrase=None)

    assert caught.value.message == f"`{tmp_path / taken}` exists already"
    assert caught.value.hint == "choose another name; no key is ever overwritten"
    assert [each.name for each in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_bytes() == b"precious"


def test_a_key_needs_a_folder(tmp_path: Path) -> None:
    """A path that cannot be written is an error of ours that names it."""
    path = tmp_path / "nowhere" / "k"
    with pytest.raises(KeyFileError) as caught:
        generate(path, passphrase=None)

    assert caught.value.message == f"cannot write `{path}`: no such file or directory"


def test_an_empty_passphrase_is_no_passphrase(tmp_path: Path) -> None:
    """An empty variable in CI must not make a key that looks protected."""
    with pytest.raises(KeyFileError) as caught:
        generate(tmp_path / "k", passphrase=b"")

    assert caught.value.message == "the passphrase is empty"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_a_widely_readable_key_is_refused(mode: int, tmp_path: Path) -> None:
    """Without a passphrase the file's mode is the only lock."""
    path = generate(tmp_path / "k", passphrase=None).private_path
    path.chmod(mode)

    assert refusal(path) == (
        f"`{path}` has no passphrase and others can read it: expected mode 0600, got {mode:04o}",
        f"chmod 600 {path}",
    )


def test_an_encrypted_key_may_be_readable(tmp_path: Path) -> None:
    """Under a passphrase the mode does not matter."""
    path = generate(tmp_path / "k", passphrase=PASSPHRASE).private_path
    path.chmod(0o644)

    assert load_signer(path, passphrase=PASSPHRASE).public_key


def test_the_passphrase_must_fit(tmp_path: Path) -> None:
    """Missing, wrong and needless passphrases are told apart."""
    sealed = generate(tmp_path / "sealed", passphrase=PASSPHRASE).private_path
    plain = generate(tmp_path / "plain", passphrase=None).private_path

    assert refusal(sealed) == (f"`{sealed}` is encrypted", "give its passphrase")
    assert refusal(sealed, b"wrong") == (
        f"the passphrase does not open `{sealed}`, or the file is damaged",
        None,
    )
    assert refusal(plain, PASSPHRASE) == (
        f"`{plain}` is not encrypted, yet a passphrase was given",
        "leave the passphrase out, or check that this is the key you mean",
    )


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()]
)
def test_reports_are_signed_with_p256(key: Any, tmp_path: Path) -> None:
    """Another kind of key is a key, but not one that every verifier accepts."""
    path = write_key(tmp_path / "k", key)

    assert refusal(path) == (
        f"`{path}` is a private key of another kind; reports are signed with P-256",
        "make one with `assaymark keys new`",
    )


def test_files_that_are_no_keys(tmp_path: Path) -> None:
    """Each is named for what it is."""
    missing, garbage = tmp_path / "missing", tmp_path / "garbage"
    damaged, huge = tmp_path / "damaged", tmp_path / "huge"
    garbage.write_bytes(b"\x00\xff")
    damaged.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    damaged.chmod(0o600)
    huge.write_bytes(b"-" * 70_000)

    assert refusal(missing)[0] == f"cannot read `{missing}`: no such file or directory"
    assert refusal(tmp_path)[0] == f"cannot read `{tmp_path}`: is a directory"
    assert refusal(garbage)[0] == f"`{garbage}` is not a private key in PEM"
    assert refusal(damaged)[0] == f"`{damaged}` is not a private key that can be read"
    assert refusal(huge)[0] == f"`{huge}` is not a key: more than 65536 bytes"


def test_a_public_key_that_is_none_names_its_file(tmp_path: Path) -> None:
    """The message says which of several files is meant."""
    path = tmp_path / "k.pub"
    path.write_bytes(b"nothing")
    with pytest.raises(KeyFileError) as caught:
        load_public_key(path)

    assert caught.value.message == f"`{path}`: not a public key in PEM"
    assert caught.value.hint == "expected one block that begins with `-----BEGIN PUBLIC KEY-----`"


@given(
    data=st.binary(max_size=200),
    label=st.sampled_from([b"ENCRYPTED PRIVATE KEY", b"PRIVATE KEY", b"EC PRIVATE KEY"]),
)
def test_hostile_key_files_are_answered(
    data: bytes, label: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No bytes in a key file lead to anything but an error of ours."""
    path = tmp_path_factory.getbasetemp() / "hostile.key"
    path.write_bytes(b"-----BEGIN " + label + b"-----\n" + data + b"\n-----END " + label + b"-----")
    path.chmod(0o600)

    with pytest.raises(KeyFileError):
        load_signer(path, passphrase=b"x" if label.startswith(b"ENC") else None)
