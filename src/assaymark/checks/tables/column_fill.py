"""
What stands in the columns of a table: how many rows fill each, and whether more than one value does.

A value is known by a digest, so that memory holds none of them; the number of columns is bounded. Sums and
equalities of whole sets of rows: the order of batches changes nothing.

tests/checks/tables/test_empty_columns.py and test_constant_columns.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from assaymark.checks.tables.column_tally import MOST_COLUMNS
from assaymark.checks.tables.groups import digest_of_cells
from assaymark.model.intervals import Interval
from assaymark.model.measurement import EXACT, Labels, Measured
from assaymark.model.metric import COLUMN

if TYPE_CHECKING:
    from assaymark.contracts.check import CheckMeta, DetectionsById
    from assaymark.contracts.source import Batch
    from assaymark.model.finding import Finding

_INDEX = re.compile(r"\[\d+\]")


class ColumnSettings(BaseModel):
    """What a policy may set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(),
        description="columns to look at besides every field that holds text, such as numbers",
        json_schema_extra={"stricter": "superset"},
    )


@dataclass(slots=True)
class Fill:
    """One column."""

    filled: int = 0
    """Rows with something but white space in it."""

    unknown: int = 0
    """Rows of which it is not known: no scalar there, or no such column."""

    value: bytes | None = None
    """Digest of what stands in it; of any one where it varies."""

    varies: bool = False

    def see(self, text: str) -> None:
        """Count one row that fills it."""
        self.filled += 1
        if not self.varies:
            digest = digest_of_cells([text])
            self.varies = self.value is not None and digest != self.value
            self.value = digest

    def merge(self, other: Fill) -> Fill:
        """Return the sum of both."""
        values = {each.value for each in (self, other) if each.value is not None}
        varies = self.varies or other.varies or len(values) > 1
        return Fill(
            filled=self.filled + other.filled,
            unknown=self.unknown + other.unknown,
            # Which of several does not matter, but must not depend on the order.
            value=min(values, default=None),
            varies=varies,
        )


@dataclass(slots=True)
class FillTally:
    """The columns so far."""

    rows: int = 0
    skipped: int = 0

    columns: dict[str, Fill] | None = field(default_factory=dict)
    """By name; `None` once there were too many for a table."""

    def add(self, batch: Batch, named: Sequence[str]) -> None:
        """Count the rows of `batch`."""
        columns: dict[str, Fill] = {name: Fill() for name in named}
        for name, fill in columns.items():
            cells = batch.cells.get(name)
            known = [None] * batch.rows if cells is None else cells.to_pylist()
            fill.unknown = known.count(None)
            for cell in known:
                if cell is not None and cell.strip():
                    fill.see(cell.strip())
        for name, texts in _fields_of(batch):
            if name not in named:
                fill = columns.setdefault(name, Fill())
                if filled := "\x1f".join(each.strip() for each in texts if each.strip()):
                    fill.see(filled)
        merged = self.merge(FillTally(batch.rows, len(batch.skipped), columns))
        self.rows, self.skipped, self.columns = merged.rows, merged.skipped, merged.columns

    def merge(self, other: FillTally) -> FillTally:
        """Return the sum of both."""
        merged = FillTally(self.rows + other.rows, self.skipped + other.skipped, None)
        if self.columns is not None and other.columns is not None:
            nothing = Fill()
            names = {**self.columns, **other.columns}
            if len(names) <= MOST_COLUMNS:
                merged.columns = {
                    name: self.columns.get(name, nothing).merge(other.columns.get(name, nothing))
                    for name in names
                }
        return merged

    def reason(self, *, sampled: bool) -> str:
        """Return why nothing can be said about the columns; empty where something can."""
        if sampled:
            return "the rows are a sample, which does not tell what the others hold"
        if self.columns is None:
            return f"there are more than {MOST_COLUMNS:,} columns"
        if not self.rows:
            return "there are no rows"
        return "" if self.columns else "there are no columns"


class Ends(NamedTuple):
    """Whether a column is something: for certain, by what is known, and possibly."""

    must: bool
    does: bool
    may: bool


def number_of(metric: str, check: str, columns: Mapping[str, Ends]) -> Iterator[Measured]:
    """Yield how many columns are something, and of each whether it is."""
    yield _count(metric, check, (), list(columns.values()))
    for name, ends in columns.items():
        yield _count(metric, check, ((COLUMN, name),), [ends])


def _count(metric: str, check: str, labels: Labels, ends: Sequence[Ends]) -> Measured:
    low, value, high = (sum(each) for each in zip(*ends, strict=True))
    return Measured(
        metric=metric,
        check=check,
        labels=labels,
        value=float(value),
        n=len(ends),
        interval=Interval(low=float(low), high=float(high), level=1.0),
        method=EXACT,
        counts=None,
    )


def _fields_of(batch: Batch) -> Iterator[tuple[str, list[str]]]:
    """Yield the texts of each field of each row, the items of a list together."""
    names, rows, texts = (batch.texts.column(each).to_pylist() for each in ("field", "row", "text"))
    found: dict[tuple[int, str], list[str]] = {}
    for name, row, text in zip(names, rows, texts, strict=True):
        found.setdefault((row, _INDEX.sub("[*]", name)), []).append(text)
    for (_, name), each in found.items():
        yield name, each


class FillCheck:
    """What checks of how columns are filled share; a subclass says what it makes of the tally."""

    meta: ClassVar[CheckMeta]

    def __init__(self, settings: ColumnSettings, labels: object) -> None:  # noqa: ARG002 - it reads none
        self._settings = settings

    @staticmethod
    def columns(settings: ColumnSettings) -> tuple[str, ...]:
        """Return the columns that it asks for."""
        return settings.columns

    def start(self) -> FillTally:
        """Return the tally that has seen nothing."""
        return FillTally()

    def update(self, state: FillTally, batch: Batch, detections: DetectionsById) -> FillTally:  # noqa: ARG002 - it reads none
        """Count the rows of `batch`."""
        state.add(batch, self._settings.columns)
        return state

    def merge(self, a: FillTally, b: FillTally) -> FillTally:
        """Return the sum of both tallies."""
        return a.merge(b)

    def find(self, batch: Batch, detections: DetectionsById) -> Iterator[Finding]:  # noqa: ARG002 - likewise
        """Yield nothing: a column is no place in a row."""
        return iter(())
