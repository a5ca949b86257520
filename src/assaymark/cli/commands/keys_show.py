"""`assaymark keys show`: what a key is called."""

from __future__ import annotations

from pathlib import Path

import click

from assaymark.cli.passphrase import passphrase_option
from assaymark.cli.show import Show, output_options
from assaymark.cli.signing import open_signer

_MOST = 64 * 1024  # bytes; a longer file is no key and is refused when it is loaded


@click.command("show")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@passphrase_option
@output_options
def command(show: Show, path: Path, passphrase_fd: int | None) -> None:
    """Show the fingerprint, the algorithm and the public half of the key at PATH.

    PATH is a public key, or a private one; of that, too, only the public half is shown.
    """
    from assaymark.attest.keys import load_public_key

    with path.open("rb") as file:
        start = file.read(_MOST)
    if b"PRIVATE KEY-----" in start:
        key = open_signer(path, passphrase_fd).public_key
    else:
        key = load_public_key(path)
    pem = key.pem.decode("ascii")
    show.result(
        {"fingerprint": key.fingerprint, "algorithm": key.algorithm.value, "publicKey": pem},
        f"fingerprint  {key.fingerprint}\nalgorithm    {key.algorithm.value}\n\n{pem}",
    )
