"""
From a redacted file back to the original.

With the change log only the places that it names are restored, spelled as they were. Without it every
pseudonym and every sealed value is, wherever it stands, so that answers of a model can be restored too.

tests/redaction/test_files.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from assaymark.errors import InputError
from assaymark.inputs.records import Met, Record
from assaymark.redaction.change_log import ChangeLog
from assaymark.redaction.documents.chunk import NULL, Edit, Outcome
from assaymark.redaction.operators import Encrypt
from assaymark.redaction.redactor import Change
from assaymark.redaction.treatment import Logged, Treated
from assaymark.redaction.vault import Vault

_OPERATORS = ("pseudonym", "encrypt")
"""What can be taken back."""

_DEPTH = 8
"""Replacements within one another: a text is looked at no more often than this when it is redacted."""

GONE = "what it stands for is not known, has expired or was erased"
LOST = "it was replaced in a way that cannot be taken back"


class _Place(NamedTuple):
    """A part of a text that may hold replacements."""

    text: int
    start: int
    end: int
    entity: str
    spelling: str


@dataclass(slots=True, kw_only=True)
class Restoring:
    """Every replacement taken back that can be."""

    vault: Vault | None
    sealed: Encrypt
    log: ChangeLog | None
    _dropped: int = 0
    """Records of the file that the log calls dropped."""
    _file: str = ""
    _lost: frozenset[int] = frozenset()
    """Texts of the record at hand, as they were counted before, of which something cannot be taken back."""

    def reads_header(self, file: str) -> bool:
        """Return what the log says; without it, a first line that held values may look like a header."""
        return True if self.log is None else self.log.is_headless(file)

    def treat(self, file: str, first_row: int, records: Sequence[Met]) -> list[Treated]:
        """Return each record with its originals."""
        if file != self._file:
            self._file, self._dropped = file, 0
        return [
            self._one(each, self._places(file, first_row + n, each))
            for n, each in enumerate(records)
        ]

    def _places(self, file: str, row: int, met: Met) -> list[_Place]:
        """Return where replacements may stand."""
        texts = met.texts if isinstance(met, Record) else ()
        if self.log is None:
            return [_Place(n, 0, len(each.text), "", "") for n, each in enumerate(texts)]
        lines = self.log.of(file, row + self._dropped)
        while any(each.get("dropped") for each in lines):
            self._dropped += 1
            lines = self.log.of(file, row + self._dropped)
        # A cell that became null is no text any more, so those behind it have moved up.
        gone = {_place(each).text for each in lines if each.get("spelling") == NULL}
        self._lost = frozenset(gone) | {
            _place(each).text
            for each in lines
            if "operator" in each and each["operator"] not in _OPERATORS
        }
        self._lost |= {-1 for each in lines if "withheld" in each}
        places = [
            place._replace(text=place.text - sum(each < place.text for each in gone))
            for place in (_place(each) for each in lines if each.get("operator") in _OPERATORS)
            if place.text not in gone
        ]
        if any(each.text >= len(texts) or each.end > len(texts[each.text].text) for each in places):
            raise InputError(
                f"the change log and `{file}` do not fit each other in record {row}",
                hint="name the log that was written with this file",
            )
        return places

    def _one(self, met: Met, places: Sequence[_Place]) -> Treated:
        if not isinstance(met, Record):
            return Treated()
        edits: dict[int, list[Edit]] = {}
        logged: list[Logged] = []
        # A text that is no more has no number among those that are left.
        withheld: dict[int | None, str] = {-1 - each: LOST for each in self._lost}
        for place in places:
            field, text, _ = met.texts[place.text]
            found = self._originals(text[place.start : place.end])
            if self.log is not None and not found:
                withheld[place.text] = GONE
            for start, end, original in found:
                begin = place.start + start
                change = Change(
                    begin, place.start + end, begin, begin + len(original), place.entity
                )
                edits.setdefault(place.text, []).append(
                    Edit(begin, place.start + end, original, place.spelling)
                )
                logged.append(Logged(place.text, field, change, "restore"))
        return Treated(outcome=Outcome(edits=edits), changes=logged, withheld=withheld)

    def _originals(self, text: str, depth: int = _DEPTH) -> list[tuple[int, int, str]]:
        """Return where something can be taken back, and what stood there, in order."""
        found = [
            (start, end, self.sealed.decrypt(text[start:end]))
            for start, end in self.sealed.placed(text)
        ]
        if self.vault is not None:
            issued = self.vault.issued_in(text)
            known = self.vault.originals(sorted({text[start:end] for start, end in issued}))
            found += [
                (start, end, known[text[start:end]])
                for start, end in issued
                if text[start:end] in known
            ]
        apart: list[tuple[int, int, str]] = []
        for each in sorted(found):
            if not apart or each[0] >= apart[-1][1]:
                start, end, original = each
                apart.append((start, end, self._within(original, depth - 1)))
        return apart

    def _within(self, original: str, depth: int) -> str:
        """Return a value in which replacements may stand, with what stood there."""
        parts, reached = [], 0
        for start, end, inner in self._originals(original, depth) if depth else ():
            parts += [original[reached:start], inner]
            reached = end
        return "".join(parts) + original[reached:]


def _place(line: Mapping[str, Any]) -> _Place:
    try:
        place = _Place(
            int(line["text"]),
            int(line["new_start"]),
            int(line["new_end"]),
            str(line["entity"]),
            str(line.get("spelling", "")),
        )
        if place.text >= 0 and 0 <= place.start <= place.end:
            return place
    except (KeyError, TypeError, ValueError, OverflowError):
        pass
    raise InputError("a line of the change log is malformed", hint="write it again")
