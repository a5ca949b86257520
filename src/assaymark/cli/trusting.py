"""Whom a verifier believes: `--key` for one public key, `--trust` for a trust file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.attest.trust import Trust

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path, dir_okay=False)


def trust_options(command: F) -> F:
    """Add `--key` and `--trust` to a command."""
    key = click.option("--key", type=_FILE, metavar="PUB", help="The public key to believe.")
    trust = click.option("--trust", type=_FILE, metavar="TRUST.yaml", help="Whom to believe.")
    return trust(key(command))


def trusted(key: Path | None, trust: Path | None) -> Trust:
    """Read whom to believe.

    Raises:
        UsageError: Neither or both were named.
        KeyFileError: The key cannot be used.
        PolicyError: The trust file cannot be used.
    """
    from assaymark.attest.trust import load_trust, trust_of_key

    if key is not None and trust is not None:
        raise UsageError("`--key` and `--trust` were both given", hint="name one of them")
    if trust is not None:
        return load_trust(trust)
    if key is not None:
        return trust_of_key(key)
    raise UsageError(
        "a signature proves nothing without a key that you trust",
        hint="name one with `--key PUB`, or several with `--trust TRUST.yaml`",
    )
