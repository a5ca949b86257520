from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assaymark.contracts.source import Reach
from assaymark.errors import InputError

from .said import Found, said


def parquet(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    """Write a table."""
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_strings_dates_and_long_integers_are_texts(tmp_path: Path) -> None:
    """A card number in an integer column is found; counts, measurements and times of day are no text."""
    path = parquet(
        tmp_path / "a.parquet",
        {
            "note": ["a", None, ""],
            "card": pa.array([4111111111111111, None, -7], pa.int64()),
            "big": pa.array([Decimal(10**20), None, None], pa.decimal128(30, 0)),
            "ratio": [1.5, 2.0, None],
            "price": pa.array([Decimal("1.50")] * 3, pa.decimal128(5, 2)),
            "flag": [True, False, None],
            "at": [dt.time(12), None, None],
            "took": pa.array([1, None, None], pa.duration("s")),
            "born": [dt.date(2000, 1, 1), None, None],
            "none": pa.nulls(3),
        },
    )

    found = said(path)

    assert found.texts == [
        Found(str(path), 0, None, "note", "a"),
        Found(str(path), 0, None, "card", "4111111111111111"),
        Found(str(path), 0, None, "big", "100000000000000000000"),
        Found(str(path), 0, None, "born", "2000-01-01"),
        Found(str(path), 2, None, "note", ""),
    ]
    assert (found.rows, found.empty, found.unread) == (3, 2, {})


def test_dates_are_texts_wherever_they_stand(tmp_path: Path) -> None:
    """Days and moments to the nanosecond, in structs and lists, beside a time of day that is none."""
    moments = pa.array([10**18 + 1, None], pa.int64()).cast(pa.timestamp("ns", "Europe/Berlin"))
    path = parquet(
        tmp_path / "a.parquet",
        {
            "day": [dt.date(1990, 2, 3), None],
            "at": moments,
            "person": [{"born": dt.date(1990, 2, 3), "wakes": dt.time(6)}, None],
            "visits": [[dt.datetime(2001, 2, 3, 4, 5, 6, tzinfo=dt.UTC), None], []],
            "deep": pa.StructArray.from_arrays([moments], ["at"]),
        },
    )
    day, moment = "1990-02-03", "2001-09-09 01:46:40.000000001"

    assert said(path).places == [
        (0, "day", day),
        (0, "at", moment),
        (0, "person.born", day),
        (0, "visits[0]", "2001-02-03 04:05:06.000000"),
        (0, "deep.at", moment),
    ]
    assert said(path, field="person.born").places == [(0, "person.born", day)]


def test_bytes_that_are_no_text_are_counted(tmp_path: Path) -> None:
    """By column and row, as nothing looked at them, also where images are stored with their path."""
    picture = b"\x89PNG\0\xff"
    path = parquet(
        tmp_path / "a.parquet",
        {
            "text": ["a", "b", "c"],
            "image": [{"bytes": picture, "path": "a.png"}, {"bytes": None, "path": "b"}, None],
            "pages": [[picture, picture], [b"utf-8"], None],
            "raw": [b"caf\xe9", b"caf\xc3\xa9", b"\xff"],
        },
    )

    found = said(path)

    assert found.unread == {"image": 1, "pages": 1, "raw": 2}
    assert (0, "image.path", "a.png") in found.places
    assert [each.text for each in found.texts if each.field == "raw"] == ["café"]
    assert said(path, reach=Reach.TEXT_FIELDS).unread == {}


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("image", {"text": 2, "raw": 2, "n": 2, "image": 1}),
        ("image.bytes,image.path", {"text": 2, "raw": 2, "n": 2, "image": 1}),
        ("image.bytes,image", {"text": 2, "raw": 2, "n": 2, "image": 1}),
        ("image.path", {"text": 2, "raw": 2, "n": 2}),
        ("raw,text,n", {"image": 2, "raw": 1}),
        (None, {"image": 1, "raw": 1}),
    ],
)
def test_what_a_name_leaves_out_is_counted(
    tmp_path: Path, field: str | None, wanted: dict[str, int]
) -> None:
    """Every row of a column that could hold text; and of the named ones the bytes that are none."""
    path = parquet(
        tmp_path / "a.parquet",
        {
            "text": ["a", None],
            "image": [{"bytes": b"\xff", "path": "a"}, {"bytes": b"", "path": "b"}],
            "raw": [b"\0", b"x"],
            "n": [1, 2],
            "ok": [True, False],
            "small": pa.array([1, 2], pa.int16()),
        },
    )

    assert said(path, field=field).unread == wanted


def test_long_whole_numbers_are_texts_however_they_are_stored(tmp_path: Path) -> None:
    """Pandas makes floats of integers with gaps; a list of numbers may be one of cards."""
    card = 4111111111111111
    path = parquet(
        tmp_path / "a.parquet",
        {
            "gaps": [float(card), None, 0.5],
            "money": pa.array([Decimal(card), Decimal("1.50"), None], pa.decimal128(20, 2)),
            "cards": [[card, 5], [5], None],
            "deep": [{"x": [0.5, float(card)]}, {"x": None}, None],
        },
    )

    assert said(path).places == [
        (0, "gaps", str(card)),
        (0, "money", str(card)),
        (0, "cards[0]", str(card)),
        (0, "deep.x[1]", str(card)),
    ]


def test_names_inside_a_column_that_are_data_are_read(tmp_path: Path) -> None:
    """Writers make a struct of objects that are keyed by persons; what a row lacks is not its own."""
    people = [
        {"ann@example.org": 10**6, "plain": 2 * 10**6},
        {"Bob Example": None, "plain": 3 * 10**6},
    ]
    path = parquet(tmp_path / "a.parquet", {"by": people})

    assert said(path).places == [
        (0, "by.$[0](key)", "ann@example.org"),
        (0, "by.$[0]", "1000000"),
        (0, "by.plain", "2000000"),
        (1, "by.plain", "3000000"),
    ]
    assert [each[1] for each in said(path, reach=Reach.TEXT_FIELDS).places] == [
        "by.$[0]",
        "by.plain",
        "by.plain",
    ]


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ({"id": [1], "text": ["a"], "title": ["t"], "note": ["n"]}, ["text", "title"]),
        ({"question": ["a"], "answer": [10**6], "id": [10**6]}, ["question", "answer"]),
        ({"output": [10**6], "sentence": ["s"]}, ["output", "sentence"]),
        ({"output": [dt.date(2000, 1, 1)], "sentence": ["s"]}, ["output", "sentence"]),
        ({"output": [0.5], "sentence": ["s"]}, ["sentence"]),
        ({"title": ["t"], "note": ["n"]}, ["title", "note"]),
    ],
)
def test_text_columns_are_those_of_a_known_layout(
    tmp_path: Path, columns: dict[str, Any], wanted: list[str]
) -> None:
    """A column of scores or dates makes no layout, whatever it is called."""
    found = said(parquet(tmp_path / "a.parquet", columns), reach=Reach.TEXT_FIELDS)

    assert [each[1] for each in found.places] == wanted
    assert found.empty == 0


def test_chat_columns_have_paths(tmp_path: Path) -> None:
    """Every text of a turn is read, but not which kind of turn it is."""
    turns = [
        {"role": "user", "content": "hello", "name": "ann"},
        {"role": "assistant", "content": None, "name": None},
        {"role": "user", "content": "bye", "name": None},
    ]
    path = parquet(tmp_path / "a.parquet", {"messages": [turns, None]})

    assert said(path).places == [
        (0, "messages[0].content", "hello"),
        (0, "messages[0].name", "ann"),
        (0, "messages[2].content", "bye"),
    ]


def test_every_kind_of_string_is_text(tmp_path: Path) -> None:
    """Dictionaries, large ones, views, lists, structs, maps, and bytes that are UTF-8."""
    path = parquet(
        tmp_path / "a.parquet",
        {
            "dict": pa.array(["d"]).dictionary_encode(),
            "large": pa.array(["l"], pa.large_string()),
            "view": pa.array(["v"], pa.string_view()),
            "list": [["a", "b"]],
            "struct": [{"x": "s", "n": 5_000_000, "f": 0.5}],
            "map": pa.array([[("k", "m")]], pa.map_(pa.string(), pa.string())),
            "bytes": pa.array([b"text"], pa.binary()),
            "image": pa.array([b"\x89PNG\0\xff"], pa.binary()),
            "latin": pa.array([b"caf\xe9"], pa.binary()),
            "tokens": [[101, 2023]],
            "vector": [[0.5]],
        },
    )

    assert said(path).places == [
        (0, "dict", "d"),
        (0, "large", "l"),
        (0, "view", "v"),
        (0, "list[0]", "a"),
        (0, "list[1]", "b"),
        (0, "struct.x", "s"),
        (0, "struct.n", "5000000"),
        (0, "map[0].key", "k"),
        (0, "map[0].value", "m"),
        (0, "bytes", "text"),
    ]


def test_named_columns_and_places_in_them(tmp_path: Path) -> None:
    """A column, and a path that starts with one."""
    path = parquet(
        tmp_path / "a.parquet",
        {"meta": [{"by": {"name": "ann"}}, {"by": None}], "a.b": ["x", "y"], "score": [0.5, 1.5]},
    )

    assert said(path, field="meta.by.name,a.b").places == [
        (0, "meta.by.name", "ann"),
        (0, "a.b", "x"),
        (1, "a.b", "y"),
    ]
    assert said(path, field="score").places == [(0, "score", "0.5"), (1, "score", "1.5")]


@pytest.mark.parametrize(
    ("field", "message", "hint"),
    [
        ("txt", "`{}` has no column `txt`", "did you mean `text`?"),
        (
            "meta.by",
            "no row of `{}` has the field `meta.by`",
            "the column is `meta`; name it alone to read all of it",
        ),
    ],
)
def test_a_named_place_that_is_not_there_is_an_error(
    tmp_path: Path, field: str, message: str, hint: str
) -> None:
    """In the header at once, inside a column at the end."""
    path = parquet(tmp_path / "a.parquet", {"text": ["a"], "meta": [{"who": "b"}]})

    with pytest.raises(InputError) as raised:
        said(path, field=field)

    assert (raised.value.message, raised.value.hint) == (message.format(path), hint)


def test_cells_that_are_no_utf8_cost_their_row(tmp_path: Path) -> None:
    """A column declared as text may hold other bytes."""
    broken = pa.Array.from_buffers(
        pa.string(), 3, pa.array([b"ok", b"\xff", b"ok"], pa.binary()).buffers()
    )
    path = parquet(tmp_path / "a.parquet", {"text": broken, "other": ["x", "y", "z"]})

    found = said(path)

    assert found.reasons == [(1, None, "invalid UTF-8")]
    assert found.rows == 2


def test_two_columns_of_one_name_are_both_read(tmp_path: Path) -> None:
    """And told apart by position."""
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["x", "x"])
    path = tmp_path / "a.parquet"
    pq.write_table(table, path)

    assert said(path).places == [(0, "x", "a"), (0, "x (column 2)", "b")]
    assert said(path, field="x").rows == 1


def test_rows_are_numbered_over_row_groups(tmp_path: Path) -> None:
    """However the writer cut them."""
    path = parquet(
        tmp_path / "a.parquet", {"text": [f"t{i}" for i in range(2500)]}, row_group_size=700
    )

    assert said(path).places == [(i, "text", f"t{i}") for i in range(2500)]


def test_a_table_without_text_has_empty_rows(tmp_path: Path) -> None:
    """They are counted, since nothing in them was judged."""
    found = said(parquet(tmp_path / "a.parquet", {"x": [0.5, 1.5]}))

    assert (found.rows, found.empty, found.texts) == (2, 2, [])


def test_texts_too_deep_cost_their_row(tmp_path: Path) -> None:
    """As in JSON."""
    value: Any = "deep"
    for _ in range(40):
        value = [value]
    found = said(parquet(tmp_path / "a.parquet", {"x": [value]}))

    assert found.reasons == [(0, None, "nested too deeply")]


@pytest.mark.parametrize("cut", [5, 100, -1, -300])
def test_a_file_that_is_cut_short_is_an_error(tmp_path: Path, cut: int) -> None:
    """Its footer says what the pages hold; without it nothing is known."""
    path = parquet(tmp_path / "a.parquet", {"text": [f"some text {i}" for i in range(1000)]})
    path.write_bytes(path.read_bytes()[:cut])

    with pytest.raises(InputError) as raised:
        said(path)

    assert raised.value.message == f"`{path}` is cut short or corrupt, or is not Parquet"
    assert raised.value.hint == "write or download the file again"


def test_a_corrupt_page_is_an_error(tmp_path: Path) -> None:
    """Found while reading, not before."""
    path = parquet(
        tmp_path / "a.parquet",
        {"text": [f"some text {i}" for i in range(1000)]},
        compression="zstd",
    )
    data = bytearray(path.read_bytes())
    data[60:200] = b"\xff" * 140
    path.write_bytes(data)

    with pytest.raises(InputError, match="is cut short or corrupt, or is not Parquet"):
        said(path)


def test_a_column_name_that_is_data_is_read(tmp_path: Path) -> None:
    """It is shown by its position, and judged as a text of the first row."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"card 4111 1111 1111 1111": ["x", "y"]}), path)

    assert said(path).places == [
        (0, "column 1 (name)", "card 4111 1111 1111 1111"),
        (0, "column 1", "x"),
        (1, "column 1", "y"),
    ]
