"""
Which space of a vault a command is about: one by its name, or that of a guarded conversation.

tests/cli/test_vault_spaces.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from assaymark.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])


def conversation_options(command: F) -> F:
    """Add `--tenant` and `--session` to a command."""
    tenant = click.option(
        "--tenant", metavar="NAME", help="The tenant of a guarded conversation, instead of --space."
    )
    session = click.option("--session", metavar="NAME", help="The session of that tenant.")
    return tenant(session(command))


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
