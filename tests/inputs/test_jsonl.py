from __future__ import annotations

import json

import pytest

from assaymark.errors import InputError

from .conftest import Write
from .said import Found, json_lines, said


def test_each_line_is_a_record_with_its_row_and_line(write: Write) -> None:
    """Rows count from 0, lines from 1; blank lines have a line number and are no records."""
    path = write("a.jsonl", '{"text": "one"}\n\n  \r\n{"text": "two"}\r\n{"text": "three"}')

    found = said(path)

    assert found.texts == [
        Found(str(path), 0, 1, "text", "one"),
        Found(str(path), 1, 4, "text", "two"),
        Found(str(path), 2, 5, "text", "three"),
    ]
    assert (found.rows, found.empty, found.skipped) == (3, 0, [])


def test_reading_goes_on_after_a_broken_line(write: Write) -> None:
    """A line that is no JSON, far into the file, costs one row that is counted, and nothing else."""
    lines = [f'{{"text": "t{i}"}}\n' for i in range(70_005)]
    lines[69_999] = '{"text": "t\n'
    path = write("a.jsonl", "".join(lines))

    found = said(path)

    assert found.reasons == [(69_999, 70_000, "invalid JSON")]
    assert found.rows == 70_004
    assert found.places[-1] == (70_004, "text", "t70004")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": }', "invalid JSON"),
        (b"{'text': 'x'}", "invalid JSON"),
        (b'{"text": "x"} trailing', "invalid JSON"),
        (b'{"text": "caf\xe9"}', "invalid UTF-8"),
        (b'{"text": "\xed\xa0\x80"}', "invalid UTF-8"),
        (b"7", "not an object"),
        (b"[1, 2]", "not an object"),
        (b"null", "not an object"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"n": ' + b"9" * 5000 + b"}", "a number with too many digits"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(write: Write, line: bytes, reason: str) -> None:
    """Every way to be unreadable has one reason, without content."""
    path = write("a.jsonl", line + b'\n{"text": "after"}\n')

    found = said(path)

    assert found.reasons == [(0, 1, reason)]
    assert found.places[-1] == (1, "text", "after")


def test_texts_nested_beyond_the_search_are_not_passed_over(write: Write) -> None:
    """A text deeper than we look makes the record unreadable, not clean."""
    record = {"content": "deep"}
    for _ in range(40):
        record = {"content": [record]}
    path = write("a.jsonl", json_lines([record]))

    assert said(path).reasons == [(0, 1, "nested too deeply")]


def test_a_line_of_200_mb_is_streamed_past(write: Write) -> None:
    """A line beyond the limit is skipped by name, and the next line is read."""
    path = write("a.jsonl", b"")
    with path.open("wb") as stream:
        stream.write(b'{"text": "')
        for _ in range(200):
            stream.write(b"a" * 1_000_000)
        stream.write(b'"}\n{"text": "after"}\n')

    found = said(path)

    assert found.reasons == [(0, 1, "longer than 64 MiB")]
    assert found.places == [(1, "text", "after")]


def test_bare_strings_are_texts(write: Write) -> None:
    """A line that is a string is its own text, at the root of the record."""
    path = write("a.jsonl", '"hello"\n')

    assert said(path).places == [(0, "$", "hello")]


def test_what_python_writes_is_read(write: Write) -> None:
    """NaN and Infinity are no JSON, and datasets hold them."""
    path = write("a.jsonl", '{"text": "last", "x": NaN, "y": -Infinity}\n')

    found = said(path)

    assert found.places == [(0, "text", "last")]
    assert found.skipped == []


@pytest.mark.parametrize("line", ['{"text": "one", "text": "two"}', '{"a": [{"b": 1, "b": 1}]}'])
def test_the_same_key_twice_is_unreadable(write: Write, line: str) -> None:
    """Which of the two counts differs from reader to reader, so the other could hide anything."""
    found = said(write("a.jsonl", line + "\n"))

    assert found.places == []
    assert found.reasons == [(0, 1, "the same key twice")]


def test_half_a_surrogate_pair_is_replaced_in_place(write: Write) -> None:
    """Offsets behind it stay what they are, since one character stands for one."""
    path = write("a.jsonl", r'{"text": "a\ud800b \ud83d\ude00"}' + "\n")

    assert said(path).places == [(0, "text", "a\ufffdb \U0001f600")]


def test_records_without_text_are_counted_as_empty(write: Write) -> None:
    """White space is no text, and neither are numbers that are no integers."""
    records = [
        {"text": " \t\u3000"},
        {"text": ""},
        {},
        {"x": 1.5, "y": None, "z": True},
        {"text": "x"},
    ]

    found = said(write("a.jsonl", json_lines(records)))

    assert (found.rows, found.empty) == (5, 4)


def test_a_named_field_that_no_record_has_is_an_error(write: Write) -> None:
    """The error names the field and the nearest that there is."""
    path = write("a.jsonl", json_lines([{"prompt": "a", "answer": "b"}] * 3))

    with pytest.raises(InputError) as raised:
        said(path, field="promt")

    assert raised.value.message == f"no record of `{path}` has the field `promt`"
    assert raised.value.hint == "did you mean `prompt`?"


def test_keys_that_are_data_are_in_no_error(write: Write) -> None:
    """A hint lists schema names and no key that looks like a value."""
    path = write(
        "a.jsonl", json_lines([{"canary@example.org": "x", "5551234567": "y", "body": "z"}])
    )

    with pytest.raises(InputError) as raised:
        said(path, field="text")

    assert raised.value.hint == "there are `body`"


def test_records_that_lack_a_named_field_are_rows_without_text(write: Write) -> None:
    """Some have it, so it exists; the others are shown as empty."""
    path = write("a.jsonl", json_lines([{"note": "a"}, {"text": "b"}, {"note": None}]))

    found = said(path, field="note")

    assert found.places == [(0, "note", "a")]
    assert (found.rows, found.empty) == (3, 2)


def test_no_missing_field_is_reported_where_nothing_could_be_read(write: Write) -> None:
    """The skipped rows say it already."""
    found = said(write("a.jsonl", "broken\n"), field="text")

    assert found.reasons == [(0, 1, "invalid JSON")]


def test_errors_quote_no_content(write: Write) -> None:
    """Neither a reason nor the chain of an exception holds what stood in the line."""
    path = write("a.jsonl", '{"text": "canary-4111"\n{"canary": 1}\n')

    with pytest.raises(InputError) as raised:
        said(path, field="missing")

    assert "4111" not in json.dumps([raised.value.message, str(raised.value.__cause__)])
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
