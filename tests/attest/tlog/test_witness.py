"""A witness: what it signs, what it refuses with which status, and what it never forgets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.attest.tlog.checkpoint import open_checkpoint
from assaymark.attest.tlog.directory import LogDirectory
from assaymark.attest.tlog.heads import Head, HeadStore
from assaymark.attest.tlog.note import MAX_NOTE
from assaymark.attest.tlog.proof import verify_proof
from assaymark.attest.tlog.reader import LogReader
from assaymark.attest.tlog.refusal import LogError, Reason
from assaymark.attest.tlog.witness import (
    AddCheckpoint,
    Witness,
    WitnessError,
    parse_request,
    request_for,
)
from assaymark.errors import UsageError
from attest.tlog.logs import (
    NOW,
    ORIGIN,
    log_key,
    make_entries,
    make_log,
    make_log_signer,
    reason_against,
    signed_head,
    witness_key,
)

NAME = "witness.example/2"


def make_witness(folder: Path) -> Witness:
    """Witness 2, which knows our log under two keys, and another."""
    logs = [log_key(1), log_key(5), log_key(6, "example.com/other")]
    return Witness(NAME, make_log_signer(2), logs, HeadStore(folder / "witness"))


def request(old: int, size: int, folder: Path) -> bytes:
    """An honest request about a log of `size` entries."""
    return request_for(make_log(folder / f"log-{size}", size), old).render()


def refusal(witness: Witness, body: bytes) -> tuple[int, Reason, str, int | None]:
    """Status, reason, message and size that the witness answers with; it remembers as before."""
    heads = HeadStore(witness._heads.path)
    before = heads.last(ORIGIN)
    with pytest.raises(WitnessError) as caught:
        witness.add_checkpoint(body, NOW)
    assert heads.last(ORIGIN) == before
    return caught.value.status, caught.value.reason, caught.value.message, caught.value.size


def test_a_log_that_is_witnessed(scratch: Path) -> None:
    """Log, witness and verifier agree from the first entry on."""
    witness = make_witness(scratch)
    signer = make_log_signer()
    LogDirectory.create(scratch / "log", ORIGIN, signer)
    seen = 0
    with LogDirectory.open(scratch / "log", signer) as log:
        for count in (0, 1, 2, 300):
            log.append(make_entries(count, seen))
            reader = LogReader.open(scratch / "log", log_key())
            answer = witness.add_checkpoint(request_for(reader, seen).render(), NOW)
            log.add_cosignatures(answer, [witness.key])
            seen += count

    assert witness.key == witness_key(2, NAME)
    proof = LogReader.open(scratch / "log", log_key()).prove_inclusion(302).render()
    found = verify_proof(b"entry 302", proof, log_key(), [witness_key(2)], 1, now=NOW)
    assert found.existed_by == NOW


def test_the_answer_is_a_line_below_the_checkpoint(scratch: Path) -> None:
    """The answer put below the checkpoint gives a checkpoint that the witness signed."""
    body = request(0, 3, scratch)
    answer = make_witness(scratch).add_checkpoint(body, NOW)

    whole = parse_request(body).checkpoint + answer

    assert len(open_checkpoint(whole, log_key()).note.lines) == 2


def test_the_same_head_twice(scratch: Path) -> None:
    """A log that lost the answer may ask again about the head that the witness has."""
    witness = make_witness(scratch)
    first = witness.add_checkpoint(request(0, 3, scratch), NOW)
    again = AddCheckpoint(3, (), signed_head(make_entries(3))).render()

    assert witness.add_checkpoint(again, NOW) == first
    forked = AddCheckpoint(3, (), signed_head(make_entries(3, 1))).render()
    assert refusal(witness, forked) == (
        409,
        Reason.FORK,
        "this witness signed 3 entries under another root already",
        3,
    )


def test_other_sizes_than_the_last(scratch: Path) -> None:
    """A request from another size is answered with the size that the witness has."""
    witness = make_witness(scratch)
    assert refusal(witness, request(2, 3, scratch)) == (
        409,
        Reason.CONSISTENCY,
        "this witness last signed 0 entries, not 2",
        0,
    )

    witness.add_checkpoint(request(0, 5, scratch), NOW)

    older = AddCheckpoint(0, (), signed_head(make_entries(4))).render()
    assert refusal(witness, older) == (
        409,
        Reason.ROLLBACK,
        "this witness last signed 5 entries, not 0",
        5,
    )
    assert refusal(witness, request(4, 9, scratch))[3] == 5


def test_proofs_that_do_not_hold(scratch: Path) -> None:
    """A head that does not continue the last one is refused, and so is a proof too many."""
    witness = make_witness(scratch)
    surplus = AddCheckpoint(0, (bytes(32),), signed_head(make_entries(3))).render()
    assert refusal(witness, surplus) == (
        422,
        Reason.CONSISTENCY,
        "nothing is to be proved from an empty log",
        None,
    )
    witness.add_checkpoint(request(0, 3, scratch), NOW)
    honest = parse_request(request(3, 9, scratch))

    for body in (
        AddCheckpoint(3, honest.proof, signed_head(make_entries(9, 1))),
        AddCheckpoint(3, honest.proof[:-1], honest.checkpoint),
        AddCheckpoint(3, (bytes(32),), signed_head(make_entries(3))),
    ):
        assert refusal(witness, body.render())[:2] == (422, Reason.CONSISTENCY)
    assert witness.add_checkpoint(honest.render(), NOW)


def test_logs_and_keys_that_it_does_not_know(scratch: Path) -> None:
    """An unknown log and an unknown key are told apart; a log may have several keys."""
    witness = make_witness(scratch)
    entries = make_entries(3)

    for checkpoint, status, reason in (
        (signed_head(entries, origin="example.com/unknown"), 404, Reason.ORIGIN),
        (signed_head(entries, number=9), 403, Reason.SIGNATURE),
        (signed_head(entries, number=1, origin="example.com/other"), 403, Reason.SIGNATURE),
    ):
        body = AddCheckpoint(0, (), checkpoint).render()
        assert refusal(witness, body)[:2] == (status, reason)
    second_key = AddCheckpoint(0, (), signed_head(entries, number=5)).render()
    assert witness.add_checkpoint(second_key, NOW)


HEAD = signed_head(make_entries(3))
HASH = b"A" * 43 + b"=\n"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "expected `old` and a size, a proof, a blank line and a checkpoint"),
        (b"old 0\n" + HEAD, "a hash in a proof: not padded standard base64"),
        (b"new 0\n\n" + HEAD, "expected `old` and a size, a proof, a blank line and a checkpoint"),
        (b"old 00\n\n" + HEAD, "the old size: expected a decimal number below 2^63"),
        (b"old 0\nAAAA\n\n" + HEAD, "a hash in a proof: expected 32 bytes, got 3"),
        (
            b"old 0\n" + HASH * 64 + b"\n" + HEAD,
            "expected at most 63 hashes in a proof, got 64",
        ),
        (b"old 0\n\n", "a note has a blank line between text and signatures"),
        (b"old 0\n\n" + HEAD[:-1], "a note ends with signature lines and a newline"),
        (b"\xff\n\n" + HEAD, "a request is ASCII up to its checkpoint, not at byte 0"),
        (b"old 4\n\n" + HEAD, "the old size is larger than the checkpoint"),
        (b"a" * (MAX_NOTE + 5000), "expected a request of at most 266240 bytes, got 267144"),
    ],
)
def test_what_is_no_request(scratch: Path, body: bytes, message: str) -> None:
    """Bytes that are not a request are refused as such, with nothing remembered."""
    assert refusal(make_witness(scratch), body) == (400, Reason.MALFORMED, message, None)


def test_a_head_is_kept_before_the_answer(scratch: Path) -> None:
    """What is signed was remembered first: a witness that cannot write does not sign."""

    class Watching:
        public_key = make_log_signer(2).public_key

        def sign(self, message: bytes) -> bytes:
            assert heads.last(ORIGIN) == Head(3, open_checkpoint(HEAD, log_key()).checkpoint.root)
            return make_log_signer(2).sign(message)

    heads = HeadStore(scratch / "witness")
    witness = Witness(NAME, Watching(), [log_key()], heads)

    assert witness.add_checkpoint(AddCheckpoint(0, (), HEAD).render(), NOW)


def test_a_witness_that_lost_its_memory(scratch: Path) -> None:
    """Where the memory is damaged, nothing is signed."""
    witness = make_witness(scratch)
    (scratch / "witness").write_bytes(b"damaged")

    with pytest.raises(LogError) as caught:
        witness.add_checkpoint(AddCheckpoint(0, (), HEAD).render(), NOW)
    assert caught.value.reason is Reason.MALFORMED
    assert not isinstance(caught.value, WitnessError)


def test_a_witness_knows_logs_by_their_keys(scratch: Path) -> None:
    """The key of another witness is no key of a log."""
    with pytest.raises(UsageError):
        Witness(NAME, make_log_signer(2), [witness_key(3)], HeadStore(scratch / "witness"))


@given(st.binary(max_size=120) | st.text(max_size=60).map(str.encode))
def test_any_bytes_as_a_request(body: bytes) -> None:
    """What is read is written back unchanged; the rest is refused by us."""
    for candidate in (body, b"old 1\n" + body + b"\n\n" + HEAD):
        refused = reason_against(lambda candidate=candidate: parse_request(candidate))
        assert refused in (None, Reason.MALFORMED)
        assert refused or parse_request(candidate).render() == candidate
