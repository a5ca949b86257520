"""`assaymark guard key`: a key that clients of a server show."""

from __future__ import annotations

import click

from assaymark.cli.show import Show, output_options


@click.command("key")
@output_options
def command(show: Show) -> None:
    """Make a key for clients of `assaymark guard serve`. It is printed once, and stored nowhere.

    The settings of the server get the digest, from which nobody learns the key.
    """
    from assaymark.guard.proxy.keys import new_key

    key, digest = new_key()
    show.result(
        {"key": key, "sha256": digest},
        f"key     {key}",
        f"sha256  {digest}",
        "",
        "give the key to the client, and the digest to the server:",
        f"  keys: [{{name: NAME, sha256: {digest}}}]",
    )
