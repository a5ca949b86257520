"""`assaymark vault erase`: forget one subject."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assaymark.cli.exit_status import ExitStatus
from assaymark.cli.redaction_key import demanded_secret, redaction_key_options
from assaymark.cli.show import Show, output_options
from assaymark.cli.spaces import space_options
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.redaction.keys import Secret

VARIABLE = "ASSAYMARK_ERASE"

_LONGEST = 1024 * 1024  # characters


@click.command("erase")
@click.argument("vault", type=click.Path(path_type=Path), metavar="FILE")
@redaction_key_options
@space_options("The space to look in.", "Look in all spaces.")
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    show: Show,
    vault: Path,
    *,
    key_file: Path | None,
    key_fd: int | None,
    space: str | None,
) -> None:
    r"""Forget one value in the vault FILE, however it is spelled: its pseudonyms stay for ever.

    One space is looked in, the one without a name unless you name another, or with --everywhere all of them.

    The value comes from the variable ASSAYMARK_ERASE, from a prompt, or from standard input, never from the
    command line, which other users can read. Copies in backups are not reached.

    \b
    Exit status:
      0  it is forgotten
      1  it was not known there
      2  the command line, the key or the vault is wrong
      3  with --everywhere: an older version left spaces that cannot be searched until you name them
    """
    secret = demanded_secret(key_file, key_fd, "a vault")
    if space is None:
        ctx.exit(_everywhere(show, vault, secret))
    ctx.exit(_in_one(show, vault, secret, space))


def _in_one(show: Show, vault: Path, secret: Secret, space: str) -> ExitStatus:
    from assaymark.cli.restoring import open_vault
    from assaymark.model.numbers import plural

    with open_vault(vault, secret, space) as opened:
        count = opened.erase(_value())
    show.result(
        {"vault": str(vault), "erased": count},
        f"{plural(count, 'pseudonym')} lost {'its' if count == 1 else 'their'} value",
    )
    if count:
        return ExitStatus.MET
    show.note("note: other spaces were not looked in; `--everywhere` looks in all of them")
    return ExitStatus.NOT_MET


def _everywhere(show: Show, vault: Path, secret: Secret) -> ExitStatus:
    from assaymark.cli.everywhere import open_all_spaces, show_erasure

    with open_all_spaces(vault, secret) as opened:
        done = opened.erase(_value())
    show_erasure(show, vault, done)
    if done.unsearched:
        return ExitStatus.UNDECIDED
    return ExitStatus.MET if done.erased else ExitStatus.NOT_MET


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
