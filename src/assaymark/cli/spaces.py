"""
Which space of a vault a command is about: one by its name, that of a guarded conversation, or all of them.

tests/cli/test_vault_spaces.py and test_vault_everywhere.py
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from assaymark.errors import UsageError


def space_options(
    purpose: str, everywhere: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add `--space`, `--tenant`, `--session` and `--everywhere` to a command.

    It gets the one space that they name as `space`; `None`: all of them.

    Args:
        purpose: The help of `--space`.
        everywhere: That of `--everywhere`.
    """

    def added(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def wrapped(
            *args: Any,
            space: str | None,
            tenant: str | None,
            session: str | None,
            everywhere: bool,
            **options: Any,
        ) -> None:
            if everywhere:
                _demand_none(space, tenant, session)
            named = None if everywhere else space_of(space, tenant, session)
            command(*args, space=named, **options)

        named = click.option("--space", metavar="NAME", help=purpose)
        of_tenant = click.option(
            "--tenant",
            metavar="NAME",
            help="The tenant of a guarded conversation, instead of --space.",
        )
        of_session = click.option("--session", metavar="NAME", help="The session of that tenant.")
        of_all = click.option("--everywhere", is_flag=True, help=everywhere)
        return named(of_tenant(of_session(of_all(wrapped))))

    return added


def space_of(space: str | None, tenant: str | None, session: str | None) -> str:
    """Return the space that was named; that of a conversation is the one that the guard uses.

    Raises:
        UsageError: Two were named, or a session without its tenant.
    """
    if tenant is None and session is None:
        return space or ""
    if space is not None:
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


def _demand_none(space: str | None, tenant: str | None, session: str | None) -> None:
    names = {"--space": space, "--tenant": tenant, "--session": session}
    for option, value in names.items():
        if value is not None:
            raise UsageError(
                f"`--everywhere` contradicts `{option}`",
                hint="look into all spaces, or into the one that you name",
            )
