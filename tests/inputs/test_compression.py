from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from assaymark.errors import InputError
from assaymark.inputs.compression import unpacked

from .conftest import Write
from .said import PRINT_PEAK, json_lines, said

RECORDS = json_lines({"text": f"text {i}"} for i in range(3000)).encode()
PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}
SUFFIXES = pytest.mark.parametrize("suffix", sorted(PACK))


@SUFFIXES
def test_a_packed_file_reads_as_the_file(write: Write, suffix: str) -> None:
    """Same rows, same texts; the digest is that of the packed bytes."""
    plain = said(write("a.jsonl", RECORDS))

    packed = said(write("a.jsonl" + suffix, PACK[suffix](RECORDS)))

    assert [each[1:] for each in packed.texts] == [each[1:] for each in plain.texts]
    assert packed.subject.digest != plain.subject.digest


@SUFFIXES
def test_the_first_bytes_tell_it_too(write: Write, suffix: str) -> None:
    """A file may have lost its suffix."""
    assert said(write("a.jsonl", PACK[suffix](RECORDS))).rows == 3000


@SUFFIXES
def test_several_members_are_one_file(write: Write, suffix: str) -> None:
    """As `cat` makes them."""
    pack = PACK[suffix]
    parts = [RECORDS[:100], b"", RECORDS[100:]]

    assert said(write("a.jsonl" + suffix, b"".join(map(pack, parts)))).rows == 3000


def test_zstandard_frames_to_be_skipped_are_skipped(write: Write) -> None:
    """They hold an index for seeking."""
    frame = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"

    assert said(write("a.jsonl.zst", PACK[".zst"](RECORDS) + frame)).rows == 3000


@SUFFIXES
@pytest.mark.parametrize("columnar", ["parquet", "arrow"])
def test_formats_that_jump_about_are_unpacked_first(
    write: Write, suffix: str, columnar: str
) -> None:
    """Whatever the file is packed with."""
    table = pa.table({"text": ["a", "b"]})
    stream = io.BytesIO()
    if columnar == "parquet":
        pq.write_table(table, stream)
    else:
        with pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table)
    path = write(f"a.{columnar}{suffix}", PACK[suffix](stream.getvalue()))

    assert said(path).places == [(0, "text", "a"), (1, "text", "b")]


@SUFFIXES
def test_a_file_that_is_cut_short_is_an_error(write: Write, suffix: str) -> None:
    """Half a file that looks clean would be a way around the policy."""
    title = {".gz": "gzip", ".zst": "Zstandard"}[suffix]
    whole = PACK[suffix](RECORDS)
    for cut in (6, len(whole) // 2, len(whole) - 1):
        path = write("a.jsonl" + suffix, whole[:cut])

        with pytest.raises(InputError) as raised:
            said(path)
        assert raised.value.message == f"`{path}` ends in the middle of its {title} data"
        assert raised.value.hint == "copy or download the file again"


@SUFFIXES
def test_other_bytes_behind_it_are_an_error(write: Write, suffix: str) -> None:
    """They could be records that no one has read."""
    title = {".gz": "gzip", ".zst": "Zstandard"}[suffix]
    path = write("a.jsonl" + suffix, PACK[suffix](RECORDS) + b"canary")

    with pytest.raises(InputError) as raised:
        said(path)

    assert raised.value.message == f"`{path}` holds bytes that are not {title} data"
    assert "canary" not in repr(raised.value)


@SUFFIXES
def test_a_suffix_that_is_not_true_is_an_error(write: Write, suffix: str) -> None:
    """Reading it all the same would hide a broken pipeline."""
    title = {".gz": "gzip", ".zst": "Zstandard"}[suffix]
    path = write("a.jsonl" + suffix, RECORDS)

    with pytest.raises(InputError) as raised:
        said(path)

    assert raised.value.message == f"`{path}` is not {title} data"
    assert raised.value.hint == "correct the file's suffix"


@SUFFIXES
def test_an_empty_file_with_the_suffix_is_empty(write: Write, suffix: str) -> None:
    """And so is a packed nothing."""
    for content in (b"", PACK[suffix](b"")):
        found = said(write("a.jsonl" + suffix, content))

        assert (found.rows, found.skipped, found.batches) == (0, [], 1)


def bomb(suffix: str, size: int) -> bytes:
    """Pack `size` times one letter, without holding them."""
    stream = io.BytesIO()
    piece = b"a" * 1_000_000
    if suffix == ".gz":
        with gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=9) as packer:
            for _ in range(size // len(piece)):
                packer.write(piece)
    else:
        with zstandard.ZstdCompressor().stream_writer(stream, closefd=False) as writer:
            for _ in range(size // len(piece)):
                writer.write(piece)
    return stream.getvalue()


@SUFFIXES
def test_a_bomb_is_refused(write: Write, suffix: str) -> None:
    """Past the first 100 MB, a file may not unpack to more than so many times its size."""
    path = write("a.jsonl" + suffix, bomb(suffix, 150_000_000))

    with pytest.raises(InputError) as raised:
        said(path)

    assert raised.value.message == f"`{path}` unpacks to more than 1000 times its size"
    assert raised.value.hint == "if that is meant, unpack it first or raise `max_ratio`"
    assert said(path, max_ratio=1e9).reasons == [(0, 1, "longer than 64 MiB")]


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    """Gigabytes that a file unpacks to are never held: one line at most, and one piece."""
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(bomb(".zst", 1_000_000_000))
    program = f"""
from assaymark.inputs.open import open_source
from assaymark.model.subject import SubjectKind
source = open_source({str(path)!r}, kind=SubjectKind.DATASET, max_ratio=1e9)
print(sum(len(batch.skipped) for batch in source.batches()))
{PRINT_PEAK}
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    skipped, megabytes = map(int, run.stdout.split())

    assert skipped == 1
    assert megabytes < 500


def test_a_window_beyond_the_limit_is_refused(write: Write) -> None:
    """It would have to be held to unpack the file."""
    parameters = zstandard.ZstdCompressionParameters(window_log=30)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    path = write("a.jsonl.zst", packer.compress(RECORDS) + packer.flush())

    with pytest.raises(InputError) as raised:
        said(path)

    assert raised.value.message == f"`{path}` needs more than 128 MiB to unpack"
    assert raised.value.hint == "pack it without `--long` or `--ultra`"


@given(st.binary(max_size=3000), st.sampled_from(sorted(PACK)), st.integers(1, 64))
def test_unpacking_gives_back_what_was_packed(data: bytes, suffix: str, size: int) -> None:
    """However little is asked for at a time."""
    stream = io.BufferedReader(io.BytesIO(PACK[suffix](data)))
    plain = unpacked(stream, "a" + suffix, max_ratio=1000, consumed=lambda: 1)

    assert b"".join(iter(lambda: plain.read(size), b"")) == data


def test_what_is_packed_in_another_way_is_not_guessed(write: Write) -> None:
    """A suffix of a packing that is not read is refused by name."""
    path = write("a.jsonl.bz2", json.dumps({"text": "a"}))

    with pytest.raises(InputError, match="is an archive or is packed in a way that is not read"):
        said(path)
