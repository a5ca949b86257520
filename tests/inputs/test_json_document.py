from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.errors import InputError
from assaymark.inputs import json_document
from assaymark.inputs.selection import Selection

from .conftest import Write
from .said import json_lines, said


def test_the_elements_of_a_list_are_records_without_lines(write: Write) -> None:
    """A list is read element by element; lines mean nothing in it."""
    path = write("a.json", json.dumps([{"text": "a"}, "b", 3, {"text": "c"}], indent=2))

    found = said(path)

    assert [(each.row, each.line, each.field, each.text) for each in found.texts] == [
        (0, None, "text", "a"),
        (1, None, "$", "b"),
        (3, None, "text", "c"),
    ]
    assert found.reasons == [(2, None, "not an object")]


@pytest.mark.parametrize("text", ['{"text": "a"}', '{"text": "a"}\n', '{\n "text":\n "a"\n}\n'])
def test_one_object_is_one_record(write: Write, text: str) -> None:
    """However it is laid out."""
    found = said(write("a.json", text))

    assert found.places == [(0, "text", "a")]
    assert found.texts[0].line is None


@pytest.mark.parametrize("text", ["[]", " [ ] \n", "", " \n"])
def test_no_element_is_no_record(write: Write, text: str) -> None:
    """An empty list and an empty file have no rows and are shown."""
    found = said(write("a.json", text))

    assert (found.rows, found.skipped, found.batches) == (0, [], 1)


def test_json_lines_under_another_name_are_json_lines(write: Write) -> None:
    """So a broken line costs a row, and rows have lines."""
    path = write("a.json", '{"text": "a"}\nbroken\n{"text": "c"}\n')

    found = said(path)

    assert [(each.row, each.line, each.text) for each in found.texts] == [(0, 1, "a"), (2, 3, "c")]
    assert found.reasons == [(1, 2, "invalid JSON")]


def test_a_list_longer_than_the_window_is_read_whole(write: Write) -> None:
    """Elements and numbers that are cut by the end of what was read so far are put together."""
    records = [{"text": f"{i}-" + "é" * 700, "n": 10**6 + i} for i in range(3000)]
    path = write("a.json", json.dumps(records, ensure_ascii=False))

    found = said(path)

    wanted = [str(text) for each in records for text in each.values()]
    assert [each.text for each in found.texts] == wanted


@given(
    st.lists(st.one_of(st.text(max_size=8), st.integers(), st.floats(allow_nan=False)), max_size=20)
)
def test_where_reading_stops_for_breath_changes_nothing(values: list[object]) -> None:
    """With the smallest window, every value comes back as the standard parser reads it."""
    import io

    text = json.dumps(values).encode()
    whole = json_document.CHUNK
    json_document.CHUNK = 1
    try:
        met = list(json_document.read_json(io.BufferedReader(io.BytesIO(text)), "a", Selection()))
    finally:
        json_document.CHUNK = whole

    texts = [each.texts[0].text for each in met if hasattr(each, "texts")]
    assert texts == [each for each in values if isinstance(each, str)]
    assert len(met) == len(values)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[{"text": "a"},\n {"text": \n]', 3),
        ('[{"text": "a"}\n {"text": "b"}]', 2),
        ('[{"text": "a"},\n', 2),
        ("[1, 2", 1),
        ('[{"text": "a"}]\n[]', 2),
        ("nonsense", 1),
        ('{"a": 1}\n\n{"b": ', None),
    ],
)
def test_a_broken_document_is_an_error_at_a_line(write: Write, text: str, line: int | None) -> None:
    """What follows a break cannot be told apart, so nothing of it is passed."""
    path = write("a.json", text)

    if line is None:
        assert said(path).reasons == [(1, 3, "invalid JSON")]
        return
    with pytest.raises(InputError) as raised:
        said(path)

    assert raised.value.message == f"`{path}` is not JSON at line {line}"
    assert raised.value.hint == "if each line is a record, name the format: `--format jsonl`"


def test_a_break_is_found_without_reading_on(write: Write) -> None:
    """An error far from the end of what was read is one, however much follows."""
    path = write("a.json", '[{"text" "a"},' + " " * 3_000_000 + "]")

    with pytest.raises(InputError, match="is not JSON at line 1"):
        said(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"text": "caf\xe9"}]', "`{}` is not UTF-8"),
        (b"[" * 100_000, "`{}` is nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "`{}` holds a number with too many digits"),
        (b'["' + b"a" * 70_000_000 + b'"]', "`{}` holds a value longer than 64 MiB"),
    ],
)
def test_what_cannot_be_held_is_an_error(write: Write, content: bytes, message: str) -> None:
    """A document gives no place to go on from."""
    path = write("a.json", content)

    with pytest.raises(InputError) as raised:
        said(path)

    assert raised.value.message == message.format(path)


def test_a_named_field_must_be_somewhere(write: Write) -> None:
    """As in JSON Lines."""
    path = write("a.json", json.dumps([{"text": "a"}]))

    with pytest.raises(InputError, match="has the field `body`"):
        said(path, field="body")


def test_the_first_line_of_json_lines_may_be_anything_but_half(write: Write) -> None:
    """A first line that is no whole object makes it a document, which then must be one."""
    with pytest.raises(InputError, match="is not JSON at line 1"):
        said(write("a.json", "{broken\n" + json_lines([{"text": "a"}])))
