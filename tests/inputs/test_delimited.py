from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from assaymark.contracts.source import Reach
from assaymark.errors import InputError
from assaymark.inputs import delimited
from assaymark.inputs.delimited import read_csv
from assaymark.inputs.records import Record
from assaymark.inputs.selection import Selection

from .conftest import Write
from .said import Found, said


def test_every_column_is_a_text_field(write: Write) -> None:
    """A record stands on the line where it starts; an empty cell is no value."""
    path = write("a.csv", 'id,note\r\nA1,"two\r\nlines, ""quoted"""\r\n\r\nA2,\r\n')

    found = said(path)

    assert found.texts == [
        Found(str(path), 0, 2, "id", "A1"),
        Found(str(path), 0, 2, "note", 'two\r\nlines, "quoted"'),
        Found(str(path), 1, 5, "id", "A2"),
    ]
    assert (found.rows, found.empty, found.skipped) == (2, 0, [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(write: Write, delimiter: str) -> None:
    """It is the one that stands most often in the first line, outside quotes."""
    header = delimiter.join(['"x,;|y, z"', "b", "c"])
    path = write("a.csv", f"{header}\np{delimiter}q{delimiter}r\n")

    assert said(path).places == [(0, "x,;|y, z", "p"), (0, "b", "q"), (0, "c", "r")]


def test_tsv_is_separated_by_tabs_alone(write: Write) -> None:
    """Commas in its header change nothing."""
    assert said(write("a.tsv", "a,b,c\td\np\tq\n")).places == [(0, "a,b,c", "p"), (0, "d", "q")]


def test_named_columns_are_read_alone(write: Write) -> None:
    """In the order in which they were named, short numbers too; what was left out is counted."""
    path = write("a.csv", "a, b ,c,d\n1,2,3,\n4,5,6,x\n,7,8,\n")

    found = said(path, field="c,b")

    assert found.places == [
        (0, "c", "3"),
        (0, "b", "2"),
        (1, "c", "6"),
        (1, "b", "5"),
        (2, "c", "8"),
        (2, "b", "7"),
    ]
    assert found.unread == {"a": 2, "d": 1}


def test_short_whole_numbers_are_no_text(write: Write) -> None:
    """A row number may look like a telephone number; what stands beside digits is read."""
    path = write("a.csv", "id,age,card,note,day\n1650, 42 ,4111111,7 x,2000-01-01\n1651,-3,7.5,,\n")

    found = said(path)

    assert found.places == [
        (0, "card", "4111111"),
        (0, "note", "7 x"),
        (0, "day", "2000-01-01"),
        (1, "card", "7.5"),
    ]
    assert (found.rows, found.unread) == (2, {})


def test_a_row_of_short_numbers_has_no_text(write: Write) -> None:
    """It is counted as empty, as in every other format."""
    found = said(write("a.csv", "a,b\n1,2\n3,x\n"))

    assert (found.rows, found.empty) == (2, 1)


def test_text_columns_alone_are_read_where_only_they_are_asked_for(write: Write) -> None:
    """Two columns of one name are both that column; without a known name all are read."""
    known = write("a.csv", "id, text ,text,note\n1,a,b,n\n")
    unknown = write("b.csv", "id,note\nA1,n\n")

    assert said(known, reach=Reach.TEXT_FIELDS).places == [
        (0, "text", "a"),
        (0, "text (column 3)", "b"),
    ]
    assert said(unknown, reach=Reach.TEXT_FIELDS).places == [(0, "id", "A1"), (0, "note", "n")]


def test_a_column_that_is_not_there_is_an_error(write: Write) -> None:
    """The error names it, the file, and the nearest that there is."""
    path = write("a.csv", "prompt,answer\nx,y\n")

    with pytest.raises(InputError) as raised:
        said(path, field="prompt,anser")

    assert raised.value.message == f"`{path}` has no column `anser`"
    assert raised.value.hint == "did you mean `answer`?"


def test_a_record_of_another_length_is_skipped(write: Write) -> None:
    """Too few cells and too many are both counted."""
    found = said(write("a.csv", "a,b\n1\n1,2\n1,2,3\n"))

    assert found.reasons == [
        (0, 2, "wrong number of columns"),
        (2, 4, "wrong number of columns"),
    ]
    assert found.rows == 1


def test_a_quote_that_is_never_closed_costs_its_line(write: Write) -> None:
    """What it would have swallowed is read line by line."""
    rows = "".join(f"r{i},x{i}\n" for i in range(5))
    found = said(write("a.csv", f'a,b\n0,"open\n\n{rows}'))

    assert found.reasons == [(0, 2, "quote never closed")]
    assert found.places[0] == (1, "a", "r0")
    assert found.rows == 5


def test_a_quote_closed_by_accident_costs_its_line(write: Write) -> None:
    """A record that swallowed others does not fit the header, and is taken apart."""
    found = said(write("a.csv", 'a,b\n0,"open\np,x\n2,"quoted",\nq,y\n'))

    assert found.reasons == [
        (0, 2, "quote never closed"),
        (2, 4, "wrong number of columns"),
    ]
    assert found.places == [(1, "a", "p"), (1, "b", "x"), (3, "a", "q"), (3, "b", "y")]


def test_an_open_cell_is_bounded(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many lines, or so many bytes, a record is taken apart without reaching the end."""
    rows = "".join(f"{i},x\n" for i in range(50))
    path = write("a.csv", f'a,b\n0,"open\n{rows}last,"closed"\n')

    for name, limit in (("MAX_RECORD_LINES", 10), ("MAX_LINE", 40)):
        with monkeypatch.context() as patch:
            patch.setattr(delimited, name, limit)
            found = said(path)
        assert found.reasons == [(0, 2, "quote never closed")]
        assert found.rows == 51


def test_lines_that_each_open_a_quote_are_read_in_linear_time(write: Write) -> None:
    """Each is taken apart once, though each could swallow the rest."""
    path = write("a.csv", "a,b\n" + '5" x,"abc\n' * 20_000)

    found = said(path)

    assert len(found.skipped) == 20_000
    assert {reason for _, _, reason in found.reasons} == {"quote never closed"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"caf\xe9,x", "invalid UTF-8"),
        (b'"caf\xe9\nx",x', "invalid UTF-8"),
        (b"a\0b,x", "NUL character"),
    ],
)
def test_a_record_that_is_no_text_is_skipped(write: Write, row: bytes, reason: str) -> None:
    """As one record, whatever lines it has."""
    found = said(write("a.csv", b"a,b\n" + row + b"\np,q\n"))

    assert found.reasons == [(0, 2, reason)]
    assert found.places == [(1, "a", "p"), (1, "b", "q")]


def test_a_line_beyond_the_limit_ends_its_record(write: Write, tmp_path: Path) -> None:
    """Even inside quotes, since nobody knows what stood in it."""
    path = write("a.csv", b'a,b\n1,"open\n' + b"x" * 70_000_000 + b"\np,q\n")

    found = said(path)

    assert found.reasons == [(0, 2, "longer than 64 MiB")]
    assert found.places == [(1, "a", "p"), (1, "b", "q")]


def test_columns_without_a_name_of_their_own_get_one(write: Write) -> None:
    """Empty and repeated names are told apart by position."""
    found = said(write("a.csv", "a,,a,a (column 3)\np,q,r,s\n"))

    assert found.places == [
        (0, "a", "p"),
        (0, "column 2", "q"),
        (0, "a (column 3)", "r"),
        (0, "a (column 3) (column 4)", "s"),
    ]


def test_a_first_line_of_values_is_a_record(write: Write) -> None:
    """Without a header, the first person in the file must be judged, and must not name a column."""
    path = write("a.csv", "Ann,ann@example.org\nBob,bob@example.org\n")

    found = said(path)

    assert found.texts[:2] == [
        Found(str(path), 0, 1, "column 1", "Ann"),
        Found(str(path), 0, 1, "column 2", "ann@example.org"),
    ]
    assert found.rows == 2
    assert said(path, field="column 2").places[0] == (0, "column 2", "ann@example.org")


def test_years_and_long_questions_are_headers(write: Write) -> None:
    """A survey's and a pivot table's."""
    found = said(write("a.csv", "2019,How satisfied are you with your choice?\np,q\n"))

    assert found.places == [(0, "2019", "p"), (0, "How satisfied are you with your choice?", "q")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"caf\xe9,b\n1,2\n", "invalid UTF-8"),
        (b'a,"b\n1,2\n', "quote never closed"),
        (b"a\0,b\n", "NUL character"),
    ],
)
def test_a_header_that_cannot_be_read_is_an_error(
    write: Write, content: bytes, reason: str
) -> None:
    """Without it no record can be understood."""
    path = write("a.csv", content)

    with pytest.raises(InputError) as raised:
        said(path)

    assert raised.value.message == f"the header of `{path}` cannot be read: {reason}"
    assert raised.value.hint == "save the file as UTF-8 CSV with one header line"


@pytest.mark.parametrize("content", ["", "\n\n", "a,b\n", "\na,b"])
def test_no_record_is_no_row(write: Write, content: str) -> None:
    """Nothing, blank lines, or a header by itself."""
    found = said(write("a.csv", content))

    assert (found.rows, found.skipped, found.batches) == (0, [], 1)


CELLS = st.text(st.sampled_from('ab,;"\n\r é'), max_size=6)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8))
def test_what_the_standard_writer_writes_comes_back(rows: list[list[str]]) -> None:
    """Cell by cell, quoted or not."""
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([["x", "y", "z"], *rows])
    met = read_csv(io.BufferedReader(io.BytesIO(stream.getvalue().encode())), "a", Selection())

    found = [[(text.field, text.text) for text in each.texts] for each in met]

    named = [list(zip("xyz", row, strict=True)) for row in rows]
    assert found == [[each for each in row if each[1]] for row in named]


@given(st.lists(st.text(st.sampled_from('ab,"x'), min_size=1, max_size=8), max_size=6))
@example(['a"b,c', '"a"b,c"d'])
def test_stray_quotes_mean_what_they_mean_to_the_standard_parser(lines: list[str]) -> None:
    """Wherever no quote is left open, both see the same cells."""
    assume(all(line.strip() for line in lines))
    parsed = list(csv.reader(lines))
    assume(len(parsed) == len(lines))  # no record swallowed the next line
    text = "\n".join(["h1,h2", *lines]).encode()
    assume(not any(map(_ends_open, lines)))

    met = list(read_csv(io.BufferedReader(io.BytesIO(text)), "a", Selection()))

    ours = [[each.text for each in one.texts] if isinstance(one, Record) else None for one in met]
    assert ours == [[cell for cell in row if cell] if len(row) == 2 else None for row in parsed]


def _ends_open(line: str) -> bool:
    """Whether the standard parser would go on to the next line."""
    return len(list(csv.reader([line + "\n", "probe"]))) == 1
