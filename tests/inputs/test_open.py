from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assaymark.errors import InputError, UsageError
from assaymark.inputs.open import open_source
from assaymark.model.subject import SubjectKind

from .conftest import Write
from .said import said


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"location": ""}, "the location is empty", "name a file, a directory, a URL or `-`"),
        ({"batch_rows": 0}, "`batch_rows` is 0, expected at least 1", None),
        ({"max_ratio": 0.5}, "`max_ratio` is 0.5, expected at least 1", None),
        ({"max_ratio": float("nan")}, "`max_ratio` is nan, expected at least 1", None),
        ({"format": "xml"}, "`xml` is no input format", None),
        (
            {"field": ""},
            "a field name is empty",
            "write `--field text` or `--field prompt,response`",
        ),
    ],
)
def test_an_argument_that_is_out_of_range_is_wrong_usage(
    tmp_path: Path, options: dict[str, Any], message: str, hint: str | None
) -> None:
    """Said before anything is opened."""
    arguments = {"location": str(tmp_path / "none"), "kind": SubjectKind.DATASET, **options}

    with pytest.raises(UsageError) as raised:
        open_source(**arguments)

    assert raised.value.message == message
    assert hint is None or raised.value.hint == hint


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """Said at once, not when it is read."""
    with pytest.raises(InputError) as raised:
        open_source(str(tmp_path / "none.jsonl"), kind=SubjectKind.DATASET)

    assert raised.value.message == f"`{tmp_path}/none.jsonl` does not exist"


def test_the_kind_is_what_was_said(write: Write) -> None:
    """A file of outputs is read as any file."""
    source = open_source(str(write("a.txt", "x\n")), kind=SubjectKind.OUTPUTS)
    list(source.batches())

    assert source.kind is source.subject().kind is SubjectKind.OUTPUTS


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.parquet", "a.arrow", "a.txt"])
def test_a_named_field_that_is_not_there_is_an_error_everywhere(tmp_path: Path, name: str) -> None:
    """In every format, in its words."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / name
    table = pa.table({"text": ["a"]})
    if name == "a.parquet":
        pq.write_table(table, path)
    elif name == "a.arrow":
        with pa.ipc.new_stream(str(path), table.schema) as writer:
            writer.write_table(table)
    else:
        path.write_text({"a.csv": "text\na\n", "a.txt": "a\n"}.get(name, '{"text": "a"}\n'))

    for field in ("txet", "$", "text,txet", "txet[0].x"):
        if (name, field) == ("a.jsonl", "$") or (name, field) == ("a.json", "$"):
            continue
        with pytest.raises(InputError):
            said(path, field=field)
