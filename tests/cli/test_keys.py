"""`keys new`, `keys show`, and where passphrases come from."""

from __future__ import annotations

import os
import sys

import click
import pytest

from assaymark.cli.passphrase import ask_passphrase

SECRET = "correct horse battery"


@pytest.fixture
def descriptor():
    """Hand a text to the command through a file descriptor."""
    opened = []

    def give(text: str) -> int:
        read, write = os.pipe()
        os.write(write, text.encode())
        os.close(write)
        opened.append(read)
        return read

    yield give
    for each in opened:
        os.close(each)


def test_a_new_key_is_encrypted_and_can_be_shown(run, tmp_path, descriptor) -> None:
    """The passphrase goes in by descriptor and opens the key again; its words are shown nowhere."""
    made = run(
        "keys", "new", tmp_path / "k", "--passphrase-fd", descriptor(SECRET + "\n"), "--json"
    )
    shown = run("keys", "show", tmp_path / "k", "--passphrase-fd", descriptor(SECRET), "--json")
    public = run("keys", "show", tmp_path / "k.pub", "--json")

    assert (made.status, shown.status, public.status) == (0, 0, 0)
    assert made.json["encrypted"] is True
    assert made.json["fingerprint"] == shown.json["fingerprint"] == public.json["fingerprint"]
    assert b"ENCRYPTED" in (tmp_path / "k").read_bytes()
    assert SECRET not in made.out + made.err + shown.out + shown.err


def test_the_environment_gives_the_passphrase(run, tmp_path, monkeypatch) -> None:
    """CI hands the passphrase over in a variable."""
    monkeypatch.setenv("ASSAYMARK_KEY_PASSPHRASE", SECRET)

    assert run("keys", "new", tmp_path / "k").status == 0
    assert run("keys", "show", tmp_path / "k").status == 0


def test_what_a_person_sees(run, tmp_path) -> None:
    """Paths, fingerprint, and what to do with which half."""
    result = run("keys", "new", tmp_path / "k", "--no-passphrase")
    fingerprint = run("keys", "show", tmp_path / "k.pub", "--json").json["fingerprint"]

    assert result.out == (
        f"private key  {tmp_path}/k\n"
        f"public key   {tmp_path}/k.pub\n"
        f"fingerprint  {fingerprint}\n"
        "\n"
        "keep the private key to yourself; hand out the public one\n"
    )


def test_without_a_passphrase_nothing_is_made(run, tmp_path) -> None:
    """A key without a passphrase has to be asked for."""
    result = run("keys", "new", tmp_path / "k")

    assert result.status == 2
    assert result.err == (
        "error: no passphrase was given\n"
        "hint: set ASSAYMARK_KEY_PASSPHRASE or use `--passphrase-fd N`, "
        "or say `--no-passphrase` for a key that only its owner can read\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_encrypted_key_without_its_passphrase(run, tmp_path, descriptor) -> None:
    """The error says how to give it."""
    run("keys", "new", tmp_path / "k", "--passphrase-fd", descriptor(SECRET))

    result = run("keys", "show", tmp_path / "k")

    assert result.status == 2
    assert result.err == (
        f"error: `{tmp_path}/k` is encrypted and no passphrase was given\n"
        "hint: set ASSAYMARK_KEY_PASSPHRASE or use `--passphrase-fd N`\n"
    )


@pytest.mark.parametrize(("text", "got"), [("", "none"), ("x" * 5000, "more")])
def test_odd_passphrases_are_refused(run, tmp_path, descriptor, text, got) -> None:
    """An empty or endless passphrase is a mistake, not a passphrase."""
    number = descriptor(text)

    result = run("keys", "new", tmp_path / "k", "--passphrase-fd", number)

    assert (result.status, result.err) == (
        2,
        f"error: expected a passphrase of 1 to 4096 bytes on file descriptor {number}, got {got}\n",
    )


def test_a_closed_descriptor_is_told(run, tmp_path) -> None:
    """A descriptor that is not open is wrong usage."""
    result = run("keys", "new", tmp_path / "k", "--passphrase-fd", 900)

    assert result.err == "error: cannot read file descriptor 900: bad file descriptor\n"


def test_contradicting_options_are_refused(run, tmp_path, descriptor) -> None:
    """One cannot ask for a passphrase and for none."""
    result = run(
        "keys", "new", tmp_path / "k", "--no-passphrase", "--passphrase-fd", descriptor("x")
    )

    assert result.err == "error: `--no-passphrase` and `--passphrase-fd` contradict each other\n"


def test_a_terminal_is_asked(monkeypatch) -> None:
    """On a terminal the passphrase is typed without echo; typing nothing gives none."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    answers = iter([SECRET, ""])
    monkeypatch.setattr(click, "prompt", lambda *_, hide_input, **__: hide_input and next(answers))

    assert ask_passphrase("passphrase") == SECRET.encode()
    assert ask_passphrase("passphrase") is None


def test_a_key_file_without_an_end_is_not_read_whole(run, tmp_path) -> None:
    """No more is read than a key can have."""
    path = tmp_path / "huge"
    path.touch()
    os.truncate(path, 1 << 40)

    result = run("keys", "show", path)

    assert (result.status, result.err) == (
        2,
        f"error: `{path}` is not a key: more than 65536 bytes\n",
    )
