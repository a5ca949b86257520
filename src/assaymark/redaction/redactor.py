"""
Redaction of texts: what detectors find is replaced, and nothing else is touched.

* After a text was changed it is looked at again, until its detectors find nothing more in it. So redacting
  twice changes nothing more, and nothing that was looked for is left.
* A replacement is known by its look, whether this run put it there or an earlier one, and stays.
* A text that a detector cannot judge is withheld whole; one that it judged in part, unless what is open
  would be left as it is.
* Characters outside the replaced spans are the same, one by one.

tests/redaction/test_redactor.py holds these as properties.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from assaymark.inputs.records import string_array
from assaymark.redaction.spans import Found, covering, joined, outside, widened, without

if TYPE_CHECKING:
    import pyarrow as pa

    from assaymark.contracts.detector import Detector
    from assaymark.redaction.operators import Operator

WITHHELD = "<WITHHELD>"
"""Stands for a text that could not be judged, or in which no end was reached."""

_ROUNDS = 8


class Change(NamedTuple):
    """One replacement: where, and of what kind. Never the value."""

    start: int
    """First character in the original text, in Unicode code points."""

    end: int
    """One past the last character in the original text."""

    new_start: int
    """First character in the redacted text."""

    new_end: int
    """One past the last character in the redacted text."""

    entity: str

    detector: str = ""
    """Which one was surest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """One text after redaction."""

    text: str
    changes: tuple[Change, ...] = ()
    """In order; outside them the text is the original's."""

    withheld: str | None = None
    """Why the whole text was replaced by `WITHHELD`; holds no content."""


class _Piece(NamedTuple):
    """A part of a text at work: from the original where `entity` is `None`."""

    text: str
    start: int
    end: int
    entity: str | None
    detector: str = ""


@dataclass(slots=True)
class _Work:
    """A text on its way."""

    pieces: list[_Piece]
    is_open: bool = True
    withheld: str | None = None
    size: int = 0

    @property
    def text(self) -> str:
        return "".join(each.text for each in self.pieces)


@dataclass(frozen=True, kw_only=True)
class Redactor:
    """Detectors, and what is done with what they find."""

    detectors: Mapping[str, Detector]
    """By id; their spans count, their scores do not."""

    operators: Mapping[str, Operator | None]
    """By entity; `None` leaves the entity as it is, with what less surely stands within it."""

    otherwise: Operator | None = None
    """For every entity that `operators` does not name."""

    looked_for: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Detector id to the entities that it may find; any entity, for a detector that is not named."""

    _all: tuple[Operator, ...] = field(init=False)

    def __post_init__(self) -> None:
        used = [*self.operators.values(), self.otherwise]
        distinct = {id(each): each for each in used if each is not None}
        object.__setattr__(self, "_all", tuple(distinct.values()))

    def redact(self, texts: Sequence[str]) -> list[Redacted]:
        """Return each text redacted, in order. What comes out for one does not depend on the others.

        Raises:
            DetectorError: A detector cannot answer at all.
            InputError: The vault cannot be used.
        """
        works = [_Work([_Piece(each, 0, len(each), None)], size=len(each)) for each in texts]
        for _ in range(_ROUNDS):
            open_works = [each for each in works if each.is_open]
            if not open_works:
                break
            self._round(open_works)
        for each in works:
            if each.is_open and each.withheld is None:
                each.withheld = f"after {_ROUNDS} rounds something was still found"
        return [_finished(each) for each in works]

    def look(self, texts: Sequence[str]) -> tuple[list[list[Found]], dict[int, str]]:
        """Return what is found in each text and is no replacement, and why texts could not be judged.

        Raises:
            DetectorError: A detector cannot answer at all.
            InputError: The vault cannot be used.
        """
        found: list[list[Found]] = [[] for _ in texts]
        kept: list[list[Found]] = [[] for _ in texts]
        unjudged: dict[int, str] = {}
        for name, detector in self.detectors.items():
            answer = detector.detect(_array(texts))
            for number, reason in answer.unjudged.items():
                judged_for = answer.judged_for.get(number, ())
                if not judged_for:
                    unjudged[number] = f"`{name}` could not judge it: {reason}"
                elif self._is_open(name, judged_for):
                    unjudged[number] = f"`{name}` could judge only a part of it: {reason}"
            for text, start, end, entity, score, _ in answer.spans:
                if start < end:
                    those = kept if self._operator(entity) is None else found
                    those[text].append(Found(start, end, entity, score, name))
        left = [
            self._left(text, outside(spans, those))
            for text, spans, those in zip(texts, found, kept, strict=True)
        ]
        return left, unjudged

    def _round(self, works: Sequence[_Work]) -> None:
        """Look at each text once, and replace what is found; close those in which nothing is."""
        left, unjudged = self.look([each.text for each in works])
        wanted: dict[str, list[tuple[_Work, Found]]] = defaultdict(list)
        for number, (work, spans) in enumerate(zip(works, left, strict=True)):
            work.withheld = unjudged.get(number)
            work.is_open = bool(spans) and not work.withheld
            if work.is_open:
                for each in spans:
                    wanted[each.entity].append((work, each))
        self._replace(wanted)

    def _replace(self, wanted: Mapping[str, Sequence[tuple[_Work, Found]]]) -> None:
        new: dict[int, list[tuple[Found, str]]] = defaultdict(list)
        by_id: dict[int, _Work] = {}
        for entity, places in wanted.items():
            operator = self._operator(entity)
            assert operator is not None  # noqa: S101 - only such spans were taken
            values = [work.text[each.start : each.end] for work, each in places]
            for (work, each), value in zip(places, operator.replace(entity, values), strict=True):
                new[id(work)].append((each, value))
                by_id[id(work)] = work
        for key, replaced in new.items():
            by_id[key].pieces = _cut(by_id[key].pieces, sorted(replaced))

    def _is_open(self, detector: str, judged_for: Collection[str]) -> bool:
        """Return whether a text may hold more that has to be replaced than it was judged for."""
        looked_for = self.looked_for.get(detector)
        if looked_for is None:
            return True
        return any(self._operator(each) for each in looked_for if each not in judged_for)

    def _operator(self, entity: str) -> Operator | None:
        return self.operators.get(entity, self.otherwise)

    def _left(self, text: str, spans: Sequence[Found]) -> list[Found]:
        """Return what of `spans` is no replacement, wide enough for every operator."""
        if not spans:
            return []
        placed = [each for operator in self._all for each in operator.placed(text)]
        whole = list(joined(spans))
        # What a span holds between two replacements, such as the space between two names, is no value.
        left = [
            each
            for each in without(whole, placed)
            if each in whole or any(map(str.isalnum, text[each.start : each.end]))
        ]
        if any(operator.alone for operator in self._all):
            # Where a value goes on in a replacement, both are one value: a part of one stands for nothing.
            apart = covering(joined(widened(left, text), touching=True), placed)
            left = list(joined(apart, touching=True))
        return left


def _cut(pieces: Sequence[_Piece], replaced: Sequence[tuple[Found, str]]) -> list[_Piece]:
    """Return the pieces with `replaced` in them."""
    cut: list[_Piece] = []
    waiting = list(pieces)[::-1]
    at = 0  # where the next piece begins
    for each, value in replaced:
        while at < each.start:
            at += _take(cut, waiting, each.start - at)
        gone: list[_Piece] = []
        while at < each.end:
            at += _take(gone, waiting, each.end - at)
        cut.append(_Piece(value, gone[0].start, gone[-1].end, each.entity, each.detector))
    return _merged([*cut, *reversed(waiting)])


def _take(taken: list[_Piece], waiting: list[_Piece], most: int) -> int:
    """Move the next piece, or its first `most` characters; return how many were moved."""
    piece = waiting.pop()
    size = min(len(piece.text), most)
    head, tail = piece._replace(text=piece.text[:size]), piece._replace(text=piece.text[size:])
    if piece.entity is None:
        head, tail = head._replace(end=piece.start + size), tail._replace(start=piece.start + size)
    taken.append(head)
    if tail.text:
        waiting.append(tail)
    return size


def _merged(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Make one of what stands for the same characters of the original."""
    merged: list[_Piece] = []
    for each in pieces:
        if merged and each.start < merged[-1].end:
            last = merged.pop()
            merged.append(last._replace(text=last.text + each.text, end=max(last.end, each.end)))
        else:
            merged.append(each)
    return merged


def _finished(work: _Work) -> Redacted:
    if work.withheld is not None:
        whole = Change(0, work.size, 0, len(WITHHELD), "WITHHELD")
        return Redacted(text=WITHHELD, changes=(whole,), withheld=work.withheld)
    changes: list[Change] = []
    at = 0
    for each in work.pieces:
        if each.entity is not None:
            place = (each.start, each.end, at, at + len(each.text))
            changes.append(Change(*place, each.entity, each.detector))
        at += len(each.text)
    return Redacted(text=work.text, changes=tuple(changes))


def _array(texts: Sequence[str]) -> pa.LargeStringArray:
    import pyarrow as pa

    return string_array(texts, pa.large_string())
