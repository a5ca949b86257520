"""
Declared licences, as the checks of this family look at them.

tests/checks/licence/ holds what each check makes of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assaymark.licences.expression import Either, One, Tree, leaves, tree_of
from assaymark.licences.names import NAMELESS_TEXTS, states_nothing
from assaymark.model.manifest import LicenceStatement, Manifest, Scope

MAX_CHOICES = 64
"""Ways through the ORs of a mixture that are tried."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A licence statement with what it says."""

    statement: LicenceStatement
    tree: Tree

    @property
    def is_stated(self) -> bool:
        """Whether it says anything at all."""
        return not states_nothing(self.statement.claimed)

    @property
    def ids(self) -> tuple[str, ...]:
        """Every licence that it names."""
        return tuple(leaf.id for leaf in leaves(self.tree) if leaf.id)

    @property
    def is_understood(self) -> bool:
        """Whether every name in it is one licence."""
        return all(leaf.id and leaf.id not in NAMELESS_TEXTS for leaf in leaves(self.tree))

    @property
    def canonical(self) -> str:
        """The declaration in one spelling, so that two of them can be compared."""
        return spelled(self.tree)


def declared(manifest: Manifest, *scopes: Scope) -> Iterator[Declared]:
    """Yield the licences of `scopes`, in their order; all but `OUTPUT` where none is given."""
    wanted = scopes or (Scope.SUBJECT, Scope.SOURCE, Scope.FILE)
    for each in manifest.licences:
        if each.scope in wanted:
            yield Declared(each, tree_of(each.claimed))


def spelled(tree: Tree) -> str:
    """Return an expression in one spelling: parts in order, ids as SPDX writes them."""
    if isinstance(tree, One):
        return tree.id or f"!{tree.name.rule}"
    word = " OR " if isinstance(tree, Either) else " AND "
    return "(" + word.join(sorted(spelled(each) for each in tree.parts)) + ")"


def choices(tree: Tree) -> Iterator[tuple[str, ...]]:
    """Yield the ids of every way through the ORs of an expression."""
    if isinstance(tree, One):
        yield (tree.id,)
    elif isinstance(tree, Either):
        for part in tree.parts:
            yield from choices(part)
    else:
        for ways in itertools.product(*(list(choices(part)) for part in tree.parts)):
            yield tuple(each for way in ways for each in way)


def all_choices(trees: Sequence[Tree]) -> Iterator[tuple[str, ...]]:
    """Yield the ids of ways through several expressions, at most `MAX_CHOICES` of them."""
    ways = itertools.product(
        *(list(itertools.islice(choices(each), MAX_CHOICES)) for each in trees)
    )
    for way in itertools.islice(ways, MAX_CHOICES):
        yield tuple(dict.fromkeys(each for ids in way for each in ids))
