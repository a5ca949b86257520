"""Columns without values. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from assaymark.checks.tables.column_fill import (
    ColumnSettings,
    Ends,
    FillCheck,
    FillTally,
    number_of,
)
from assaymark.contracts.check import CheckMeta
from assaymark.model.measurement import Counts, Measured, NotMeasured, Result, share
from assaymark.model.metric import COLUMN, Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

if TYPE_CHECKING:
    from pydantic import BaseModel

_EMPTY, _FILLED = "tables.empty-columns", "tables.filled-rate"


class EmptyColumns(FillCheck):
    """How many columns hold nothing, and in what share of the rows each one holds something.

    ## Why it matters
    A join that missed, an export without permission, a renamed field: the column is there and its values are
    not. Everything that is measured on it looks clean. A column that is half empty is a sample nobody drew.

    ## Remediation
    `tables.filled-rate` names each column. Repair the step that should have filled it, or drop the column.

    ## Known limits
    Looked at is every field in which any record holds a text, blank ones too, and the columns that the
    policy names, whatever is in them. White space is nothing; `n/a` and 0 are something. In a named column
    a row without it, or with a list or an object there, is unjudged. A field that no record has, and
    that the policy does not name, is unknown to the check. Without a column named, the rate is that of
    the emptiest.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="empty-columns",
        family="tables",
        summary="how many columns hold nothing, and how full each one is",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name=_EMPTY,
                summary="columns that hold nothing in any row",
                unit=Unit.COUNT,
                direction=Direction.LOWER,
                labels=(COLUMN,),
            ),
            Metric(
                name=_FILLED,
                summary="share of rows in which a column holds something; the least of all columns",
                unit=Unit.SHARE,
                direction=Direction.HIGHER,
                labels=(COLUMN,),
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
        places=False,
    )
    Settings: ClassVar[type[BaseModel]] = ColumnSettings

    def finish(self, state: FillTally, *, sampled: bool) -> Iterator[Result]:
        """Yield the number of empty columns, and how full each column is."""
        name, reason = self.meta.id, state.reason(sampled=sampled)
        if reason:
            for each in self.meta.metrics:
                yield NotMeasured(metric=each.name, check=name, labels=(), reason=reason)
            return
        columns = dict(sorted((state.columns or {}).items()))
        ends = {
            column: Ends(
                must=not fill.filled and not fill.unknown and not state.skipped,
                does=not fill.filled and fill.unknown < state.rows,
                may=not fill.filled,
            )
            for column, fill in columns.items()
        }
        yield from number_of(_EMPTY, name, ends)
        shares = [
            share(
                _FILLED,
                name,
                ((COLUMN, column),),
                Counts(
                    hits=fill.filled,
                    judged=state.rows - fill.unknown,
                    unjudged=fill.unknown + state.skipped,
                ),
                sampled=False,
            )
            for column, fill in columns.items()
        ]
        measured = [each for each in shares if isinstance(each, Measured)]
        if len(measured) == len(shares):
            # The one that may be emptiest decides whether all are full enough.
            yield replace(
                min(measured, key=lambda each: (each.interval.low, each.value)), labels=()
            )
        else:
            unknown = "a column could not be judged in any row"
            yield NotMeasured(metric=_FILLED, check=name, labels=(), reason=unknown)
        yield from shares
