"""Names of outputs that say something else than what goes into them."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.errors import UsageError
from assaymark.inputs.compression import Packing
from assaymark.inputs.formats import CSV, JSONL, TEXT, Format
from assaymark.redaction.target_name import demand_fitting


@pytest.mark.parametrize(
    ("target", "source", "form", "packing"),
    [
        ("out.csv", "in.csv", CSV, None),
        ("out.ndjson", "in.jsonl", JSONL, None),
        ("out.JSONL.GZ", "in.jsonl.gz", JSONL, Packing.GZIP),
        ("out", "in.csv", CSV, None),
        ("out.v2", "-", TEXT, None),
        ("out", "in.zst", TEXT, Packing.ZSTANDARD),
        ("out.txt", "in.txt", CSV, None),
        ("out.jsonl", "in.jsonl", JSONL, Packing.ZSTANDARD),
    ],
)
def test_a_suffix_that_says_nothing_untrue(
    target: str, source: str, form: Format, packing: Packing | None
) -> None:
    """The format's own, one that names no format, or that of an input which is named alike."""
    demand_fitting(Path(target), source, form, packing)


@pytest.mark.parametrize(
    ("target", "source", "form", "packing", "what", "suffix"),
    [
        ("out.parquet", "in.csv", CSV, None, "csv", ".csv"),
        ("out.tsv", "-", CSV, None, "csv", ".csv"),
        ("out.jsonl.gz", "in.jsonl", JSONL, None, "jsonl", ".jsonl"),
        ("out.jsonl", "in.jsonl.gz", JSONL, Packing.GZIP, "jsonl packed with gzip", ".jsonl.gz"),
        ("out.gz", "in.zst", TEXT, Packing.ZSTANDARD, "text packed with zstandard", ".txt.zst"),
    ],
)
def test_a_suffix_that_contradicts(
    target: str, source: str, form: Format, packing: Packing | None, what: str, suffix: str
) -> None:
    """Of another format, or of another packing: it says which names fit."""
    with pytest.raises(UsageError) as raised:
        demand_fitting(Path(target), source, form, packing)

    assert raised.value.message == (
        f"`{target}` would not hold what its suffix says: the output is {what}, like the input"
    )
    assert raised.value.hint == f"choose a name that ends in `{suffix}`"
