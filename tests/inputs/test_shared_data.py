"""Real data: what is read is what an independent count finds."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from assaymark.contracts.source import Reach
from assaymark.errors import InputError
from assaymark.inputs.json_document import read_json
from assaymark.inputs.selection import Selection

from .said import said

BENIGN = ["banking77", "dolly_instructions", "gsm8k_test", "python_code", "wikipedia_sentences"]
TABULAR = ["compas_two_years", "german_credit", "law_school", "ricci", "student_math"]


@pytest.mark.parametrize("name", BENIGN)
def test_json_lines(shared: Path, name: str) -> None:
    """Every line is a row; its text is under `text`, and an audit reads what stands beside it."""
    path = shared / "benign" / f"{name}.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        records = [json.loads(line) for line in stream if line.strip()]

    found = said(path, reach=Reach.TEXT_FIELDS)
    audited = said(path)

    assert found.places == [(i, "text", each["text"]) for i, each in enumerate(records)]
    assert (found.rows, found.skipped) == (len(records), [])
    assert audited.places == [
        (i, name, str(value))
        for i, each in enumerate(records)
        for name, value in each.items()
        if isinstance(value, str) or (isinstance(value, int) and abs(value) >= 10**6)
    ]
    assert (audited.rows, audited.empty, audited.skipped) == (found.rows, found.empty, [])


@pytest.mark.parametrize("name", TABULAR)
def test_tables(shared: Path, name: str) -> None:
    """Every cell but empty ones and short whole numbers is a text, under the name of its column."""
    path = shared / "tabular" / f"{name}.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as stream:
        header, *rows = [row for row in csv.reader(stream) if row]

    found = said(path)

    assert (found.rows, found.skipped) == (len(rows), [])
    assert found.places == [
        (index, name, cell)
        for index, row in enumerate(rows)
        for name, cell in zip(header, row, strict=True)
        if cell and not re.fullmatch(r"\s*[-+]?\d{1,6}\s*", cell)
    ]


def test_one_column_with_stray_commas(shared: Path) -> None:
    """Rows that do not fit the header are counted, as the standard parser sees them."""
    path = shared / "pii" / "organizations.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        header, *rows = [row for row in csv.reader(stream) if row]

    found = said(path)

    assert found.rows == sum(len(row) == len(header) for row in rows)
    assert len(found.skipped) == sum(len(row) != len(header) for row in rows)


def test_chats(shared: Path) -> None:
    """No row of the chat sets is without text."""
    for path in sorted((shared / "benign").glob("*dialog*.jsonl.gz")):
        found = said(path)

        assert found.rows > 1000
        assert (found.empty, found.skipped) == (0, [])


def test_the_json_test_suite(shared: Path) -> None:
    """What every parser must refuse is refused, what every one must take is taken, as one document."""
    with tarfile.open(shared / "vectors" / "json_test_suite" / "test_parsing.tar.gz") as archive:
        cases = {
            Path(each.name).name: archive.extractfile(each).read()  # type: ignore[union-attr]
            for each in archive.getmembers()
            if each.isfile()
        }
    wrong = []
    for name, content in cases.items():
        try:
            list(read_json(io.BufferedReader(io.BytesIO(content)), name, Selection()))
            taken = True
        except InputError:
            taken = False
        if name[0] in "yn" and taken != (name[0] == "y"):
            wrong.append(name)

    assert len(cases) > 300
    assert sorted(wrong) == [
        # Python writes these, so datasets hold them.
        "n_number_NaN.json",
        "n_number_infinity.json",
        "n_number_minus_infinity.json",
        # Nothing is a subject without records.
        "n_single_space.json",
        "n_structure_UTF8_BOM_no_data.json",
        "n_structure_no_data.json",
        # Readers differ on which of two equal keys counts.
        "y_object_duplicated_key.json",
        "y_object_duplicated_key_and_value.json",
    ]
