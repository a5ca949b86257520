"""
The file of a vault: what SQLite may touch, how it is opened, written, and made to forget.

* Whoever only reads leaves no trace in it and needs no right to write, neither to the file nor to its folder.
* A write is whole or not there, also where another process finishes while a vault is opened here.
* What was deleted is in none of its files afterwards, or the deletion says where it still is.
* A file of an older version stays usable: it gets the table of names once it is opened to be written to.

tests/redaction/test_vault.py, test_vault_reading.py and test_vault_forgetting.py
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from assaymark.errors import InputError, KeyFileError, UsageError
from assaymark.redaction.keys import Secret, keyed_digest

Execute: TypeAlias = Callable[..., sqlite3.Cursor]
"""Runs one statement of a transaction."""

APPLICATION_ID = 0x41535956
"""`ASYV`, at byte 68 of the file."""

_VERSION = 1
_PATIENCE = 60.0  # seconds to wait for another process's write

_SCHEMA = """
CREATE TABLE IF NOT EXISTS lock (id INTEGER PRIMARY KEY CHECK (id = 1), value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS entry (
    space BLOB NOT NULL,
    pseudonym TEXT NOT NULL,
    subject BLOB NOT NULL,
    sealed BLOB NOT NULL,
    expires INTEGER,
    PRIMARY KEY (space, pseudonym)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS space_name (
    space BLOB NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_subject ON entry (space, subject);
CREATE INDEX IF NOT EXISTS by_end ON entry (expires) WHERE expires IS NOT NULL;
"""


class VaultFile:
    """An open vault.

    Args:
        path: The file; made where it does not exist, unless `read_only`.
        secret: The key that it is, or will be, locked with.
        read_only: Whether nothing is to be written.

    Raises:
        KeyFileError: It was made with another key.
        InputError: It is damaged, or cannot be used.
        UsageError: It is no vault.
    """

    def __init__(self, path: Path, secret: Secret, *, read_only: bool = False) -> None:
        self.path = path
        lock = keyed_digest(secret.derived("lock"), "vault")
        with self._named_errors():
            self._database = open_to_read(path) if read_only else open_to_write(path, lock)
            self._demand_lock(lock)

    def _demand_lock(self, lock: bytes) -> None:
        found = self._database.execute("SELECT value FROM lock").fetchone()
        if found != (lock,):
            self.close()
            raise KeyFileError(
                f"the vault `{self.path}` was made with another key",
                hint="give the key that it was made with; nothing was read or written",
            )

    def close(self) -> None:
        """Give the file back."""
        self._database.close()

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds.

        Raises:
            InputError: The file is damaged, or cannot be used.
        """
        with self._named_errors():
            return self._database.execute(query, parameters).fetchall()

    def version(self) -> int:
        """Return a number that changes when somebody else has written."""
        return int(self.rows("PRAGMA data_version")[0][0])

    @contextmanager
    def writing(self) -> Iterator[Execute]:
        """Write all that is executed within, or nothing of it; who writes too waits.

        Raises:
            InputError: The file is damaged, or cannot be written to.
        """
        with self._named_errors():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database.execute
                self._database.execute("COMMIT")
            except BaseException:
                # Some errors end a transaction, such as a full disk.
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    @contextmanager
    def forgetting(self) -> Iterator[Execute]:
        """Do as `writing`, and leave no copy of what is deleted within.

        Raises:
            InputError: As for `writing`; or it is deleted, and a copy could not be overwritten.
        """
        with self.writing() as execute:
            yield execute
        with self._named_errors():
            # SQLite moves entries from page to page and may leave copies where they stood, which
            # `secure_delete` does not reach. In memory, since a temporary file would be one more copy.
            self._database.execute("PRAGMA temp_store = MEMORY")
            self._database.execute("VACUUM")
            # The log of writes would hold the deleted pages until it is written back.
            is_busy, *_ = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            raise InputError(
                f"the log of writes beside the vault `{self.path}` may still hold what was erased: "
                "another process is reading it",
                hint="finish it once nobody reads: `assaymark vault purge` does",
            )

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            hint = None
            if not os.access(self.path.parent, os.W_OK, effective_ids=True):
                hint = "its folder cannot be written to; only `restore` and `vault show` do without"
            raise InputError(
                f"the vault `{self.path}` cannot be used: {error}", hint=hint
            ) from None
        except UnicodeDecodeError:
            # What SQLite says of a damaged file may quote bytes of it, which Python cannot read.
            raise InputError(f"the vault `{self.path}` is damaged") from None
        except OSError as error:
            reason = (error.strerror or "unusable").lower()
            raise InputError(f"the vault `{self.path}` cannot be used: {reason}") from None


def open_to_write(path: Path, lock: bytes) -> sqlite3.Connection:
    """Open a vault, and make it where there is none, for its owner only.

    Args:
        path: The file.
        lock: What a new vault is to be locked with.

    Raises:
        UsageError: It is something else.
        OSError: It cannot be read or made.
        sqlite3.Error: It cannot be used.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    _demand_vault(path, may_be_empty=True)
    database = _connect(str(path))
    execute = database.execute
    execute("PRAGMA journal_mode = WAL")
    execute("PRAGMA secure_delete = ON")
    execute("PRAGMA synchronous = FULL")
    if execute("PRAGMA application_id").fetchone()[0] == 0:
        execute(f"PRAGMA application_id = {APPLICATION_ID}")
        execute(f"PRAGMA user_version = {_VERSION}")
    database.executescript(_SCHEMA)
    execute("INSERT OR IGNORE INTO lock VALUES (1, ?)", (lock,))
    return database


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a vault that nothing is to be written to.

    Raises:
        UsageError: It is no vault.
        InputError: Writes to it were not finished, and they cannot be finished here.
        OSError: It cannot be read.
        sqlite3.Error: It cannot be used.
    """
    _demand_vault(path, may_be_empty=False)
    # Not `mode=ro`: that leaves a log beside the file, which only a writer may take away.
    name = path.absolute().as_uri()
    database = _connect(f"{name}?mode=rw")
    try:
        database.execute("PRAGMA query_only = ON")
        database.execute("SELECT 1 FROM lock")
    except sqlite3.OperationalError:
        database.close()
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise InputError(
                f"the vault `{path}` has unfinished writes, and its folder cannot be written to",
                hint="finish them where it can: `assaymark vault purge` does",
            ) from None
        # Beside a file that is whole, SQLite would only make a log that stays empty.
        database = _connect(f"{name}?mode=ro&immutable=1")
    return database


def _connect(name: str) -> sqlite3.Connection:
    return sqlite3.connect(
        name,
        timeout=_PATIENCE,
        isolation_level=None,
        check_same_thread=False,
        uri=name.startswith("file:"),
    )


def _demand_vault(path: Path, *, may_be_empty: bool) -> None:
    # Only SQLite opens the file: to close it takes away every lock that this process has on it, also those of
    # vaults that are open, and another process would then take away the log of writes beside it.
    if stat.S_ISDIR(path.stat().st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(path.stat().st_mode):
        raise _no_vault(path)
    if not os.access(path, os.R_OK, effective_ids=True):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if may_be_empty and not path.stat().st_size:
        return
    # As the file is now, whatever stands in the log.
    with closing(_connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1")) as database:
        try:
            found = database.execute("PRAGMA application_id").fetchone()[0]
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
                raise
            raise _no_vault(path) from None
    if not path.stat().st_size or found not in (0, APPLICATION_ID):
        raise _no_vault(path)


def _no_vault(path: Path) -> UsageError:
    return UsageError(f"`{path}` is no vault", hint="name another file for it")
