"""
Which columns of Arrow can hold text: by their type, and by what a batch of them holds.

Columns of numbers are mostly measurements, of which a few are text (`numbers`). Arrow's own functions
tell over a whole batch that there is none, so that no cell of such a column becomes a Python object.
Days and moments are text, as ISO 8601 writes them; times of day, durations and intervals are not.

tests/inputs/test_cells.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assaymark.inputs.numbers import EXACT, LONG

if TYPE_CHECKING:
    import pyarrow as pa

_NARROW = 16  # bits that hold no number of 7 digits


def type_holds_text(kind: pa.DataType) -> bool:
    """Return whether a column of this type can hold text. What is unknown can."""
    import pyarrow.types as pt

    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return type_holds_text(kind.value_type)
    if pt.is_map(kind):
        return type_holds_text(kind.key_type) or type_holds_text(kind.item_type)
    if pt.is_nested(kind) and hasattr(kind, "value_type"):
        return type_holds_text(kind.value_type)
    if pt.is_struct(kind):
        return any(type_holds_text(kind.field(i).type) for i in range(kind.num_fields))
    if pt.is_integer(kind) or pt.is_floating(kind):
        return bool(kind.bit_width > _NARROW)
    is_span = pt.is_duration(kind) or pt.is_time(kind) or pt.is_interval(kind)
    return not (pt.is_boolean(kind) or pt.is_null(kind) or is_span)


def type_is_dated(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds days or moments."""
    import pyarrow.types as pt

    return bool(pt.is_date(kind) or pt.is_timestamp(kind))


def type_holds_bytes(kind: pa.DataType) -> bool:
    """Return whether a column of this type can hold bytes that are no text."""
    import pyarrow as pa
    import pyarrow.types as pt

    if isinstance(kind, pa.BaseExtensionType):
        return type_holds_bytes(kind.storage_type)
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return type_holds_bytes(kind.value_type)
    if pt.is_map(kind):
        return type_holds_bytes(kind.key_type) or type_holds_bytes(kind.item_type)
    if pt.is_nested(kind) and hasattr(kind, "value_type"):
        return type_holds_bytes(kind.value_type)
    if pt.is_struct(kind):
        return any(type_holds_bytes(kind.field(i).type) for i in range(kind.num_fields))
    return bool(
        pt.is_binary(kind)
        or pt.is_large_binary(kind)
        or pt.is_fixed_size_binary(kind)
        or pt.is_binary_view(kind)
    )


def readable(column: pa.Array) -> pa.Array:
    """Return a column with days and moments as text, and extension types as their storage, at any depth.

    By Arrow, since Python has no nanoseconds. A moment with a zone is read in UTC, because a machine need
    not know its zone.
    """
    import pyarrow.compute as pc
    import pyarrow.types as pt

    if pt.is_run_end_encoded(column.type) and type_is_dated(column.type.value_type):
        column = pc.run_end_decode(column)
    # One after the other, since Arrow casts neither kind to text in one go.
    for change in (_stored, _spelled):
        kind = _changed(column.type, change)
        if kind != column.type:
            column = column.cast(kind)
    return column


def _stored(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa
    import pyarrow.types as pt

    if isinstance(kind, pa.BaseExtensionType):
        return _changed(kind.storage_type, _stored)
    return pa.timestamp(kind.unit) if pt.is_timestamp(kind) else kind


def _spelled(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return pa.string() if type_is_dated(kind) else kind


def _changed(kind: pa.DataType, change: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    """Return a type with `change` applied to each type that it is made of."""
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_dictionary(kind):
        value = _changed(kind.value_type, change)
        return kind if value == kind.value_type else value
    if pt.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        return pa.struct([each.with_type(_changed(each.type, change)) for each in fields])
    if pt.is_map(kind):
        key, item = (
            each.with_type(_changed(each.type, change))
            for each in (kind.key_field, kind.item_field)
        )
        return pa.map_(key, item, kind.keys_sorted)
    if pt.is_list(kind) or pt.is_large_list(kind) or pt.is_fixed_size_list(kind):
        inner = kind.value_field.with_type(_changed(kind.value_type, change))
        if pt.is_large_list(kind):
            return pa.large_list(inner)
        return pa.list_(inner, kind.list_size if pt.is_fixed_size_list(kind) else -1)
    return change(kind)


def type_is_number(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds numbers."""
    import pyarrow.types as pt

    return bool(pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind))


def cells_hold_text(column: pa.Array) -> bool:
    """Return whether any cell may be text; `False` is certain."""
    import pyarrow as pa
    import pyarrow.types as pt

    kind = column.type
    if not type_holds_text(kind):
        return False
    if isinstance(column, pa.ExtensionArray):
        return cells_hold_text(column.storage)
    if pt.is_dictionary(kind):
        return cells_hold_text(column.dictionary)
    if pt.is_run_end_encoded(kind):
        return cells_hold_text(column.values)
    if pt.is_map(kind):
        return cells_hold_text(column.keys) or cells_hold_text(column.items)
    if pt.is_struct(kind):
        return any(cells_hold_text(each) for each in column.flatten())
    if pt.is_nested(kind) and hasattr(kind, "value_type"):
        return cells_hold_text(column.flatten())
    if type_is_number(kind):
        return _has_long(column)
    return True


def _has_long(column: pa.Array) -> bool:
    """Return whether a number has 7 digits and, if it is a float, is whole."""
    import pyarrow.compute as pc
    import pyarrow.types as pt

    bounds = pc.min_max(column).as_py()
    low, high = bounds["min"], bounds["max"]
    if low is None or (low > -LONG and high < LONG):
        return False
    if not pt.is_floating(column.type):
        return True
    size = pc.abs(column)
    in_range = pc.and_(pc.greater_equal(size, float(LONG)), pc.less(size, float(EXACT)))
    is_text = pc.and_(in_range, pc.equal(pc.floor(column), column))
    return bool(pc.any(is_text).as_py())
