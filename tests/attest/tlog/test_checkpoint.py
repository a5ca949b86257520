"""Checkpoints and cosignatures: whose they are, what they say, who saw them and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.attest.tlog.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    cosign,
    cosignatures,
    demand_witnesses,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
    unsigned_origin,
)
from assaymark.attest.tlog.merkle import EMPTY_ROOT
from assaymark.attest.tlog.note import Note, SignatureLine, parse_note
from assaymark.attest.tlog.refusal import LogError, Reason
from assaymark.errors import UsageError
from attest.tlog.logs import (
    NOW,
    ORIGIN,
    log_key,
    make_entries,
    make_log_signer,
    signed_head,
    witness_key,
)

# The examples of the specifications.
EXAMPLE = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa \
Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 witness.example.com/w1 \
jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
""".encode()

HEAD = signed_head(make_entries(5))
TEXT = parse_note(HEAD).text


def cosigned(*numbers: int, at: datetime = NOW, text: bytes = TEXT) -> SignedCheckpoint:
    """The checkpoint with signatures of witnesses, as its log's readers get it."""
    lines = [cosign(text, f"witness.example/{each}", make_log_signer(each), at) for each in numbers]
    note = parse_note(HEAD)
    return open_checkpoint(Note(note.text, (*note.lines, *lines)).render(), log_key())


def test_the_example_of_the_specification() -> None:
    """The published checkpoint is read, and written back unchanged; so is the time of its witness."""
    note = parse_note(EXAMPLE)
    checkpoint = parse_checkpoint(note.text)

    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex().startswith("0ac5186a")
    assert checkpoint.render() == note.text
    assert note.render() == EXAMPLE
    assert unsigned_origin(EXAMPLE) == "example.com/behind-the-sofa"
    assert int.from_bytes(note.lines[1].signature[:8], "big") == 1679315147


def test_extensions_are_kept() -> None:
    """Lines that we do not know are read and written, and change nothing."""
    checkpoint = Checkpoint(ORIGIN, 0, EMPTY_ROOT, ("more", "and more"))
    data = sign_checkpoint(checkpoint, make_log_signer()).render()

    assert open_checkpoint(data, log_key()).checkpoint == checkpoint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "expected three lines at least in a checkpoint, none of them empty"),
        (b"a\n1\n", "expected three lines at least in a checkpoint, none of them empty"),
        (TEXT[:-1], "expected three lines at least in a checkpoint, none of them empty"),
        (b"\n" + TEXT, "expected three lines at least in a checkpoint, none of them empty"),
        (TEXT + b"\n", "expected three lines at least in a checkpoint, none of them empty"),
        (b"\xff\n", "a checkpoint is UTF-8; this one is not at byte 0"),
        (
            TEXT.replace(b"\n5\n", b"\n05\n"),
            "the size of a checkpoint: expected a decimal number below 2^63",
        ),
        (
            TEXT.replace(b"\n5\n", b"\n-5\n"),
            "the size of a checkpoint: expected a decimal number below 2^63",
        ),
        (
            TEXT.replace(b"\n5\n", "\n\u0665\n".encode()),
            "the size of a checkpoint: expected a decimal number below 2^63",
        ),
        (
            TEXT.replace(b"\n5\n", b"\n9223372036854775808\n"),
            "the size of a checkpoint: expected a decimal number below 2^63",
        ),
        (b"a\n1\nAAAA\n", "the root of a checkpoint: expected 32 bytes, got 3"),
        (b"a\n1\nA\n", "the root of a checkpoint: not padded standard base64"),
        (
            TEXT.replace(b"\n5\n", b"\n0\n"),
            "a checkpoint of an empty log has the root of nothing",
        ),
    ],
)
def test_what_is_no_checkpoint(text: bytes, message: str) -> None:
    """A text that is not a checkpoint in its one spelling is refused."""
    with pytest.raises(LogError) as caught:
        parse_checkpoint(text)

    assert (caught.value.reason, caught.value.message) == (Reason.MALFORMED, message)


def test_a_checkpoint_of_another_log() -> None:
    """What a key signs is believed about the log of its name only."""
    other = sign_checkpoint(Checkpoint("example.com/other", 0, EMPTY_ROOT), make_log_signer())
    line = other.note.lines[0]
    text = other.note.text
    key = log_key()
    forged = SignatureLine(ORIGIN, key.id, line.signature)

    with pytest.raises(LogError) as caught:
        open_checkpoint(Note(text, (forged,)).render(), key)
    assert (caught.value.reason, caught.value.message) == (
        Reason.ORIGIN,
        "expected a checkpoint of `example.com/audit-log`, got one of `example.com/other`",
    )


def test_keys_in_the_wrong_place() -> None:
    """The key of a witness is no key of a log, and the other way round."""
    with pytest.raises(UsageError) as caught:
        open_checkpoint(HEAD, witness_key(1))
    assert caught.value.message == (
        "the verifier key `witness.example/1` is of type 04, expected 01"
    )

    with pytest.raises(UsageError) as caught:
        cosignatures(parse_note(HEAD), [log_key()])
    assert caught.value.message == (
        "the verifier key `example.com/audit-log` is of type 01, expected 04"
    )


def test_witnesses_and_their_times() -> None:
    """Each known witness is named with its time; strangers are skipped."""
    signed = cosigned(2, 3, 4, at=NOW)

    found = cosignatures(signed.note, [witness_key(2), witness_key(4), witness_key(5)])

    assert [(each.witness.name, each.at) for each in found] == [
        ("witness.example/2", NOW),
        ("witness.example/4", NOW),
    ]


def test_the_first_time_of_a_witness_counts() -> None:
    """Who signed twice is one witness, at the earlier of the times."""
    early, late = NOW, NOW + timedelta(hours=1)
    line = cosign(TEXT, "witness.example/2", make_log_signer(2), early)
    signed = cosigned(2, at=late)
    note = Note(TEXT, (*signed.note.lines, line))

    assert [each.at for each in cosignatures(note, [witness_key(2)])] == [early]


def test_one_key_under_two_names_is_one_witness() -> None:
    """Witnesses are counted by key."""
    name = "alias.example/2"
    line = cosign(TEXT, name, make_log_signer(2), NOW)
    signed = cosigned(2)
    signed = SignedCheckpoint(signed.checkpoint, Note(TEXT, (*signed.note.lines, line)))
    witnesses = [witness_key(2), witness_key(2, name)]

    assert len(cosignatures(signed.note, witnesses)) == 1
    with pytest.raises(UsageError) as caught:
        demand_witnesses(signed, log_key(), witnesses, 2)
    assert caught.value.message == "2 witnesses are demanded, and 1 are known"


def test_a_log_is_no_witness_of_itself() -> None:
    """The key of the log does not count as a witness, whatever it is called."""
    signed = cosigned(1, 2)
    witnesses = [witness_key(1), witness_key(2), witness_key(3)]

    assert [each.witness for each in demand_witnesses(signed, log_key(), witnesses, 1)] == [
        witness_key(2)
    ]
    with pytest.raises(LogError) as caught:
        demand_witnesses(signed, log_key(), witnesses, 2)
    assert (caught.value.reason, caught.value.message) == (
        Reason.WITNESSES,
        "expected 2 witnesses of the checkpoint, got 1",
    )


def test_a_witness_from_the_future() -> None:
    """With a clock at hand, a cosignature from the future is refused; five minutes are forgiven."""
    ahead = cosigned(2, at=NOW + timedelta(minutes=5))
    assert demand_witnesses(ahead, log_key(), [witness_key(2)], 1, now=NOW)

    with pytest.raises(LogError) as caught:
        demand_witnesses(
            cosigned(2, at=NOW + timedelta(minutes=6)), log_key(), [witness_key(2)], 1, now=NOW
        )
    assert caught.value.message == (
        "a witness says that it signed at 2026-06-01T12:06:00Z, and now is 2026-06-01T12:00:00Z"
    )


@pytest.mark.parametrize("change", ["time", "text", "length", "no time"])
def test_a_cosignature_that_was_changed(change: str) -> None:
    """Time and text are signed both; a known witness whose signature fails spoils the checkpoint."""
    line = cosign(TEXT, "witness.example/2", make_log_signer(2), NOW)
    text = TEXT
    match change:
        case "time":
            later = (int.from_bytes(line.signature[:8], "big") + 1).to_bytes(8, "big")
            line = SignatureLine(line.name, line.key_id, later + line.signature[8:])
        case "text":
            text = parse_note(signed_head(make_entries(6))).text
        case "length":
            line = SignatureLine(line.name, line.key_id, line.signature[:-1])
        case "no time":
            line = SignatureLine(line.name, line.key_id, b"\xff" * 8 + line.signature[8:])

    with pytest.raises(LogError) as caught:
        cosignatures(Note(text, (line,)), [witness_key(2)])
    assert (caught.value.reason, caught.value.message) == (
        Reason.SIGNATURE,
        "the cosignature of `witness.example/2` does not hold over the checkpoint",
    )


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (datetime(1969, 12, 31, tzinfo=UTC), "a witness cannot sign a time before 1970"),
    ],
)
def test_times_that_no_witness_signs(at: datetime, message: str) -> None:
    """A time that the format cannot hold is refused."""
    with pytest.raises(UsageError) as caught:
        cosign(TEXT, "w", make_log_signer(2), at)
    assert caught.value.message == message


def test_the_last_time_of_all() -> None:
    """The end of the year 9999 can be signed and read."""
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    line = cosign(TEXT, "witness.example/2", make_log_signer(2), end)

    assert cosignatures(Note(TEXT, (line,)), [witness_key(2)])[0].at == end


def test_a_witness_signs_checkpoints_only() -> None:
    """Other texts get no cosignature."""
    with pytest.raises(LogError):
        cosign(b"some text\n", "w", make_log_signer(2), NOW)


@given(st.binary(max_size=120) | st.text(max_size=100).map(str.encode))
def test_any_text_as_a_checkpoint(text: bytes) -> None:
    """What is read is written back unchanged; the rest is refused by us."""
    for candidate in (text, text + b"\n5\n" + TEXT.split(b"\n")[2] + b"\n", TEXT + text + b"\n"):
        try:
            checkpoint = parse_checkpoint(candidate)
        except LogError:
            continue
        assert checkpoint.render() == candidate


@given(st.integers(0, len(HEAD) * 8 - 1))
def test_any_bit_of_a_checkpoint(bit: int) -> None:
    """With one bit changed, a checkpoint is refused."""
    changed = bytearray(HEAD)
    changed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(LogError):
        open_checkpoint(bytes(changed), log_key())
