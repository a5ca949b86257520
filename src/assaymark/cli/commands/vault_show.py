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
@space_options("The space to count in.", "Count in all spaces, by tenant.")
@output_options
def command(
    show: Show, vault: Path, *, key_file: Path | None, key_fd: int | None, space: str | None
) -> None:
    """Say how many pseudonyms the vault FILE can restore, and how many have expired. Never which.

    With --everywhere, tenants are named, sessions and spaces only counted.
    """
    from assaymark.cli.everywhere import open_all_spaces, show_counts
    from assaymark.cli.restoring import open_vault
    from assaymark.model.numbers import plural

    secret = demanded_secret(key_file, key_fd, "a vault")
    if space is None:
        with open_all_spaces(vault, secret, read_only=True) as everything:
            counts = everything.counts()
        show_counts(show, vault, counts)
        return
    with open_vault(vault, secret, space, read_only=True) as opened:
        total, expired = len(opened), opened.expired()
    show.result(
        {"vault": str(vault), "space": space, "entries": total, "expired": expired},
        f"{plural(total, 'pseudonym')}, {expired:,} of them expired"
        + ("; `assaymark vault purge` removes these" if expired else ""),
    )
