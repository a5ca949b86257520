from __future__ import annotations

import io
import tarfile
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assaymark.errors import InputError, UsageError
from assaymark.inputs.formats import FORMATS, format_named, format_of_name

from .conftest import Write
from .said import said


def bytes_of(kind: str) -> bytes:
    """One record in a format."""
    stream = io.BytesIO()
    table = pa.table({"text": ["a"]})
    if kind == "parquet":
        pq.write_table(table, stream)
    elif kind == "arrow file":
        with pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table)
    elif kind == "arrow stream":
        with pa.ipc.new_stream(stream, table.schema) as writer:
            writer.write_table(table)
    else:
        return {
            "jsonl": b'\n{"text": "a"}\n',
            "json list": b' [{"text": "a"}]',
            "json object": b'{\n"text": "a"}',
            "text": b"a\n",
            "utf-16": b"\xff\xfea\x00\n\x00",
        }[kind]
    return stream.getvalue()


@pytest.mark.parametrize(
    "kind",
    [
        "parquet",
        "arrow file",
        "arrow stream",
        "jsonl",
        "json list",
        "json object",
        "text",
        "utf-16",
    ],
)
@pytest.mark.parametrize("name", ["a", "a.data", "a.v1.0"])
def test_a_single_file_without_a_known_suffix_is_told_by_its_first_bytes(
    write: Write, kind: str, name: str
) -> None:
    """Every format but CSV, which looks like plain text."""
    assert said(write(name, bytes_of(kind))).places == [(0, "text", "a")]


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"caf\xe9 au lait", b"\x89PNG\r\n"])
def test_what_is_no_format_is_an_error(write: Write, content: bytes) -> None:
    """The error lists what could be meant."""
    path = write("a.bin", content)

    with pytest.raises(InputError) as raised:
        said(path)

    assert raised.value.message == f"the format of `{path}` is not known"
    assert (
        raised.value.hint == "name it with `--format`: jsonl, json, csv, tsv, parquet, arrow, text"
    )


def test_a_character_cut_by_the_end_of_the_sample_is_no_reason_to_refuse(write: Write) -> None:
    """Only so many bytes are looked at."""
    text = "a" + "é" * 200_000

    assert said(write("a", text)).places == [(0, "text", text)]


def archive(kind: str) -> bytes:
    """An archive with one file."""
    stream = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(stream, "w") as packer:
            packer.writestr("a.jsonl", "{}")
    else:
        with tarfile.open(fileobj=stream, mode="w:gz" if kind == "tgz" else "w") as packer:
            packer.addfile(tarfile.TarInfo("a.jsonl"))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.zip", "zip"),
        ("a.tar", "tar"),
        ("a.tar.gz", "tgz"),
        ("a.tgz", "tgz"),
        ("a", "zip"),
        ("a", "tar"),
        ("a", "tgz"),
    ],
)
def test_an_archive_is_an_error(write: Write, name: str, kind: str) -> None:
    """By its name or by its first bytes."""
    path = write(name, archive(kind))

    with pytest.raises(InputError) as raised:
        said(path)

    assert raised.value.message == f"`{path}` is an archive or is packed in a way that is not read"
    assert raised.value.hint == "unpack it first and name the directory"


def test_a_named_format_overrides_the_suffix(write: Write) -> None:
    """Whatever the suffix says."""
    path = write("a.txt", '{"text": "a"}\n')

    assert said(path).places == [(0, "text", '{"text": "a"}')]
    assert said(path, format="jsonl").places == [(0, "text", "a")]


def test_an_unknown_format_is_wrong_usage() -> None:
    """The error offers the nearest."""
    with pytest.raises(UsageError) as raised:
        format_named("jsnl")

    assert raised.value.message == "`jsnl` is no input format"
    assert raised.value.hint == "did you mean `jsonl` or `json`?"


def test_formats_do_not_claim_the_same_suffix() -> None:
    """Each suffix means one format, in any case and packed or not."""
    suffixes = [suffix for each in FORMATS for suffix in each.suffixes]

    assert len(set(suffixes)) == len(suffixes)
    for each in FORMATS:
        assert format_named(each.name) is each
        for suffix in each.suffixes:
            assert format_of_name(f"d.x/train-00000-of-00002{suffix.upper()}.zst") is each
