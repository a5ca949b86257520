from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.contracts.source import Reach
from assaymark.errors import UsageError
from assaymark.inputs.fields import JsonFields
from assaymark.inputs.paths import parse_fields
from assaymark.inputs.records import Record
from assaymark.inputs.selection import Selection


def texts(record: Any, field: str | None = None) -> list[tuple[str, str]]:
    """The texts of one record, those of its text fields or of the field that is named."""
    selection = Selection(parse_fields(field), Reach.TEXT_FIELDS)
    read = JsonFields("a", selection).read(record, None)
    assert isinstance(read, Record)
    return [(each.field, each.text) for each in read.texts]


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        ({"text": "a", "id": "x", "label": 1}, [("text", "a")]),
        ({"prompt": "a", "response": "b"}, [("prompt", "a"), ("response", "b")]),
        ({"prompt": "a", "completion": "b"}, [("prompt", "a"), ("completion", "b")]),
        (
            {"instruction": "a", "input": "b", "output": "c", "system": "d"},
            [("instruction", "a"), ("input", "b"), ("output", "c"), ("system", "d")],
        ),
        (
            {"question": "a", "answers": {"text": ["b", "c"], "answer_start": [1, 2]}},
            [("question", "a"), ("answers.text[0]", "b"), ("answers.text[1]", "c")],
        ),
        ({"question": "how many?", "answer": 42}, [("question", "how many?")]),
        (
            {"question": "how many?", "answer": 4200000},
            [("question", "how many?"), ("answer", "4200000")],
        ),
        ({"content": "a"}, [("content", "a")]),
        (
            {"messages": [{"role": "user", "content": "a"}, {"role": "tool", "content": None}]},
            [("messages[0].content", "a")],
        ),
        (
            {"messages": [{"content": [{"type": "text", "text": "a"}, {"type": "image_url"}]}]},
            [("messages[0].content[0].text", "a")],
        ),
        (
            {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
            [("conversations[0].value", "a"), ("conversations[1].value", "b")],
        ),
        (
            {
                "messages": [
                    {"tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "a"}}]}
                ]
            },
            [("messages[0].tool_calls[0].function.arguments", "a")],
        ),
        (
            {"messages": [{"tool_calls": [{"function": {"arguments": {"to": "ann"}}}]}]},
            [("messages[0].tool_calls[0].function.arguments.$[0]", "ann")],
        ),
        (
            {"prompt": [{"role": "user", "content": "a"}], "chosen": "b", "rejected": ["c"]},
            [("prompt[0].content", "a"), ("chosen", "b"), ("rejected[0]", "c")],
        ),
        (
            {"choices": [{"index": 0, "message": {"content": "a", "refusal": "b"}}]},
            [("choices[0].message.content", "a"), ("choices[0].message.refusal", "b")],
        ),
        ({"contents": [{"parts": [{"text": "a"}]}]}, [("contents[0].parts[0].text", "a")]),
    ],
)
def test_the_fields_that_datasets_call_their_text_are_found(
    record: dict[str, Any], wanted: list[tuple[str, str]]
) -> None:
    """Each published layout, with the place where a person finds the text again."""
    assert texts(record) == wanted


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        ({"email": "a", "note": "b"}, [("email", "a"), ("note", "b")]),
        (
            {"card": 4111111111111111, "ok": True, "x": 0.5, "y": None},
            [("card", "4111111111111111")],
        ),
        ({"turns": ["a", ["b"]]}, [("turns[0]", "a"), ("turns[1][0]", "b")]),
        ({"dialogue": [{"speaker": "x", "text": "a"}]}, [("dialogue[0].text", "a")]),
        ({"ids": [1, 2, 3], "meta": {"who": "ann"}}, []),
        ({"cards": [4111111111111111, 5], "ok": [True]}, [("cards[0]", "4111111111111111")]),
        ({"card": 4111111111111111.0}, [("card", "4111111111111111")]),
        ({"text": None, "note": "b"}, [("note", "b")]),
        ({"input": {"ann": "x"}, "note": "b"}, [("note", "b")]),
    ],
)
def test_without_a_known_field_every_field_is_read(
    record: dict[str, Any], wanted: list[tuple[str, str]]
) -> None:
    """Keys below the top level are followed only where known."""
    assert texts(record) == wanted


def test_keys_that_are_data_are_shown_by_position() -> None:
    """A report may not name the person whom a record is keyed by."""
    record = {"ann@example.org": "a", "555 123 4567": "b", "Ann Example": "c", "id": "d"}

    assert texts(record) == [("$[0]", "a"), ("$[1]", "b"), ("$[2]", "c"), ("id", "d")]


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("text", [("text", "t")]),
        ("$.text", [("text", "t")]),
        ("meta.by", [("meta.by", "ann")]),
        ("meta", [("meta.by", "ann"), ("meta.n", "7")]),
        ("turns[*].say", [("turns[0].say", "a"), ("turns[1].say", "b")]),
        ("turns[1].say, text", [("turns[1].say", "b"), ("text", "t")]),
        ("a.b", [("a.b", "dotted")]),
        ('["a.b"]', [("a.b", "dotted")]),
        ("score", [("score", "0.5")]),
        ("ages", [("ages[0]", "41"), ("ages[1]", "0.5")]),
        ("ages[*]", [("ages[0]", "41"), ("ages[1]", "0.5")]),
        ("ok", []),
        ("meta[0]", []),
        ("text.by", []),
        ("turns.say", []),
        ('["x,y"]', [("x,y", "comma")]),
        ("odd]", [("odd]", "bracket")]),
    ],
)
def test_named_fields_are_read_alone(field: str, wanted: list[tuple[str, str]]) -> None:
    """Whatever is in them, short numbers too, and nothing beside them."""
    record = {
        "text": "t",
        "meta": {"by": "ann", "n": 7},
        "turns": [{"say": "a", "id": "1"}, {"say": "b"}],
        "a.b": "dotted",
        "x,y": "comma",
        "odd]": "bracket",
        "score": 0.5,
        "ages": [41, 0.5, True, None],
        "ok": True,
    }

    assert texts(record, field) == wanted


def test_the_root_can_be_named() -> None:
    """For records that are bare strings."""
    assert texts("hello", "$") == [("$", "hello")]
    assert texts("hello", "text") == []


@pytest.mark.parametrize("field", ["", " ", "a,", ",a", "a,,b"])
def test_an_empty_name_is_wrong_usage(field: str) -> None:
    """Reading everything instead would surprise."""
    with pytest.raises(UsageError) as raised:
        parse_fields(field)

    assert raised.value.message == "a field name is empty"
    assert raised.value.hint == "write `--field text` or `--field prompt,response`"


KEYS = st.from_regex(r"[a-z_]{1,8}", fullmatch=True).map(lambda key: f"k_{key}")
SCALARS = st.one_of(
    st.text(),
    st.integers(),
    st.integers(-(10**7), 10**7),
    st.floats(-1, 1),
    st.booleans(),
    st.none(),
)


@given(st.dictionaries(KEYS, SCALARS))
def test_every_top_level_text_comes_back_with_its_name(record: dict[str, Any]) -> None:
    """Strings and long integers, each once, in order; other numbers are another test's."""
    wanted = [
        (key, str(value))
        for key, value in record.items()
        if isinstance(value, str)
        or (isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**6)
    ]

    assert texts(record) == wanted


JSON_VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=12,
)


def strings_in(value: Any, path: str) -> list[tuple[str, str]]:
    """Every string and its JSON path: the plainest way to find them."""
    if isinstance(value, str):
        return [(path, value)]
    if isinstance(value, list):
        return [each for i, one in enumerate(value) for each in strings_in(one, f"{path}[{i}]")]
    if isinstance(value, dict):
        return [each for k, one in value.items() for each in strings_in(one, f"{path}.{k}")]
    return []


@given(JSON_VALUES)
def test_every_string_below_a_named_field_comes_back_with_its_path(value: Any) -> None:
    """Whatever its shape."""
    found = [each for each in texts({"x": value}, "x") if not _is_number(each[1])]

    assert found == [each for each in strings_in(value, "x") if not _is_number(each[1])]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text()), max_size=5))
def test_every_turn_of_a_chat_comes_back(turns: list[tuple[str, str]]) -> None:
    """In order, with its index."""
    record = {"messages": [{"role": role, "content": text} for role, text in turns]}

    assert texts(record) == [(f"messages[{i}].content", text) for i, (_, text) in enumerate(turns)]


def unread(record: Any, field: str | None, reach: Reach = Reach.EVERYTHING) -> list[str]:
    """The fields of one record that were counted as not looked at."""
    read = JsonFields("a", Selection(parse_fields(field), reach)).read(record, None)
    assert isinstance(read, Record)
    return list(read.unread)


@pytest.mark.parametrize(
    ("field", "record", "wanted"),
    [
        ("text", {"text": "a", "note": "b", "meta": {"by": ["c"]}}, ["note", "meta"]),
        ("text", {"text": "a", "n": 7, "x": 0.5, "ok": True, "gone": None, "e": "", "l": []}, []),
        ("text", {"text": "a", "card": 4111111111111111}, ["card"]),
        ("text", {"text": "a", "role": "user"}, ["role"]),
        ("text", {"text": "a", "ann@example.org": 1}, ["$[1]"]),
        ("text", {"text": "a", "meta": {"ann@example.org": 1}}, ["meta"]),
        ("text,note", {"text": "a", "note": "b"}, []),
        ("meta.by", {"meta": {"by": "a", "at": "b"}, "note": "c"}, ["note"]),
        ("a.b", {"a.b": "a", "a": {"b": "c"}}, ["a"]),
        ("[*].x", {"": "a", "x": "b"}, ["$[0]", "x"]),
        ("[0]", {"x": "b"}, ["x"]),
        ("$", {"text": "a", "note": "b"}, []),
        ("$", "bare", []),
        ("text", "bare", ["$"]),
        ("text", "", []),
        (None, {"text": "a", "note": "b", "n": 7}, []),
        (None, "bare", []),
    ],
)
def test_what_a_name_leaves_out_is_counted(
    field: str | None, record: Any, wanted: list[str]
) -> None:
    """Top-level fields that hold text and were not named, as they may be shown."""
    assert unread(record, field) == wanted


def test_a_field_that_was_not_named_costs_no_record() -> None:
    """However deep it is nested; it is counted as not looked at."""
    deep: Any = "x"
    for _ in range(40):
        deep = [deep]

    record = {"text": "a", "meta": deep}

    assert texts(record, "text") == [("text", "a")]
    assert unread(record, "text") == ["meta"]


@given(st.dictionaries(KEYS, JSON_VALUES, max_size=5), st.sets(KEYS, min_size=1, max_size=3))
def test_exactly_the_fields_that_hold_text_and_were_not_named_are_counted(
    record: dict[str, Any], named: set[str]
) -> None:
    """A field holds text where an audit of it alone would find one."""
    whole = JsonFields("a", Selection()).read(record, None)
    assert isinstance(whole, Record)
    places = {each.field.split(".")[0].split("[")[0] for each in whole.texts if each.text}

    wanted = [key for key in record if key in places and key not in named]
    assert unread(record, ",".join(sorted(named))) == wanted
    assert list(whole.unread) == []
