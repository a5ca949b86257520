"""`assaymark keys new`: a signing key and its public half."""

from __future__ import annotations

from pathlib import Path

import click

from assaymark.cli.passphrase import ask_passphrase, given_passphrase, passphrase_option
from assaymark.cli.show import Show, output_options
from assaymark.cli.signing import HOW
from assaymark.errors import UsageError


@click.command("new")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--no-passphrase",
    is_flag=True,
    help="Leave the private half unencrypted; only its owner can read the file.",
)
@passphrase_option
@output_options
def command(show: Show, path: Path, *, no_passphrase: bool, passphrase_fd: int | None) -> None:
    """Make a P-256 signing key at PATH and its public half at PATH.pub.

    The private half is encrypted with a passphrase: from `--passphrase-fd`, from the variable
    ASSAYMARK_KEY_PASSPHRASE, or asked for. No file that exists is overwritten.
    """
    from assaymark.attest.keys import generate

    passphrase = None
    if not no_passphrase:
        passphrase = given_passphrase(passphrase_fd)
        if passphrase is None:
            passphrase = ask_passphrase("passphrase for the new key", confirm=True)
        if passphrase is None:
            raise UsageError(
                "no passphrase was given",
                hint=f"{HOW}, or say `--no-passphrase` for a key that only its owner can read",
            )
    elif passphrase_fd is not None:
        raise UsageError("`--no-passphrase` and `--passphrase-fd` contradict each other")
    pair = generate(path, passphrase=passphrase)
    show.result(
        {
            "privateKey": str(pair.private_path),
            "publicKey": str(pair.public_path),
            "fingerprint": pair.public_key.fingerprint,
            "encrypted": passphrase is not None,
        },
        f"private key  {pair.private_path}\n"
        f"public key   {pair.public_path}\n"
        f"fingerprint  {pair.public_key.fingerprint}\n"
        "\nkeep the private key to yourself; hand out the public one",
    )
