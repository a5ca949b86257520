"""
Tables of Arrow: which columns hold text, and the texts of their rows.

Every column is read that can hold a string or an integer, nested ones too; columns of other numbers,
booleans, times and nothing are not. Binary cells are text where they are UTF-8 without NUL, because
older writers store strings so.

tests/inputs/test_columns.py
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from assaymark.errors import InputError
from assaymark.inputs.fields import TOO_DEEP, NestedTooDeeplyError, schema_texts
from assaymark.inputs.jsonl import INVALID_UTF8
from assaymark.inputs.names import name_hint, shown_columns
from assaymark.inputs.paths import FieldPath
from assaymark.inputs.records import Met, Record, Text, Unreadable

if TYPE_CHECKING:
    import pyarrow as pa


@contextmanager
def arrow_refuses(file: str, title: str) -> Iterator[None]:
    """Turn what pyarrow raises over broken data into an `InputError` without its words.

    They may quote the data, and are written for those who know the format's inside.
    """
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, MemoryError, OverflowError, ValueError, TypeError) as error:
        kind = "cut short or corrupt" if not isinstance(error, MemoryError) else "too large to hold"
        raise InputError(
            f"`{file}` is {kind}, or is not {title}", hint="write or download the file again"
        ) from None


def holds_text(kind: pa.DataType, *, in_list: bool = False) -> bool:
    """Return whether a column of this type can hold text. What is unknown can."""
    import pyarrow.types as pt

    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return holds_text(kind.value_type, in_list=in_list)
    if pt.is_map(kind):
        return holds_text(kind.key_type) or holds_text(kind.item_type)
    if pt.is_nested(kind) and hasattr(kind, "value_type"):
        return holds_text(kind.value_type, in_list=True)
    if pt.is_struct(kind):
        return any(holds_text(kind.field(i).type) for i in range(kind.num_fields))
    if pt.is_integer(kind):
        return not in_list
    if pt.is_decimal(kind):
        return kind.scale <= 0 and not in_list
    return not (
        pt.is_floating(kind) or pt.is_boolean(kind) or pt.is_temporal(kind) or pt.is_null(kind)
    )


class TableFields:
    """Finds the texts of the rows of one table.

    Args:
        file: The file's name, for errors.
        schema: Of the table, a `pyarrow.Schema`.
        named: What was named with `--field`; empty for none.

    Raises:
        InputError: A named column is not in the schema.
    """

    def __init__(self, file: str, schema: pa.Schema, named: tuple[FieldPath, ...]) -> None:
        self._file = file
        self._missing: dict[str, str] = {}
        self._rows = 0
        self._columns = list(schema.names)
        self._names = shown_columns(schema.names)
        self._paths: list[tuple[int, FieldPath | None]] = []
        if not named:
            self._paths = [
                (index, None) for index, field in enumerate(schema) if holds_text(field.type)
            ]
        for path in named:
            is_literal = path.text in schema.names
            wanted = path.text if is_literal else next(iter(path.steps), None)
            columns = [i for i, name in enumerate(schema.names) if name == wanted]
            if not columns:
                raise InputError(
                    f"`{file}` has no column `{path.text}`", hint=name_hint(path.text, self._names)
                )
            self._paths.extend((index, path) for index in columns)
            self._missing[path.text] = schema.names[columns[0]]

    @property
    def columns(self) -> list[int]:
        """Indices of the columns that are needed, ascending."""
        return sorted({index for index, _ in self._paths})

    def read(self, batch: pa.RecordBatch, columns: list[int]) -> Iterator[Met]:
        """Yield the records of a batch.

        Args:
            batch: Rows of the table, or of some of its columns.
            columns: Which columns of the table those of the batch are.
        """
        self._rows += batch.num_rows
        cells: dict[int, list[Any]] = {}
        unreadable: set[int] = set()
        for position, index in enumerate(columns):
            cells[index] = _values(batch.column(position), unreadable)
        for row in range(batch.num_rows):
            if row in unreadable:
                yield Unreadable(None, INVALID_UTF8)
                continue
            try:
                yield Record(None, list(self._texts(cells, row)))
            except NestedTooDeeplyError:
                yield Unreadable(None, TOO_DEEP)

    def finish(self) -> None:
        """Say so if a named place inside a column was in no row.

        Raises:
            InputError: There were rows, and a named place was in none.
        """
        if self._rows and self._missing:
            name = next(iter(self._missing))
            raise InputError(
                f"no row of `{self._file}` has the field `{name}`",
                hint=f"the column is `{self._missing[name]}`; name it alone to read all of it",
            )

    def _texts(self, cells: dict[int, list[Any]], row: int) -> Iterator[Text]:
        for index, path in self._paths:
            value = cells[index][row]
            if path is None:
                if value is not None:
                    yield from schema_texts(value, self._names[index])
                continue
            for place, found in path.select({self._columns[index]: value}):
                self._missing.pop(path.text, None)
                yield from schema_texts(found, place, named=True)


def _values(column: pa.Array, unreadable: set[int]) -> list[Any]:
    """Return the cells as Python values; rows with a cell that is no UTF-8 go into `unreadable`."""
    import pyarrow as pa

    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        values = []
        for row in range(len(column)):
            try:
                values.append(column[row].as_py())
            except UnicodeDecodeError:
                unreadable.add(row)
                values.append(None)
    return values
