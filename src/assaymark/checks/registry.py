"""Which checks exist: the built-ins, by hand and in order, and the plug-ins."""

from __future__ import annotations

from assaymark.contracts.check import CheckType
from assaymark.contracts.plugins import with_plugins

BUILTIN: tuple[CheckType, ...] = ()


def installed_checks() -> dict[str, CheckType]:
    """Return every installed check by id.

    Raises:
        RegistryError: A plug-in does not load or takes an id that exists.
    """
    return with_plugins("assaymark.checks", BUILTIN, lambda each: each.meta.id)
