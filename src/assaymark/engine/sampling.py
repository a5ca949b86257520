"""
Judging a sample instead of everything.

The rows with the smallest keyed digests are drawn: a simple random sample without replacement, whose
members follow from the seed, the file names and the row numbers alone. Batches, workers and the order of
files change nothing.

The seed follows from the policy, the subject and, if the auditor gives one, a nonce. Without a nonce
whoever makes the subject can foresee the draw and place bad rows outside it; with one that is chosen after
the subject was handed over they cannot.

Memory: one number for each file and one place for each drawn row. Time: one digest for each row.
tests/engine/test_sampling.py holds the claims, and that the intervals cover at their level.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assaymark.canonical import digest_of
from assaymark.contracts.source import Batch
from assaymark.engine.job import Portion
from assaymark.errors import InputError

if TYPE_CHECKING:
    from assaymark.model.subject import Sha256


def seed_of(policy: Sha256, subject: Sha256, nonce: str | None) -> Sha256:
    """Return the seed: SHA-256 of the canonical JSON of the three, an absent nonce left out."""
    parts = {"policy": policy, "subject": subject}
    return digest_of(parts if nonce is None else {**parts, "nonce": nonce})


def draw(files: Mapping[str, int], *, seed: Sha256, size: int) -> dict[str, frozenset[int]]:
    """Draw `size` rows, or all where there are fewer.

    Args:
        files: File name to how many records it has.
        seed: What the draw follows from.
        size: How many rows to draw.

    Returns:
        File name to the numbers of its drawn records; files without one are left out.
    """
    drawn: dict[str, set[int]] = {}
    for _, file, row in heapq.nsmallest(size, _ranked(files, bytes.fromhex(seed))):
        drawn.setdefault(file, set()).add(row)
    return {file: frozenset(rows) for file, rows in drawn.items()}


def _ranked(files: Mapping[str, int], key: bytes) -> Iterator[tuple[bytes, str, int]]:
    for file, rows in files.items():
        # The file is digested first: its name has any length, the row number has eight bytes.
        base = hashlib.blake2b(file.encode(), key=key, digest_size=16)
        for row in range(rows):
            rank = base.copy()
            rank.update(row.to_bytes(8, "big"))
            yield rank.digest(), file, row


@dataclass(slots=True)
class RowCount:
    """Where each batch stands in its file, from the numbers of records before it."""

    files: dict[str, int] = field(default_factory=dict)
    """File name to records so far, readable or not."""

    @property
    def total(self) -> int:
        """Records so far, over all files."""
        return sum(self.files.values())

    def place(self, batch: Batch) -> range:
        """Count `batch`, and return the numbers of its records.

        Raises:
            InputError: The source broke its contract: records are not numbered without gaps.
        """
        first = self.files.get(batch.file, 0)
        rows = range(first, first + batch.rows + len(batch.skipped))
        named = {*batch.texts.column("row").to_pylist(), *(each.row for each in batch.skipped)}
        if any(each not in rows for each in named):
            raise InputError(
                f"the records of `{batch.file}` are not numbered in order, so it cannot be sampled"
            )
        self.files[batch.file] = rows.stop
        return rows


def portions(
    batches: Iterable[Batch], drawn: Mapping[str, frozenset[int]] | None = None
) -> Iterator[Portion]:
    """Yield every batch with what of it was drawn, which may be nothing; `None` draws everything."""
    place = RowCount()
    for batch in batches:
        if drawn is None:
            yield Portion(batch=batch)
        else:
            chosen = drawn.get(batch.file, frozenset()).intersection(place.place(batch))
            yield Portion(batch=batch, drawn=_restrict(batch, chosen))


def _restrict(batch: Batch, chosen: frozenset[int]) -> Batch:
    import pyarrow as pa

    rows = batch.texts.column("row").to_pylist()
    texts = batch.texts.filter(pa.array([each in chosen for each in rows], pa.bool_()))
    skipped = tuple(each for each in batch.skipped if each.row in chosen)
    places, contents = texts.column("row").to_pylist(), texts.column("text").to_pylist()
    filled = {row for row, text in zip(places, contents, strict=True) if text.strip()}
    read = len(chosen) - len(skipped)
    return Batch(file=batch.file, rows=read, empty=read - len(filled), texts=texts, skipped=skipped)
