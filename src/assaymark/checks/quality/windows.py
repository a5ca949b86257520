"""
Windows of characters of texts as hashes, and which items of references they are of.

A text is reduced to its letters and digits in lower case, as the published comparisons of this kind do, so
that spacing and punctuation hide nothing. Every window of every text is looked up, none is drawn by chance.

Source: OpenAI, "GPT-4 Technical Report", 2023, appendix C: substrings of 50 characters.
tests/checks/quality/test_benchmark_substrings.py
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from assaymark.checks.quality.reference_settings import ReferenceFile
from assaymark.checks.quality.references import ReferenceRecord, texts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OTHER = re.compile(r"[\W_]+")
_MIX = np.uint64(0x9E3779B97F4A7C15)
_BASE = 0xD6E8FEB86659FD93  # odd, so that it has an inverse among 64-bit numbers


class Windows(NamedTuple):
    """All windows of some texts."""

    hashes: NDArray[np.uint64]
    owners: NDArray[np.int64]
    """Of each window, the text that it is of."""


def reduced(text: str) -> str:
    """Return the letters and digits of `text` in lower case."""
    return _OTHER.sub("", text.casefold())


def windows_of(texts: Sequence[str], size: int) -> Windows:
    """Return every window of `size` characters of texts that are reduced.

    Args:
        texts: As `reduced` returns them; a shorter one has no window.
        size: Characters of a window.
    """
    lengths = np.array([len(each) for each in texts], np.int64)
    joined = "".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    counts = np.maximum(lengths - size + 1, 0)
    owners = np.repeat(np.arange(len(texts)), counts)
    if not len(owners):
        return Windows(np.zeros(0, np.uint64), owners)
    starts = np.cumsum(lengths) - lengths
    first = np.cumsum(counts) - counts
    at = starts[owners] + np.arange(len(owners)) - first[owners]
    mixed = (codes + np.uint64(1)) * _MIX
    mixed ^= mixed >> np.uint64(29)
    powers = _powers(len(codes))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed * powers)])
    # Divided by the power at its start, a window has one hash wherever it stands.
    hashes = (sums[at + size] - sums[at]) * _inverses(len(codes))[at]
    return Windows(hashes ^ (hashes >> np.uint64(31)), owners)


def _powers(number: int) -> NDArray[np.uint64]:
    return np.cumprod(np.full(number, _BASE, np.uint64), dtype=np.uint64)


def _inverses(number: int) -> NDArray[np.uint64]:
    return np.cumprod(np.full(number, pow(_BASE, -1, 1 << 64), np.uint64), dtype=np.uint64)


class WindowReferences:
    """Windows of all references, to be looked up.

    Args:
        files: What the policy names.
        size: Characters of a window.

    Raises:
        InputError: A file cannot be read, is not the one that the policy means, or holds no usable text.
    """

    def __init__(self, files: tuple[ReferenceFile, ...], size: int) -> None:
        self.records: list[ReferenceRecord] = []
        texts: list[str] = []
        for file in files:
            for row, text in enumerate(texts_of(file)):
                self.records.append(ReferenceRecord(file.path, row))
                texts.append(reduced(text))
        self.too_short = sum(len(each) < size for each in texts)
        found = windows_of(texts, size)
        order = np.argsort(found.hashes, kind="stable")
        self._hashes, self._owners = found.hashes[order], found.owners[order]

    def items_with(self, hashes: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return which of `hashes` are a window of an item, and every item that has one of them."""
        if not len(self._hashes):
            return np.zeros(len(hashes), bool), np.zeros(0, np.int64)
        low = np.searchsorted(self._hashes, hashes, "left")
        high = np.searchsorted(self._hashes, hashes, "right")
        is_found = high > low
        spans = np.unique(np.stack([low[is_found], high[is_found]], axis=1), axis=0)
        items = [self._owners[start:end] for start, end in spans.tolist()]
        return is_found, np.unique(np.concatenate([np.zeros(0, np.int64), *items]))

    def first_item(self, hashed: int) -> int:
        """Return the first item that has this window."""
        at = int(np.searchsorted(self._hashes, np.uint64(hashed), "left"))
        return int(self._owners[at])


@functools.lru_cache(maxsize=4)
def load_windows(files: tuple[ReferenceFile, ...], size: int) -> WindowReferences:
    """Return the references; read once in each process."""
    return WindowReferences(files, size)
