"""`vault erase`, `purge` and `show` with `--everywhere`: all spaces of a vault at once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assaymark.guard.sessions import Session, Sessions
from assaymark.redaction.keys import read_secret
from assaymark.redaction.vault import Vault

VALUE, OTHER = "john@acme-mail.com", "mary@acme-mail.com"
CURE = (
    "name each of these spaces once, as to `assaymark vault erase --tenant NAME --session NAME`: "
    "from then on it is searched\n"
)


@pytest.fixture
def kept(run: Any, tmp_path: Path) -> list[object]:
    """A vault that two tenants and a redaction share, and the words that open it."""
    key, vault = tmp_path / "k", tmp_path / "vault"
    run("vault", "key", "-o", key)
    secret = read_secret(key)
    sessions = Sessions(vault, secret)
    for each in (Session("acme", "conv of john"), Session("acme", "2"), Session("", "alone")):
        sessions.vault(each).issue("EMAIL_ADDRESS", [VALUE, OTHER])
    sessions.close()
    with Vault(vault, secret, space="payroll") as made:
        made.issue("EMAIL_ADDRESS", [VALUE])
    return [vault, "--key", key]


def as_older(vault: object, *, but: int) -> None:
    """Take the names of all spaces but so many away, as a version that kept none left them."""
    with closing(sqlite3.connect(str(vault))) as database, database:
        database.execute(
            "DELETE FROM space_name WHERE space NOT IN "
            "(SELECT space FROM space_name ORDER BY space LIMIT ?)",
            (but,),
        )


def test_a_value_is_forgotten_everywhere(
    run: Any, kept: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, with the words that say where it was; afterwards nobody knew it."""
    monkeypatch.setenv("ASSAYMARK_ERASE", " JOHN@acme-mail.com")

    erased = run("vault", "erase", *kept, "--everywhere")
    again = run("vault", "erase", *kept, "--everywhere", "--json")

    assert (erased.status, erased.err) == (0, "")
    assert erased.out == "4 pseudonyms in 4 spaces lost their value\n4 spaces searched\n"
    assert again.status == 1
    assert again.json == {
        "vault": str(kept[0]),
        "erased": 0,
        "spaces": 0,
        "searched": 3,
        "not_searched": {"spaces": 0, "entries": 0},
    }


def test_what_was_not_searched_decides_the_status(
    run: Any, kept: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """3 until every space was named, since the value may stand there."""
    monkeypatch.setenv("ASSAYMARK_ERASE", VALUE)
    as_older(kept[0], but=0)

    first = run("vault", "erase", *kept, "--everywhere")
    named = [
        run("vault", "erase", *kept, *words).status
        for words in (
            ("--space", "payroll"),
            ("--tenant", "acme", "--session", "conv of john"),
            ("--tenant", "acme", "--session", "2"),
            ("--tenant", "", "--session", "alone"),
        )
    ]
    last = run("vault", "erase", *kept, "--everywhere")

    assert first.status == 3
    assert first.out == (
        "0 pseudonyms in 0 spaces lost their value\n"
        "0 spaces searched\n"
        "not searched: 7 pseudonyms in 4 spaces, written before vaults kept the names of spaces, so no "
        f"value can be looked for there\n{CURE}"
    )
    assert named == [0, 0, 0, 0]
    assert (last.status, last.out.splitlines()[1]) == (1, "3 spaces searched")


def test_one_space_is_not_all(
    run: Any, kept: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who finds nothing in one of them is told that there may be others."""
    monkeypatch.setenv("ASSAYMARK_ERASE", VALUE)

    result = run("vault", "erase", *kept)

    assert (result.status, result.out) == (1, "0 pseudonyms lost their value\n")
    assert result.err == (
        "note: other spaces were not looked in; `--everywhere` looks in all of them\n"
    )


def test_counts_by_tenant(run: Any, kept: list[object]) -> None:
    """Tenants have names there, sessions and spaces do not."""
    shown = run("vault", "show", *kept, "--everywhere")
    told = run("vault", "show", *kept, "--everywhere", "--json")

    assert (shown.status, shown.err) == (0, "")
    assert shown.out == (
        "7 pseudonyms in 4 spaces, 0 of them expired\n"
        "  no tenant: 2 pseudonyms in 1 session, 0 expired\n"
        "  tenant `acme`: 4 pseudonyms in 2 sessions, 0 expired\n"
        "  other spaces: 1 pseudonym in 1 space, 0 expired\n"
    )
    assert told.json == {
        "vault": str(kept[0]),
        "spaces": 4,
        "entries": 7,
        "expired": 0,
        "tenants": [
            {"tenant": "", "spaces": 1, "entries": 2, "expired": 0},
            {"tenant": "acme", "spaces": 2, "entries": 4, "expired": 0},
        ],
        "other": {"spaces": 1, "entries": 1, "expired": 0},
        "nameless": {"spaces": 0, "entries": 0, "expired": 0},
    }


def test_counts_what_has_no_name(run: Any, kept: list[object]) -> None:
    """A vault of an older version is counted, and what cannot be searched is said."""
    as_older(kept[0], but=0)

    shown = run("vault", "show", *kept, "--everywhere")

    assert shown.out == (
        "7 pseudonyms in 4 spaces, 0 of them expired\n"
        "not searched: 7 pseudonyms in 4 spaces, written before vaults kept the names of spaces, so no "
        f"value can be looked for there\n{CURE}"
    )


def test_what_expired_is_purged_everywhere(run: Any, kept: list[object]) -> None:
    """In all spaces at once, or in that of one conversation."""
    key = read_secret(Path(str(kept[2])))
    for session in "12":
        with Vault(
            Path(str(kept[0])),
            key,
            space=Session("late", session).space,
            lives=timedelta(seconds=9),
            clock=lambda: 0.0,
        ) as vault:
            vault.issue("EMAIL_ADDRESS", [VALUE, OTHER])

    before = run("vault", "show", *kept, "--everywhere").out.splitlines()
    one = run("vault", "purge", *kept, "--tenant", "late", "--session", "1")
    rest = run("vault", "purge", *kept, "--everywhere", "--json")
    after = run("vault", "show", *kept, "--everywhere").out.splitlines()

    assert before[0] == (
        "11 pseudonyms in 6 spaces, 4 of them expired; "
        "`assaymark vault purge --everywhere` removes these"
    )
    assert before[3] == "  tenant `late`: 4 pseudonyms in 2 sessions, 4 expired"
    assert one.out == "2 pseudonyms forgotten\n"
    assert rest.json == {"vault": str(kept[0]), "purged": 2}
    assert after[0] == "7 pseudonyms in 4 spaces, 0 of them expired"


@pytest.mark.parametrize("command", ["show", "erase", "purge"])
@pytest.mark.parametrize("option", ["--space", "--tenant", "--session"])
def test_all_spaces_or_one(run: Any, kept: list[object], command: str, option: str) -> None:
    """Whoever names one space does not mean all of them, also by an empty name."""
    result = run("vault", command, *kept, "--everywhere", option, "")

    assert result.status == 2
    assert result.err == (
        f"error: `--everywhere` contradicts `{option}`\n"
        "hint: look into all spaces, or into the one that you name\n"
    )


@pytest.mark.parametrize("command", ["show", "erase", "purge"])
def test_no_vault_and_no_key(
    run: Any, kept: list[object], tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No vault is made, and none is opened with another key."""
    monkeypatch.setenv("ASSAYMARK_ERASE", VALUE)
    run("vault", "key", "-o", tmp_path / "k2")

    none = run("vault", command, tmp_path / "none", *kept[1:], "--everywhere")
    other = run("vault", command, kept[0], "--key", tmp_path / "k2", "--everywhere")

    assert (none.status, other.status) == (2, 2)
    assert none.err.startswith(f"error: the vault `{tmp_path / 'none'}` does not exist\n")
    assert other.err.startswith(f"error: the vault `{kept[0]}` was made with another key\n")
    assert not (tmp_path / "none").exists()
