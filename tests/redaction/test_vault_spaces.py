"""All spaces of a vault: one value is erased in each of them, and their names stay secret."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaymark.errors import InputError, KeyFileError, UsageError
from assaymark.redaction.keys import Secret
from assaymark.redaction.vault import Vault
from assaymark.redaction.vault_spaces import AllSpaces, Erasure, SpaceCount

SECRET = Secret(bytes(range(32)))
SPACES = ("", "payroll of mara", "4:acmemara.sample@mail.test", "0:talk with sam ünicode")
SUBJECTS = {
    "EMAIL_ADDRESS": ("Jo.Canary@mail.test", "JO.CANARY@MAIL.TEST", "jo.canary@mail.test"),
    "CREDIT_CARD": ("4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111"),
    "PERSON": ("Jo Canary", "JO CANARY", "jo  canary"),
    "OTHER_CARD": ("5500 0055 5555 5559", "5500005555555559"),
    "OTHER_MAIL": ("jo.canary2@mail.test", "Jo.Canary2@mail.test"),
}
"""Spellings of five subjects, each under the entity as which it is found."""

_counter = itertools.count()


def issue(path: Path, space: str, *values: str, entity: str = "PERSON") -> list[str]:
    """Return the pseudonyms of values in one space."""
    with Vault(path, SECRET, space=space) as vault:
        return vault.issue(entity, values)


def restored(path: Path, space: str, pseudonym: str) -> bool:
    """Whether a pseudonym leads back."""
    with Vault(path, SECRET, space=space, read_only=True) as vault:
        return vault.restore(pseudonym) != pseudonym


def bytes_of(path: Path) -> bytes:
    """Everything that stands in the vault and beside it."""
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def names_in(path: Path) -> dict[bytes, bytes]:
    """The sealed names, by digest."""
    with closing(sqlite3.connect(path)) as database:
        return dict(database.execute("SELECT space, sealed FROM space_name"))


def as_older(path: Path) -> None:
    """Make of a vault what a version wrote that kept no names."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE space_name")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a vault may be made."""
    return tmp_path / "vault"


@pytest.fixture
def everything(path: Path) -> Iterator[AllSpaces]:
    """All spaces of the vault there."""
    with AllSpaces(path, SECRET) as opened:
        yield opened


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(SPACES),
            st.sampled_from(
                [(entity, each) for entity, all_of in SUBJECTS.items() for each in all_of]
            ),
        ),
        max_size=12,
        unique=True,
    ),
    st.sampled_from([(entity, each) for entity, all_of in SUBJECTS.items() for each in all_of]),
)
def test_one_subject_is_erased_everywhere(
    tmp_path: Path, stored: list[tuple[str, tuple[str, str]]], asked: tuple[str, str]
) -> None:
    """By any spelling, in every space, with no trace; all other values stay; nothing is ever in plain."""
    path = tmp_path / f"vault{next(_counter)}"
    issued = {
        (space, entity, value): issue(path, space, value, entity=entity)[0]
        for space, (entity, value) in stored
    }
    plain = [each.lower().encode() for each in SPACES if each]
    plain += [each.lower().encode() for all_of in SUBJECTS.values() for each in all_of]
    with AllSpaces(path, SECRET) as everything:
        before = bytes_of(path).lower()

        done = everything.erase(asked[1])

        after = bytes_of(path)
    gone = {key for key in issued if key[1] == asked[0]}
    assert (done.erased, done.spaces) == (len(gone), len({key[0] for key in gone}))
    assert (done.searched, done.unsearched) == (len({key[0] for key in issued}), 0)
    for key, pseudonym in issued.items():
        with Vault(path, SECRET, space=key[0]) as vault:
            assert vault.originals([pseudonym]) == ({} if key in gone else {pseudonym: key[2]})
        assert (pseudonym.encode() in after) == (key not in gone)
    assert len(names_in(path)) == len({key[0] for key in set(issued) - gone})
    assert not any(each in before or each in after.lower() for each in plain)


def test_a_name_stays_as_long_as_its_space_has_entries(path: Path, everything: AllSpaces) -> None:
    """Erased from one space or from all, purged or not, it goes with the last entry, and leaves no byte."""
    for space in SPACES:
        issue(path, space, "Jo Canary", "Al Other")
    sealed = list(names_in(path).values())
    with Vault(path, SECRET, space=SPACES[1]) as vault:
        vault.erase("Al Other")
        assert len(names_in(path)) == 4
        vault.erase("Jo Canary")
        assert len(names_in(path)) == 3

    assert everything.erase("jo canary") == Erasure(
        erased=3, spaces=3, searched=3, unsearched=0, nameless=0
    )
    assert len(names_in(path)) == 3
    assert everything.erase("al other").searched == 3

    assert names_in(path) == {}
    assert not any(each in bytes_of(path) for each in sealed)


def test_names_are_sealed_anew_each_time(tmp_path: Path) -> None:
    """Equal names look different in two vaults, so what clients call their sessions cannot be compared."""
    for name in ("a", "b"):
        issue(tmp_path / name, SPACES[2], "Jo Canary")

    one, other = (names_in(tmp_path / name) for name in ("a", "b"))
    assert one.keys() == other.keys()
    assert one != other


def test_what_expired_is_purged_in_all_spaces(path: Path) -> None:
    """Also where no name is known; then the names of empty spaces go."""
    now = [1000.0]
    for space, lives in zip(SPACES, (10, 10, None, 30), strict=True):
        kept = None if lives is None else timedelta(seconds=lives)
        with Vault(path, SECRET, space=space, lives=kept, clock=lambda: now[0]) as vault:
            vault.issue("PERSON", ["Jo Canary"])
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DELETE FROM space_name WHERE space = (SELECT MIN(space) FROM entry)")
    now[0] += 20

    with AllSpaces(path, SECRET, clock=lambda: now[0]) as everything:
        expired = sum(each.expired for each in everything.counts())
        purged, again = everything.purge(), everything.purge()
        left = everything.counts()

    assert (expired, purged, again) == (2, 2, 0)
    assert sum(each.entries for each in left) == 2
    assert len(names_in(path)) == len([each for each in left if each.name is not None])


def test_counts_each_space(path: Path, everything: AllSpaces) -> None:
    """By name, without saying whose entries they are."""
    issue(path, "", "Jo Canary")
    issue(path, SPACES[2], "Jo Canary", "Al Other")

    assert sorted(everything.counts(), key=str) == [
        SpaceCount(name="", entries=1, expired=0),
        SpaceCount(name=SPACES[2], entries=2, expired=0),
    ]


class TestOlderVaults:
    """What was written before names were kept."""

    def test_reading_needs_no_names(self, path: Path) -> None:
        """Neither restoring nor counting, and the file is not touched."""
        (pseudonym,) = issue(path, "payroll", "Jo Canary")
        as_older(path)
        before = path.read_bytes()

        with Vault(path, SECRET, space="payroll", read_only=True) as vault:
            assert vault.restore(pseudonym) == "Jo Canary"
        with AllSpaces(path, SECRET, read_only=True) as everything:
            assert everything.counts() == [SpaceCount(name=None, entries=1, expired=0)]

        assert path.read_bytes() == before

    def test_what_cannot_be_searched_is_counted(self, path: Path) -> None:
        """An erasure says how much it could not look into."""
        issue(path, "a", "Jo Canary", "Al Other")
        issue(path, "b", "Jo Canary")
        as_older(path)
        issue(path, "c", "Jo Canary")

        with AllSpaces(path, SECRET) as everything:
            done = everything.erase("Jo Canary")

        assert done == Erasure(erased=1, spaces=1, searched=1, unsearched=3, nameless=2)

    def test_a_space_is_searched_once_it_was_named(self, path: Path) -> None:
        """Whoever names it to erase, to purge or to issue, names it for all times."""
        pseudonyms = {space: issue(path, space, "Jo Canary", "Al Other")[0] for space in "abc"}
        as_older(path)
        with Vault(path, SECRET, space="a") as vault:
            vault.erase("nobody")
        with Vault(path, SECRET, space="b") as vault:
            vault.purge()
        issue(path, "c", "Al Other")

        with AllSpaces(path, SECRET) as everything:
            done = everything.erase("jo canary")

        assert done == Erasure(erased=3, spaces=3, searched=3, unsearched=0, nameless=0)
        assert not any(restored(path, space, each) for space, each in pseudonyms.items())

    def test_an_older_version_may_write_beside(self, path: Path, everything: AllSpaces) -> None:
        """It neither writes a name nor takes one away; the next erasure puts that right."""
        issue(path, "a", "Jo Canary")
        issue(path, "b", "Jo Canary")
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("DELETE FROM entry WHERE space = (SELECT MIN(space) FROM entry)")
        assert len(names_in(path)) == 2

        everything.erase("nobody")

        assert len(names_in(path)) == 1


class TestTampering:
    """Who can write to the file, and has no key."""

    @pytest.fixture
    def vaults(self, path: Path) -> Path:
        """A vault with two spaces."""
        issue(path, "a", "Jo Canary")
        issue(path, "b", "Jo Canary")
        return path

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE space_name SET sealed = (SELECT MAX(sealed) FROM space_name)",
            "UPDATE space_name SET sealed = zeroblob(length(sealed))",
            "UPDATE space_name SET sealed = x''",
            "UPDATE space_name SET sealed = 'a name in so many words'",
            "UPDATE space_name SET sealed = 7",
            "UPDATE space_name SET space = 'x' WHERE space = (SELECT MAX(space) FROM space_name)",
        ],
        ids=["swapped", "zeros", "empty", "text", "number", "digest"],
    )
    def test_a_changed_name_is_refused(self, vaults: Path, change: str) -> None:
        """Before anything is erased; the values can be erased by who names the spaces."""
        with closing(sqlite3.connect(vaults)) as database, database:
            database.execute(change)

        with AllSpaces(vaults, SECRET) as everything, pytest.raises(InputError) as caught:
            everything.erase("Jo Canary")

        assert caught.value.message == (
            f"the name of a space in the vault `{vaults}` was changed; nothing was done"
        )
        assert caught.value.hint == ("restore the vault from a backup, or name one space at a time")
        for space in "ab":
            with Vault(vaults, SECRET, space=space) as vault:
                assert vault.erase("Jo Canary") == 1

    def test_a_changed_name_is_not_counted_as_another(self, vaults: Path) -> None:
        """Counting opens names, too."""
        with closing(sqlite3.connect(vaults)) as database, database:
            database.execute("UPDATE space_name SET sealed = (SELECT MIN(sealed) FROM space_name)")

        with (
            AllSpaces(vaults, SECRET, read_only=True) as everything,
            pytest.raises(InputError, match="the name of a space in the vault"),
        ):
            everything.counts()

    def test_another_key_is_refused(self, vaults: Path) -> None:
        """Before anything is read or written; a file that is no vault, too."""
        before = bytes_of(vaults)
        (vaults.parent / "text").write_text("text")

        with pytest.raises(KeyFileError) as caught:
            AllSpaces(vaults, Secret(bytes(32)))
        with pytest.raises(UsageError, match="is no vault"):
            AllSpaces(vaults.parent / "text", SECRET)

        assert caught.value.message == f"the vault `{vaults}` was made with another key"
        assert bytes_of(vaults) == before


def test_a_space_that_comes_meanwhile_is_searched(path: Path, everything: AllSpaces) -> None:
    """Names are opened while others still write; those that they wrote last are looked into as well."""
    other = path.with_name("other")
    (pseudonym,) = issue(other, "late", "Jo Canary")
    found: list[Erasure] = []
    asking = threading.Thread(target=lambda: found.append(everything.erase("Jo Canary")))
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("ATTACH ? AS other", (str(other),))
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO entry SELECT * FROM other.entry")
        writer.execute("INSERT INTO space_name SELECT * FROM other.space_name")
        asking.start()
        # Until it waits for the end of this write; were it later, nothing would be shown.
        asking.join(0.3)
        writer.execute("COMMIT")
    asking.join()

    assert found == [Erasure(erased=1, spaces=1, searched=1, unsearched=0, nameless=0)]
    assert not restored(path, "late", pseudonym)


def test_nothing_is_half_erased(path: Path, everything: AllSpaces) -> None:
    """A file that cannot be written to any more keeps all of it."""
    pseudonyms = {space: issue(path, space, "Jo Canary")[0] for space in "ab"}
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TRIGGER stop BEFORE DELETE ON space_name BEGIN SELECT RAISE(ABORT, 'no'); END"
        )

    with pytest.raises(InputError) as caught:
        everything.erase("Jo Canary")

    assert caught.value.message == f"the vault `{path}` cannot be used: no"
    assert all(restored(path, space, each) for space, each in pseudonyms.items())


def test_processes_that_write_meanwhile_lose_nothing(path: Path, everything: AllSpaces) -> None:
    """While one subject is erased again and again, others come and stay, beside the names of their spaces."""
    program = (
        "import sys; from pathlib import Path\n"
        "from assaymark.redaction.keys import Secret; from assaymark.redaction.vault import Vault\n"
        "for n in range(25):\n"
        "    space = f'{sys.argv[2]}{n % 5}'\n"
        "    with Vault(Path(sys.argv[1]), Secret(bytes(range(32))), space=space) as vault:\n"
        "        vault.issue('PERSON', ['Jo Canary', f'Al {n}'])\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(path), name]) for name in ("a", "b")
    ]
    erased = 0
    while any(each.poll() is None for each in processes):
        erased += everything.erase("Jo Canary").erased
    last = everything.erase("Jo Canary")

    assert [each.returncode for each in processes] == [0, 0]
    assert 10 <= erased + last.erased <= 50
    assert (last.searched, last.unsearched) == (10, 0)
    assert sum(each.entries for each in everything.counts()) == 50
    assert len(names_in(path)) == 10
