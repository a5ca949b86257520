from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.inputs.paths import parse_fields

NAMES = st.text(st.sampled_from("ab_-é "), min_size=1, max_size=4).map(str.strip).filter(bool)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a", [("a",)]),
        ("a.b", [("a", "b")]),
        ("a[*].b[2]", [("a", None, "b", 2)]),
        ("$", [()]),
        ("$.a", [("a",)]),
        ("$[0]", [(0,)]),
        ('a["b.c"].d', [("a", "b.c", "d")]),
        ("a , b.c", [("a",), ("b", "c")]),
        ('["a,b"],c', [("a,b",), ("c",)]),
        ("a[", [("a[",)]),
    ],
)
def test_paths_are_read(text: str, steps: list[tuple[Any, ...]]) -> None:
    """What is no path is a literal name."""
    assert [each.steps for each in parse_fields(text)] == steps


def test_nothing_named_is_no_path() -> None:
    """Then the fields are found."""
    assert parse_fields(None) == ()


@given(st.lists(st.one_of(NAMES, st.integers(0, 3)), min_size=1, max_size=5))
def test_a_place_leads_back_to_its_value(steps: list[str | int]) -> None:
    """The path that a report shows can be given to `--field`."""
    record: Any = "found"
    for step in reversed(steps):
        record = {step: record} if isinstance(step, str) else [None] * step + [record]
    text = "$" + "".join(f".{each}" if isinstance(each, str) else f"[{each}]" for each in steps)
    ((place, value),) = parse_fields(text)[0].select(record)

    assert value == "found"
    assert list(parse_fields(place)[0].select(record)) == [(place, "found")]
