"""
What two versions of a dataset are compared by, counted in one pass.

Sums of whole numbers, and eight bytes for each record that has text; no text and no value is kept. Counts
of buckets, digests and rows do not depend on how the rows fell into batches.

tests/engine/comparison/test_profile.py
"""

from __future__ import annotations

import functools
import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from assaymark.checks.quality.record_texts import record_texts
from assaymark.checks.rates import RowRateCheck, RowTally
from assaymark.model.measurement import Counts
from assaymark.model.subject import Subject
from assaymark.statistics.buckets import bucket_of

if TYPE_CHECKING:
    from assaymark.contracts.source import Batch, Source
    from assaymark.engine.held import HeldDetector

MOST_VALUES = 10_000
"""Distinct values of a column that are told apart."""

MOST_FIELDS = 1_000
"""Fields that are told apart; records keyed by data have one for each key."""

_INDEX = re.compile(r"\[\d+\]")
_READ = 400  # characters of a text by which its writing is known


@dataclass(slots=True)
class ColumnProfile:
    """The cells of one column."""

    cells: int = 0
    missing: int = 0
    """Empty, or not there."""

    numbers: Counter[int] = field(default_factory=Counter)
    """Bucket to cells that are a finite number in it."""

    values: Counter[bytes] | None = field(default_factory=Counter)
    """Digest to cells; `None` once there were too many values."""

    @property
    def is_numeric(self) -> bool:
        """Whether every cell that holds something is a number."""
        return self.numbers.total() == self.cells - self.missing

    def add(self, cells: Sequence[str | None]) -> None:
        """Count cells."""
        self.cells += len(cells)
        for cell in cells:
            text = (cell or "").strip()
            if not text:
                self.missing += 1
                continue
            if (number := _number(text)) is not None:
                self.numbers[bucket_of(number)] += 1
            if self.values is not None:
                self.values[_digest(text)] += 1
                if len(self.values) > MOST_VALUES:
                    self.values = None


@dataclass(slots=True)
class Profile:
    """One version of a dataset."""

    name: str
    read: int = 0
    skipped: int = 0
    unknown_files: int = 0
    empty: int = 0

    fields: Counter[str] | None = field(default_factory=Counter)
    """Field to the records that have text in it; `None` once there were too many."""

    lengths: Counter[int] = field(default_factory=Counter)
    """Bucket to the records whose text has that many characters."""

    writings: Counter[str] = field(default_factory=Counter)
    """Script of the most letters to the records that are mostly written in it."""

    digests: list[Any] = field(default_factory=list)
    """Arrays with 64 bits of each text's digest."""

    columns: dict[str, ColumnProfile] = field(default_factory=dict)

    seen: dict[str, RowTally] = field(default_factory=dict)
    """Detector to the rows in which it saw something."""

    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Detector to what it looks for."""

    subject: Subject | None = None
    """What was read, by its digests; `None` where nobody said."""

    def is_same_as(self, other: Profile) -> bool:
        """Whether both are the same bytes under the same names, whatever the versions are called.

        Nothing at all is not the same as nothing: there is no record to say it of.
        """
        one, two = self.subject, other.subject
        if one is None or two is None or not self.read:
            return False
        return (one.digest, one.tree) == (two.digest, two.tree)

    @property
    def texts(self) -> int:
        """Records that have text."""
        return self.lengths.total()

    def counts(self, hits: int) -> Counts:
        """Return a share of the records; one that could not be read may be a hit."""
        return Counts(hits=hits, judged=self.read, unjudged=self.skipped)

    def distinct(self) -> Any:
        """Return the digests of all texts, each once, ascending."""
        import numpy as np

        return np.unique(np.concatenate([np.zeros(0, np.uint64), *self.digests]))


class _DetectorRows(RowRateCheck):
    """Rows in which one detector sees something, whichever it is."""

    def __init__(self, detector: str, labels: tuple[str, ...]) -> None:
        self.detector, self.labels = detector, labels


def profile(
    source: Source,
    detectors: Mapping[str, HeldDetector],
    columns: Sequence[str],
    *,
    on_rows: Callable[[int], None] = lambda _: None,
) -> Profile:
    """Read `source` once.

    Args:
        source: Opened with `columns`.
        detectors: What to look for, by id.
        columns: Names of the columns to compare.
        on_rows: Called after every batch with the rows so far.

    Raises:
        InputError: It cannot be read.
    """
    found = Profile(name=source.name)
    rates = {name: _DetectorRows(name, each.labels) for name, each in detectors.items()}
    found.seen = {name: rate.start() for name, rate in rates.items()}
    found.labels = {name: detector.labels for name, detector in detectors.items()}
    found.columns = {name: ColumnProfile() for name in columns}
    for batch in source.batches():
        _add(found, batch)
        texts = batch.texts.column("text")
        for name, detector in detectors.items():
            answer = {name: detector.detect(texts)}
            found.seen[name] = rates[name].update(found.seen[name], batch, answer)
        on_rows(found.read + found.skipped)
    return found


def _add(found: Profile, batch: Batch) -> None:
    import numpy as np

    found.read += batch.rows
    found.empty += batch.empty
    found.skipped += sum(not each.whole_file for each in batch.skipped)
    found.unknown_files += sum(each.whole_file for each in batch.skipped)
    _add_fields(found, batch)
    digests = []
    for each in record_texts(batch, ()):
        found.lengths[bucket_of(len(each.text))] += 1
        found.writings[writing_of(each.text)] += 1
        digests.append(int.from_bytes(_digest(each.text), "big"))
    if digests:
        found.digests.append(np.array(digests, np.uint64))
    for name, column in found.columns.items():
        cells = batch.cells.get(name)
        column.add([None] * batch.rows if cells is None else cells.to_pylist())


def _add_fields(found: Profile, batch: Batch) -> None:
    if found.fields is None:
        return
    names, rows, texts = (batch.texts.column(each).to_pylist() for each in ("field", "row", "text"))
    pairs = {
        (_INDEX.sub("[*]", name), row)
        for name, row, text in zip(names, rows, texts, strict=True)
        if text.strip()
    }
    found.fields.update(name for name, _ in pairs)
    if len(found.fields) > MOST_FIELDS:
        found.fields = None


def writing_of(text: str) -> str:
    """Return the script of most letters at the start of a text, in the words of Unicode, such as `latin`.

    A text without letters is written in none.
    """
    if text.isascii():
        return "latin" if any(map(str.isalpha, text)) else "none"
    scripts = Counter(_script_of(each) for each in islice(filter(str.isalpha, text), _READ))
    # Of equals the first by name, so that the order of letters decides nothing.
    return min(scripts, key=lambda each: (-scripts[each], each), default="none")


@functools.lru_cache(maxsize=1 << 14)
def _script_of(letter: str) -> str:
    # Letters are named after their script; what has no name is private.
    return unicodedata.name(letter, "none").split()[0].split("-")[0].lower()


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
