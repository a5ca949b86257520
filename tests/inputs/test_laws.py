"""Laws that every format keeps."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.errors import InputError
from assaymark.inputs.formats import FORMATS
from assaymark.inputs.numbers import is_short_number

from .said import said

CELL = st.text(max_size=6).filter(lambda text: "\0" not in text)  # NUL costs a record of CSV
ROWS = st.lists(
    st.tuples(CELL, CELL).map(lambda pair: dict(zip("ab", pair, strict=True))), max_size=12
)


def as_jsonl(rows: list[dict[str, str]]) -> bytes:
    """One object on each line, with a broken line in between."""
    return b"".join(json.dumps(row).encode() + b"\nbroken\n" for row in rows)


def as_csv(rows: list[dict[str, str]]) -> bytes:
    """With a header, and a ragged line in between."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(["a", "b"])
    for row in rows:
        writer.writerow([row["a"], row["b"]])
        writer.writerow(["1", "2", "3"])
    return stream.getvalue().encode()


def as_parquet(rows: list[dict[str, str]]) -> bytes:
    """In row groups of two."""
    schema = pa.schema({"a": pa.string(), "b": pa.string()})
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), stream, row_group_size=2)
    return stream.getvalue()


WRITERS: dict[str, Callable[[list[dict[str, str]]], bytes]] = {
    "jsonl": as_jsonl,
    "json": lambda rows: json.dumps(rows).encode(),
    "csv": as_csv,
    "parquet": as_parquet,
}


def read(content: bytes, **options: Any) -> Any:
    """Write a file of no known suffix and read it; the path of the folder is not part of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.data")
        path.write_bytes(content)
        return said(path, **options)


@given(ROWS, st.sampled_from(sorted(WRITERS)), st.integers(1, 14))
def test_every_text_comes_back_with_its_row_and_field(
    rows: list[dict[str, str]], name: str, batch_rows: int
) -> None:
    """Whatever the format and the size of batches; nothing is lost where something is broken."""
    found = read(WRITERS[name](rows), format=name, batch_rows=batch_rows)

    step = 2 if name in ("jsonl", "csv") else 1
    empty_is_text = name != "csv"
    assert found.places == [
        (index * step, key, row[key])
        for index, row in enumerate(rows)
        for key in ("a", "b")
        if (row[key] or empty_is_text) and not (name == "csv" and is_short_number(row[key]))
    ]
    assert found.rows == len(rows)
    assert len(found.skipped) == (step - 1) * len(rows)
    # A row of nothing but short numbers holds no text.
    filled = {row for row, _, text in found.places if text.strip()}
    assert found.empty == len(rows) - len(filled)


@given(ROWS, st.sampled_from(sorted(WRITERS)), st.integers(1, 14))
def test_the_size_of_batches_changes_nothing(
    rows: list[dict[str, str]], name: str, batch_rows: int
) -> None:
    """Rows, lines, texts, what was skipped, and the digest."""
    content = WRITERS[name](rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.data")
        path.write_bytes(content)

        assert said(path, format=name, batch_rows=batch_rows) == said(path, format=name)


@pytest.mark.parametrize("name", [each.name for each in FORMATS])
@settings(max_examples=60)
@given(data=st.data())
def test_no_bytes_bring_anything_but_an_input_error(name: str, data: st.DataObject) -> None:
    """Noise, and a good file with a few bytes changed: records, or a refusal; never a traceback."""
    good = WRITERS.get(name, as_arrow if name == "arrow" else WRITERS["csv"])(
        [{"a": "x", "b": "y" * 50}] * 3
    )
    if data.draw(st.booleans()):
        content = data.draw(st.binary(max_size=200))
    else:
        changed = bytearray(good)
        for _ in range(data.draw(st.integers(1, 6))):
            changed[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
        content = bytes(changed)

    with suppress(InputError):
        assert read(content, format=name).subject.size == len(content)


def as_arrow(rows: list[dict[str, str]]) -> bytes:
    """As a stream."""
    table = pa.Table.from_pylist(rows)
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    return stream.getvalue()


@settings(max_examples=60)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"PAR1", b"ARROW1"]),
)
def test_no_bytes_of_unknown_format_bring_anything_but_an_input_error(
    noise: bytes, start: bytes
) -> None:
    """Also where the first bytes promise something."""
    with suppress(InputError):
        assert read(start + noise).subject.size == len(start + noise)
