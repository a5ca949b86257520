"""
Parquet, by row group and in batches, only the columns that hold text.

tests/inputs/test_parquet.py
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from assaymark.inputs.columns import TableFields, arrow_refuses
from assaymark.inputs.records import Met
from assaymark.inputs.selection import Selection
from assaymark.inputs.stored import CHUNK

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_BATCH_ROWS = 1000
_MAX_METADATA = 64 * 1024 * 1024  # bytes of one string in the footer


def read_parquet(stream: BinaryIO, file: str, selection: Selection) -> Iterator[Met]:
    """Yield every row.

    Args:
        stream: Seekable.
        file: The file's name, for errors.
        selection: Which fields are read.

    Raises:
        InputError: The file is cut short or corrupt, or lacks a named column.
    """
    import pyarrow.parquet as pq

    with arrow_refuses(file, "Parquet"):
        # Without `pre_buffer`, since it would hold a whole row group.
        table = pq.ParquetFile(
            stream,
            pre_buffer=False,
            buffer_size=CHUNK,
            thrift_string_size_limit=_MAX_METADATA,
        )
        fields = TableFields(file, table.schema_arrow, selection)
        columns, names = _selection(table, fields)
    with arrow_refuses(file, "Parquet"):
        for batch in table.iter_batches(batch_size=_BATCH_ROWS, columns=names):
            yield from fields.read(batch, columns)
    fields.finish()


def _selection(table: pq.ParquetFile, fields: TableFields) -> tuple[list[int], list[str] | None]:
    """Return the columns to read, by index and by name; `None` for all of them."""
    names = table.schema_arrow.names
    chosen = [names[index] for index in fields.columns]
    # A dot would be taken for a path, and a name that stands twice for both.
    if len(set(names)) < len(names) or any("." in name for name in chosen):
        return list(range(len(names))), None
    return fields.columns, chosen
