"""`assaymark vault show`: how much a vault remembers."""

from __future__ import annotations

from pathlib import Path

import click

from assaymark.cli.redaction_key import demanded_secret, redaction_key_options
from assaymark.cli.show import Show, output_options
from assaymark.cli.spaces import space_options


@click.command("show")
@click.argument("vault", type=click.Path(path_type=Path), metavar="FILE")
@redaction_key_options
@space_options("The space to count in.")
@output_options
def command(
    show: Show, vault: Path, *, key_file: Path | None, key_fd: int | None, space: str
) -> None:
    """Say how many pseudonyms the vault FILE can restore, and how many have expired. Never which."""
    from assaymark.cli.restoring import open_vault
    from assaymark.model.numbers import plural

    secret = demanded_secret(key_file, key_fd, "a vault")
    with open_vault(vault, secret, space, read_only=True) as opened:
        total, expired = len(opened), opened.expired()
    show.result(
        {"vault": str(vault), "space": space, "entries": total, "expired": expired},
        f"{plural(total, 'pseudonym')}, {expired:,} of them expired"
        + ("; `assaymark vault purge` removes these" if expired else ""),
    )
