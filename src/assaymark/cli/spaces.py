"""
Which space of a vault a command is about: one by its name, or that of a guarded conversation.

tests/cli/test_vault_spaces.py
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from assaymark.errors import UsageError


def space_options(purpose: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add `--space`, `--tenant` and `--session` to a command, which gets the one space that they name.

    Args:
        purpose: The help of `--space`.
    """

    def added(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def wrapped(
            *args: Any, space: str, tenant: str | None, session: str | None, **options: Any
        ) -> None:
            command(*args, space=space_of(space, tenant, session), **options)

        named = click.option("--space", default="", metavar="NAME", help=purpose)
        of_tenant = click.option(
            "--tenant",
            metavar="NAME",
            help="The tenant of a guarded conversation, instead of --space.",
        )
        of_session = click.option("--session", metavar="NAME", help="The session of that tenant.")
        return named(of_tenant(of_session(wrapped)))

    return added


def space_of(space: str, tenant: str | None, session: str | None) -> str:
    """Return the space that was named; that of a conversation is the one that the guard uses.

    Raises:
        UsageError: Two were named, or a session without its tenant.
    """
    if tenant is None and session is None:
        return space
    if space:
        raise UsageError(
            "`--space` contradicts `--tenant` and `--session`", hint="give one of them"
        )
    if tenant is None:
        raise UsageError(
            f"the session `{session}` is of no tenant",
            hint="give `--tenant`, `--tenant ''` where the server knows none",
        )
    from assaymark.guard.sessions import Session

    return Session(tenant, session or "").space
