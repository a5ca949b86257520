"""The policies that ship with this package: `pack:NAME`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.errors import PolicyError
from assaymark.policy.diagnostics import did_you_mean, listed, quoted

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

PREFIX = "pack:"
_SUFFIX = ".yaml"
_CHECKOUT = Path(__file__).resolve().parents[3] / "policies"


def pack_names() -> tuple[str, ...]:
    """Return the names of all packs, sorted."""
    return tuple(sorted(_packs()))


def read_pack(name: str) -> bytes:
    """Return the bytes of the pack `name`, given without `pack:`.

    Raises:
        PolicyError: There is no such pack.
    """
    packs = _packs()
    if name not in packs:
        known = f"the packs are {listed(sorted(packs))}" if packs else "no packs are installed"
        raise PolicyError(
            f"there is no pack {quoted(name)}", hint=did_you_mean(name, packs, otherwise=known)
        )
    return packs[name].read_bytes()


def _packs() -> dict[str, Traversable]:
    """Return the packs of the installed package, or of the checkout that this file stands in."""
    # Imported here: it takes as long as parsing a policy, and a policy without packs needs neither.
    from importlib.resources import files

    installed = files("assaymark") / "packs"
    folder: Traversable = installed
    if not installed.is_dir():
        folder = _CHECKOUT
    if not folder.is_dir():
        return {}
    return {
        each.name.removesuffix(_SUFFIX): each
        for each in folder.iterdir()
        if each.name.endswith(_SUFFIX)
    }
