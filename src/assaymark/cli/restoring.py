"""From the words of `assaymark restore` to a run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.redaction.keys import Secret
    from assaymark.redaction.vault import Vault
    from assaymark.redaction.workplace import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was asked for."""

    subject: str
    out: Path
    secret: Secret
    vault: Path | None
    space: str
    changes: Path | None
    field: str | None
    file_format: str | None
    max_ratio: float


def restore(asked: Restored, stack: ExitStack, on_progress: Callable[[Progress], None]) -> Progress:
    """Restore files. What was opened is closed with `stack`.

    Raises:
        UsageError: The output exists, or the vault does not.
        KeyFileError: The vault was made with another key.
        InputError: The data, the log or the vault cannot be read, or do not belong together.
    """
    from assaymark.inputs.formats import format_named
    from assaymark.inputs.listing import list_files
    from assaymark.inputs.paths import parse_fields
    from assaymark.inputs.reading import Reading
    from assaymark.inputs.selection import Selection
    from assaymark.redaction.change_log import ChangeLog
    from assaymark.redaction.files import redact_files
    from assaymark.redaction.operators import Encrypt
    from assaymark.redaction.restoration import Restoring
    from assaymark.redaction.run import Run

    log = None if asked.changes is None else stack.enter_context(ChangeLog(asked.changes))
    field, form, promised = asked.field, asked.file_format, None
    if log is not None:
        field = field or log.setting("field")
        form = form or log.setting("format")
        promised = log.output
    files = list_files(asked.subject)
    vault = None
    if asked.vault is not None:
        vault = stack.enter_context(
            open_vault(asked.vault, asked.secret, asked.space, read_only=True)
        )
    run = Run(
        files=files,
        how=Reading(
            selection=Selection(parse_fields(field)),
            format=None if form is None else format_named(form),
            max_ratio=asked.max_ratio,
        ),
        treatment=Restoring(vault=vault, sealed=Encrypt(asked.secret), log=log),
        target=asked.out,
        log=None,
        settings={},
        keeps_unread=True,
        resumes=False,
        promised=promised,
        on_progress=on_progress,
    )
    made = redact_files(run)
    if log is not None and log.dropped:
        made.withheld["the record was dropped"] = log.dropped
    return made


def demand_vault(path: Path) -> None:
    """Demand that there is a file, since opening a vault to write to it would make one.

    Raises:
        UsageError: There is none.
    """
    if not path.is_file():
        raise UsageError(
            f"the vault `{path}` does not exist",
            hint="name the file that `assaymark redact --vault` made",
        )


def open_vault(path: Path, secret: Secret, space: str, *, read_only: bool = False) -> Vault:
    """Open a vault that exists, in a folder where nothing can be written if it is `read_only`.

    Raises:
        UsageError: It does not, or is something else.
        KeyFileError: It was made with another key.
        InputError: It is damaged, or cannot be used.
    """
    from assaymark.redaction.vault import Vault

    demand_vault(path)
    return Vault(path, secret, space=space, read_only=read_only)
