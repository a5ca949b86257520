"""
Entry points: how third parties add detectors and checks.

Built-ins are listed by hand in their registries. A plug-in that does not load, or that takes an id which
exists, fails by name: a policy engine that silently runs without a check is worse than none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from typing import Any, TypeVar

from assaymark.errors import RegistryError

T = TypeVar("T")


def with_plugins(group: str, builtin: Iterable[T], identify: Callable[[T], str]) -> dict[str, T]:
    """Return the built-ins and the plug-ins of `group`, by id.

    Args:
        group: Entry-point group, such as `assaymark.checks`.
        builtin: What this package ships.
        identify: Returns the id of one of them; anything it raises means that the plug-in is no such.

    Raises:
        RegistryError: A plug-in does not load, is not what the group asks for, or takes an id.
    """
    found = {identify(each): each for each in builtin}
    for point in sorted(entry_points(group=group), key=lambda each: each.name):
        plugin: Any
        try:
            plugin = point.load()
            name = identify(plugin)
        except Exception as error:
            raise RegistryError(
                f"the plug-in `{point.name}` of `{group}` does not load: {type(error).__name__}",
                hint=f"repair or uninstall the package that provides `{point.value}`",
            ) from error
        if name in found:
            raise RegistryError(
                f"the plug-in `{point.name}` of `{group}` takes the id `{name}`, which exists"
            )
        found[name] = plugin
    return found
