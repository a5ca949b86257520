"""`assaymark guard key`: a key that clients of a server show."""

from __future__ import annotations

import sys

import click

from assaymark.cli.passphrase import ask_passphrase
from assaymark.cli.show import Show, output_options

_LONGEST = 4_096  # characters; what is longer is a file given by mistake


@click.command("key")
@click.option(
    "--given",
    is_flag=True,
    help="Take a key that you have, from a prompt or the first line of stdin.",
)
@output_options
def command(show: Show, *, given: bool) -> None:
    """Make a key for clients of `assaymark guard serve`. It is printed once, and stored nowhere.

    The settings of the server get the digest, from which nobody learns the key: SHA-256 of a key that is made
    here, which is random, and scrypt of any other, which may not be.
    """
    from assaymark.guard.proxy.key_digests import ScryptDigest, new_key

    if given:
        digest = str(ScryptDigest.of(_given()))
        show.result(
            {"scrypt": digest},
            f"scrypt  {digest}",
            "",
            "give the digest to the server:",
            f'  keys: [{{name: NAME, scrypt: "{digest}"}}]',
        )
        return
    key, digest = new_key()
    show.result(
        {"key": key, "sha256": digest},
        f"key     {key}",
        f"sha256  {digest}",
        "",
        "give the key to the client, and the digest to the server:",
        f"  keys: [{{name: NAME, sha256: {digest}}}]",
    )


def _given() -> str:
    if sys.stdin.isatty():
        return (ask_passphrase("key", confirm=True) or b"").decode()
    return sys.stdin.readline(_LONGEST).removesuffix("\n").removesuffix("\r")
