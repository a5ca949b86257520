"""
Pseudonyms of conversations: one space for each tenant and session, in one encrypted file.

* Within a session one value has one pseudonym, in every turn, field and stream; in another session it has
  another one, and nothing there leads back.
* What another process erases leads back no more, in any session that is open; nothing here remembers it.
* Threads take turns, so that a file is written by one of them at a time.
* A file that was there and is gone is not made anew, or what it held would seem never to have been. One that
  was put in its place is opened.
* What has not been used for long is closed; the file keeps it.

tests/guard/test_guard.py, test_concurrency.py and test_erasing.py
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, Self

from assaymark.errors import InputError, UsageError
from assaymark.redaction.keys import Secret
from assaymark.redaction.pseudonyms import Pseudonyms
from assaymark.redaction.vault import Vault

_OPEN = 256
"""Sessions whose vault is kept open."""

_SPACE = re.compile(r"(0|[1-9][0-9]{0,8}):(.*)", re.DOTALL)


class Session(NamedTuple):
    """Whose conversation it is. A vault holds both names, sealed, as long as it holds pseudonyms of it."""

    tenant: str
    session: str = ""

    @property
    def space(self) -> str:
        """One name for both, which no other pair has."""
        return f"{len(self.tenant)}:{self.tenant}{self.session}"

    @classmethod
    def of(cls, space: str) -> Self | None:
        """Return the session whose space is called so, if there is one."""
        found = _SPACE.fullmatch(space)
        if found is None or int(found[1]) > len(found[2]):
            return None
        return cls(found[2][: int(found[1])], found[2][int(found[1]) :])


class SessionNeededError(UsageError):
    """A rule needs to know which conversation a text belongs to, and nobody said so."""

    def __init__(self) -> None:
        super().__init__("a rule says `with: pseudonym`, which needs a session")


class SessionVault:
    """The vault of one session, for many threads."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._turn = threading.RLock()

    @property
    def pseudonyms(self) -> Pseudonyms:
        """Those of the session."""
        return self._vault.pseudonyms

    def issue(self, entity: str, values: Sequence[str]) -> list[str]:
        """Return the pseudonym of each of `values`, having stored what they stand for."""
        with self._turn:
            return self._vault.issue(entity, values)

    def issued_in(self, text: str) -> list[tuple[int, int]]:
        """Return where issued pseudonyms stand, in order."""
        with self._turn:
            return self._vault.issued_in(text)

    def originals(self, pseudonyms: Sequence[str]) -> dict[str, str]:
        """Return what stands behind each that is known."""
        with self._turn:
            return self._vault.originals(pseudonyms)

    def pending(self, text: str) -> int:
        """Return the first place from which the rest of `text` may begin an issued pseudonym."""
        with self._turn:
            return self._vault.pending(text)

    def erase(self, value: str) -> int:
        """Forget one original; return how many pseudonyms lose it."""
        with self._turn:
            return self._vault.erase(value)

    def close(self) -> None:
        """Give the file back."""
        with self._turn:
            self._vault.close()


class Sessions:
    """Opens the vaults of sessions.

    Args:
        path: The file of all of them.
        secret: The key.
        lives: After this time without use a pseudonym leads back to nothing; `None`: it stays.
    """

    def __init__(self, path: Path, secret: Secret, *, lives: timedelta | None = None) -> None:
        self._path, self._secret, self._lives = path, secret, lives
        self._known: OrderedDict[Session, SessionVault] = OrderedDict()
        self._lock = threading.Lock()
        self._file = _file_at(path)

    def vault(self, session: Session) -> SessionVault:
        """Return the vault of `session`.

        Raises:
            InputError: The file cannot be used.
            KeyFileError: It was made with another key.
        """
        with self._lock:
            self._demand_file()
            if session not in self._known:
                self._known[session] = SessionVault(self._opened(session))
                self._file = self._file or _file_at(self._path)
            self._known.move_to_end(session)
            # One that somebody still works with stays open until that is done: it is only let go of here.
            while len(self._known) > _OPEN:
                self._known.popitem(last=False)
            return self._known[session]

    def _opened(self, session: Session) -> Vault:
        try:
            return Vault(self._path, self._secret, space=session.space, lives=self._lives)
        except UsageError as error:
            # Whoever asks has named no file, so it is no mistake of theirs.
            raise InputError(error.message, hint=error.hint) from None

    def _demand_file(self) -> None:
        """Let go of vaults whose file is another one by now.

        Raises:
            InputError: There is none any more.
        """
        found = _file_at(self._path)
        if found == self._file:
            return
        if found is None:
            raise InputError(
                f"the vault `{self._path}` is gone",
                hint="put it back, or start again, which makes an empty one",
            )
        self._known.clear()
        self._file = found

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            for each in self._known.values():
                each.close()
            self._known.clear()


def _file_at(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at `path` from every other one; `None` where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
