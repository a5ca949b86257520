from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.inputs.cells import cells_hold_text, readable, type_holds_bytes, type_holds_text
from assaymark.inputs.records import Text
from assaymark.inputs.walk import Walk

LIST = pa.list_(pa.int64())


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.string(), True),
        (pa.large_binary(), True),
        (pa.string_view(), True),
        (pa.int8(), False),
        (pa.int16(), False),
        (pa.int32(), True),
        (pa.uint64(), True),
        (pa.float16(), False),
        (pa.float32(), True),
        (pa.float64(), True),
        (pa.decimal128(20, 2), True),
        (pa.bool_(), False),
        (pa.date32(), True),
        (pa.date64(), True),
        (pa.timestamp("s"), True),
        (pa.timestamp("ns", "Europe/Berlin"), True),
        (pa.time32("s"), False),
        (pa.time64("ns"), False),
        (pa.duration("ms"), False),
        (pa.month_day_nano_interval(), False),
        (pa.null(), False),
        (pa.list_(pa.int16()), False),
        (pa.list_(pa.int32()), True),
        (pa.list_(pa.float16()), False),
        (pa.large_list(pa.bool_()), False),
        (pa.list_(pa.float32(), 3), True),
        (pa.struct({"a": pa.bool_()}), False),
        (pa.struct({"a": pa.bool_(), "b": pa.list_(pa.string())}), True),
        (pa.map_(pa.string(), pa.bool_()), True),
        (pa.map_(pa.bool_(), pa.date32()), True),
        (pa.map_(pa.bool_(), pa.duration("s")), False),
        (pa.dictionary(pa.int8(), pa.bool_()), False),
        (pa.dictionary(pa.int8(), pa.string()), True),
        (pa.run_end_encoded(pa.int32(), pa.date32()), True),
        (pa.run_end_encoded(pa.int32(), pa.int64()), True),
        (pa.dense_union([pa.field("a", pa.bool_())]), True),
    ],
)
def test_types_that_can_hold_text(kind: pa.DataType, expected: object) -> None:
    """Sixteen bits hold no number of 7 digits; dates are text, spans are not; what is unknown may be."""
    assert type_holds_text(kind) is expected


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["a"]), True),
        (pa.array([1]), False),
        (pa.array([999_999, None, -999_999]), False),
        (pa.array([None, -1_000_000]), True),
        (pa.array([dt.date(2000, 1, 1)]), True),
        (pa.array([dt.timedelta(1)]), False),
        (pa.array([0.5, 1e9 + 0.5, float("nan"), float("inf"), None]), False),
        (pa.array([None, 4111111111111111.0]), True),
        (pa.array([-4111111111111111.0, 0.5]), True),
        (pa.array([float(2**53)]), False),
        (pa.array([None, None], pa.float64()), False),
        (pa.array([], pa.float64()), False),
        (pa.array([2.5e6], pa.float32()), True),
        (pa.array([[101, 2023], None, []]), False),
        (pa.array([[101], [-(2**63)]]), True),
        (pa.array([[2**64 - 1]], pa.list_(pa.uint64())), True),
        (pa.array([[[0.5, 3.0]]]), False),
        (pa.array([[0.5, 4e9]], pa.list_(pa.float32(), 2)), True),
        (pa.array([{"a": 0.5, "b": [1]}]), False),
        (pa.array([{"a": 0.5, "b": [1]}, {"a": 4e9, "b": None}]), True),
        (pa.array([[(1, 0.5)]], pa.map_(pa.int64(), pa.float64())), False),
        (pa.array([[(10**6, 0.5)]], pa.map_(pa.int64(), pa.float64())), True),
        (pa.array([[(0.5, [1])]], pa.map_(pa.float64(), LIST)), False),
        (pa.array([0.5, 4e9]).dictionary_encode(), True),
        (pa.array([0.5]).dictionary_encode(), False),
        (pa.RunEndEncodedArray.from_arrays([2], [0.5]), False),
        (pa.array([Decimal("1.50")], pa.decimal128(20, 2)), False),
        (pa.array([Decimal("1000000.00")], pa.decimal128(20, 2)), True),
        (pa.FixedShapeTensorArray.from_numpy_ndarray(np.ones((2, 3))), False),
        (pa.array([True]), False),
    ],
)
def test_cells_that_may_be_text(column: pa.Array, expected: object) -> None:
    """Told over the whole column at once, whatever it is packed in."""
    assert cells_hold_text(column) is expected


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.floats(),
            st.sampled_from([1e6, -1e6, 999_999.0, 2.0**53, 2.0**53 - 1, 4111111111111111.0]),
        ),
        max_size=6,
    ),
    st.sampled_from(["plain", "list", "struct", "dictionary"]),
    st.integers(0, 3),
)
def test_floats_are_looked_at_one_by_one_only_where_one_is_text(
    values: list[float | None], packing: str, start: int
) -> None:
    """The answer over the column is that of its cells, for any part of it."""
    column = pa.array(values, pa.float64())
    if packing == "list":
        column = pa.array([values], pa.list_(pa.float64()))
        start = 0
    elif packing == "struct":
        column = pa.StructArray.from_arrays([column], ["a"])
    elif packing == "dictionary":
        column, start = column.dictionary_encode(), 0
    column = column.slice(start)

    texts: list[Text] = []
    for each in column.to_pylist():
        if each is not None:
            Walk(is_schema=True).add(texts, each, "x")
    assert cells_hold_text(column) is bool(texts)


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), max_size=6))
def test_integers_are_looked_at_only_where_one_is_long(values: list[int | None]) -> None:
    """Counts, ages and row numbers cost nothing."""
    expected = any(each is not None and abs(each) >= 10**6 for each in values)

    assert cells_hold_text(pa.array(values, pa.int64())) is expected


@given(st.lists(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4), max_size=4))
def test_integers_in_lists_are_looked_at_only_where_one_is_long(values: list[Any]) -> None:
    """Token ids cost nothing."""
    expected = any(abs(number) >= 10**6 for each in values for number in each)

    assert cells_hold_text(pa.array(values, LIST)) is expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.binary(), True),
        (pa.large_binary(), True),
        (pa.binary(16), True),
        (pa.binary_view(), True),
        (pa.uuid(), True),
        (pa.json_(), False),
        (pa.string(), False),
        (pa.int64(), False),
        (pa.dictionary(pa.int8(), pa.binary()), True),
        (pa.run_end_encoded(pa.int32(), pa.binary()), True),
        (pa.map_(pa.string(), pa.binary()), True),
        (pa.map_(pa.string(), pa.string()), False),
        (pa.list_(pa.list_(pa.binary())), True),
        (pa.struct({"bytes": pa.binary(), "path": pa.string()}), True),
        (pa.struct({"path": pa.string()}), False),
    ],
)
def test_types_that_can_hold_bytes_that_are_no_text(kind: pa.DataType, expected: object) -> None:
    """At any depth, and behind an extension type."""
    assert type_holds_bytes(kind) is expected


NANO = pa.array([1, None, 10**18 + 1], pa.int64()).cast(pa.timestamp("ns"))
SPELLED = ["1970-01-01 00:00:00.000000001", None, "2001-09-09 01:46:40.000000001"]


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "Nowhere/Land"])
@pytest.mark.parametrize(
    ("pack", "expected"),
    [
        (lambda days: days, SPELLED),
        (lambda days: days.dictionary_encode(), SPELLED),
        (
            lambda days: pa.StructArray.from_arrays([days], ["at"]),
            [{"at": each} for each in SPELLED],
        ),
        (lambda days: pa.ListArray.from_arrays([0, 3], days), [SPELLED]),
        (lambda days: pa.LargeListArray.from_arrays([0, 3], days), [SPELLED]),
        (lambda days: pa.FixedSizeListArray.from_arrays(days, 3), [SPELLED]),
        (lambda days: pa.ListArray.from_arrays([0, 3], days.dictionary_encode()), [SPELLED]),
        (
            lambda days: pa.MapArray.from_arrays([0, 1], ["k"], days.slice(2)),
            [[("k", SPELLED[2])]],
        ),
    ],
)
def test_moments_are_read_to_the_nanosecond(zone: str | None, pack: Any, expected: Any) -> None:
    """At any depth; in UTC, also where the machine does not know the zone."""
    column = pack(NANO.cast(pa.timestamp("ns", zone)))

    assert readable(column).to_pylist() == expected


def test_runs_of_days_are_read() -> None:
    """Arrow does not cast them as they are."""
    days = pa.RunEndEncodedArray.from_arrays([2], pa.array([dt.date(2000, 1, 1)]))

    assert readable(days).to_pylist() == ["2000-01-01", "2000-01-01"]


def test_an_extension_type_inside_a_column_is_read_by_its_storage() -> None:
    """Python would make an object of it that nobody could look into."""
    number = uuid.UUID(int=2**127)
    column = pa.StructArray.from_arrays([pa.array([number], pa.uuid())], ["id"])

    assert readable(column).to_pylist() == [{"id": number.bytes}]


def test_columns_without_dates_stay_as_they_are() -> None:
    """Nothing is copied."""
    column = pa.array([{"a": ["x"]}, None])

    assert readable(column) is column
