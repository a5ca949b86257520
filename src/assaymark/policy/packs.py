"""The policies that ship with this package: `pack:NAME`."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from assaymark.errors import PolicyError
from assaymark.policy.diagnostics import did_you_mean, listed, quoted

PREFIX = "pack:"
_SUFFIX = ".yaml"


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
    installed = files("assaymark") / "packs"
    folder: Traversable = installed
    if not installed.is_dir():
        folder = Path(__file__).resolve().parents[3] / "policies"
    if not folder.is_dir():
        return {}
    return {
        each.name.removesuffix(_SUFFIX): each
        for each in folder.iterdir()
        if each.name.endswith(_SUFFIX)
    }
