"""
The vault: what each pseudonym stands for, encrypted, in one SQLite file.

* Only the vault leads back. It holds pseudonyms as they are, originals under AES-256-GCM bound to their
  pseudonym, and a keyed digest of each original, so that one subject can be erased without opening the rest.
* Two originals under one pseudonym are refused, so nothing is ever restored to the wrong person.
* Entries may expire. What has expired or was erased is overwritten (`secure_delete`) and not restored.
* Another key than the vault's is refused before anything is read or written.
* Several processes may share a vault on a local disk (WAL); a killed one leaves whole entries.

Whoever has the key can try values, and the copies that backups hold are beyond `erase`.

Source: NIST SP 800-38D (GCM; random 96-bit nonces). tests/redaction/test_vault.py
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assaymark.errors import InputError, KeyFileError
from assaymark.redaction.keys import Secret, keyed_digest
from assaymark.redaction.pseudonyms import Pseudonyms
from assaymark.redaction.restoring import KnownPseudonyms
from assaymark.redaction.spelling import without_spelling
from assaymark.redaction.vault_file import open_to_read, open_to_write

_NONCE = 12  # bytes
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
        self._seal = AESGCM(secret.derived("seal", space))
        self._subject = secret.derived("subject", space)
        self._known = KnownPseudonyms()
        self._seen_version = -1
        self._issued: dict[str, str] = {}
        self._space = keyed_digest(secret.derived("space"), space)
        lock = keyed_digest(secret.derived("lock"), "vault")
        with self._named_errors():
            self._database = open_to_read(path) if read_only else open_to_write(path, lock)
            self._demand_lock(lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._database.close()

    def _demand_lock(self, lock: bytes) -> None:
        found = self._database.execute("SELECT value FROM lock").fetchone()
        if found != (lock,):
            self._database.close()
            raise KeyFileError(
                f"the vault `{self._path}` was made with another key",
                hint="give the key that it was made with; nothing was read or written",
            )

    def issue(self, entity: str, values: Sequence[str]) -> list[str]:
        """Return the pseudonym of each of `values`, having stored what they stand for.

        Raises:
            InputError: A pseudonym is taken by another value, or the file cannot be written.
        """
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
        with self._named_errors(), self._writing():
            for pseudonym, value in new.items():
                taken = self._database.execute(
                    "SELECT sealed FROM entry WHERE space = ? AND pseudonym = ?",
                    (self._space, pseudonym),
                ).fetchone()
                if taken is not None and self._opened(pseudonym, taken[0]) != value:
                    raise InputError(
                        f"a pseudonym is taken by another value in the vault `{self._path}`",
                        hint="use another key; the chance of this is below one in a million",
                    )
                self._database.execute(
                    "INSERT INTO entry VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT (space, pseudonym) DO UPDATE SET expires = excluded.expires",
                    (
                        *(self._space, pseudonym, self._subject_of(value)),
                        *(self._sealed(pseudonym, value), expires),
                    ),
                )
        for pseudonym, value in new.items():
            self._issued[pseudonym] = value
            self._known.add(pseudonym)

    def _subject_of(self, value: str) -> bytes:
        return keyed_digest(self._subject, without_spelling(value))

    def _sealed(self, pseudonym: str, value: str) -> bytes:
        nonce = os.urandom(_NONCE)
        plain = value.encode("utf-8", "surrogatepass")
        return nonce + self._seal.encrypt(nonce, plain, pseudonym.encode("utf-8", "surrogatepass"))

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
            with self._named_errors():
                rows = self._database.execute(query, (self._space, *part, now)).fetchall()
            for pseudonym, sealed in rows:
                found[pseudonym] = self._opened(pseudonym, sealed)
        return found

    def _opened(self, pseudonym: str, sealed: bytes) -> str:
        try:
            plain = self._seal.decrypt(
                sealed[:_NONCE], sealed[_NONCE:], pseudonym.encode("utf-8", "surrogatepass")
            )
        except (InvalidTag, ValueError, TypeError):
            raise InputError(
                f"an entry of the vault `{self._path}` was changed",
                hint="restore the vault from a backup",
            ) from None
        return plain.decode("utf-8", "surrogatepass")

    def restore(self, text: str) -> str:
        """Return `text` with every known pseudonym replaced by what it stands for."""
        places = self.issued_in(text)
        originals = self.originals([*{text[start:end] for start, end in places}])
        parts, reached = [], 0
        for start, end in places:
            parts += [text[reached:start], originals.get(text[start:end], text[start:end])]
            reached = end
        return "".join(parts) + text[reached:]

    def erase(self, value: str) -> int:
        """Forget one original, however it was spelled; return how many pseudonyms lose it."""
        return self._delete("subject = ?", self._subject_of(value))

    def purge(self) -> int:
        """Forget what has expired; return how much that was."""
        return self._delete("expires <= ?", int(self._clock()))

    def _delete(self, which: str, parameter: bytes | int) -> int:
        with self._named_errors():
            with self._writing():
                count = self._database.execute(
                    f"DELETE FROM entry WHERE space = ? AND {which}",  # noqa: S608 - one of two literals
                    (self._space, parameter),
                ).rowcount
            # The log of writes would hold the deleted pages until it is written back.
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._issued.clear()
        self._known, self._seen_version = KnownPseudonyms(), -1
        return count

    def expired(self) -> int:
        """Return how many entries can no longer be restored because their time is over."""
        with self._named_errors():
            (count,) = self._database.execute(
                "SELECT COUNT(*) FROM entry WHERE space = ? AND expires <= ?",
                (self._space, int(self._clock())),
            ).fetchone()
        return int(count)

    def __len__(self) -> int:
        with self._named_errors():
            (count,) = self._database.execute(
                "SELECT COUNT(*) FROM entry WHERE space = ?", (self._space,)
            ).fetchone()
        return int(count)

    def _refresh(self) -> None:
        """Learn what other processes issued."""
        with self._named_errors():
            (version,) = self._database.execute("PRAGMA data_version").fetchone()
            if version == self._seen_version:
                return
            self._seen_version = version
            for (pseudonym,) in self._database.execute(
                "SELECT pseudonym FROM entry WHERE space = ?", (self._space,)
            ):
                self._known.add(pseudonym)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            hint = None
            if not os.access(self._path.parent, os.W_OK, effective_ids=True):
                hint = "its folder cannot be written to; only `restore` and `vault show` do without"
            raise InputError(
                f"the vault `{self._path}` cannot be used: {error}", hint=hint
            ) from None
        except UnicodeDecodeError:
            # What SQLite says of a damaged file may quote bytes of it, which Python cannot read.
            raise InputError(f"the vault `{self._path}` is damaged") from None
        except OSError as error:
            reason = (error.strerror or "unusable").lower()
            raise InputError(f"the vault `{self._path}` cannot be used: {reason}") from None
