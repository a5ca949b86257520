from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from assaymark.inputs.records import (
    BATCH_CHARACTERS,
    Met,
    Record,
    Text,
    Unreadable,
    batched,
    unknown,
)

TEXTS = st.lists(st.builds(Text, st.sampled_from(["a", "b"]), st.text(max_size=5)), max_size=3)
MET = st.one_of(
    st.builds(
        Record,
        st.one_of(st.none(), st.integers(1, 99)),
        TEXTS,
        st.sampled_from([None, True]),
        st.lists(st.sampled_from(["c", "d"]), unique=True),
    ),
    st.builds(Unreadable, st.one_of(st.none(), st.integers(1, 99)), st.just("reason")),
)


@given(st.lists(MET, max_size=20), st.integers(1, 22))
def test_batches_lose_and_invent_nothing(met: list[Met], batch_rows: int) -> None:
    """Every record has its number, its texts in order, and its batch in order."""
    batches = list(batched("f", met, batch_rows=batch_rows))

    texts = [row for batch in batches for row in batch.texts.to_pylist()]
    assert texts == [
        {"row": row, "line": each.line, "field": text.field, "text": text.text}
        for row, each in enumerate(met)
        if isinstance(each, Record)
        for text in each.texts
    ]
    assert [tuple(each) for batch in batches for each in batch.skipped] == [
        (row, each.line, each.reason, False)
        for row, each in enumerate(met)
        if isinstance(each, Unreadable)
    ]
    records = [each for each in met if isinstance(each, Record)]
    assert sum(batch.rows for batch in batches) == len(records)
    assert sum(batch.empty for batch in batches) == sum(
        each.is_empty or not any(text.text.strip() for text in each.texts) for each in records
    )
    assert sum((Counter(batch.unread) for batch in batches), Counter()) == Counter(
        name for each in records for name in each.unread
    )
    assert all(batch.rows + len(batch.skipped) <= batch_rows for batch in batches)
    assert {batch.file for batch in batches} == {"f"}


def test_columns_have_the_types_of_the_contract() -> None:
    """Also where a batch is empty."""
    for met in ([], [Record(None, [Text("a", "x")])]):
        (batch,) = batched("f", met, batch_rows=5)

        assert [(each.name, str(each.type)) for each in batch.texts.schema] == [
            ("row", "int64"),
            ("line", "int64"),
            ("field", "string"),
            ("text", "large_string"),
        ]


def test_half_a_surrogate_pair_changes_only_its_text() -> None:
    """Arrow holds UTF-8; every other text of the batch stays as it is."""
    met = [Record(None, [Text("a", "good \U0001f600"), Text("a", "b\udc00d")])]
    (batch,) = batched("f", met, batch_rows=5)

    assert batch.texts.column("text").to_pylist() == ["good \U0001f600", "b\ufffdd"]


def test_much_text_ends_a_batch() -> None:
    """Memory follows the text, not the number of records."""
    met = [Record(None, [Text("a", "x" * (BATCH_CHARACTERS // 2))])] * 5

    assert [each.rows for each in batched("f", met, batch_rows=1000)] == [2, 2, 1]


def test_a_file_of_unknown_format_is_one_skipped_record() -> None:
    """It is shown, since nobody knows what is in it."""
    batch = unknown("f", "unknown format")

    assert (batch.rows, [tuple(each) for each in batch.skipped]) == (
        0,
        [(0, None, "unknown format", True)],
    )
