"""What was erased is gone: from the bytes of the vault, and for whoever had it open."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from assaymark.errors import InputError
from assaymark.redaction import vault_file
from assaymark.redaction.keys import Secret
from assaymark.redaction.vault import Vault
from assaymark.redaction.vault_spaces import AllSpaces

SECRET = Secret(bytes(range(32)))


def bytes_of(path: Path) -> bytes:
    """Everything that stands in the vault and beside it."""
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a vault may be made."""
    return tmp_path / "vault"


def test_no_copy_stays_where_an_entry_once_stood(path: Path) -> None:
    """SQLite moves entries as pages are split, and what stays behind is not overwritten with the entry."""
    drawn = random.Random(0)
    with Vault(path, SECRET) as vault:
        vault.issue("PERSON", ["Jo Canary"])
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA secure_delete = ON")
            database.execute("PRAGMA synchronous = OFF")
            (space,) = database.execute("SELECT space FROM entry").fetchone()
            rows = [
                (
                    *(space, f"Copy {drawn.getrandbits(64):x} {'x' * drawn.randrange(60)}"),
                    *(drawn.randbytes(32), drawn.randbytes(40 + drawn.randrange(60))),
                )
                for _ in range(3000)
            ]
            # One by one and in another order, as values come and go.
            for each in rows:
                database.execute("INSERT INTO entry VALUES (?, ?, ?, ?, NULL)", each)
            drawn.shuffle(rows)
            for each in rows[:2000]:
                database.execute("DELETE FROM entry WHERE pseudonym = ?", (each[1],))

        vault.erase("Jo Canary")

        held, left = bytes_of(path), len(vault)
    assert left == 1000
    assert all(sealed in held for _, _, _, sealed in rows[2000:])
    assert not any(
        part in held
        for _, pseudonym, subject, sealed in rows[:2000]
        for part in (pseudonym.encode(), subject, sealed[:12], sealed[-16:])
    )


def test_who_had_the_vault_open_restores_it_no_more(path: Path) -> None:
    """Nor keeps the value in memory once it looks."""
    with Vault(path, SECRET, space="s") as ours, AllSpaces(path, SECRET) as everything:
        jo, al = ours.issue("PERSON", ["Jo Canary", "Al Other"])
        assert ours.restore(f"{jo} {al}") == "Jo Canary Al Other"

        everything.erase("jo canary")

        assert ours.restore(f"{jo} {al}") == f"{jo} Al Other"
        assert ours.issued_in(jo) == []
        assert ours.pending(jo[:-1]) == len(jo) - 1
        assert ours.pseudonyms.of.cache_info().currsize == 0
        assert "Jo Canary" not in ours.__dict__["_issued"].values()


def test_a_value_that_comes_again_is_stored_again(path: Path) -> None:
    """Its pseudonym was issued before, and is no longer known to lead back."""
    with Vault(path, SECRET, space="s") as ours, AllSpaces(path, SECRET) as everything:
        (jo,) = ours.issue("PERSON", ["Jo Canary"])
        everything.erase("jo canary")

        assert ours.issue("PERSON", ["Jo Canary"]) == [jo]

        assert ours.restore(jo) == "Jo Canary"
        assert everything.erase("jo canary").searched == 1


def test_what_others_write_costs_no_write(path: Path) -> None:
    """A value that is stored still is not stored again because somebody else wrote something."""
    with Vault(path, SECRET, space="s") as ours, Vault(path, SECRET, space="t") as theirs:
        ours.issue("PERSON", ["Jo Canary"])
        theirs.issue("PERSON", ["Al Other"])
        with closing(sqlite3.connect(path)) as database:
            (before,) = database.execute("PRAGMA data_version").fetchone()

            ours.issue("PERSON", ["Jo Canary"])

            assert database.execute("PRAGMA data_version").fetchone() == (before,)


def test_a_log_that_cannot_be_emptied_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody reads an older state of it: what was erased may stand there until that ends."""
    monkeypatch.setattr(vault_file, "_PATIENCE", 0.05)
    with Vault(path, SECRET) as vault:
        (jo,) = vault.issue("PERSON", ["Jo Canary"])
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM entry").fetchall()

            with pytest.raises(InputError) as caught:
                vault.erase("Jo Canary")

        restored = vault.restore(jo)
        purged = vault.purge()
    assert caught.value.message == (
        f"the log of writes beside the vault `{path}` may still hold what was erased: "
        "another process is reading it"
    )
    assert caught.value.hint == "finish it once nobody reads: `assaymark vault purge` does"
    assert (restored, purged) == (jo, 0)
    assert jo.encode() not in bytes_of(path)
