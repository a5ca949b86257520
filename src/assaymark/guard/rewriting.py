"""
What takes the place of values, and of pseudonyms on their way back.

* Hits that overlap are one value; the strongest action of any of them is what becomes of it.
* A replacement that is there already stays: it is no value, even where a detector takes it for one.
* In what a model sends, a pseudonym that was issued becomes what it stands for, except within a value that is
  replaced. What is replaced by a new pseudonym in the same text is not turned back.

`settled` says how much of a text that still grows may be treated so already.

tests/guard/test_streaming_law.py and test_guard.py
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Protocol

from assaymark.guard.lens import Hit
from assaymark.policy.guarding import Action, OperatorName
from assaymark.redaction.operators import Operator
from assaymark.redaction.spans import Found, joined, widened, without

_OPEN_TAG = re.compile(r"<[A-Z][A-Z0-9_]{0,63}[:=]?[a-z]{0,4096}\Z|<\Z")
"""A replacement in angle brackets that is not closed yet."""


class Returning(Protocol):
    """Knows what pseudonyms stand for."""

    def issued_in(self, text: str) -> list[tuple[int, int]]:
        """Return where issued pseudonyms stand, in order."""
        ...

    def originals(self, pseudonyms: Sequence[str]) -> Mapping[str, str]:
        """Return what stands behind each that is known."""
        ...

    def pending(self, text: str) -> int:
        """Return the first place from which the rest of `text` may begin an issued pseudonym."""
        ...


class Region(NamedTuple):
    """A part of a text that does not stay as it is."""

    start: int
    end: int
    entity: str
    operator: OperatorName | None
    """`None` for a pseudonym on its way back."""

    original: str = ""
    is_blocked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriter:
    """Operators by name, and who knows what pseudonyms stand for."""

    operators: Mapping[OperatorName, Operator]
    vault: Returning | None = None
    restores: bool = False
    """Whether pseudonyms become what they stand for."""

    def parts(self) -> dict[str, Any]:
        """Return what it was made of."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def settled(self, text: str) -> int:
        """Return the place before which no continuation changes what is done with final hits."""
        place = len(text)
        if self.operators:
            tag = _OPEN_TAG.search(text, text.rfind("<")) if "<" in text else None
            place = place if tag is None else tag.start()
        if self._is_alone:
            # Values are widened to whole words.
            while place and text[place - 1].isalnum():
                place -= 1
        return place if self.vault is None else min(place, self.vault.pending(text))

    def regions(self, text: str, hits: Iterable[Hit]) -> list[Region]:
        """Return what is to be changed in `text`, in order and apart from each other."""
        changing = [each for each in hits if each.action >= Action.REDACT]
        back = list(self._back(text))
        if not changing:
            return back
        regions = [self._region(each, changing) for each in self._values(text, changing)]
        taken = [(each.start, each.end) for each in regions]
        free = (each for each in back if not any(each.start < e and s < each.end for s, e in taken))
        return sorted([*regions, *free])

    def replacements(self, text: str, regions: Sequence[Region]) -> list[str]:
        """Return what takes the place of each of `regions`."""
        new = [each.original for each in regions]
        groups: dict[tuple[OperatorName, str], list[int]] = {}
        for n, each in enumerate(regions):
            if each.operator is not None:
                groups.setdefault((each.operator, each.entity), []).append(n)
        for (name, entity), places in groups.items():
            values = [text[regions[n].start : regions[n].end] for n in places]
            for n, value in zip(places, self.operators[name].replace(entity, values), strict=True):
                new[n] = value
        return new

    @property
    def _is_alone(self) -> bool:
        return any(each.alone for each in self.operators.values())

    def _values(self, text: str, changing: Sequence[Hit]) -> Iterator[Found]:
        """Yield the values as a redaction of files takes them, see `Redactor`."""
        found = [
            Found(each.start, each.end, each.entity, each.score, each.detector) for each in changing
        ]
        placed = [each for operator in self.operators.values() for each in operator.placed(text)]
        if self.vault is not None:
            placed += self.vault.issued_in(text)
        whole = list(joined(found))
        left = [
            each
            for each in without(whole, placed)
            if each in whole or any(map(str.isalnum, text[each.start : each.end]))
        ]
        yield from joined(widened(left, text), touching=True) if self._is_alone else left

    def _region(self, value: Found, changing: Iterable[Hit]) -> Region:
        inside = [each for each in changing if each.start < value.end and value.start < each.end]
        blocked = any(each.action is Action.BLOCK for each in inside)
        redacting = [each for each in inside if each.action is Action.REDACT] or inside
        surest = min(redacting, key=lambda each: (-each.score, each.start - each.end, each.entity))
        return Region(value.start, value.end, value.entity, surest.operator, is_blocked=blocked)

    def _back(self, text: str) -> Iterator[Region]:
        if self.vault is None or not self.restores:
            return
        places = self.vault.issued_in(text)
        known = self.vault.originals(sorted({text[start:end] for start, end in places}))
        for start, end in places:
            original = known.get(text[start:end])
            if original is not None:
                yield Region(start, end, "", None, original)
