"""Fields as whoever calls the guard names them: what is misspelt is refused."""

from __future__ import annotations

from typing import Any

import pytest

from assaymark.errors import UsageError
from assaymark.guard.selectors import named
from assaymark.inputs.paths import parse_fields


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a.b",
        "$",
        "$.a",
        "$[0].b",
        "a[*].b[2]",
        "[*]",
        'a["b.c"].d',
        '["a,b"], é f',
        "$schema",
        "x-y",
    ],
)
def test_paths_are_those_of_datasets(text: str) -> None:
    """Spelt as after `--field`."""
    assert named(text) == parse_fields(text)
    assert named([text]) == parse_fields(text)
    assert named(parse_fields(text)) == parse_fields(text)


def test_nothing_named() -> None:
    """Then all of a document is meant."""
    assert named(None) == named(()) == ()


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("messages[*", "[*"),
        ("messages[", "["),
        ("messages[]", "[]"),
        ("messages]", "]"),
        ("messages[**]", "[**]"),
        ("messages[-1]", "[-1]"),
        ("messages[*]content", "content"),
        ("a..b", "..b"),
        ("a.", "."),
        (".a", ".a"),
        ("$..a", "..a"),
        ("a. .b", ". .b"),
        ("a.*.b", ".*.b"),
        ("a.[0]", ".[0]"),
        ('a["b', '["b'),
        ("a['b']", "['b']"),
        ("a[1234567890]", "[1234567890]"),
    ],
)
def test_what_is_misspelt(text: str, rest: str) -> None:
    """It is told where it cannot be read, wherever in a list it is."""
    for fields in (f"title, {text}", ["title", text]):
        with pytest.raises(UsageError) as raised:
            named(fields)

        assert raised.value.message == f"`{text}` is no field path: `{rest}` cannot be read"


@pytest.mark.parametrize("fields", [5, b"a", [None], {"a": 1}, [["a"]]], ids=str)
def test_what_names_nothing(fields: Any) -> None:
    """Not an error from deep inside."""
    with pytest.raises(UsageError) as raised:
        named(fields)

    assert raised.value.message == "fields are field paths as text, or a list of them"


@pytest.mark.parametrize("fields", ["", "a,,b", [""]], ids=str)
def test_an_empty_name(fields: Any) -> None:
    """It is no name."""
    with pytest.raises(UsageError, match="a field has no name in"):
        named(fields)
