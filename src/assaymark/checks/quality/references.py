"""
Texts that must not be in the data: test sets and benchmarks, named by path and digest in the policy.

A reference is JSON Lines (its records read like those of a dataset: the fields by which datasets call their
text, else every string) or plain text, one record in a line; with `.gz` compressed. Its digest is that
of the stored bytes, so a policy says exactly what was looked for; another file is an error, never an
empty reference.

tests/checks/quality/test_references.py
"""

from __future__ import annotations

import functools
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from assaymark.checks.quality.minhash import runs_of
from assaymark.checks.quality.record_texts import evened
from assaymark.checks.quality.reference_settings import ReferenceFile
from assaymark.contracts.layouts import text_fields
from assaymark.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_CHARACTERS = 2_000_000_000
"""Of one reference, unpacked."""


class ReferenceRecord(NamedTuple):
    """Where a text that must not be in the data stands."""

    file: str
    row: int


class References:
    """Runs of words of all references, to be looked up.

    Args:
        files: What the policy names.
        words: In a run; texts of fewer words have none.

    Raises:
        InputError: A file cannot be read, is not the one that the policy means, or holds no usable text.
    """

    def __init__(self, files: tuple[ReferenceFile, ...], words: int) -> None:
        self.records: list[ReferenceRecord] = []
        self.too_short = 0
        """Texts of fewer words than a run, which cannot be found."""
        texts: list[str] = []
        for file in files:
            for row, text in enumerate(texts_of(file)):
                self.records.append(ReferenceRecord(file.path, row))
                texts.append(text)
        runs = runs_of(texts, words)
        is_whole = runs.words >= words
        self.too_short = int((~is_whole).sum())
        kept = is_whole[runs.owners]
        self.hashes, first, inverse = np.unique(
            runs.hashes[kept], return_index=True, return_inverse=True
        )
        owners = runs.owners[kept]
        self.owners: NDArray[np.int64] = owners[first]
        """Of each distinct run, the first record that has it."""
        pairs = np.unique(np.stack([owners, inverse.reshape(-1)], axis=1), axis=0)
        self._record, self._run = pairs[:, 0], pairs[:, 1]
        self.is_whole: NDArray[np.bool_] = is_whole
        """Of each record, whether it has a run at all."""

    def look_up(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return for each hash the index of the run that it is; -1 where it is none."""
        if not len(self.hashes):
            return np.full(len(hashes), -1, np.int64)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return np.where(self.hashes[at] == hashes, at, -1)

    def covered(self, found: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return of each record which share of its distinct runs is among `found`; 0 where it has none."""
        is_found = np.zeros(len(self.hashes), bool)
        is_found[found] = True
        number = len(self.records)
        there = np.bincount(self._record, minlength=number)
        seen = np.bincount(self._record, weights=is_found[self._run], minlength=number)
        shares: NDArray[np.float64] = seen / np.maximum(there, 1)
        return shares


@functools.lru_cache(maxsize=4)
def load_references(files: tuple[ReferenceFile, ...], words: int) -> References:
    """Return the references; read once in each process."""
    return References(files, words)


def texts_of(file: ReferenceFile) -> Iterator[str]:
    """Yield the text of each record of a file, evened."""
    yield from texts_in(file.data("reference"), file.path)


def texts_in(data: bytes, path: str) -> Iterator[str]:
    """Yield the text of each record of a reference, evened.

    Args:
        data: As stored.
        path: Tells the format, and names it in errors.

    Raises:
        InputError: It is not what its name says.
    """
    is_json = path.removesuffix(".gz").endswith((".jsonl", ".ndjson"))
    for number, line in enumerate(_lines(data, path), start=1):
        if line.strip():
            yield evened(_json_text(line, path, number) if is_json else line)


def _lines(data: bytes, path: str) -> Iterator[str]:
    stream: Any = io.BytesIO(data)
    if path.endswith(".gz"):
        stream = gzip.GzipFile(fileobj=stream)
    seen = 0
    try:
        with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="\n") as text:
            while line := text.readline(_MOST_CHARACTERS):
                seen += len(line)
                if seen >= _MOST_CHARACTERS:
                    raise InputError(f"the reference `{path}` is too large")
                yield line
    except (UnicodeDecodeError, EOFError, OSError, zlib.error):
        raise InputError(
            f"the reference `{path}` is not UTF-8, or cut short", hint="write the file again"
        ) from None


def _json_text(line: str, path: str, number: int) -> str:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise InputError(f"line {number} of the reference `{path}` is not JSON") from None
    if isinstance(record, dict):
        chosen = text_fields(record) or record.keys()
        record = [value for key, value in record.items() if key in chosen]
    return " ".join(_strings(record))


def _strings(value: Any) -> Iterator[str]:
    """Yield every string in a JSON value, in order; nesting is bounded by the parser's own limit."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                yield text
            case list() as items:
                waiting.extend(reversed(items))
            case dict() as items:
                waiting.extend(reversed(items.values()))
