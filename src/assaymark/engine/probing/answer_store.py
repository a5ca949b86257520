"""
Answers as they come, in one file: nothing that was paid for is asked again.

* An answer is kept under a digest of (target, prompt, parameters, repeat), and no prompt is kept. The answer
  itself is kept as it is: the file holds whatever the model said, belongs with the data, and is its owner's
  alone (mode 0600).
* An answer is in the file before its worker puts the next prompt. SQLite in WAL mode survives `kill -9`.
* What failed for a reason that may pass is kept for this run alone, so that the next one asks again.

tests/engine/probing/test_answer_store.py
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from assaymark.contracts.target import Answer, Category, Prompt, Score
from assaymark.engine.own_file import demand_own
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from assaymark.model.subject import Sha256

_APPLICATION_ID = 0x4153594E  # "ASYN", at byte 68 of the file
_VERSION = 1
_PATIENCE = 5.0  # seconds to wait for another process
_LOOKUPS = 500  # keys in one query, below SQLite's limit for parameters

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answer (
    key BLOB PRIMARY KEY, settled INTEGER NOT NULL, value TEXT NOT NULL
) WITHOUT ROWID
"""


def key_of(target: Sha256, prompt: Prompt) -> bytes:
    """Return the key under which the answer of `target` to `prompt` is kept."""
    how = prompt.parameters
    asked = [
        target, prompt.asks, prompt.messages, prompt.text, prompt.continuations, prompt.repeat,
        how.temperature, how.top_p, how.max_tokens, how.seed, how.stop,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(asked).encode()).digest()


class AnswerStore:
    """Answers by key. Used as a context manager.

    Args:
        path: The file; made where it does not exist.

    Raises:
        UsageError: The file is something else, is damaged, or another run uses it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pending: list[tuple[bytes, bool, str]] = []
        is_new = demand_own(
            path,
            called="store of answers",
            application=_APPLICATION_ID,
            risk="who could plant answers in it",
        )
        with self._naming_the_file():
            # Used by one thread at a time, and not always by the one that opened it.
            self._db = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(is_new=is_new)
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        is_empty = False
        try:
            self.flush()
            is_empty = not len(self)
        finally:
            self._db.close()
        if is_empty:
            # Nothing was paid for, so nothing is left behind.
            self._path.unlink(missing_ok=True)

    def keep(self, key: bytes, answer: Answer, *, settled: bool) -> None:
        """Take `answer`; `flush` writes it.

        Args:
            key: Of the prompt.
            answer: Whatever came of it.
            settled: Whether a later run need not ask again.
        """
        self._pending.append((key, settled, _packed(answer)))

    def flush(self) -> None:
        """Write what was taken; when this returns, it outlives the process."""
        if not self._pending:
            return
        rows, self._pending = self._pending, []
        with self._naming_the_file():
            # A single one is a transaction of its own.
            if len(rows) > 1:
                self._db.execute("BEGIN IMMEDIATE")
            for row in rows:
                self._db.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?)", row)
            if len(rows) > 1:
                self._db.execute("COMMIT")

    def settled(self, keys: Sequence[bytes]) -> set[bytes]:
        """Return which of `keys` need not be asked."""
        return {key for key, is_settled, _ in self._rows(keys) if is_settled}

    def read(self, keys: Sequence[bytes]) -> dict[bytes, Answer]:
        """Return what is known, by key."""
        return {key: self._opened(value) for key, _, value in self._rows(keys)}

    def forget_unsettled(self) -> None:
        """Forget what failed in an earlier run."""
        with self._naming_the_file():
            self._db.execute("DELETE FROM answer WHERE NOT settled")

    def __len__(self) -> int:
        with self._naming_the_file():
            (number,) = self._db.execute("SELECT count(*) FROM answer WHERE settled").fetchone()
        return int(number)

    def _rows(self, keys: Sequence[bytes]) -> list[tuple[bytes, bool, str]]:
        found: list[tuple[bytes, bool, str]] = []
        with self._naming_the_file():
            for start in range(0, len(keys), _LOOKUPS):
                part = keys[start : start + _LOOKUPS]
                marks = ",".join("?" * len(part))
                query = f"SELECT key, settled, value FROM answer WHERE key IN ({marks})"  # noqa: S608 - marks only
                found += self._db.execute(query, part).fetchall()
        return found

    def _prepare(self, *, is_new: bool) -> None:
        if is_new:
            self._db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        # One run at a time: two would pay for the same prompts.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        # Enough against a killed process; a power cut may cost the last answers, never a wrong one.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("BEGIN IMMEDIATE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            self._db.execute("ROLLBACK")
            raise UsageError(
                f"`{self._path}` is a store of answers of version {version}, expected {_VERSION}",
                hint="name another folder, or remove the file and ask again",
            )
        self._db.execute(_SCHEMA)
        self._db.execute(f"PRAGMA user_version = {_VERSION}")
        self._db.execute("COMMIT")

    def _opened(self, value: str) -> Answer:
        try:
            category, text, scores, reason, finish, asked, answered = json.loads(value)
            return Answer(
                category=Category(category),
                text=text,
                scores=tuple(Score(*each) for each in scores),
                reason=reason,
                finish=finish,
                prompt_tokens=asked,
                answer_tokens=answered,
            )
        except (ValueError, TypeError):
            raise self._unusable("it is damaged") from None

    def _unusable(self, reason: str) -> UsageError:
        return UsageError(
            f"`{self._path}` cannot be used as a store of answers: {reason}",
            hint="remove it, or name another folder; its prompts are asked again",
        )

    @contextmanager
    def _naming_the_file(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise UsageError(
                    f"another run uses `{self._path}`", hint="wait for it, or name another folder"
                ) from None
            raise self._unusable("it cannot be read or written") from None
        except (sqlite3.Error, UnicodeDecodeError):
            raise self._unusable("it is damaged") from None


def _packed(answer: Answer) -> str:
    return json.dumps(
        [
            answer.category, answer.text, answer.scores, answer.reason, answer.finish,
            answer.prompt_tokens, answer.answer_tokens,
        ],
        separators=(",", ":"),
    )  # fmt: skip
