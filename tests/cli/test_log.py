"""`assaymark log`: from an empty directory to proofs that outlive the log, as a user runs it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assaymark.attest.bundle import sign
from assaymark.attest.keys import generate
from assaymark.attest.statement import build_svr_statement
from assaymark.attest.tlog.proof import parse_proof
from assaymark.policy.decide import decide
from attest.by_hand import (
    NOW,
    Ed25519Signer,
    make_evidence,
    make_policy,
    make_signer,
    make_statement,
)
from attest.tlog.logs import make_log_signer
from cli.conftest import Result

Run = Callable[..., Result]
ORIGIN = "example.com/audit-log"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Path:
    """A folder with a report, the auditor's public key, and keys of a log and a witness."""
    monkeypatch.chdir(tmp_path)
    for name in ("log.pem", "witness.pem"):
        assert run("keys", "new", name, "--type", "ed25519", "--no-passphrase").status == 0
    (tmp_path / "auditor.pub").write_bytes(make_signer().public_key.pem)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.sigstore.json").write_bytes(sign(make_statement(), make_signer()))
    made = run("log", "new", "log", "--origin", ORIGIN, "--key", "log.pem", "--json")
    assert made.status == 0, made.err
    (tmp_path / "log.vkey").write_text(made.json["vkey"] + "\n")
    return tmp_path


def add(run: Run, *more: object) -> Result:
    """Add the report to the log."""
    return run("log", "add", "log", "out", "--key", "log.pem", "--signer", "auditor.pub", *more)


def witness(run: Run, *more: object) -> Result:
    """Let the witness sign."""
    return run(
        *("log", "witness", "log", "--log-vkey", "log.vkey", "--name", "example.com/witness"),
        *("--key", "witness.pem", "--state", "witness", *more),
    )


def test_a_report_goes_in_once_and_is_proved(desk: Path, run: Run) -> None:
    """The bundle and the proof beside it agree; adding again adds nothing."""
    first, second = add(run), add(run)

    assert (first.status, first.out) == (
        0,
        "added   out/report.sigstore.json: entry 0; the log has 1 entry\n",
    )
    assert (second.status, second.out) == (
        0,
        "stands  out/report.sigstore.json: entry 0; the log has 1 entry\n",
    )
    bundle = json.loads((desk / "out" / "report.sigstore.json").read_bytes())
    (entry,) = bundle["verificationMaterial"]["tlogEntries"]
    proof = parse_proof((desk / "out" / "report.tlog-proof").read_bytes())
    assert entry["logIndex"] == "0" == str(proof.index)
    assert entry["inclusionProof"]["checkpoint"]["envelope"].encode() == proof.checkpoint


def test_witnesses_sign_and_proofs_are_renewed(desk: Path, run: Run) -> None:
    """After a witness signed, the renewed proof carries the signature, and the log needs it to hold."""
    add(run)
    signed = witness(run, "--json")
    (desk / "witness.vkey").write_text(signed.json["vkey"])
    demanded = ("--log-vkey", "log.vkey", "--witness", "witness.vkey", "--witnesses", 1)
    held = run("log", "verify", "log", *demanded, "--json")
    before = (desk / "out" / "report.tlog-proof").read_bytes()
    proved = run("log", "prove", "log", "out", "--log-vkey", "log.vkey", "--signer", "auditor.pub")

    assert held.status == 0, held.err
    assert [each["name"] for each in held.json["witnesses"]] == ["example.com/witness"]
    assert proved.out == (
        "stands  out/report.sigstore.json: entry 0; the log has 1 entry\n"
        "proof   out/report.tlog-proof\n"
    )
    after = (desk / "out" / "report.tlog-proof").read_bytes()
    assert b"example.com/witness" not in before
    assert b"example.com/witness" in after


def test_a_log_that_nobody_witnessed_fails_where_it_is_demanded(desk: Path, run: Run) -> None:
    """Exit 4, and the reason."""
    vkey = witness(run, "--json", "--print").json["vkey"]
    (desk / "witness.vkey").write_text(vkey)
    refused = run(
        *("log", "verify", "log", "--log-vkey", "log.vkey"),
        *("--witness", "witness.vkey", "--witnesses", 1),
    )

    assert refused.status == 4
    assert refused.err == (
        "error: expected 1 witness of the checkpoint, got 0\n"
        "hint: let a known witness sign the log (`assaymark log witness`), then renew the proof of the "
        "report (`assaymark log prove`); a witness counts while its key is good\n"
    )


def test_a_printed_line_is_put_under_the_checkpoint_by_others(desk: Path, run: Run) -> None:
    """A witness with a copy answers with a line; whoever keeps the log adds it."""
    shown = witness(run, "--print", "--json").json
    line = desk / "line.txt"
    line.write_text(shown["line"] + "\n")
    vkey = shown["vkey"]
    nobody = run("log", "cosign", "log", line, "--log-vkey", "log.vkey")
    added = run("log", "cosign", "log", line, "--log-vkey", "log.vkey", "--witness", vkey)

    assert nobody.status == 2
    assert nobody.err.startswith("error: no witness was named\n")
    assert (added.status, added.out) == (
        0,
        f"the checkpoint of {ORIGIN} at 0 entries now has 2 signatures\n",
    )


def test_a_log_that_was_set_back_is_refused_by_all_who_remember(desk: Path, run: Run) -> None:
    """Reader, witness and writer each notice an old copy in the place of the log."""
    shutil.copytree(desk / "log", desk / "old")
    add(run, "--log-state", "writer")
    assert run("log", "verify", "log", "--log-vkey", "log.vkey", "--state", "reader").status == 0
    assert witness(run).status == 0
    shutil.rmtree(desk / "log")
    (desk / "old").rename(desk / "log")
    answers = [
        run("log", "verify", "log", "--log-vkey", "log.vkey", "--state", "reader"),
        witness(run),
        add(run, "--log-state", "writer"),
    ]

    memories = ("reader/heads.json", "witness/witness-heads.json", "writer/writer-heads.json")
    assert [each.status for each in answers] == [4, 4, 4]
    assert [each.err for each in answers] == [
        f"error: the log `{ORIGIN}` had 1 entry when it was last seen, as `{memory}` says, and now has 0\n"
        "hint: an old copy was put in its place, or entries were taken out; the checkpoint that it signed "
        "then is kept: it proves to others that they were there\n"
        for memory in memories
    ]


def test_what_is_seen_for_the_first_time_says_so(desk: Path, run: Run) -> None:
    """Without a memory nothing is compared, and both texts say what that means."""
    plain = run("log", "verify", "log", "--log-vkey", "log.vkey")
    remembering = run("log", "verify", "log", "--log-vkey", "log.vkey", "--state", "reader")
    again = run("log", "verify", "log", "--log-vkey", "log.vkey", "--state", "reader")

    root = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert plain.out == (
        "the log holds\n"
        f"origin     {ORIGIN}\n"
        "size       0 entries\n"
        f"root       {root}\n"
        "before     not compared; `--state DIR` remembers what was seen\n"
    )
    assert "seen for the first time, so nothing speaks against a rollback" in remembering.out
    assert "continues the 0 that were seen before" in again.out


def test_only_authentic_documents_are_logged(desk: Path, run: Run) -> None:
    """A changed report, or one by a stranger, leaves the log and the file as they were."""
    path = desk / "out" / "report.sigstore.json"
    stranger = sign(make_statement(), make_signer(8))
    changed = path.read_bytes().replace(b'"sig":"', b'"sig":"A', 1)
    for data in (stranger, changed):
        path.write_bytes(data)
        assert add(run).status == 4
        assert path.read_bytes() == data

    held = run("log", "verify", "log", "--log-vkey", "log.vkey", "--json")
    assert held.json["size"] == 0


def test_an_ed25519_report_is_not_logged(desk: Path, run: Run) -> None:
    """Nobody can check such a signature from a digest; the answer says what to do."""
    key: Ed25519Signer = make_log_signer(9)
    (desk / "auditor.pub").write_bytes(key.public_key.pem)
    (desk / "out" / "report.sigstore.json").write_bytes(sign(make_statement(), key))
    refused = add(run)

    assert refused.status == 2
    assert "sign with a P-256 key what shall be logged" in refused.err


def test_a_document_that_is_not_in_the_log_has_no_proof(desk: Path, run: Run) -> None:
    """Exit 2; nothing is written."""
    refused = run("log", "prove", "log", "out", "--log-vkey", "log.vkey", "--signer", "auditor.pub")

    assert refused.status == 2
    assert refused.err.startswith(
        "error: `out/report.sigstore.json` is not among the 0 entries of the log\n"
    )
    assert not (desk / "out" / "report.tlog-proof").exists()


def test_a_proof_can_go_elsewhere(desk: Path, run: Run) -> None:
    """With `-o` the report stays as it is."""
    add(run)
    before = (desk / "out" / "report.sigstore.json").read_bytes()
    witness(run)
    written = run(
        *("log", "prove", "log", "out", "--log-vkey", "log.vkey", "--signer", "auditor.pub"),
        *("-o", "elsewhere.tlog-proof"),
    )

    assert written.status == 0
    assert (desk / "out" / "report.sigstore.json").read_bytes() == before
    assert b"example.com/witness" in (desk / "elsewhere.tlog-proof").read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("new", "log", "--origin", "a b", "--key", "log.pem"),
            "error: `a b` cannot name a key of a log\n",
        ),
        (
            ("new", "log", "--origin", ORIGIN, "--key", "log.pem"),
            "error: `log` is not empty: it holds `checkpoint`\n",
        ),
        (
            ("verify", "log", "--log-vkey", "nonsense"),
            "error: `nonsense` is no verifier key, and as a file it cannot be read: no such file or ",
        ),
        (("verify", "log", "--log-vkey", "a+b+c"), "error: not a verifier key: expected "),
        (
            ("verify", "nowhere", "--log-vkey", "log.vkey"),
            "error: invalid value for `DIR`: path `nowhere` does not exist\n",
        ),
        (
            ("verify", "log", "--log-vkey", "auditor.pub"),
            "error: `auditor.pub` holds no verifier key\n",
        ),
        (
            ("verify", "out", "--log-vkey", "log.vkey"),
            "error: `out` is not a log: it has no checkpoint\n",
        ),
    ],
)
def test_wrong_words_are_answered(
    desk: Path, run: Run, words: tuple[str, ...], message: str
) -> None:
    """Exit 2, what is wrong, and no traceback."""
    refused = run("log", *words)

    assert refused.status == 2
    assert refused.err.startswith(message)


def test_a_log_needs_an_ed25519_key(desk: Path, run: Run) -> None:
    """The default kind of key is for reports."""
    generate(desk / "report.pem", passphrase=None)
    refused = run("log", "new", "second", "--origin", ORIGIN, "--key", "report.pem")

    assert refused.status == 2
    assert "Ed25519" in refused.err
    assert not (desk / "second").exists()


def test_a_document_that_may_not_go_in_is_named(desk: Path, run: Run) -> None:
    """Of several documents, the one that fails is told by its path; those before it are in."""
    (desk / "other.json").write_bytes(sign(make_statement(), make_signer(8)))
    refused = run(
        *("log", "add", "log", "out", "other.json", "--key", "log.pem"),
        *("--signer", "auditor.pub"),
    )
    held = run("log", "verify", "log", "--log-vkey", "log.vkey", "--json")

    assert refused.status == 4
    assert refused.err.startswith(
        "error: `other.json`: the signature does not hold under the one trusted key\n"
        "hint: it names the key `SHA256:"
    )
    assert held.json["size"] == 1


def test_a_projection_is_not_logged(desk: Path, run: Run) -> None:
    """No gate can be shown one, so a log that is to be complete would miss it for ever."""
    policy, evidence = make_policy(), make_evidence()
    statement = build_svr_statement(policy, evidence, decide(policy, evidence, (), NOW))
    (desk / "svr.sigstore.json").write_bytes(sign(statement, make_signer()))

    refused = run(
        *("log", "add", "log", "svr.sigstore.json", "--key", "log.pem"),
        *("--signer", "auditor.pub"),
    )
    held = run("log", "verify", "log", "--log-vkey", "log.vkey", "--json")

    assert refused.status == 2
    assert refused.err == (
        "error: `svr.sigstore.json` is a projection of a report; no gate takes one, so a complete log "
        "would miss it for ever\n"
        "hint: add the report itself\n"
    )
    assert held.json["size"] == 0


def test_commands_of_the_log_read_one_variable(
    desk: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`new`, `add` and `witness` take the passphrase of their key as `audit --log` does, and no other."""
    monkeypatch.setenv("ASSAYMARK_KEY_PASSPHRASE", "correct horse")
    assert run("keys", "new", "sealed.pem", "--type", "ed25519").status == 0
    made = ("log", "new", "sealed", "--origin", ORIGIN, "--key", "sealed.pem", "--json")
    refused = run(*made)
    monkeypatch.setenv("ASSAYMARK_LOG_KEY_PASSPHRASE", "correct horse")
    monkeypatch.delenv("ASSAYMARK_KEY_PASSPHRASE")
    vkey = run(*made).json["vkey"]
    added = run(*("log", "add", "sealed", "out", "--key", "sealed.pem", "--signer", "auditor.pub"))
    signed = run(
        *("log", "witness", "sealed", "--log-vkey", vkey, "--name", "example.com/witness"),
        *("--key", "sealed.pem", "--state", "w"),
    )

    assert refused.status == 2
    assert refused.err == (
        "error: `sealed.pem` is encrypted and no passphrase was given\n"
        "hint: set ASSAYMARK_LOG_KEY_PASSPHRASE or use `--passphrase-fd N`\n"
    )
    assert (added.status, signed.status) == (0, 0), added.err + signed.err
