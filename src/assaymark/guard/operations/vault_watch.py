"""
The vault of a server: whether it can be used, before requests come and while they do.

* A server does not start with a vault that it cannot open, and asking whether it would writes nothing.
* While it serves, the file is opened anew from time to time, as a new conversation would. That it cannot be
  is an event, a condition on which the server is not ready, and an alarm.

tests/guard/operations/test_vault_watch.py
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.errors import AssaymarkError, InputError
from assaymark.guard.watch.alarms import Alarm, Severity
from assaymark.guard.watch.health import Condition
from assaymark.redaction.vault_file import VaultFile

if TYPE_CHECKING:
    from assaymark.guard.life.watching import Note
    from assaymark.guard.watch.telemetry import Rates
    from assaymark.redaction.keys import Secret

NAME = "vault"


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPlace:
    """Where a server keeps pseudonyms."""

    path: Path
    secret: Secret

    def demand(self) -> None:
        """Demand a vault that can be written to, or a place where one can be made; write nothing.

        Raises:
            AssaymarkError: It cannot be used, or was made with another key.
        """
        if self.path.exists():
            VaultFile(self.path, self.secret, read_only=True).close()
        folder = self.path.parent
        if not folder.is_dir():
            raise _unusable(self.path, "its folder does not exist")
        # Beside the file SQLite writes its log.
        for each in (folder, self.path):
            if each.exists() and not os.access(each, os.W_OK, effective_ids=True):
                raise _unusable(self.path, f"`{each}` cannot be written to")

    def make(self) -> None:
        """Make the vault where there is none.

        Raises:
            AssaymarkError: As for `demand`.
        """
        self.demand()
        VaultFile(self.path, self.secret).close()


class VaultWatch:
    """Looks whether a vault can be used.

    Args:
        place: Where it is; it is there.
        note: Takes events.
        every: Seconds between two looks.
    """

    def __init__(self, place: VaultPlace, note: Note, *, every: float = 2.0) -> None:
        self._place, self._note, self._every = place, note, every
        self.fault: str | None = None
        """Why it cannot be used; `None` where it can."""
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look from now on, on a thread of its own."""
        self._thread = threading.Thread(target=self._look_on, name="assaymark-vault", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """Look once."""
        before, self.fault = self.fault, self._look()
        if self.fault is not None and self.fault != before:
            self._note("vault-unusable", {"reason": self.fault})
        elif self.fault is None and before is not None:
            self._note("vault-usable", {})

    def conditions(self) -> Iterator[Condition]:
        """Yield how the vault is."""
        yield Condition(name=NAME, is_ok=self.fault is None, words=self.fault or "")

    def alarms(self, rates: Rates) -> Iterator[Alarm]:  # noqa: ARG002 - of every rule
        """Yield an alarm while the vault cannot be used."""
        if self.fault is not None:
            yield Alarm(
                name="vault-unusable", severity=Severity.CRITICAL, summary=self.fault, value=1.0
            )

    def _look(self) -> str | None:
        try:
            if not self._place.path.exists():
                return f"the vault `{self._place.path}` is gone"
            self._place.demand()
        except AssaymarkError as error:
            return error.message
        return None

    def _look_on(self) -> None:
        while not self._over.wait(self._every):
            self.look()


def _unusable(path: Path, why: str) -> InputError:
    return InputError(
        f"the vault `{path}` cannot be used: {why}",
        hint="name another file as `vault` under `pseudonyms`",
    )
