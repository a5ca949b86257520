"""
What a rule is: a cheap test, a pattern, and a second look at what the pattern found.

A rule costs nothing on a text without one of its literals. Its pattern begins at a boundary that it
cannot cross while matching and repeats only single character classes, so its work grows with the length
of the text and no faster. What the pattern finds is weighed: decoded, checksummed, or measured.

tests/detectors/test_secrets_speed.py feeds every rule what makes patterns slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Weigh: TypeAlias = Callable[[re.Match[str]], float | None]
"""From a match to its score in (0, 1], or `None` where it is no secret after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of secret."""

    entity: str

    literals: tuple[str, ...]
    """Strings of which a text must hold one; lower case where `fold` is set."""

    pattern: re.Pattern[str]
    """The group `secret` is the span; the whole match where there is no such group."""

    weigh: Weigh
    fold: bool = False
    """Whether `literals` are looked for in the lower-cased text."""

    behind: int = 0
    """How many characters behind a match `weigh` looks at."""


_COMMON = "0123456789./:-zqxjkvbpgwyfmculdrhsnioate "
"""Characters from rare to frequent in prose; what is not among them is rarer."""

_Signs: TypeAlias = "Sequence[tuple[str, Sequence[tuple[str, Sequence[int]]]]]"
"""From a character to literals that hold it, each with the places of its rules."""


class Shelf:
    """Rules, found by the literals that a text holds.

    Args:
        rules: In the order in which they are tried.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        exact: dict[str, list[int]] = {}
        folded: dict[str, list[int]] = {}
        for place, each in enumerate(self._rules):
            for literal in each.literals:
                (folded if each.fold else exact).setdefault(literal, []).append(place)
        self._exact, self._folded = _by_sign(exact), _by_sign(folded)

    def applicable(self, text: str) -> list[Rule]:
        """Return the rules whose pattern can match in `text` at all, in order."""
        places = _found(self._exact, text) | _found(self._folded, text.lower())
        return [self._rules[n] for n in sorted(places)]


def _by_sign(literals: Mapping[str, Sequence[int]]) -> _Signs:
    """Return them by the character of theirs that is rarest in texts: most texts lack most of these."""
    signs: dict[str, list[tuple[str, Sequence[int]]]] = {}
    for literal, places in literals.items():
        signs.setdefault(min(literal, key=_COMMON.find), []).append((literal, places))
    return tuple(signs.items())


def _found(signs: _Signs, text: str) -> set[int]:
    # One flat pass: a call for each rule would cost more than all of the searching.
    return {
        place
        for sign, literals in signs
        if sign in text
        for literal, places in literals
        if literal in text
        for place in places
    }


def rule(
    entity: str,
    pattern: str,
    weigh: Weigh,
    literals: tuple[str, ...],
    *,
    fold: bool = False,
    behind: int = 0,
) -> Rule:
    """Return a rule whose pattern means ASCII by its classes of characters."""
    return Rule(
        entity=entity,
        literals=literals,
        pattern=re.compile(pattern, re.ASCII),
        weigh=weigh,
        fold=fold,
        behind=behind,
    )
