from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.inputs.names import looks_like_a_value, name_hint, shown_columns, shown_key


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("text", False),
        ("2019", False),
        ("education-num", False),
        ("Name und Anschrift", False),
        ("ann@example.org", True),
        ("555-123-4567", True),
        ("4111 1111 1111 1111", True),
        ("q" * 129, True),
        ("AKIA" + "QYLPMN5HFIQR7XYZ", True),
        ("customerAddressLine2", False),
        ("FEATURE_IMPORTANCE_SCORE", False),
        ("a9b8c7d6e5f4a3b2c1d0", True),
    ],
)
def test_a_name_that_looks_like_a_value(name: str, expected: object) -> None:
    """An address, a long number, or a paragraph is no name."""
    assert looks_like_a_value(name) is expected


@given(st.lists(st.text(max_size=12), max_size=12))
def test_shown_columns_are_distinct_and_safe(names: list[str]) -> None:
    """One for each column, none empty, none a value."""
    shown = shown_columns(names)

    assert len(shown) == len(names)
    assert len(set(shown)) == len(shown)
    assert all(each.strip() and not looks_like_a_value(each) for each in shown)


@pytest.mark.parametrize("key", ["text", "meta.by", "Größe", "文本", "_id", "a-b"])
def test_keys_of_a_schema_are_shown(key: str) -> None:
    """In any script."""
    assert shown_key(key, 3) == key


@pytest.mark.parametrize("key", ["", "Ann Example", "1", "+49 30 1234567", "a@b", "x\n", "\ud800"])
def test_other_keys_are_shown_by_position(key: str) -> None:
    """From which a person can find them."""
    assert shown_key(key, 3) == "$[3]"


@pytest.mark.parametrize(
    ("wanted", "existing", "hint"),
    [
        ("txt", ["text", "id"], "did you mean `text`?"),
        ("nam", ["name", "names"], "did you mean `name` or `names`?"),
        ("zzz", ["text", "id"], "there are `text`, `id`"),
        ("zzz", [], "there are no named fields"),
        (
            "zzz",
            list("abcdefghijkl"),
            "there are " + ", ".join(f"`{c}`" for c in "abcdefghij") + " and more",
        ),
    ],
)
def test_a_hint_offers_the_nearest_name(wanted: str, existing: list[str], hint: str) -> None:
    """Or says what there is."""
    assert name_hint(wanted, existing) == hint
