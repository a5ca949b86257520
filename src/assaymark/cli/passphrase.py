"""
Where a passphrase comes from. Never from an argument: other users can read a process's arguments.

First `--passphrase-fd`, then the variable `ASSAYMARK_KEY_PASSPHRASE`, then the terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from assaymark.errors import UsageError

VARIABLE = "ASSAYMARK_KEY_PASSPHRASE"

_LIMIT = 4096  # bytes; a passphrase longer than that is a file given by mistake

F = TypeVar("F", bound=Callable[..., Any])


def passphrase_option(command: F) -> F:
    """Add `--passphrase-fd` to a command."""
    return click.option(
        "--passphrase-fd",
        type=click.IntRange(min=0),
        metavar="N",
        help=f"Read the key's passphrase from file descriptor N (else {VARIABLE}, else a prompt).",
    )(command)


def given_passphrase(descriptor: int | None) -> bytes | None:
    """Return the passphrase from the descriptor or the environment; `None` where neither has one.

    Raises:
        UsageError: The descriptor cannot be read, or what it gives is empty or too long.
    """
    if descriptor is not None:
        return _read(descriptor)
    value = os.environ.get(VARIABLE)
    return value.encode() if value else None


def ask_passphrase(prompt: str, *, confirm: bool = False) -> bytes | None:
    """Ask at the terminal; `None` where there is none or nothing was typed."""
    if not sys.stdin.isatty():
        return None
    answer: str = click.prompt(
        prompt,
        default="",
        show_default=False,
        hide_input=True,
        confirmation_prompt=confirm,
        err=True,
    )
    return answer.encode() or None


def _read(descriptor: int) -> bytes:
    try:
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            data = stream.read(_LIMIT + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UsageError(f"cannot read file descriptor {descriptor}: {reason}") from None
    passphrase = data.removesuffix(b"\n").removesuffix(b"\r")
    if not passphrase or len(data) > _LIMIT:
        raise UsageError(
            f"expected a passphrase of 1 to {_LIMIT} bytes on file descriptor {descriptor}, "
            f"got {'none' if not passphrase else 'more'}"
        )
    return passphrase
