"""
All spaces of a vault: their names, and what is done in every one of them.

A space is known in the file by a keyed digest of its name, and all that it holds is under keys that follow
from the name. So who looks for a value there needs the name; that of a conversation may point to a person.

* The name stands in the file from the first entry of its space to the last one, under AES-256-GCM and bound
  to the digest; it is written and deleted with them.
* `erase` looks into every space. Entries of spaces without a name, which older versions wrote, are counted
  and told, never passed over in silence.
* What expired is found in all spaces without any name.

tests/redaction/test_vault_spaces.py
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from assaymark.errors import InputError
from assaymark.redaction.keys import Secret, keyed_digest
from assaymark.redaction.sealing import Sealer
from assaymark.redaction.spelling import without_spelling
from assaymark.redaction.vault_file import Execute, VaultFile

_NAMES = "SELECT space, sealed FROM space_name"
_HAS_NAMES = "SELECT 1 FROM sqlite_master WHERE name = 'space_name'"
_DROP_UNUSED = (
    "DELETE FROM space_name "
    "WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.space = space_name.space)"
)
_NAMELESS = (
    "SELECT COUNT(*), COUNT(DISTINCT space) FROM entry "
    "WHERE space NOT IN (SELECT space FROM space_name)"
)
_COUNTS = "COUNT(*), COUNT(*) FILTER (WHERE expires <= ?) FROM entry"
_COUNTED = (
    f"SELECT space, space_name.sealed, {_COUNTS} LEFT JOIN space_name USING (space) GROUP BY space"
)
_COUNTED_IN_OLDER = f"SELECT space, NULL, {_COUNTS} GROUP BY space"


class Subjects:
    """The keyed digests by which the entries of one value are found in one space."""

    def __init__(self, secret: Secret, space: str) -> None:
        self._key = secret.derived("subject", space)

    def digest_of(self, value: str) -> bytes:
        """Return that of `value`, the same for all of its spellings."""
        return keyed_digest(self._key, without_spelling(value))


class SpaceNames:
    """The names of spaces, as the file has them."""

    def __init__(self, secret: Secret) -> None:
        self._key = secret.derived("space")
        self._sealer = Sealer(secret.derived("space name"))

    def digest_of(self, name: str) -> bytes:
        """Return what stands for a space in its entries."""
        return keyed_digest(self._key, name)

    def keep(self, execute: Execute, name: str) -> None:
        """Write the name of a space that has, or is getting, entries, unless it is there."""
        space = self.digest_of(name)
        if execute("SELECT 1 FROM space_name WHERE space = ?", (space,)).fetchone() is None:
            execute("INSERT INTO space_name VALUES (?, ?)", (space, self._sealer.seal(name, space)))

    def settle(self, execute: Execute, name: str) -> None:
        """Keep the name of a space that has entries, and forget that of one that has none."""
        space = self.digest_of(name)
        if execute("SELECT 1 FROM entry WHERE space = ? LIMIT 1", (space,)).fetchone() is None:
            execute("DELETE FROM space_name WHERE space = ?", (space,))
        else:
            self.keep(execute, name)

    def opened(self, space: bytes, sealed: bytes, path: Path) -> str:
        """Return the name of a space.

        Raises:
            InputError: It was changed, or is that of another space.
        """
        name = self._sealer.open(sealed, space)
        if name is None:
            raise InputError(
                f"the name of a space in the vault `{path}` was changed; nothing was done",
                hint="restore the vault from a backup, or name one space at a time",
            )
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceCount:
    """How much one space holds. Never none."""

    name: str | None
    """`None`: it was written before names were kept, so nobody can look for a value there."""

    entries: int
    expired: int
    """Of the entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What became of one value in all spaces."""

    erased: int
    """Pseudonyms that lost it."""

    spaces: int
    """In how many spaces they were."""

    searched: int
    """Spaces that were looked into."""

    unsearched: int
    """Entries that nobody could look for it in, since their space has no name."""

    nameless: int
    """Spaces that hold these."""


class AllSpaces:
    """A vault as a whole.

    Args:
        path: The file; it is made where it does not exist, unless `read_only`.
        secret: The key.
        read_only: Whether it is opened to count alone; then nothing is written.
        clock: Returns seconds since 1970.

    Raises:
        KeyFileError: The vault was made with another key.
        InputError: The file is damaged, or cannot be used.
        UsageError: It is no vault.
    """

    def __init__(
        self,
        path: Path,
        secret: Secret,
        *,
        read_only: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._secret, self._clock = secret, clock
        self._names = SpaceNames(secret)
        self._file = VaultFile(path, secret, read_only=read_only)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def erase(self, value: str) -> Erasure:
        """Forget one original in every space whose name is known, however it was spelled.

        Raises:
            InputError: The name of a space was changed, and nothing was erased; or the file cannot be used.
        """
        sought: dict[bytes, bytes] = {}
        # Most names are opened before others have to wait for the end of the writing.
        self._seek(value, sought, self._file.rows(_NAMES))
        with self._file.forgetting() as execute:
            named = execute(_NAMES).fetchall()
            self._seek(value, sought, named)
            counts = [
                execute("DELETE FROM entry WHERE space = ? AND subject = ?", each).rowcount
                for each in sought.items()
            ]
            execute(_DROP_UNUSED)
            unsearched, nameless = execute(_NAMELESS).fetchone()
        return Erasure(
            erased=sum(counts),
            spaces=sum(map(bool, counts)),
            searched=len(named),
            unsearched=unsearched,
            nameless=nameless,
        )

    def _seek(
        self, value: str, sought: dict[bytes, bytes], named: Iterable[tuple[bytes, bytes]]
    ) -> None:
        """Add what `value` is found by in each space that is not in `sought`."""
        for space, sealed in named:
            if space not in sought:
                name = self._names.opened(space, sealed, self._file.path)
                sought[space] = Subjects(self._secret, name).digest_of(value)

    def purge(self) -> int:
        """Forget what has expired in any space, also one without a name; return how much that was."""
        with self._file.forgetting() as execute:
            gone = execute("DELETE FROM entry WHERE expires <= ?", (int(self._clock()),)).rowcount
            execute(_DROP_UNUSED)
        return gone

    def counts(self) -> list[SpaceCount]:
        """Return how much each space holds, in no order that means anything.

        Raises:
            InputError: The name of a space was changed, or the file cannot be used.
        """
        query = _COUNTED if self._file.rows(_HAS_NAMES) else _COUNTED_IN_OLDER
        return [
            SpaceCount(
                name=None if name is None else self._names.opened(space, name, self._file.path),
                entries=entries,
                expired=expired,
            )
            for space, name, entries, expired in self._file.rows(query, (int(self._clock()),))
        ]
