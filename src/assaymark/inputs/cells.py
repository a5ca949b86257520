"""
Which columns of Arrow can hold text: by their type, and by what a batch of them holds.

Columns of numbers are mostly measurements, of which a few are text (`numbers`). Arrow's own functions
tell over a whole batch that there is none, so that no cell of such a column becomes a Python object.

tests/inputs/test_cells.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaymark.inputs.numbers import EXACT, LONG

if TYPE_CHECKING:
    import pyarrow as pa

_NARROW = 16  # bits that hold no number of 7 digits


def type_holds_text(kind: pa.DataType, *, in_list: bool = False) -> bool:
    """Return whether a column of this type can hold text. What is unknown can."""
    import pyarrow.types as pt

    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return type_holds_text(kind.value_type, in_list=in_list)
    if pt.is_map(kind):
        return type_holds_text(kind.key_type) or type_holds_text(kind.item_type)
    if pt.is_nested(kind) and hasattr(kind, "value_type"):
        return type_holds_text(kind.value_type, in_list=True)
    if pt.is_struct(kind):
        return any(type_holds_text(kind.field(i).type) for i in range(kind.num_fields))
    if pt.is_integer(kind):
        return not in_list or kind.bit_width > _NARROW
    if pt.is_floating(kind):
        return bool(kind.bit_width > _NARROW)
    return not (pt.is_boolean(kind) or pt.is_temporal(kind) or pt.is_null(kind))


def type_is_number(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds numbers."""
    import pyarrow.types as pt

    return bool(pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind))


def cells_hold_text(column: pa.Array, *, in_list: bool = False) -> bool:
    """Return whether any cell may be text; `False` is certain."""
    import pyarrow as pa
    import pyarrow.types as pt

    kind = column.type
    if not type_holds_text(kind, in_list=in_list):
        return False
    if isinstance(column, pa.ExtensionArray):
        return cells_hold_text(column.storage, in_list=in_list)
    if pt.is_dictionary(kind):
        return cells_hold_text(column.dictionary, in_list=in_list)
    if pt.is_run_end_encoded(kind):
        return cells_hold_text(column.values, in_list=in_list)
    if pt.is_map(kind):
        return cells_hold_text(column.keys) or cells_hold_text(column.items)
    if pt.is_struct(kind):
        return any(cells_hold_text(each) for each in column.flatten())
    if pt.is_nested(kind) and hasattr(kind, "value_type"):
        return cells_hold_text(column.flatten(), in_list=True)
    if pt.is_integer(kind) and not in_list:
        return True
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
