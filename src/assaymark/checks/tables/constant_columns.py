"""Columns with one value. See the class; its docstring is its page in `docs/checks/`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import BaseModel, Field

from assaymark.checks.tables.column_fill import (
    ColumnSettings,
    Ends,
    FillCheck,
    FillTally,
    number_of,
)
from assaymark.contracts.check import CheckMeta
from assaymark.model.measurement import NotMeasured, Result
from assaymark.model.metric import COLUMN, Direction, Metric, Unit
from assaymark.model.subject import SubjectKind

_TWO = 2


class ConstantColumnsSettings(ColumnSettings):
    """What a policy may set."""

    allowed: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(),
        description="columns that may have one value, such as the name of the source",
        json_schema_extra={"stricter": "subset"},
    )


class ConstantColumns(FillCheck):
    """How many columns have the same value in every row that fills them.

    ## Why it matters
    A label that is always the same teaches nothing, and every model is right about it. Mostly it means that
    a filter, a default value or an export went wrong before anybody looked.

    ## Remediation
    The results by column name them. Find out which step made the values one; list a column under
    `allowed` where one value is meant.

    ## Known limits
    Looked at is every field in which a record holds a text, and the columns that the policy names. Values
    are compared without white space around them, the items of a list together; empty cells count neither
    way, so a column with one value in some rows and none in the others is constant. A column that fewer
    than two rows fill is not. A row that could not be read may have another value. Nearly constant columns
    are what `label-balance` is for. Values are known by 16 bytes of a digest.
    """

    meta: ClassVar[CheckMeta] = CheckMeta(
        id="constant-columns",
        family="tables",
        summary="how many columns have one value in all rows",
        version="1",
        added="0.1",
        metrics=(
            Metric(
                name="tables.constant-columns",
                summary="columns with one value in at least two rows, and no other",
                unit=Unit.COUNT,
                direction=Direction.LOWER,
                labels=(COLUMN,),
            ),
        ),
        on=(SubjectKind.DATASET, SubjectKind.OUTPUTS),
        places=False,
    )
    Settings: ClassVar[type[BaseModel]] = ConstantColumnsSettings

    def __init__(self, settings: ConstantColumnsSettings, labels: object) -> None:
        super().__init__(settings, labels)
        self._allowed = settings.allowed

    def finish(self, state: FillTally, *, sampled: bool) -> Iterator[Result]:
        """Yield the number of constant columns, and of each whether it is one."""
        (metric,) = self.meta.metrics
        if reason := state.reason(sampled=sampled):
            yield NotMeasured(metric=metric.name, check=self.meta.id, labels=(), reason=reason)
            return
        columns = dict(sorted((state.columns or {}).items()))
        ends: dict[str, Ends] = {}
        for name, fill in columns.items():
            lost = fill.unknown + state.skipped
            is_one = not fill.varies and name not in self._allowed
            does = is_one and fill.filled >= _TWO
            ends[name] = Ends(
                must=does and not lost, does=does, may=is_one and fill.filled + lost >= _TWO
            )
        yield from number_of(metric.name, self.meta.id, ends)
