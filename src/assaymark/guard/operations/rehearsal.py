"""
What `operate` opens, looked at and not opened for good: whether a server could be started.

Nothing is written, no thread is started and no lock is kept, so another server may be at work on the same
files meanwhile; `writer_of` says whether one is.

tests/guard/operations/test_rehearsal.py
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.attest.tlog.cosigning import LOCK
from assaymark.attest.tlog.directory import LogDirectory
from assaymark.attest.tlog.durable import lock, read_file
from assaymark.attest.tlog.note import MAX_NOTE
from assaymark.attest.tlog.reader import CHECKPOINT
from assaymark.attest.tlog.refusal import LogBusyError, LogError
from assaymark.errors import InputError
from assaymark.guard.decisions.journal import JOURNAL, read_waiting
from assaymark.guard.life.source import Policies
from assaymark.guard.operations.at_work import policies_of
from assaymark.guard.operations.settings import LogSettings, Operations
from assaymark.guard.watch.lines import Spans

if TYPE_CHECKING:
    from assaymark.attest.keys import Signer
    from assaymark.guard.life.watching import Maker
    from assaymark.guard.operations.vault_watch import VaultPlace


_LOOKS = 5  # at a log that changes while it is looked at


@contextmanager
def rehearse(
    settings: Operations,
    policy: str,
    maker: Maker,
    *,
    open_signer: Callable[[str], Signer],
    vault: VaultPlace | None = None,
) -> Iterator[Policies]:
    """Demand everything that `operate` demands; yield the policies, not started.

    Args:
        settings: Of the server.
        policy: For everybody without a plan of their own.
        maker: Makes guards.
        open_signer: Opens the key of the log.
        vault: Where pseudonyms would be kept.

    Raises:
        AssaymarkError: Something could not be opened or started.
    """
    if settings.spans:
        Spans()
    if vault is not None:
        vault.demand()
    if settings.log is not None:
        _inspect(settings.log, open_signer)
    policies = policies_of(settings, policy, maker)
    try:
        yield policies
    finally:
        policies.close()


def writer_of(settings: Operations) -> LogBusyError | None:
    """Return what `operate` would say now because another process writes to the log, if one does."""
    if settings.log is None:
        return None
    path = settings.log.directory / LOCK
    if not path.exists():
        return None
    try:
        with lock(path, timeout=0):
            return None
    except LogBusyError as error:
        hint = "stop the server that writes to it, or name another `directory` under `log`"
        return LogBusyError(error.message, hint=hint)


def _inspect(settings: LogSettings, open_signer: Callable[[str], Signer]) -> None:
    from assaymark.attest.tlog.heads import HeadStore

    heads = None
    if settings.state is not None:
        _demand_folder(settings.state)
        if settings.state.is_dir():
            heads = HeadStore(settings.state / "heads.json")
    root, signer = settings.directory, open_signer(settings.key)
    for left in reversed(range(_LOOKS)):
        before = read_file(root / CHECKPOINT, limit=MAX_NOTE)
        try:
            read_waiting(root / JOURNAL, LogDirectory.inspect(root, signer, heads=heads))
        except LogError:
            # A writer that went on meanwhile makes files look as if they contradicted each other.
            if not left or before == read_file(root / CHECKPOINT, limit=MAX_NOTE):
                raise
        else:
            return


def _demand_folder(path: Path) -> None:
    """Demand a folder that can be written to, or a place where one can be made."""
    there = next(each for each in (path, *path.absolute().parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise InputError(
            f"the folder of `state`, `{path}`, cannot be made or written to",
            hint="name a folder that this user may write to",
        )
