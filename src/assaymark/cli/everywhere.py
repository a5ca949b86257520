"""
What the commands of `vault` say of all spaces together.

Tenants are named, since whoever runs a server names them. Sessions and other spaces are counted only: clients
choose the names of sessions, and a name may be that of a person.

tests/cli/test_vault_everywhere.py
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.cli.restoring import demand_vault
from assaymark.model.numbers import plural

if TYPE_CHECKING:
    from assaymark.cli.show import Show
    from assaymark.redaction.keys import Secret
    from assaymark.redaction.vault_spaces import AllSpaces, Erasure, SpaceCount

_NAMELESS = "written before vaults kept the names of spaces, so no value can be looked for there"
_CURE = (
    "name each of these spaces once, as to `assaymark vault erase --tenant NAME --session NAME`: "
    "from then on it is searched"
)


def open_all_spaces(path: Path, secret: Secret, *, read_only: bool = False) -> AllSpaces:
    """Open a vault that exists, as a whole.

    Raises:
        UsageError: It does not, or is something else.
        KeyFileError: It was made with another key.
        InputError: It is damaged, or cannot be used.
    """
    from assaymark.redaction.vault_spaces import AllSpaces

    demand_vault(path)
    return AllSpaces(path, secret, read_only=read_only)


def show_erasure(show: Show, vault: Path, done: Erasure) -> None:
    """Say what was forgotten, and where nobody could look."""
    lost = f"lost {'its' if done.erased == 1 else 'their'} value"
    lines = [
        f"{plural(done.erased, 'pseudonym')} in {plural(done.spaces, 'space')} {lost}",
        f"{plural(done.searched, 'space')} searched",
    ]
    show.result(
        {
            "vault": str(vault),
            "erased": done.erased,
            "spaces": done.spaces,
            "searched": done.searched,
            "not_searched": {"spaces": done.nameless, "entries": done.unsearched},
        },
        *lines,
        *_not_searched(done.unsearched, done.nameless),
    )


def _not_searched(entries: int, spaces: int) -> list[str]:
    if not entries:
        return []
    amount = f"{plural(entries, 'pseudonym')} in {plural(spaces, 'space')}"
    return [f"not searched: {amount}, {_NAMELESS}", _CURE]


def show_counts(show: Show, vault: Path, counts: Iterable[SpaceCount]) -> None:
    """Say how much there is, by tenant."""
    from assaymark.guard.sessions import Session

    tenants: defaultdict[str, list[SpaceCount]] = defaultdict(list)
    others: list[SpaceCount] = []
    nameless: list[SpaceCount] = []
    for each in counts:
        session = None if each.name is None else Session.of(each.name)
        if session is not None:
            tenants[session.tenant].append(each)
        else:
            (nameless if each.name is None else others).append(each)
    listed = sorted(tenants.items())
    everything = _summed([*nameless, *others, *chain.from_iterable(tenants.values())])
    show.result(
        {
            "vault": str(vault),
            **everything,
            "tenants": [{"tenant": tenant, **_summed(found)} for tenant, found in listed],
            "other": _summed(others),
            "nameless": _summed(nameless),
        },
        _total(everything),
        *(
            f"  {f'tenant `{tenant}`' if tenant else 'no tenant'}: {_amount(found, 'session')}"
            for tenant, found in listed
        ),
        *([f"  other spaces: {_amount(others, 'space')}"] if others else []),
        *_not_searched(sum(each.entries for each in nameless), len(nameless)),
    )


def _total(summed: dict[str, int]) -> str:
    counted = f"{plural(summed['entries'], 'pseudonym')} in {plural(summed['spaces'], 'space')}"
    cure = "; `assaymark vault purge --everywhere` removes these" if summed["expired"] else ""
    return f"{counted}, {summed['expired']:,} of them expired{cure}"


def _amount(counts: list[SpaceCount], of: str) -> str:
    summed = _summed(counts)
    return (
        f"{plural(summed['entries'], 'pseudonym')} in {plural(summed['spaces'], of)}, "
        f"{summed['expired']:,} expired"
    )


def _summed(counts: list[SpaceCount]) -> dict[str, int]:
    return {
        "spaces": len(counts),
        "entries": sum(each.entries for each in counts),
        "expired": sum(each.expired for each in counts),
    }
