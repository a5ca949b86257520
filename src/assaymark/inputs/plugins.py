"""
Third-party sources: entry-point group `assaymark.sources`, one entry point for each URL scheme.

The entry point's name is the scheme, so that only the plug-in which a location asks for is loaded.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from assaymark.errors import RegistryError

if TYPE_CHECKING:
    from assaymark.contracts.source import OpenSource

GROUP = "assaymark.sources"

_TAKEN = ("file", "http", "https")


def plugin_for(scheme: str) -> OpenSource | None:
    """Return what opens URLs of `scheme`, or `None` where no plug-in claims it.

    Raises:
        RegistryError: Two plug-ins claim the scheme, it is one that we open ourselves, or the plug-in
            does not load.
    """
    points = [point for point in entry_points(group=GROUP) if point.name.lower() == scheme]
    if not points:
        return None
    if scheme in _TAKEN or len(points) > 1:
        owners = ", ".join(sorted(f"`{point.value}`" for point in points))
        raise RegistryError(
            f"the scheme `{scheme}` of `{GROUP}` is taken more than once: {owners}",
            hint="uninstall all but one of the packages",
        )
    point = points[0]
    plugin: Any
    try:
        plugin = point.load()
    except Exception as error:
        raise RegistryError(
            f"the plug-in `{point.name}` of `{GROUP}` does not load: {type(error).__name__}",
            hint=f"repair or uninstall the package that provides `{point.value}`",
        ) from error
    if not callable(plugin):
        raise RegistryError(
            f"the plug-in `{point.name}` of `{GROUP}` is not callable",
            hint=f"repair or uninstall the package that provides `{point.value}`",
        )
    opener: OpenSource = plugin
    return opener
