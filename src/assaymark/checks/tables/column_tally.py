"""
The values of columns, counted: sums of integers, so that the order of batches and workers changes nothing.

Records keyed by data have a column for each key, so the number of columns is bounded. Whether it was passed
depends on the whole alone, not on the order.

tests/checks/tables/test_personal_columns.py
"""

from __future__ import annotations

from dataclasses import dataclass, field

from assaymark.checks.rates import add_counts
from assaymark.model.measurement import Counts

MOST_COLUMNS = 10_000


@dataclass(slots=True)
class ColumnTally:
    """The values of one column, counted so far."""

    judged: int = 0
    unjudged: int = 0
    hits: dict[str, int] = field(default_factory=dict)
    """Entity to the values that are one."""

    settled: dict[str, int] = field(default_factory=dict)
    """Entity to those of the `unjudged` values of which it is known all the same."""

    def counts(self, entity: str, skipped: int) -> Counts:
        """Return the whole numbers behind the share of its values that are `entity`."""
        settled = self.settled.get(entity, 0)
        return Counts(
            hits=self.hits.get(entity, 0),
            judged=self.judged + settled,
            unjudged=self.unjudged - settled + skipped,
        )

    def merge(self, other: ColumnTally) -> ColumnTally:
        """Return the sum of both."""
        return ColumnTally(
            judged=self.judged + other.judged,
            unjudged=self.unjudged + other.unjudged,
            hits=add_counts(self.hits, other.hits),
            settled=add_counts(self.settled, other.settled),
        )


@dataclass(slots=True)
class TableTally:
    """The columns counted so far."""

    skipped: int = 0
    """Rows that could not be read; each may hold a value in any column."""

    columns: dict[str, ColumnTally] | None = field(default_factory=dict)
    """By name; `None` once there were too many for a table."""

    def merge(self, other: TableTally) -> TableTally:
        """Return the sum of both."""
        merged = TableTally(skipped=self.skipped + other.skipped, columns=None)
        if self.columns is not None and other.columns is not None:
            names = {**self.columns, **other.columns}
            nothing = ColumnTally()
            merged.columns = {
                name: self.columns.get(name, nothing).merge(other.columns.get(name, nothing))
                for name in names
            }
            merged.bound()
        return merged

    def bound(self) -> None:
        """Give up where there are too many columns."""
        if self.columns is not None and len(self.columns) > MOST_COLUMNS:
            self.columns = None
