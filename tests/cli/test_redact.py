"""`redact`, `restore` and `vault`, as a user runs them."""

from __future__ import annotations

import gzip
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

LINES = (
    '{"text": "mail john@acme-mail.com  now", "card":4111111111111111 , "n":3}\r\n'
    "\n"
    '{"text":"caf\\u00e9 +49 171 5550100"}\n'
    '{"a@b-mail.com": ["x", {"y": "4111 1111 1111 1111"}]}'
)
VALUES = ("john", "acme-mail", "4111", "5550100", "b-mail")
KEYED = ("hash", "pseudonym", "encrypt")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "d.jsonl"
    path.write_bytes(LINES.encode())
    return path


@pytest.fixture
def key(run: Callable[..., Any], tmp_path: Path) -> Path:
    """A key of its own."""
    path = tmp_path / "k"
    assert run("vault", "key", "-o", path).status == 0
    return path


def words(mode: str, key: Path) -> list[object]:
    """The options that a mode needs."""
    vault = ["--vault", key.with_name("vault")] if mode == "pseudonym" else []
    return ["--mode", mode, *(["--key", key] if mode in KEYED else []), *vault]


def test_what_stands_in_the_place_of_values(run, data, tmp_path) -> None:
    """Only the values are exchanged; a number becomes a string; the answer says how many."""
    out = tmp_path / "o.jsonl"

    result = run("redact", data, "-o", out, "--verify")

    assert out.read_bytes().decode() == (
        '{"text": "mail <EMAIL_ADDRESS>  now", "card":"<CREDIT_CARD>" , "n":3}\r\n'
        "\n"
        '{"text":"caf\\u00e9 <PHONE_NUMBER>"}\n'
        '{"<EMAIL_ADDRESS>": ["x", {"y": "<CREDIT_CARD>"}]}'
    )
    assert result.status == 0
    assert result.out == (
        "3 records, 3 changed\n"
        "replaced             2  CREDIT_CARD\n"
        "replaced             2  EMAIL_ADDRESS\n"
        "replaced             1  PHONE_NUMBER\n"
        "nothing is found in the output by the same detectors\n"
        f"output       {out}\n"
        f"change log   {out}.changes.jsonl\n"
    )
    assert result.err == (
        "note: people's names, places and organisations were not looked for: no language model was chosen\n"
    )


@pytest.mark.parametrize("mode", ["replace", "mask", "hash", "pseudonym", "encrypt", "drop"])
def test_twice_is_once_and_nothing_is_left(run, data, key, tmp_path, mode) -> None:
    """In every mode; and no value is in any file or message."""
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"

    first = run("redact", data, "-o", one, *words(mode, key), "--verify")
    second = run("redact", one, "-o", two, *words(mode, key), "--verify")

    assert (first.status, second.status) == (0, 0)
    assert two.read_bytes() == one.read_bytes()
    written = b"".join(each.read_bytes() for each in tmp_path.iterdir() if each != data)
    told = (first.out + first.err + second.out + second.err).encode()
    assert not any(each.encode() in written + told for each in VALUES)
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


@pytest.mark.parametrize("mode", ["pseudonym", "encrypt"])
@pytest.mark.parametrize("packed", [False, True])
def test_restored_with_the_log_the_bytes_are_the_same(
    run, data, key, tmp_path, mode, packed
) -> None:
    """Escapes, numbers and all."""
    if packed:
        data = data.with_name("d.jsonl.gz")
        data.write_bytes(gzip.compress(LINES.encode()))
    out, back = tmp_path / f"o-{data.name}", tmp_path / f"b-{data.name}"
    run("redact", data, "-o", out, *words(mode, key))

    log = f"{out}.changes.jsonl"
    result = run("restore", out, "-o", back, *words(mode, key)[2:], "--changes", log)

    assert (result.status, result.err) == (0, "")
    assert result.out == f"3 records, 5 values restored\noutput  {back}\n"
    stored = back.read_bytes()
    assert (gzip.decompress(stored) if packed else stored) == LINES.encode()


def test_what_was_not_judged_does_not_go_out(run, tmp_path) -> None:
    """Unreadable records are withheld and counted, unless they are wanted."""
    data = tmp_path / "d.jsonl"
    data.write_text('{"text": "a"}\nJohn 4111 1111 1111 1111\n{"text": "b"}\n')

    result = run("redact", data, "-o", tmp_path / "o.jsonl", "--json")
    kept = run("redact", data, "-o", tmp_path / "k.jsonl", "--keep-unread", "--verify")

    assert (tmp_path / "o.jsonl").read_text() == '{"text": "a"}\n{"text": "b"}\n'
    assert result.json["withheld"] == {"invalid JSON": 1}
    assert (tmp_path / "k.jsonl").read_bytes() == data.read_bytes()
    assert kept.status == 3
    assert "not judged           1  texts or records\n" in kept.out


def test_the_change_log_says_where_and_never_what(run, data, tmp_path) -> None:
    """A header with digests and counts, then one line for each change."""
    out = tmp_path / "o.jsonl"
    run("redact", data, "-o", out)

    header, first, *others = (
        json.loads(each) for each in out.with_name("o.jsonl.changes.jsonl").read_text().splitlines()
    )
    assert set(header) == {
        *("log", "tool", "input", "output", "settings", "records", "changed", "counts"),
        *("nulls", "dropped", "withheld", "unread", "files"),
    }
    assert header["counts"] == {"CREDIT_CARD": 2, "EMAIL_ADDRESS": 2, "PHONE_NUMBER": 1}
    assert header["files"] == [
        {
            "file": "d.jsonl",
            "input": header["input"],
            "output": header["output"],
            "records": 3,
            "dropped": 0,
        }
    ]
    assert first == {
        "row": 0,
        "line": 1,
        "text": 0,
        "field": "text",
        "start": 5,
        "end": 23,
        "new_start": 5,
        "new_end": 20,
        "entity": "EMAIL_ADDRESS",
        "operator": "replace",
        "detector": "pii",
    }
    assert len(others) == 4


def test_each_entity_may_have_its_own_mode(run, data, tmp_path) -> None:
    """Some are kept, some masked, and a record may go for one of them."""
    out = tmp_path / "o.jsonl"

    result = run(
        *("redact", data, "-o", out, "--mode", "mask", "--json"),
        *("--entity", "PHONE_NUMBER=drop", "--entity", "CREDIT_CARD=keep"),
    )

    assert out.read_bytes().decode() == (
        '{"text": "mail ******************  now", "card":4111111111111111 , "n":3}\r\n'
        "\n"
        '{"************": ["x", {"y": "4111 1111 1111 1111"}]}'
    )
    assert (result.json["counts"], result.json["dropped"]) == (
        {"EMAIL_ADDRESS": 2},
        {"PHONE_NUMBER": 1},
    )


def test_a_folder_comes_out_as_a_folder(run, tmp_path) -> None:
    """With the same names; documents are read as text; what nobody can judge stays behind."""
    (tmp_path / "d" / "sub").mkdir(parents=True)
    (tmp_path / "d" / "a.jsonl").write_text('{"text": "x@acme-mail.com"}\n')
    (tmp_path / "d" / "sub" / "b.csv").write_text('id,mail\n1,"x@acme-mail.com"\n')
    (tmp_path / "d" / "README.md").write_text("# Data\nby x@acme-mail.com\n")
    (tmp_path / "d" / "LICENSE").write_text("by x@acme-mail.com\n")
    (tmp_path / "d" / "photo.bin").write_bytes(b"\0x@acme-mail.com")

    result = run("redact", tmp_path / "d", "-o", tmp_path / "o", "--json", "--verify")

    made = {
        each.relative_to(tmp_path / "o").as_posix(): each.read_text()
        for each in (tmp_path / "o").rglob("*")
        if each.is_file()
    }
    assert made == {
        "a.jsonl": '{"text": "<EMAIL_ADDRESS>"}\n',
        "sub/b.csv": 'id,mail\n1,"<EMAIL_ADDRESS>"\n',
        "README.md": "# Data\nby <EMAIL_ADDRESS>\n",
        "LICENSE": "by <EMAIL_ADDRESS>\n",
    }
    assert result.status == 0
    assert result.json["withheld"] == {"unknown format": 1}


def _bad(data: Path, key: Path, tmp_path: Path) -> Iterator[tuple[list[object], str]]:
    out = tmp_path / "o.jsonl"
    short = tmp_path / "short"
    short.write_text("00" * 16)
    taken = tmp_path / "taken"
    taken.write_text("mine")
    here: list[object] = ["redact", data, "-o", out]
    yield ["redact", tmp_path / "none", "-o", out], f"`{tmp_path}/none` does not exist"
    yield ["redact", data, "-o", taken], f"`{taken}` exists already"
    yield (
        ["redact", tmp_path, "-o", tmp_path / "in"],
        f"the output `{tmp_path}/in` lies in the input `{tmp_path}`",
    )
    yield (
        ["redact", data, "-o", tmp_path / "no" / "o"],
        f"the folder of `{tmp_path}/no/o` does not exist",
    )
    yield [*here, "--mode", "hash"], "the mode `hash` needs a redaction key"
    yield (
        [*here, "--mode", "hash", "--key", short],
        "the redaction key holds 16 bytes; at least 32 are needed",
    )
    yield (
        [*here, "--mode", "pseudonym", "--key", key],
        "the mode `pseudonym` needs a vault",
    )
    yield (
        ["redact", data, "-o", tmp_path / "o.parquet"],
        f"`{tmp_path}/o.parquet` would not hold what its suffix says: the output is jsonl, like the input",
    )
    yield [*here, "--vault", "v"], "`--vault` and `--lives` go with the mode `pseudonym`"
    yield (
        [*here, "--entity", "EMAIL_ADRESS=mask"],
        "`EMAIL_ADRESS` is no entity that these detectors look for",
    )
    yield [*here, "--entity", "EMAIL_ADDRESS=burn"], "`burn` is no mode"
    yield [*here, "--detectors", "pij"], "no detector `pij` is installed"
    yield [*here, "--detectors", "harm"], "the detector `harm` finds no entities"
    yield [*here, "--field", "absent"], f"no record of `{data}` has the field `absent`"
    yield ["restore", data, "-o", out], "`assaymark restore` needs a redaction key"
    yield (
        ["restore", data, "-o", out, "--key", key, "--vault", tmp_path / "nov"],
        f"the vault `{tmp_path}/nov` does not exist",
    )
    yield (
        ["restore", data, "-o", out, "--key", key, "--changes", data],
        f"`{data}` is no change log of a redaction",
    )
    yield ["vault", "key", "-o", taken], f"`{taken}` exists already"


def test_bad_input_is_answered_and_leaves_nothing(run, data, key, tmp_path) -> None:
    """What is wrong is said, with status 2."""
    for line, message in _bad(data, key, tmp_path):
        before = {each.name for each in tmp_path.iterdir()}

        result = run(*line)

        assert (result.status, result.err.splitlines()[-2:][0]) == (2, f"error: {message}")
        assert {each.name for each in tmp_path.iterdir()} == before


def test_another_key_opens_no_vault(run, data, key, tmp_path) -> None:
    """Nothing is read or written with it."""
    run("redact", data, "-o", tmp_path / "o.jsonl", *words("pseudonym", key))
    run("vault", "key", "-o", tmp_path / "k2")
    vault = tmp_path / "vault"

    result = run(
        *("redact", data, "-o", tmp_path / "p.jsonl", "--mode", "pseudonym"),
        *("--key", tmp_path / "k2", "--vault", vault),
    )

    assert result.status == 2
    assert result.err.startswith(f"error: the vault `{vault}` was made with another key\n")
    assert not (tmp_path / "p.jsonl").exists()


def test_a_log_of_another_file_is_refused(run, data, key, tmp_path) -> None:
    """The log names the digest of what was written with it."""
    one, two = tmp_path / "o.jsonl", tmp_path / "p.jsonl"
    run("redact", data, "-o", one, *words("encrypt", key))
    two.write_bytes(one.read_bytes() + b"\n")

    result = run(
        *("restore", two, "-o", tmp_path / "b", "--key", key),
        *("--changes", f"{one}.changes.jsonl"),
    )

    assert result.status == 2
    assert result.err.splitlines()[0] == (
        f"error: the change log is not that of `{two}`, or one of them was changed"
    )


def test_a_key_is_for_its_owner(run, key) -> None:
    """Nobody else may read it."""
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_key_may_come_from_elsewhere(run, data, key, tmp_path, monkeypatch) -> None:
    """From the environment or a descriptor, with the same result."""
    run("redact", data, "-o", tmp_path / "a.jsonl", "--mode", "hash", "--key", key)

    with key.open() as stream:
        run(
            "redact",
            data,
            "-o",
            tmp_path / "b.jsonl",
            "--mode",
            "hash",
            "--key-fd",
            stream.fileno(),
        )
    monkeypatch.setenv("ASSAYMARK_REDACTION_KEY", key.read_text())
    run("redact", data, "-o", tmp_path / "c.jsonl", "--mode", "hash")

    made = {(tmp_path / f"{each}.jsonl").read_bytes() for each in "abc"}
    assert len(made) == 1


def test_a_subject_is_forgotten(run, data, key, tmp_path, monkeypatch) -> None:
    """The value comes from the environment; what it stood behind is not restored any more."""
    out, vault = tmp_path / "o.jsonl", tmp_path / "vault"
    run("redact", data, "-o", out, *words("pseudonym", key))
    before = run("vault", "show", vault, "--key", key)
    monkeypatch.setenv("ASSAYMARK_ERASE", "JOHN@acme-mail.com ")

    erased = run("vault", "erase", vault, "--key", key)
    again = run("vault", "erase", vault, "--key", key)

    restored = run(
        *("restore", out, "-o", tmp_path / "b", "--key", key, "--vault", vault),
        *("--changes", f"{out}.changes.jsonl"),
    )
    assert before.out == "5 pseudonyms, 0 of them expired\n"
    assert (erased.status, erased.out) == (0, "1 pseudonym lost its value\n")
    assert again.status == 1
    assert (restored.status, "4 values restored, 1 could not be" in restored.out) == (1, True)


def test_pseudonyms_expire(run, data, key, tmp_path) -> None:
    """The vault says how many, and purges them."""
    out, vault = tmp_path / "o.jsonl", tmp_path / "vault"
    run("redact", data, "-o", out, *words("pseudonym", key), "--lives", "1")

    purged = run("vault", "purge", vault, "--key", key, "--json")

    assert purged.json == {"vault": str(vault), "purged": 0}


def test_an_answer_of_a_model_is_restored(run, data, key, tmp_path) -> None:
    """Without a log, in any text."""
    out = tmp_path / "o.jsonl"
    run("redact", data, "-o", out, *words("pseudonym", key))
    address = json.loads(out.read_text().splitlines()[0])["text"].split()[1]
    answer = tmp_path / "answer.txt"
    answer.write_text(f"I wrote to {address}.\n")

    run("restore", answer, "-o", tmp_path / "back.txt", "--key", key, "--vault", tmp_path / "vault")

    assert (tmp_path / "back.txt").read_text() == "I wrote to john@acme-mail.com.\n"


def test_standard_input_is_read(run, tmp_path, monkeypatch) -> None:
    """Once, and so without going on after an end."""
    reader, writer = os.pipe()
    os.write(writer, b"x@acme-mail.com\n")
    os.close(writer)
    with os.fdopen(reader) as stream:
        monkeypatch.setattr("sys.stdin", stream)
        result = run("redact", "-", "-o", tmp_path / "o.txt")

    assert result.status == 0
    assert (tmp_path / "o.txt").read_text() == "<EMAIL_ADDRESS>\n"


_ENDED = """
import os, signal, sys
from assaymark.redaction.run import FileRun
from assaymark.cli.main import main

commit = FileRun._commit

def commit_and_end(self, out):
    commit(self, out)
    os.kill(os.getpid(), signal.SIGTERM)

FileRun._commit = commit_and_end
sys.exit(main())
"""


def test_ended_by_the_system_it_goes_on_later(run, data, tmp_path) -> None:
    """With status 143 and a word on what to do; the output is not there, and then it is."""
    out = tmp_path / "o.jsonl"
    words = ["redact", str(data), "-o", str(out), "--mode", "mask"]

    ended = subprocess.run(
        [sys.executable, "-c", _ENDED, *words], check=False, capture_output=True, text=True
    )

    assert (ended.returncode, ended.stderr) == (
        143,
        "ended before it was whole: the same command goes on from here\n",
    )
    assert not out.exists()
    assert run(*words).status == 0
    assert b"mail ******************  now" in out.read_bytes()


def test_a_cell_that_cannot_hold_its_replacement_is_said_to_be_null(run, key, tmp_path) -> None:
    """Counted when it is made, and again when it cannot be restored: status 1, not a silent loss."""
    data, out, back = (tmp_path / f"{name}.parquet" for name in ("d", "o", "b"))
    numbers = pa.array([4111111111111111, None], pa.int64())
    pq.write_table(pa.table({"card": numbers, "text": ["mail jo@example.org", "none"]}), data)

    made = run("redact", data, "-o", out, *words("encrypt", key))
    restored = run("restore", out, "-o", back, "--key", key, "--changes", f"{out}.changes.jsonl")

    assert made.status == 0
    assert "made null            1  CREDIT_CARD\n" in made.out
    assert (
        "note: cells of numbers and dates cannot hold such a replacement; they are null now, and "
        "nothing leads back to what they held\n" in (made.err)
    )
    assert pq.read_table(out).column("card").null_count == 2
    assert restored.status == 1
    assert "2 records, 1 values restored, 1 could not be\n" in restored.out


@pytest.mark.parametrize("mode", ["replace", "mask", "hash", "drop"])
def test_what_cannot_be_taken_back_is_not_restored_in_silence(
    run, data, key, tmp_path, mode
) -> None:
    """With the log it is known that something is missing."""
    out, back = tmp_path / "o.jsonl", tmp_path / "b.jsonl"
    run("redact", data, "-o", out, *words(mode, key))

    result = run("restore", out, "-o", back, "--key", key, "--changes", f"{out}.changes.jsonl")

    assert result.status == 1
    assert "0 values restored, " in result.out


def test_restoring_without_the_means_says_so(run, data, key, tmp_path) -> None:
    """No vault, no log: nothing can be known to be missing, and nothing was restored."""
    out, back = tmp_path / "o.jsonl", tmp_path / "b.jsonl"
    run("redact", data, "-o", out, *words("pseudonym", key))

    result = run("restore", out, "-o", back, "--key", key)

    assert result.status == 0
    assert result.err == (
        "note: nothing was restored: nothing there was sealed with this key or stands in the vault, "
        "and none was named with `--vault`\n"
    )
