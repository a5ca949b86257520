"""
The vault: what each pseudonym stands for, encrypted, in one SQLite file.

* Only the vault leads back. It holds pseudonyms as they are, originals under AES-256-GCM bound to their
  pseudonym, and a keyed digest of each original, so that one subject can be erased without opening the rest.
* Two originals under one pseudonym are refused, so nothing is ever restored to the wrong person.
* Entries may expire. What has expired or was erased is overwritten and not restored, also by who had the
  vault open before: what others issue or erase is seen before anything is found, issued or restored.
* The name of a space stands beside its first entry, sealed, and goes with its last (`vault_spaces`).
* Another key than the vault's is refused before anything is read or written.
* Several processes may share a vault on a local disk (WAL); a killed one leaves whole entries.

Whoever has the key can try values, and the copies that backups hold are beyond `erase`.

tests/redaction/test_vault.py and test_vault_forgetting.py
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self

from assaymark.errors import InputError
from assaymark.redaction.keys import Secret
from assaymark.redaction.pseudonyms import Pseudonyms
from assaymark.redaction.restoring import KnownPseudonyms
from assaymark.redaction.sealing import Sealer
from assaymark.redaction.vault_file import VaultFile
from assaymark.redaction.vault_spaces import SpaceNames, Subjects

_AT_ONCE = 500  # parameters in one query, below SQLite's limit


class Vault:
    """Pseudonyms that can be restored.

    Args:
        path: The file; made where it does not exist, readable for its owner only, unless `read_only`.
        secret: The key.
        space: Pseudonyms of another space, such as another tenant, are neither shared nor restored.
        read_only: Whether it is opened to restore from it alone; then nothing is written.
        lives: After this time an entry can no longer be restored; `None`: it stays. Using a value again
            starts its time anew.
        clock: Returns seconds since 1970.

    Raises:
        KeyFileError: The vault was made with another key.
        InputError: The file is no vault, is damaged, or cannot be used.
    """

    def __init__(
        self,
        path: Path,
        secret: Secret,
        *,
        space: str = "",
        read_only: bool = False,
        lives: timedelta | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path, self._clock, self._lives = path, clock, lives
        self.pseudonyms = Pseudonyms(secret, space)
        self._sealer = Sealer(secret.derived("seal", space))
        self._subjects = Subjects(secret, space)
        self._known = KnownPseudonyms()
        self._seen_version = -1
        self._issued: dict[str, str] = {}
        self._names, self._name = SpaceNames(secret), space
        self._space = self._names.digest_of(space)
        self._file = VaultFile(path, secret, read_only=read_only)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def issue(self, entity: str, values: Sequence[str]) -> list[str]:
        """Return the pseudonym of each of `values`, having stored what they stand for.

        Raises:
            InputError: A pseudonym is taken by another value, or the file cannot be written.
        """
        # What another process erased meanwhile is no longer stored, and is to be once more.
        self._refresh()
        issued = [self.pseudonyms.of(entity, each) for each in values]
        new = {
            pseudonym: value
            for pseudonym, value in zip(issued, values, strict=True)
            if self._lives is not None or self._issued.get(pseudonym) != value
        }
        if new:
            self._store(new)
        return issued

    def _store(self, new: dict[str, str]) -> None:
        expires = None if self._lives is None else int(self._clock() + self._lives.total_seconds())
        with self._file.writing() as execute:
            self._names.keep(execute, self._name)
            for pseudonym, value in new.items():
                taken = execute(
                    "SELECT sealed FROM entry WHERE space = ? AND pseudonym = ?",
                    (self._space, pseudonym),
                ).fetchone()
                if taken is not None and self._opened(pseudonym, taken[0]) != value:
                    raise InputError(
                        f"a pseudonym is taken by another value in the vault `{self._path}`",
                        hint="use another key; the chance of this is below one in a million",
                    )
                execute(
                    "INSERT INTO entry VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT (space, pseudonym) DO UPDATE SET expires = excluded.expires",
                    (
                        *(self._space, pseudonym, self._subjects.digest_of(value)),
                        *(self._sealer.seal(value, _bound(pseudonym)), expires),
                    ),
                )
        for pseudonym, value in new.items():
            self._issued[pseudonym] = value
            self._known.add(pseudonym)

    def issued_in(self, text: str) -> list[tuple[int, int]]:
        """Return where pseudonyms of this vault stand in `text`, in order, as half-open spans."""
        self._refresh()
        return list(self._known.find(text))

    def pending(self, text: str) -> int:
        """Return the first place from which the rest of `text` may begin a pseudonym of this vault."""
        self._refresh()
        return self._known.pending(text)

    def originals(self, pseudonyms: Sequence[str]) -> dict[str, str]:
        """Return what stands behind each; what is unknown, expired or erased is left out.

        Raises:
            InputError: An entry was changed.
        """
        found: dict[str, str] = {}
        now = int(self._clock())
        for at in range(0, len(pseudonyms), _AT_ONCE):
            part = pseudonyms[at : at + _AT_ONCE]
            marks = ",".join("?" * len(part))
            query = (
                "SELECT pseudonym, sealed FROM entry WHERE space = ? "  # noqa: S608 - marks only
                f"AND pseudonym IN ({marks}) AND (expires IS NULL OR expires > ?)"
            )
            for pseudonym, sealed in self._file.rows(query, (self._space, *part, now)):
                found[pseudonym] = self._opened(pseudonym, sealed)
        return found

    def _opened(self, pseudonym: object, sealed: bytes) -> str:
        # An index that does not fit its table finds what was not asked for.
        value = None
        if isinstance(pseudonym, str):
            value = self._sealer.open(sealed, _bound(pseudonym))
        if value is None:
            raise self._changed()
        return value

    def _changed(self) -> InputError:
        return InputError(
            f"an entry of the vault `{self._path}` was changed",
            hint="restore the vault from a backup",
        )

    def restore(self, text: str, depth: int = 8) -> str:
        """Return `text` with every known pseudonym replaced by what it stands for.

        Args:
            text: Any text.
            depth: How many pseudonyms may stand within one another.
        """
        places = self.issued_in(text) if depth else []
        originals = {
            pseudonym: self.restore(value, depth - 1)
            for pseudonym, value in self.originals(
                [*{text[start:end] for start, end in places}]
            ).items()
        }
        parts, reached = [], 0
        for start, end in places:
            parts += [text[reached:start], originals.get(text[start:end], text[start:end])]
            reached = end
        return "".join(parts) + text[reached:]

    def erase(self, value: str) -> int:
        """Forget one original, however it was spelled; return how many pseudonyms lose it."""
        return self._delete("subject = ?", self._subjects.digest_of(value))

    def purge(self) -> int:
        """Forget what has expired; return how much that was."""
        return self._delete("expires <= ?", int(self._clock()))

    def _delete(self, which: str, parameter: bytes | int) -> int:
        with self._file.forgetting() as execute:
            count = execute(
                f"DELETE FROM entry WHERE space = ? AND {which}",  # noqa: S608 - one of two literals
                (self._space, parameter),
            ).rowcount
            self._names.settle(execute, self._name)
        self._forget()
        return count

    def expired(self) -> int:
        """Return how many entries can no longer be restored because their time is over."""
        return self._count("expires <= ?", int(self._clock()))

    def __len__(self) -> int:
        return self._count()

    def _count(self, which: str = "1", *parameters: int) -> int:
        query = f"SELECT COUNT(*) FROM entry WHERE space = ? AND {which}"  # noqa: S608 - one of two literals
        return int(self._file.rows(query, (self._space, *parameters))[0][0])

    def _refresh(self) -> None:
        """Learn what others issued, and forget what they erased."""
        version = self._file.version()
        if version == self._seen_version:
            return
        rows = self._file.rows("SELECT pseudonym FROM entry WHERE space = ?", (self._space,))
        held = {pseudonym for (pseudonym,) in rows}
        # SQLite keeps anything where a text was asked for.
        if not all(isinstance(each, str) for each in held):
            raise self._changed()
        if any(each not in held for each in self._known):
            self._forget()
        self._seen_version = version
        for pseudonym in held:
            self._known.add(pseudonym)

    def _forget(self) -> None:
        """Keep nothing in memory that an entry which is gone stood for."""
        self._issued.clear()
        self.pseudonyms.forget()
        self._known, self._seen_version = KnownPseudonyms(), -1


def _bound(pseudonym: str) -> bytes:
    """Return what an original is bound to."""
    return pseudonym.encode("utf-8", "surrogatepass")
