"""Parquet and Arrow: cells of every kind change, and all else of the file stays."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaymark.errors import InputError
from assaymark.redaction.change_log import ChangeLog
from assaymark.redaction.files import redact_files
from assaymark.redaction.keys import Secret
from assaymark.redaction.operators import Encrypt, Mask, Pseudonymise, Replace
from assaymark.redaction.restoration import Restoring
from assaymark.redaction.vault import Vault

from .test_files import ENTITIES, make, redacting

SECRET = Secret(bytes(range(32)))
PAIR = pa.struct([pa.field("n", pa.string()), pa.field("k", pa.int64())])
SCHEMA = pa.schema(
    [
        pa.field("text", pa.string(), metadata={"a": "b"}),
        pa.field("large", pa.large_string()),
        pa.field("code", pa.dictionary(pa.int16(), pa.string())),
        pa.field("id", pa.int64()),
        pa.field("ratio", pa.float64()),
        pa.field("price", pa.decimal128(20, 0)),
        pa.field("day", pa.date32()),
        pa.field("at", pa.timestamp("us")),
        pa.field("raw", pa.binary()),
        pa.field("tags", pa.list_(pa.string())),
        pa.field("pair", PAIR),
        pa.field("pairs", pa.list_(PAIR)),
        pa.field("map", pa.map_(pa.string(), pa.string())),
        pa.field("two", pa.list_(pa.string(), 2)),
        pa.field("flag", pa.bool_()),
    ],
    metadata={"owner": "nobody"},
)
FULL: dict[str, Any] = {
    "text": "Jo Doe here",
    "large": "1234567",
    "code": "Jo",
    "id": 4111111111111111,
    "ratio": 1234567.0,
    "price": Decimal(12345678),
    "day": date(1980, 2, 29),
    "at": datetime(1980, 2, 29, 1, 2, 3),  # noqa: DTZ001 - the type has no zone
    "raw": b"Jo",
    "tags": ["x", "Jo", None],
    "pair": {"n": "Jo", "k": 7654321},
    "pairs": [{"n": "x", "k": 1}, {"n": "Jo", "k": None}],
    "map": [("Jo", "x"), ("y", "Jo")],
    "two": ["Jo", "x"],
    "flag": True,
}
EMPTY: dict[str, Any] = dict.fromkeys(FULL)
PLAIN: dict[str, Any] = {**EMPTY, "text": "nothing", "id": 1, "tags": [], "map": [], "flag": False}
BYTES: dict[str, Any] = {**EMPTY, "raw": b"\xff\0"}

REDACTED: dict[str, Any] = {
    **FULL,
    "text": "<PERSON> here",
    "large": "<NUMBER>",
    "code": "<PERSON>",
    "id": None,
    "ratio": None,
    "price": None,
    "day": None,
    "at": None,
    "raw": b"<PERSON>",
    "tags": ["x", "<PERSON>", None],
    "pair": {"n": "<PERSON>", "k": None},
    "pairs": [{"n": "x", "k": 1}, {"n": "<PERSON>", "k": None}],
    "map": [("<PERSON>", "x"), ("y", "<PERSON>")],
    "two": ["<PERSON>", "x"],
}


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows under the schema of these tests."""
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def as_parquet(table: pa.Table, rows: int) -> bytes:
    """With row groups of so many rows."""
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=rows, compression={"text": "zstd", "id": "gzip"})
    return sink.getvalue()


def as_arrow(table: pa.Table, rows: int) -> bytes:
    """The file format, with batches of so many rows."""
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="lz4", unify_dictionaries=True)
    with pa.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=rows)
    return sink.getvalue()


def as_stream(table: pa.Table, rows: int) -> bytes:
    """The stream format."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)
    return sink.getvalue()


WRITERS: dict[str, Callable[[pa.Table, int], bytes]] = {
    "a.parquet": as_parquet,
    "a.arrow": as_arrow,
    "a.arrows": as_stream,
}


def read(path: Path) -> pa.Table:
    """Whichever of the three it is."""
    if path.suffix == ".parquet":
        return pq.read_table(path)
    data = path.read_bytes()
    reader = pa.ipc.open_file(data) if path.suffix == ".arrow" else pa.ipc.open_stream(data)
    return reader.read_all()


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_cell_changes_and_the_rest_stays(name: str, tmp_path: Path) -> None:
    """What does not fit its type becomes null; schema, metadata and rows without findings are the same."""
    source = tmp_path / name
    source.write_bytes(WRITERS[name](table_of([PLAIN, FULL, EMPTY, BYTES, FULL]), 2))

    redact_files(make(source, tmp_path / f"out-{name}"))

    made = read(tmp_path / f"out-{name}")
    assert made.to_pylist() == [PLAIN, REDACTED, EMPTY, BYTES, REDACTED]
    assert made.schema.equals(read(source).schema, check_metadata=True)
    assert made.schema.metadata == {b"owner": b"nobody"}


def test_parquet_is_written_as_it_was(tmp_path: Path) -> None:
    """Row groups, compression and dictionaries of each column."""
    source, out = tmp_path / "a.parquet", tmp_path / "out.parquet"
    source.write_bytes(as_parquet(table_of([PLAIN, FULL, EMPTY, BYTES, FULL]), 2))

    redact_files(make(source, out))

    before, after = pq.ParquetFile(source).metadata, pq.ParquetFile(out).metadata
    assert after.num_row_groups == before.num_row_groups == 3
    for group in range(3):
        old, new = before.row_group(group), after.row_group(group)
        assert new.num_rows == old.num_rows
        for column in range(old.num_columns):
            assert new.column(column).compression == old.column(column).compression
            assert new.column(column).path_in_schema == old.column(column).path_in_schema
    assert after.format_version == before.format_version


@pytest.mark.parametrize("codec", ["lz4", "zstd", None])
@pytest.mark.parametrize("name", ["a.arrow", "a.arrows"])
def test_arrow_is_compressed_as_it_was(codec: str | None, name: str, tmp_path: Path) -> None:
    """And has the batches that it had."""
    source, out = tmp_path / name, tmp_path / f"out-{name}"
    table = pa.table({"text": ["Jo Doe " * 50] * 400})
    options = pa.ipc.IpcWriteOptions(compression=codec)
    make_writer = pa.ipc.new_file if name == "a.arrow" else pa.ipc.new_stream
    with make_writer(str(source), table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=250)
    redact_files(make(source, out))

    replaced = pa.table({"text": ["<PERSON> " * 50] * 400})
    with make_writer(str(tmp_path / "wanted"), table.schema, options=options) as writer:
        writer.write_table(replaced, max_chunksize=250)
    sizes = [(tmp_path / each).stat().st_size for each in (out.name, "wanted")]
    assert abs(sizes[0] - sizes[1]) < 1000  # of a few KB packed, and 200 KB plain
    assert [len(each) for each in read(out).column(0).chunks] == [250, 150]
    assert read(out).equals(replaced)


@pytest.mark.parametrize("name", WRITERS)
def test_twice_changes_nothing_more(name: str, tmp_path: Path) -> None:
    """Byte by byte."""
    source = tmp_path / name
    source.write_bytes(WRITERS[name](table_of([PLAIN, FULL, FULL]), 2))

    redact_files(make(source, tmp_path / f"one-{name}"))
    redact_files(make(tmp_path / f"one-{name}", tmp_path / f"two-{name}"))

    assert (tmp_path / f"two-{name}").read_bytes() == (tmp_path / f"one-{name}").read_bytes()


@pytest.mark.parametrize("name", WRITERS)
def test_pseudonyms_keep_the_types_and_come_back(name: str, tmp_path: Path) -> None:
    """Numbers and days get another number and another day; with the log each cell is what it was."""
    rows = [FULL, {**FULL, "text": "a@b.c", "tags": ["Jo Doe", "1234567"]}, PLAIN]
    source, out, back = tmp_path / name, tmp_path / f"out-{name}", tmp_path / f"back-{name}"
    source.write_bytes(WRITERS[name](table_of(rows), 2))
    log = tmp_path / "log"
    with Vault(tmp_path / "vault", SECRET) as vault:
        redact_files(
            make(source, out, log=log, treatment=redacting(Pseudonymise(vault), "pseudonym"))
        )
        with ChangeLog(log) as changes:
            treatment = Restoring(vault=vault, sealed=Encrypt(SECRET), log=changes)
            restored = make(out, back, log=None, treatment=treatment, resumes=False)
            redact_files(restored)

    made = read(out).to_pylist()
    lost = {
        (line["row"], line["field"])
        for line in map(json.loads, log.read_text().splitlines()[1:])
        if line.get("spelling") == "null"
    }
    assert made[0]["id"] not in (None, FULL["id"])
    assert made[0]["price"] not in (None, FULL["price"])
    assert lost <= {(row, field) for row in (0, 1) for field in ("day", "at")}
    kept = [each for each in SCHEMA.names if each not in {field for _, field in lost}]
    assert read(back).select(kept).to_pylist() == table_of(rows).select(kept).to_pylist()


def test_a_cell_that_cannot_be_null_refuses_the_run(tmp_path: Path) -> None:
    """By its column's number, and nothing is left."""
    schema = pa.schema([pa.field("id", pa.int64(), nullable=False)])
    pq.write_table(pa.table({"id": [4111111111111111]}, schema=schema), tmp_path / "a.parquet")

    with pytest.raises(InputError) as caught:
        redact_files(make(tmp_path / "a.parquet", tmp_path / "out.parquet"))

    assert caught.value.message == (
        f"column 1 of `{tmp_path}/a.parquet` holds what must go and cannot be null"
    )
    assert [each.name for each in tmp_path.iterdir()] == ["a.parquet"]


def test_a_name_that_must_go_refuses_the_run(tmp_path: Path) -> None:
    """A column belongs to the schema, which is not ours to change."""
    pq.write_table(pa.table({"x": ["y"], "a@b.c": ["z"]}), tmp_path / "a.parquet")

    with pytest.raises(InputError) as caught:
        redact_files(make(tmp_path / "a.parquet", tmp_path / "out.parquet"))

    assert caught.value.message == (
        f"the name `column 2 (name)` in `{tmp_path}/a.parquet` holds what must go"
    )


def test_rows_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    """A cell that is no UTF-8 costs its row, and a group without rows is gone."""
    raw = pa.array([b"Jo", b"\xff Jo", b"x"], pa.binary()).view(pa.string())
    with pa.ipc.new_stream(str(tmp_path / "a.arrows"), pa.schema({"t": pa.string()})) as writer:
        writer.write_batch(pa.record_batch({"t": raw}))
        writer.write_batch(pa.record_batch({"t": raw.slice(1, 1)}))

    made = redact_files(make(tmp_path / "a.arrows", tmp_path / "out.arrows"))

    assert read(tmp_path / "out.arrows").to_pylist() == [{"t": "<PERSON>"}, {"t": "x"}]
    assert made.withheld == {"invalid UTF-8": 2}


LEAVES = st.one_of(st.none(), st.sampled_from(["Jo", "1234567", "x", "a@b.c Jo"]))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": LEAVES,
            "tags": st.none() | st.lists(LEAVES, max_size=3),
            "pair": st.none()
            | st.fixed_dictionaries({"n": LEAVES, "k": st.none() | st.just(7654321)}),
            "pairs": st.none()
            | st.lists(
                st.none() | st.fixed_dictionaries({"n": LEAVES, "k": st.none()}), max_size=3
            ),
            "map": st.none()
            | st.lists(st.tuples(st.sampled_from(["Jo", "k", "1234567"]), LEAVES), max_size=3),
            "two": st.none() | st.lists(LEAVES, min_size=2, max_size=2),
            "code": LEAVES,
        }
    ),
    min_size=1,
    max_size=6,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15
)
@given(rows=ROWS, size=st.integers(1, 4), name=st.sampled_from(sorted(WRITERS)))
def test_nested_cells_change_where_they_stand(
    rows: list[dict[str, Any]], size: int, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As the same values in Python would."""
    folder = tmp_path_factory.mktemp("nested")
    table = table_of([{**EMPTY, **each} for each in rows])
    (folder / name).write_bytes(WRITERS[name](table, size))

    redact_files(make(folder / name, folder / f"out-{name}", treatment=redacting(Mask())))

    assert read(folder / f"out-{name}").to_pylist() == [
        {key: _masked(value) for key, value in each.items()} for each in table.to_pylist()
    ]


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _masked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner) for inner in value]
    if isinstance(value, tuple):
        return tuple(map(_masked, value))
    if value == 7654321:
        return None
    text = {"Jo": "**", "1234567": "*******", "a@b.c Jo": "***** **"}
    return text.get(value, value) if isinstance(value, str) else value


def test_a_replacement_is_recognised_in_a_table(tmp_path: Path) -> None:
    """So that what was redacted before can be redacted again by another run."""
    pq.write_table(pa.table({"t": ["<PERSON> Jo"]}), tmp_path / "a.parquet")

    redact_files(
        make(tmp_path / "a.parquet", tmp_path / "o.parquet", treatment=redacting(Replace(ENTITIES)))
    )

    assert read(tmp_path / "o.parquet").to_pylist() == [{"t": "<PERSON> <PERSON>"}]
