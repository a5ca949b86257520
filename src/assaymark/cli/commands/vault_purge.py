"""`assaymark vault purge`: forget what has expired."""

from __future__ import annotations

from pathlib import Path

import click

from assaymark.cli.redaction_key import demanded_secret, redaction_key_options
from assaymark.cli.show import Show, output_options
from assaymark.cli.spaces import space_options


@click.command("purge")
@click.argument("vault", type=click.Path(path_type=Path), metavar="FILE")
@redaction_key_options
@space_options("The space to look in.", "Look in all spaces; needs no names.")
@output_options
def command(
    show: Show, vault: Path, *, key_file: Path | None, key_fd: int | None, space: str | None
) -> None:
    """Overwrite what has expired in the vault FILE. It cannot be restored before that either."""
    from assaymark.cli.everywhere import open_all_spaces
    from assaymark.cli.restoring import open_vault
    from assaymark.model.numbers import plural

    secret = demanded_secret(key_file, key_fd, "a vault")
    with (
        open_all_spaces(vault, secret) if space is None else open_vault(vault, secret, space)
    ) as opened:
        count = opened.purge()
    show.result({"vault": str(vault), "purged": count}, f"{plural(count, 'pseudonym')} forgotten")
