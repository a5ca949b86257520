"""
The file of a vault: what SQLite may touch, and how it is opened.

Whoever only reads leaves no trace in it and needs no right to write, neither to the file nor to its folder.

tests/redaction/test_vault.py
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from assaymark.errors import InputError, UsageError

APPLICATION_ID = 0x41535956
"""`ASYV`, at byte 68 of the file."""

_VERSION = 1
_PATIENCE = 60.0  # seconds to wait for another process's write
_MAGIC = b"SQLite format 3\x00"

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
CREATE INDEX IF NOT EXISTS by_subject ON entry (space, subject);
CREATE INDEX IF NOT EXISTS by_end ON entry (expires) WHERE expires IS NOT NULL;
"""


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
    with path.open("rb") as file:
        head = file.read(100)
    if not head and may_be_empty:
        return
    if not head.startswith(_MAGIC) or head[68:72] not in (
        bytes(4),
        APPLICATION_ID.to_bytes(4, "big"),
    ):
        raise UsageError(f"`{path}` is no vault", hint="name another file for it")
