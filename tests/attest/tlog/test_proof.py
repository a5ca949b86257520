"""`.tlog-proof` files: the form, and what they prove to whom."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.attest.tlog.checkpoint import cosign
from assaymark.attest.tlog.note import Note, NoteKey, parse_note
from assaymark.attest.tlog.proof import LogProof, parse_proof, verify_proof
from assaymark.attest.tlog.refusal import LogError, Reason
from assaymark.errors import UsageError
from attest.tlog.logs import (
    NOW,
    log_key,
    make_entries,
    make_log,
    make_log_signer,
    reason_against,
    signed_head,
    witness_key,
)

HEAD = signed_head(make_entries(5))
WITNESSES = [witness_key(2), witness_key(3), witness_key(4)]


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> LogProof:
    """Entry 2 of 5."""
    return make_log(tmp_path_factory.mktemp("log") / "log", 5).prove_inclusion(2)


def witnessed(proof: LogProof, minutes: dict[int, int]) -> bytes:
    """The proof with witnesses who signed so many minutes from now."""
    note = parse_note(proof.checkpoint)
    lines = [
        cosign(
            note.text,
            f"witness.example/{number}",
            make_log_signer(number),
            NOW + timedelta(minutes=each),
        )
        for number, each in minutes.items()
    ]
    checkpoint = Note(note.text, (*note.lines, *lines)).render()
    return LogProof(proof.index, proof.hashes, checkpoint).render()


def refusal(
    data: bytes, *, entry: bytes = b"entry 2", key: NoteKey | None = None, threshold: int = 0
) -> tuple[Reason, str]:
    """Reason and message that the proof is refused with."""
    with pytest.raises(LogError) as caught:
        verify_proof(entry, data, key or log_key(), WITNESSES, threshold, now=NOW)
    return caught.value.reason, caught.value.message


def test_the_form_of_a_proof(proof: LogProof) -> None:
    """A proof file has the lines that the specification names, and the checkpoint as it is."""
    lines = proof.render().decode().split("\n")

    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 2"]
    assert [len(each) for each in lines[2:6]] == [44, 44, 44, 0]
    assert proof.render().endswith(b"\n\n" + HEAD)
    assert parse_proof(proof.render()) == proof


@pytest.mark.parametrize("extra", [None, b"", b"context"])
def test_extra_data_is_carried(proof: LogProof, extra: bytes | None) -> None:
    """What the writer added is carried along and proves nothing."""
    data = LogProof(proof.index, proof.hashes, proof.checkpoint, extra).render()

    assert parse_proof(data).extra == extra
    assert verify_proof(b"entry 2", data, log_key()).index == 2


def test_a_proof_without_witnesses(proof: LogProof) -> None:
    """Where no witness is demanded, the log's own word shows place and checkpoint, and no time."""
    found = verify_proof(b"entry 2", proof.render(), log_key())

    assert (found.index, found.checkpoint.size, found.cosignatures) == (2, 5, ())
    assert found.existed_by is None


def test_the_time_that_witnesses_vouch_for(proof: LogProof) -> None:
    """With n demanded, the n-th earliest time is good even where all but one of those n lie."""
    data = witnessed(proof, {2: -30, 3: -20, 4: -10})

    times = [
        verify_proof(b"entry 2", data, log_key(), WITNESSES, each, now=NOW).existed_by
        for each in (1, 2, 3)
    ]
    assert times == [NOW - timedelta(minutes=each) for each in (30, 20, 10)]


def test_too_few_witnesses(proof: LogProof) -> None:
    """Fewer witnesses than demanded refuse the proof; more than known cannot be demanded."""
    assert refusal(witnessed(proof, {2: 0}), threshold=2) == (
        Reason.WITNESSES,
        "expected 2 witnesses of the checkpoint, got 1",
    )
    with pytest.raises(UsageError) as caught:
        verify_proof(b"entry 2", proof.render(), log_key(), WITNESSES, 4)
    assert caught.value.message == "4 witnesses are demanded, and 3 are known"


def test_another_entry(proof: LogProof) -> None:
    """The proof of one entry is none of another, nor at another place, nor in another log."""
    moved = LogProof(3, proof.hashes, proof.checkpoint)
    larger = LogProof(2, proof.hashes, signed_head(make_entries(6)))
    elsewhere = LogProof(2, proof.hashes, signed_head(make_entries(5), origin="example.com/b"))
    empty = LogProof(0, (), signed_head([]))
    lead = "the proof does not lead from the entry at {} to the root"
    assert refusal(proof.render(), entry=b"entry 3") == (Reason.INCLUSION, lead.format(2))
    assert refusal(moved.render()) == (Reason.INCLUSION, lead.format(3))
    assert refusal(larger.render()) == (Reason.INCLUSION, lead.format(2))
    assert refusal(empty.render())[1] == "there is no entry 0 in a log of 0"
    assert refusal(proof.render(), key=log_key(9))[0] is Reason.SIGNATURE
    assert refusal(elsewhere.render()) == (
        Reason.SIGNATURE,
        "expected a signature by `example.com/audit-log`; there is none",
    )


HASH = b"A" * 43 + b"=\n"
START = b"c2sp.org/tlog-proof@v1\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a proof has a blank line in front of its checkpoint"),
        (START + b"index 2\n", "a proof has a blank line in front of its checkpoint"),
        (b"index 2\n\n" + HEAD, "expected `c2sp.org/tlog-proof@v1` in the first line"),
        (START + b"\n" + HEAD, "expected `index` and a number in front of the hashes"),
        (START + HASH + b"\n" + HEAD, "expected `index` and a number in front of the hashes"),
        (
            START + b"index 2\nextra AA==\n\n" + HEAD,
            "a hash in a proof: not padded standard base64",
        ),
        (START + b"extra A\nindex 2\n\n" + HEAD, "the extra data is not padded standard base64"),
        (
            START + b"extra " + b"A" * 65540 + b"\nindex 2\n\n" + HEAD,
            "expected at most 65536 characters of extra data, got 65540",
        ),
        (
            START + b"index 02\n\n" + HEAD,
            "the index in a proof: expected a decimal number below 2^63",
        ),
        (
            START + b"index +2\n\n" + HEAD,
            "the index in a proof: expected a decimal number below 2^63",
        ),
        (START + b"index 2\nAAAA\n\n" + HEAD, "a hash in a proof: expected 32 bytes, got 3"),
        (
            START + b"index 2\n" + HASH * 64 + b"\n" + HEAD,
            "expected at most 63 hashes in a proof, got 64",
        ),
        (
            START + "index 2\u00a0\n\n".encode() + HEAD,
            "a proof is ASCII up to its checkpoint, not at byte 30",
        ),
        (b"a" * 400_000, "expected a proof of at most 393216 bytes, got 400000"),
    ],
)
def test_what_is_no_proof(data: bytes, message: str) -> None:
    """Bytes that are not a proof in its one spelling are refused."""
    assert refusal(data) == (Reason.MALFORMED, message)


def test_the_checkpoint_is_taken_as_it_is() -> None:
    """A blank line too many belongs to the checkpoint, which then nobody signed."""
    assert refusal(START + b"index 2\n\n\n" + HEAD) == (
        Reason.SIGNATURE,
        "the signature of `example.com/audit-log` does not hold over the note",
    )


def test_any_bit_of_a_proof(proof: LogProof) -> None:
    """With any one bit changed, a proof is refused."""
    data = proof.render()

    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(LogError):
            verify_proof(b"entry 2", bytes(flipped), log_key())


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_as_a_proof(data: bytes) -> None:
    """What is read is written back unchanged; the rest is refused by us."""
    for candidate in (data, START + data + b"\n\n" + HEAD, START + b"index 2\n" + data):
        refused = reason_against(lambda candidate=candidate: parse_proof(candidate))
        assert refused in (None, Reason.MALFORMED)
        assert refused or parse_proof(candidate).render() == candidate


def test_every_entry_of_a_log(tmp_path: Path) -> None:
    """Each entry of a log over two bundles is proved from its files."""
    reader = make_log(tmp_path / "log", 200, 70)

    for index in (0, 1, 127, 199, 255, 256, 269):
        data = reader.prove_inclusion(index).render()
        assert verify_proof(b"entry %d" % index, data, log_key()).index == index
