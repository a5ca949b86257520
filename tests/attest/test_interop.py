"""Other people's verifiers accept our bundles, and refuse them once they are changed."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from assaymark.attest.bundle import sign
from assaymark.attest.dsse import pae
from assaymark.attest.statement import build_svr_statement, build_test_result_statement
from assaymark.policy.decide import decide
from attest.by_hand import (
    NOW,
    OTHER_SUBJECT,
    make_evidence,
    make_policy,
    make_signer,
    make_statement,
    make_subject,
)


def statements() -> dict[str, bytes]:
    """One of each kind that we sign."""
    policy, evidence = make_policy(), make_evidence()
    decision = decide(policy, evidence, [], NOW)
    return {
        "report": make_statement(),
        "report about non-ASCII names": make_statement(
            evidence=make_evidence(
                make_subject(name="données/é 🙂.jsonl"), make_subject(OTHER_SUBJECT, name="b")
            )
        ),
        "test result": build_test_result_statement(policy, evidence, decision),
        "svr": build_svr_statement(policy, evidence, decision),
    }


KINDS = sorted(statements())


@pytest.mark.parametrize("kind", KINDS)
def test_securesystemslib(kind: str) -> None:
    """It verifies the envelope with the fingerprint as key id, and refuses another payload."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    signer = make_signer()
    envelope = json.loads(sign(statements()[kind], signer))["dsseEnvelope"]
    public = load_pem_public_key(signer.public_key.pem)
    key = SSlibKey.from_crypto(public, keyid=signer.public_key.fingerprint)  # type: ignore[arg-type]

    Envelope.from_dict(json.loads(json.dumps(envelope))).verify([key], 1)
    envelope["payload"] = base64.b64encode(statements()[kind] + b" ").decode()
    with pytest.raises(VerificationError):
        Envelope.from_dict(envelope).verify([key], 1)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("kind", KINDS)
def test_openssl(kind: str, tmp_path: Path) -> None:
    """`openssl dgst` verifies the signature over the PAE bytes, and refuses one byte more."""
    signer = make_signer()
    envelope = json.loads(sign(statements()[kind], signer))["dsseEnvelope"]
    (tmp_path / "key.pub").write_bytes(signer.public_key.pem)
    (tmp_path / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    signed = pae(envelope["payloadType"], base64.b64decode(envelope["payload"]))
    answers = {}
    for name, data in (("good", signed), ("bad", signed + b" ")):
        (tmp_path / name).write_bytes(data)
        answers[name] = subprocess.run(
            ["openssl", "dgst", "-sha256", "-verify", "key.pub", "-signature", "sig", name],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        ).returncode

    assert answers["good"] == 0
    assert answers["bad"] != 0


@pytest.mark.skipif(
    shutil.which("openssl") is None or shutil.which("jq") is None,
    reason="openssl or jq is not installed",
)
@pytest.mark.parametrize("kind", KINDS)
def test_the_commands_in_the_documentation(kind: str, tmp_path: Path, repository: Path) -> None:
    """What `docs/predicate.md` tells people to type verifies our bundles."""
    page = (repository / "docs" / "predicate.md").read_text()
    console = page.split("```console\n")[1].split("```")[0].splitlines()
    script = "\n".join(line[2:] for line in console if line.startswith("$ "))
    (tmp_path / "key.pub").write_bytes(make_signer().public_key.pem)
    (tmp_path / "report.sigstore.json").write_bytes(sign(statements()[kind], make_signer()))

    shown = subprocess.run(
        ["sh", "-e", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout

    assert shown.splitlines() == [line for line in console if not line.startswith("$ ")]


@pytest.mark.parametrize("kind", KINDS)
def test_in_toto_attestation(kind: str) -> None:
    """Its strict protobuf reads the statement without an unknown field and finds it valid."""
    statement_module = pytest.importorskip("in_toto_attestation.v1.statement")
    from google.protobuf import json_format
    from in_toto_attestation.v1 import statement_pb2

    parsed = json_format.Parse(
        statements()[kind], statement_pb2.Statement(), ignore_unknown_fields=False
    )
    statement_module.Statement.copy_from_pb(parsed).validate()

    assert {each.digest["sha256"] for each in parsed.subject} <= {"a" * 64, "b" * 64}


def test_in_toto_test_result() -> None:
    """The projection is a test result without an unknown field."""
    pytest.importorskip("in_toto_attestation")
    from google.protobuf import json_format
    from in_toto_attestation.predicates.test_result.v0 import test_result_pb2

    predicate = json.loads(statements()["test result"])["predicate"]
    parsed = json_format.ParseDict(
        predicate, test_result_pb2.TestResult(), ignore_unknown_fields=False
    )

    assert parsed.result == "PASSED"
    assert parsed.configuration[0].name == "support-bot"


@pytest.mark.parametrize("kind", KINDS)
def test_sigstore_python(kind: str) -> None:
    """Its bundle model, statement parser and DSSE check accept ours, short of a certificate."""
    with warnings.catch_warnings():
        # Its own imports warn; what we test is what it answers.
        warnings.simplefilter("ignore")
        dsse: Any = pytest.importorskip("sigstore.dsse")
        hashes: Any = pytest.importorskip("sigstore.hashes")
        models: Any = pytest.importorskip("sigstore_models.bundle.v1")
        from sigstore_models.common.v1 import HashAlgorithm
    signer = make_signer()
    bundle = sign(statements()[kind], signer)
    envelope = dsse.Envelope._from_json(json.dumps(json.loads(bundle)["dsseEnvelope"]))

    payload = dsse._verify(load_pem_public_key(signer.public_key.pem), envelope)
    parsed = models.Bundle.from_json(bundle)

    assert payload == statements()[kind]
    assert dsse.Statement(payload)._matches_digest(
        hashes.Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex("a" * 64))
    )
    assert parsed.verification_material.public_key.hint == signer.public_key.fingerprint
