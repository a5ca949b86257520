from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assaymark.errors import InputError
from assaymark.inputs.identity import identify
from assaymark.inputs.open import open_source
from assaymark.inputs.source import FileSource
from assaymark.model.subject import SubjectKind

from .conftest import Write
from .said import PRINT_PEAK, json_lines, said, said_by


def opened(location: str | Path, **options: Any) -> Any:
    """Open a dataset."""
    return open_source(str(location), kind=SubjectKind.DATASET, **options)


@pytest.fixture
def folder(write: Write, tmp_path: Path) -> Path:
    """A directory with data in three formats, documents, and something unknown."""
    write("d/b/train.jsonl", json_lines([{"text": "j0"}, {"text": "j1"}]))
    write("d/a.csv", "note\nc0\n")
    write("d/z.bin", b"\0\1")
    write("d/README.md", "---\nlicense: mit\n---\n")
    write("d/.gitignore", "z.bin\n")
    pq.write_table(pa.table({"text": ["p0"]}), tmp_path / "d" / "train-00000-of-00001.parquet")
    return tmp_path / "d"


def test_a_directory_is_read_file_by_file(folder: Path) -> None:
    """In the order of names; rows count within a file; what is unknown is shown."""
    found = said(folder)

    assert [(each.file, each.row, each.text) for each in found.texts] == [
        ("a.csv", 0, "c0"),
        ("b/train.jsonl", 0, "j0"),
        ("b/train.jsonl", 1, "j1"),
        ("train-00000-of-00001.parquet", 0, "p0"),
    ]
    assert found.skipped == [("z.bin", 0, None, "unknown format")]
    assert found.subject == identify(str(folder), kind=SubjectKind.DATASET)
    assert found.subject.files == 5


def test_documents_and_data_are_listed(folder: Path) -> None:
    """So that a report can say which was which."""
    source = opened(folder)

    assert source.documents == ("README.md",)
    assert source.data == ("a.csv", "b/train.jsonl", "train-00000-of-00001.parquet")
    assert source.size == sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) - 6
    assert (source.name, source.kind) == (str(folder), SubjectKind.DATASET)


def test_a_named_format_holds_for_every_file_but_documents(write: Write, tmp_path: Path) -> None:
    """Files of a data lake have no suffix."""
    write("d/part-00000", json_lines([{"text": "a"}]))
    write("d/part-00001.bin", json_lines([{"text": "b"}]))
    write("d/README.md", "no json\n")

    found = said(tmp_path / "d", format="jsonl")

    assert [each.text for each in found.texts] == ["a", "b"]
    assert found.skipped == []


def test_a_directory_without_data_is_an_error(write: Write, tmp_path: Path) -> None:
    """Nothing in it could be judged."""
    write("d/README.md", "x")
    write("d/a.png", "x")

    with pytest.raises(InputError) as raised:
        opened(tmp_path / "d")

    assert raised.value.message == f"`{tmp_path}/d` holds no file in a format that is read here"
    assert raised.value.hint == (
        "name the format with `--format`; suffixes that are known: .jsonl .ndjson .json .csv .tsv .tab "
        ".parquet .pq .arrow .arrows .feather .ipc .txt .md .log"
    )


@pytest.mark.parametrize(
    "name", ["a.jsonl", "a.json", "a.csv", "a.parquet", "a.arrow", "a.txt", "a"]
)
def test_an_empty_file_has_no_rows(write: Write, name: str) -> None:
    """It is a subject, of which nothing is known."""
    found = said(write(name, b""))

    assert (found.rows, found.texts, found.skipped, found.batches) == (0, [], [], 1)
    assert (found.subject.files, found.subject.size) == (1, 0)


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.parquet", "a.txt"])
def test_what_was_read_is_what_is_identified(write: Write, name: str, tmp_path: Path) -> None:
    """Reading and hashing come to the same subject, for streamed formats and for others."""
    path = tmp_path / name
    if name == "a.parquet":
        pq.write_table(pa.table({"text": [f"a text of its own {i}" for i in range(50_000)]}), path)
    else:
        path.write_text({"a.json": "[]"}.get(name, "x\n" * 5000))

    assert said(path).subject == identify(str(path), kind=SubjectKind.DATASET)


def test_bytes_behind_what_a_parser_needs_are_hashed_too(write: Write) -> None:
    """White space behind a document is part of the file."""
    path = write("a.json", '[{"text": "a"}]' + " \n" * 500_000)

    assert said(path).subject == identify(str(path), kind=SubjectKind.DATASET)


@pytest.mark.parametrize("how", ["append", "overwrite", "replace", "truncate"])
def test_a_parquet_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path, how: str) -> None:
    """What was hashed must be what was judged. A file put in its place does not reach the open one."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"t{i}" for i in range(5000)]}), path)
    before = identify(str(path), kind=SubjectKind.DATASET)
    source = opened(path)
    batches = source.batches()
    next(batches)

    if how == "append":
        with path.open("ab") as stream:
            stream.write(b"more")
    elif how == "overwrite":
        with path.open("r+b") as stream:
            stream.write(b"PAR1")
    elif how == "truncate":
        os.truncate(path, 100)
    else:
        path.with_suffix(".new").write_bytes(b"other")
        path.with_suffix(".new").replace(path)

    if how == "replace":
        # Replacing a file changes the old one's count of links, and so its time of change.
        with pytest.raises(InputError):
            list(batches)
        assert identify(str(path), kind=SubjectKind.DATASET) != before
        return
    with pytest.raises(InputError) as raised:
        list(batches)
    assert raised.value.message in (
        f"`{path}` changed while it was read",
        f"`{path}` is cut short or corrupt, or is not Parquet",
    )


def test_a_streamed_file_that_grows_is_what_was_read(write: Write) -> None:
    """Lines are hashed by the read that feeds the parser, so both see the same bytes."""
    path = write("a.jsonl", json_lines([{"text": "x" * 1000}] * 2000))
    source = opened(path, batch_rows=10)
    batches = source.batches()
    rows = next(batches).rows
    with path.open("a") as stream:
        stream.write(json_lines([{"text": "late"}]))

    rows += sum(batch.rows for batch in batches)

    assert rows == 2001
    assert source.subject() == identify(str(path), kind=SubjectKind.DATASET)


def test_a_member_that_becomes_a_link_is_an_error(write: Write, tmp_path: Path) -> None:
    """Between listing and reading."""
    path = write("d/a.txt", "x\n")
    secret = write("secret.txt", "secret\n")
    source = opened(tmp_path / "d")
    path.unlink()
    path.symlink_to(secret)

    with pytest.raises(
        InputError, match=r"`a\.txt` cannot be read: too many levels of symbolic links"
    ):
        list(source.batches())


def test_a_member_that_becomes_something_else_is_an_error(write: Write, tmp_path: Path) -> None:
    """Reading it would wait for ever, or fail with a traceback."""
    path = write("d/a.txt", "x\n")
    for make in (os.mkfifo, os.mkdir, os.remove):
        source = opened(tmp_path / "d")
        path.unlink()
        if make is not os.remove:
            make(path)

        with pytest.raises(InputError):
            list(source.batches())

        if make is not os.remove:
            path.rmdir() if path.is_dir() else path.unlink()
        path.write_text("x\n")


def test_a_source_is_read_once_and_asked_afterwards(write: Write) -> None:
    """Anything else is a mistake of the caller."""
    source = opened(write("a.txt", "x\n"))

    for early in (source.subject, source.manifest):
        with pytest.raises(RuntimeError, match="the source is not read to the end yet"):
            early()
    batches = source.batches()
    with pytest.raises(RuntimeError, match="a source is read once"):
        source.batches()
    list(batches)
    assert source.subject().files == 1


def test_a_stored_subject_can_be_read_again(folder: Path) -> None:
    """As sampling needs; the copy says the same."""
    source = opened(folder, batch_rows=1)

    assert said_by(source) == said_by(source.reopen())


class Stdin:
    """A standard input with these bytes behind it."""

    def __init__(self, content: bytes) -> None:
        self._end, start = os.pipe()
        self._thread = threading.Thread(target=self._feed, args=(start, content))
        self._thread.start()

    def _feed(self, start: int, content: bytes) -> None:
        with open(start, "wb") as stream:
            stream.write(content)

    def fileno(self) -> int:
        """As a file has."""
        return self._end

    def close(self) -> None:
        """Let go of it."""
        self._thread.join()
        os.close(self._end)


def parquet_bytes() -> bytes:
    """A table."""
    stream = io.BytesIO()
    pq.write_table(pa.table({"text": ["a"]}), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [b'{"text": "a"}\n', b'[{"text": "a"}]', b"a\n", parquet_bytes()],
    ids=lambda x: x[:4],
)
def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Its format is told from its first bytes, its digest is that of its bytes."""
    stdin = Stdin(content)
    monkeypatch.setattr("sys.stdin", stdin)
    source = opened("-")

    found = said_by(source)
    stdin.close()

    assert [(each.file, each.field, each.text) for each in found.texts] == [("-", "text", "a")]
    assert (found.subject.name, found.subject.size) == ("-", len(content))
    assert source.size is None
    assert not hasattr(source, "reopen")


def test_standard_input_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service has none."""
    monkeypatch.setattr("sys.stdin", None)

    with pytest.raises(InputError, match="`-` cannot be read"):
        list(opened("-").batches())


def test_a_pipe_is_a_stream(tmp_path: Path) -> None:
    """As a shell makes one for `<(zcat …)`."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=pipe.write_bytes, args=(b'{"text": "a"}\n',))
    thread.start()
    source = opened(pipe)

    found = said_by(source)
    thread.join()

    assert found.places == [(0, "text", "a")]
    assert type(source) is FileSource


def test_a_pipe_that_is_a_directory_by_now_is_an_error(tmp_path: Path) -> None:
    """Between listing and reading."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    source = opened(pipe)
    pipe.unlink()

    with pytest.raises(InputError, match="does not exist"):
        list(source.batches())


def test_memory_is_flat(tmp_path: Path) -> None:
    """Ten times the records take no more memory: what is held is a batch."""

    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.jsonl"
        with path.open("w") as stream:
            for i in range(rows):
                stream.write(f'{{"text": "record {i} {"x" * 400}"}}\n')
        program = f"""
from assaymark.inputs.open import open_source
from assaymark.model.subject import SubjectKind
source = open_source({str(path)!r}, kind=SubjectKind.DATASET)
assert sum(batch.rows for batch in source.batches()) == {rows}
{PRINT_PEAK}
"""
        run = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        return int(run.stdout)

    small, large = peak(20_000), peak(200_000)

    assert large < 300
    assert large < small + 30
