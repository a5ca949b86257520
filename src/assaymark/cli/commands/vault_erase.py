"""`assaymark vault erase`: forget one subject."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from assaymark.cli.exit_status import ExitStatus
from assaymark.cli.redaction_key import demanded_secret, redaction_key_options
from assaymark.cli.show import Show, output_options
from assaymark.cli.spaces import space_options
from assaymark.errors import UsageError

VARIABLE = "ASSAYMARK_ERASE"

_LONGEST = 1024 * 1024  # characters


@click.command("erase")
@click.argument("vault", type=click.Path(path_type=Path), metavar="FILE")
@redaction_key_options
@space_options("The space to look in.")
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    show: Show,
    vault: Path,
    *,
    key_file: Path | None,
    key_fd: int | None,
    space: str,
) -> None:
    r"""Forget one value in the vault FILE, however it is spelled: its pseudonyms stay for ever.

    The value comes from the variable ASSAYMARK_ERASE, from a prompt, or from standard input, never from the
    command line, which other users can read. Copies in backups are not reached.

    \b
    Exit status:
      0  it is forgotten
      1  the vault did not know it
      2  the command line, the key or the vault is wrong
    """
    from assaymark.cli.restoring import open_vault
    from assaymark.model.numbers import plural

    secret = demanded_secret(key_file, key_fd, "a vault")
    with open_vault(vault, secret, space) as opened:
        count = opened.erase(_value())
    show.result(
        {"vault": str(vault), "erased": count},
        f"{plural(count, 'pseudonym')} lost {'its' if count == 1 else 'their'} value",
    )
    if not count:
        ctx.exit(ExitStatus.NOT_MET)


def _value() -> str:
    value = os.environ.get(VARIABLE) or ""
    if not value and sys.stdin.isatty():
        value = click.prompt(
            "value to forget", hide_input=True, default="", show_default=False, err=True
        )
    elif not value:
        value = sys.stdin.read(_LONGEST).removesuffix("\n").removesuffix("\r")
    if not value:
        raise UsageError(
            "no value was given", hint=f"set {VARIABLE}, or write it to standard input"
        )
    return value
