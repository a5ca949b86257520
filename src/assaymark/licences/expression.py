"""
Reading a declared licence: what it names, and whether a list of permitted licences allows it.

Declarations come as SPDX expressions, as tags of the Hugging Face hub, as titles, or as the address of a
licence. Nothing is guessed: a name that does not say exactly one licence is not permitted, with the reason.

* OR is a choice: it is permitted if one branch is, and the first such branch is recorded.
* AND joins duties: it is permitted only if every branch is.
* WITH adds a permission to a licence (SPDX specification 2.3, annex D.4), so a permitted licence stays
  permitted under any exception that SPDX knows.
* `LicenseRef-` names are local to the document that uses them, so they match only themselves.

Sources: SPDX specification 2.3, annex D (license expressions); the SPDX licence list, through the
package license-expression. What single names mean is in `assaymark.licences.names`.

tests/licences/test_expression.py
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from assaymark.licences.names import MAX_LENGTH, Name, name_of, resolve, spdx


@dataclass(frozen=True, slots=True)
class One:
    """One licence, or the reason why none is named."""

    name: Name
    exception: str = ""
    """What follows `WITH`, in SPDX's spelling."""

    @property
    def id(self) -> str:
        """The canonical id with its exception; empty where no licence is named."""
        return f"{self.name.id} WITH {self.exception}" if self.exception else self.name.id


@dataclass(frozen=True, slots=True)
class Both:
    """Licences that all hold."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Licences of which one may be chosen."""

    parts: tuple[Tree, ...]


Tree: TypeAlias = "One | Both | Either"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a list of permitted licences says about one declaration."""

    permitted: bool

    rule: str = ""
    """Why it is not permitted; empty where it is."""

    chosen: str = ""
    """The branch of an OR that was relied on; empty where there was no choice."""

    name: str = ""
    """The licence in SPDX's spelling, where the declaration names exactly one."""


def tree_of(declared: str) -> Tree:
    """Return what a declaration says. A text that is no expression is one name with the rule it breaks."""
    text = " ".join(declared.split())
    named = name_of(text)
    if named.id:
        return One(named)
    tree = _parse(text)
    if tree is not None and (_is_compound(tree) or named.rule == "unknown-licence"):
        return _converted(tree)
    return One(Name(rule="not-an-expression") if named.rule == "unknown-licence" else named)


def leaves(tree: Tree) -> tuple[One, ...]:
    """Return every licence that an expression names, in order."""
    if isinstance(tree, One):
        return (tree,)
    return tuple(leaf for part in tree.parts for leaf in leaves(part))


def standing_of(declared: str, permitted: Collection[str]) -> Standing:
    """Judge one declaration.

    Args:
        declared: As written in a document; anything.
        permitted: Names as `canonical_name` returns them.
    """
    return _judge(tree_of(declared), permitted)


def canonical_name(name: str) -> str:
    """Return the one spelling of a licence that a policy may permit.

    Raises:
        ValueError: `name` is not exactly one known licence, with or without an exception.
    """
    tree = _parse(name)
    if tree is None or _is_compound(tree):
        raise ValueError(f"`{name}` is not the name of one licence")
    standing = _judge(_converted(tree), _Everything())
    if not standing.permitted:
        reason = {
            "no-version": "names several licences; name one with its version, such as `CC-BY-4.0`",
            "not-stated": "names no licence",
            "unrecognised-text": "stands for texts that nobody has identified",
            "ambiguous-text": "stands for texts that several licences share",
            "unknown-exception": "has an exception that SPDX does not know",
        }.get(standing.rule, "is no licence that SPDX or the Hugging Face hub knows")
        raise ValueError(f"`{name}` {reason}")
    return standing.name


class _Everything(tuple[str, ...]):
    """A list of permitted licences that holds every name."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        return True


def _parse(text: str) -> Any:
    """Return the library's tree of an expression, or `None` where it is none."""
    if len(text) > MAX_LENGTH:
        return None
    try:
        return _grammar().parse(text)
    except Exception:  # noqa: BLE001 - beside its own errors the parser leaks IndexError and AssertionError
        return None


@functools.cache
def _grammar() -> Any:
    from license_expression import Licensing

    # Without a list of known licences, so that every name arrives here as it was written: the
    # library's own list takes `GPL` for a version of it, and some `LicenseRef-` names for MIT.
    return Licensing()


def _is_compound(tree: Any) -> bool:
    return isinstance(tree, (_grammar().AND, _grammar().OR))


def _converted(tree: Any) -> Tree:
    if _is_compound(tree):
        kind = Both if isinstance(tree, _grammar().AND) else Either
        return kind(tuple(_converted(each) for each in tree.args))
    exception = getattr(tree, "exception_symbol", None)
    if exception is None:
        return One(resolve(tree.key))
    name = resolve(tree.license_symbol.key)
    known, is_exception = spdx().get(exception.key.lower(), ("", False))
    # Beyond SPDX the library lists riders that take permissions away, such as the Commons Clause.
    if name.id and (not is_exception or known.startswith("LicenseRef-")):
        return One(Name(rule="unknown-exception"))
    return One(name, known)


def _judge(tree: Tree, permitted: Collection[str]) -> Standing:
    if isinstance(tree, One):
        return _judge_one(tree, permitted)
    branches = [_judge(each, permitted) for each in tree.parts]
    if isinstance(tree, Both):
        refused = next((each for each in branches if not each.permitted), None)
        chosen = ", ".join(each.chosen for each in branches if each.chosen)
        name = " AND ".join(each.name for each in branches)
        return refused or Standing(permitted=True, chosen=chosen, name=name)
    first = next((each for each in branches if each.permitted), None)
    return replace(first, chosen=first.chosen or first.name) if first else branches[0]


def _judge_one(leaf: One, permitted: Collection[str]) -> Standing:
    name = leaf.name.id
    if leaf.name.rule:
        return Standing(permitted=False, rule=leaf.name.rule)
    if leaf.id in permitted or name in permitted:
        return Standing(permitted=True, name=leaf.id)
    # `+` offers this version or a later one; whoever may use this one may take the offer.
    if name.endswith("+") and name[:-1] in permitted and not leaf.exception:
        return Standing(permitted=True, name=name)
    if name.startswith("LicenseRef-") and is_local(name) and not leaf.exception:
        return Standing(permitted=False, rule="unknown-licence")
    return Standing(permitted=False, rule=f"not-permitted:{leaf.id}")


def is_local(name: str) -> bool:
    """Return whether a `LicenseRef-` name means something only in the document that uses it."""
    return name.lower() not in spdx() and not resolve(name).is_ours
