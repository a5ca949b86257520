"""`vault show`, `vault erase` and `vault purge` find what a guard kept for a conversation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assaymark.guard.sessions import Session, Sessions
from assaymark.redaction.keys import read_secret

VALUE = "john@acme-mail.com"


@pytest.fixture
def kept(run: Any, tmp_path: Path) -> list[object]:
    """A vault as a guard leaves it, and the words that open it."""
    key, vault = tmp_path / "k", tmp_path / "vault"
    run("vault", "key", "-o", key)
    sessions = Sessions(vault, read_secret(key))
    for each in (Session("acme", "conv 7"), Session("acme"), Session("", "alone")):
        sessions.vault(each).issue("EMAIL_ADDRESS", [VALUE])
    sessions.close()
    return [vault, "--key", key]


@pytest.mark.parametrize(
    "words",
    [
        ("--tenant", "acme", "--session", "conv 7"),
        ("--tenant", "acme"),
        ("--tenant", "", "--session", "alone"),
    ],
)
def test_a_conversation_is_found(
    run: Any, kept: list[object], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the names that the guard was given; the others keep what they have."""
    monkeypatch.setenv("ASSAYMARK_ERASE", VALUE)

    before = run("vault", "show", *kept, *words)
    erased = run("vault", "erase", *kept, *words)
    after = run("vault", "show", *kept, *words)
    other = run("vault", "show", *kept, "--space", "4:acmeconv 7")

    assert before.out == "1 pseudonym, 0 of them expired\n"
    assert (erased.status, erased.out) == (0, "1 pseudonym lost its value\n")
    assert after.out == "0 pseudonyms, 0 of them expired\n"
    assert other.out.startswith("0" if "conv 7" in words else "1")


@pytest.mark.parametrize("command", ["show", "erase", "purge"])
def test_names_that_do_not_go_together(run: Any, kept: list[object], command: str) -> None:
    """One space at a time, and no session without a tenant."""
    both = run("vault", command, *kept, "--space", "a", "--tenant", "b")
    alone = run("vault", command, *kept, "--session", "s")

    assert (both.status, alone.status) == (2, 2)
    assert both.err.startswith("error: `--space` contradicts `--tenant` and `--session`\n")
    assert alone.err.startswith("error: the session `s` is of no tenant\nhint: give `--tenant`")
