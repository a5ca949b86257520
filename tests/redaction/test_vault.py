"""The vault: restores exactly, forgets wholly, opens for its key only."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaymark.errors import AssaymarkError, InputError, KeyFileError, UsageError
from assaymark.redaction.keys import Secret
from assaymark.redaction.vault import Vault

SECRET = Secret(bytes(range(32)))
PERSON, CARD, MAIL = "Jo Canary", "4111 1111 1111 1111", "canary@mail.test"


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """An empty vault."""
    with Vault(tmp_path / "vault", SECRET) as opened:
        yield opened


def test_restores_in_any_text(vault: Vault) -> None:
    """An answer that never saw the originals gets them back."""
    person, card, mail = (
        vault.issue(entity, [value])[0]
        for entity, value in (("PERSON", PERSON), ("CREDIT_CARD", CARD), ("EMAIL_ADDRESS", MAIL))
    )

    answer = f"Dear {person}, we charged {card}; {person}'s receipt went to <{mail}>."
    assert vault.restore(answer) == (
        f"Dear {PERSON}, we charged {CARD}; {PERSON}'s receipt went to <{MAIL}>."
    )
    assert len(vault) == 3


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["PERSON", "PHONE_NUMBER", "X"]), st.text(min_size=1, max_size=12)
        ),
        max_size=6,
    )
)
def test_every_value_comes_back(vault: Vault, found: list[tuple[str, str]]) -> None:
    """Whatever characters it has."""
    for entity, value in found:
        (pseudonym,) = vault.issue(entity, [value])
        assert vault.originals([pseudonym]) == {pseudonym: value}


def test_holds_no_original_in_plain(tmp_path: Path) -> None:
    """Neither the file nor its log of writes shows a value, and only the owner may read them."""
    with Vault(tmp_path / "vault", SECRET) as vault:
        vault.issue("PERSON", [PERSON])
        files = list(tmp_path.iterdir())
        held = b"".join(each.read_bytes() for each in files)

    assert len(files) == 3
    assert b"Canary" not in held
    assert b"canary" not in held.lower()
    assert all(stat.S_IMODE(each.stat().st_mode) == 0o600 for each in tmp_path.iterdir())


def test_another_key_is_refused(tmp_path: Path) -> None:
    """Before anything is written, and the right key still works."""
    path = tmp_path / "vault"
    with Vault(path, SECRET) as vault:
        (pseudonym,) = vault.issue("PERSON", [PERSON])

    with pytest.raises(KeyFileError) as caught:
        Vault(path, Secret(bytes(32)))

    assert caught.value.message == f"the vault `{path}` was made with another key"
    with Vault(path, SECRET) as vault:
        assert vault.restore(pseudonym) == PERSON


def test_erases_one_subject(tmp_path: Path) -> None:
    """In every case and spacing; the rest stays; nothing of the entry is left in the file."""
    path = tmp_path / "vault"
    with Vault(path, SECRET) as vault:
        jo, loud, other = vault.issue("PERSON", [PERSON, PERSON.upper(), "Al Other"])
        sealed = (
            sqlite3.connect(path)
            .execute("SELECT sealed FROM entry WHERE pseudonym = ?", (jo,))
            .fetchone()[0]
        )

        assert vault.erase("jo  canary") == 2
        assert vault.restore(f"{jo}, {loud}, {other}") == f"{jo}, {loud}, Al Other"
        assert vault.erase("jo canary") == 0
        assert len(vault) == 1
    assert all(sealed not in each.read_bytes() for each in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("4111 1111 1111 1111", "4111-1111-1111-1111"),
        ("4111111111111111", "4111 1111 1111 1111"),
        ("DE89370400440532013000", "de89 3704 0044 0532 0130 00"),
        ("+49 30 901820", "+4930901820"),
    ],
)
def test_a_number_is_erased_however_it_is_spelled(stored: str, asked: str, tmp_path: Path) -> None:
    """Who asks to be forgotten is not asked how somebody else grouped the digits."""
    with Vault(tmp_path / "vault", SECRET) as vault:
        vault.issue("NUMBER", [stored, f"{stored}9"])

        assert vault.erase(asked) == 1
        assert len(vault) == 1


def test_addresses_that_differ_in_a_dot_are_two(tmp_path: Path) -> None:
    """Signs between letters are no matter of spelling, also where digits stand beside them."""
    with Vault(tmp_path / "vault", SECRET) as vault:
        vault.issue("EMAIL_ADDRESS", ["jo.199001@example.org", "jo199001@example.org"])

        assert vault.erase("jo.199001@example.org") == 1


def test_entries_expire(tmp_path: Path) -> None:
    """After its time an entry is not restored, and a purge removes it; using it again renews it."""
    now = [1000.0]
    with Vault(
        tmp_path / "vault", SECRET, lives=timedelta(seconds=60), clock=lambda: now[0]
    ) as vault:
        jo, al = vault.issue("PERSON", ["Jo One", "Al Two"])
        now[0] += 50
        vault.issue("PERSON", ["Al Two"])
        now[0] += 10

        assert vault.restore(f"{jo} {al}") == f"{jo} Al Two"
        assert vault.purge() == 1
        assert len(vault) == 1


def test_spaces_do_not_see_each_other(tmp_path: Path) -> None:
    """A tenant restores its own only, erases its own only."""
    path = tmp_path / "vault"
    with Vault(path, SECRET, space="a") as one, Vault(path, SECRET, space="b") as other:
        (mine,), (yours,) = one.issue("PERSON", [PERSON]), other.issue("PERSON", [PERSON])

        assert mine != yours
        assert one.restore(yours) == yours
        assert other.originals([mine]) == {}
        assert one.erase(PERSON) == 1
        assert other.restore(yours) == PERSON


def test_sees_what_other_processes_issue(tmp_path: Path) -> None:
    """Two at once write whole entries, and each restores the other's."""
    path = tmp_path / "vault"
    program = (
        "import sys; from pathlib import Path\n"
        "from assaymark.redaction.keys import Secret; from assaymark.redaction.vault import Vault\n"
        "with Vault(Path(sys.argv[1]), Secret(bytes(range(32)))) as vault:\n"
        "    for n in range(40): vault.issue('PERSON', [f'{sys.argv[2]} {n}', f'Both {n}'])\n"
    )
    with Vault(path, SECRET) as vault:
        assert vault.issued_in("nobody") == []
        processes = [
            subprocess.Popen([sys.executable, "-c", program, str(path), name])
            for name in ("Jo", "Al")
        ]
        assert [each.wait(60) for each in processes] == [0, 0]

        assert len(vault) == 120
        pseudonym = vault.pseudonyms.of("PERSON", "Al 39")
        assert vault.issued_in(pseudonym) == [(0, len(pseudonym))]
        assert vault.restore(pseudonym) == "Al 39"


def test_a_changed_entry_is_named(tmp_path: Path) -> None:
    """Swapped or flipped, it is refused: nobody is restored to somebody else."""
    path = tmp_path / "vault"
    with Vault(path, SECRET) as vault:
        jo, al = vault.issue("PERSON", ["Jo One", "Al Two"])
    with sqlite3.connect(path) as database:
        (other,) = database.execute(
            "SELECT sealed FROM entry WHERE pseudonym = ?", (al,)
        ).fetchone()
        database.execute("UPDATE entry SET sealed = ? WHERE pseudonym = ?", (other, jo))
    database.close()

    with Vault(path, SECRET) as vault, pytest.raises(InputError) as caught:
        vault.restore(jo)

    assert caught.value.message == f"an entry of the vault `{path}` was changed"


def test_an_entry_of_another_type_is_named(tmp_path: Path) -> None:
    """SQLite keeps a text where bytes were asked for; it was not stored by us."""
    path = tmp_path / "vault"
    with Vault(path, SECRET) as vault:
        (jo,) = vault.issue("PERSON", ["Jo One"])
    with sqlite3.connect(path) as database:
        database.execute("UPDATE entry SET sealed = 'Jo One, in so many words'")
    database.close()

    with Vault(path, SECRET) as vault, pytest.raises(InputError) as caught:
        vault.restore(jo)

    assert caught.value.message == f"an entry of the vault `{path}` was changed"


def test_a_pseudonym_of_another_type_is_named(tmp_path: Path) -> None:
    """SQLite keeps bytes where a text was asked for; it was not stored by us."""
    path = tmp_path / "vault"
    with Vault(path, SECRET) as vault:
        vault.issue("PERSON", ["Jo One"])
    with sqlite3.connect(path) as database:
        database.execute("UPDATE entry SET pseudonym = x'00'")
    database.close()

    with Vault(path, SECRET) as vault, pytest.raises(InputError) as caught:
        vault.restore("Jo")

    assert caught.value.message == f"an entry of the vault `{path}` was changed"


def test_two_values_under_one_pseudonym_are_refused(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chance is tiny; where it happens, nothing is written."""
    vault.issue("PERSON", ["Jo One"])
    taken = vault.pseudonyms.of("PERSON", "Jo One")
    monkeypatch.setattr(vault.pseudonyms, "of", lambda _entity, _value: taken)

    with pytest.raises(InputError, match="a pseudonym is taken by another value"):
        vault.issue("PERSON", ["Al Two"])

    assert vault.restore(taken) == "Jo One"


@pytest.mark.parametrize(
    "content",
    [b"text", b"SQLite format 3\0" + bytes(84) + b"rest", b"SQLite format 3\0" + b"\x01" * 200],
)
def test_other_files_are_refused_and_left(tmp_path: Path, content: bytes) -> None:
    """No vault is made of what is none."""
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises((UsageError, InputError)) as caught:
        Vault(path, SECRET)

    assert f"`{path}`" in caught.value.message
    assert path.read_bytes() == content


def test_an_unusable_place_is_named(tmp_path: Path) -> None:
    """A folder that is not there."""
    with pytest.raises(AssaymarkError) as caught:
        Vault(tmp_path / "none" / "vault", SECRET)

    assert caught.value.message == (
        f"the vault `{tmp_path / 'none' / 'vault'}` cannot be used: no such file or directory"
    )


def test_a_killed_writer_leaves_whole_entries(tmp_path: Path) -> None:
    """After `kill -9` the vault opens, and everything that it holds can be restored."""
    path = tmp_path / "vault"
    program = (
        "import sys; from pathlib import Path\n"
        "from assaymark.redaction.keys import Secret; from assaymark.redaction.vault import Vault\n"
        "vault = Vault(Path(sys.argv[1]), Secret(bytes(range(32))))\n"
        "n = 0\n"
        "while True:\n"
        "    vault.issue('PERSON', [f'Jo {n} {m}' for m in range(20)]); n += 1\n"
        "    print(n, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()
    os.kill(process.pid, 9)
    process.wait(60)
    process.stdout.close()

    with Vault(path, SECRET) as vault:
        assert len(vault) >= 100
        assert len(vault) % 20 == 0
        everything = [
            vault.pseudonyms.of("PERSON", f"Jo {n} {m}") for n in range(5) for m in range(20)
        ]
        assert len(vault.originals(everything)) == 100


def test_opening_a_vault_takes_no_lock_from_another(tmp_path: Path) -> None:
    """What is issued after a second space was opened here, and another process came and went, is there."""
    path = tmp_path / "vault"
    program = """
import sys
from pathlib import Path
from assaymark.redaction.keys import Secret
from assaymark.redaction.vault import Vault
with Vault(Path(sys.argv[1]), Secret(bytes(range(32))), space="one") as vault:
    print(len(vault))
"""
    command = [sys.executable, "-c", program, str(path)]
    with Vault(path, SECRET, space="one") as one, Vault(path, SECRET, space="two"):
        one.issue("PERSON", ["Jo Canary"])
        before = subprocess.run(command, capture_output=True, check=True).stdout
        one.issue("PERSON", ["Sam Canary"])
        after = subprocess.run(command, capture_output=True, check=True).stdout

    assert (before, after) == (b"1\n", b"2\n")
