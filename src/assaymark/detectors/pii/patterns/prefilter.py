"""
Which patterns have to be run on which texts of an Arrow array.

The texts are joined in blocks of about a megabyte, so memory does not grow with the batch. Each block is
looked at once as a whole; only rows in which something could stand are looked at one by one. A pattern
that is not named for a text has no match in it; one that is named may have none either. A pattern that
cannot be turned into an expression is named for every text.

tests/detectors/pii/test_prefilter.py holds that with random texts, empty rows, slices and nulls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assaymark.detectors.pii.patterns.alphabet import Alphabet
from assaymark.detectors.pii.patterns.scanner import SEPARATOR, Block, Scanner

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

NEVER: frozenset[int] = frozenset()
"""What a pattern needs that matches in no text."""

BLOCK_SIZE = 1 << 20
"""Bytes of text after which a block is full; a longer text is a block of its own."""


class Prefilter:
    """A scanner, and what its findings mean for patterns."""

    def __init__(
        self,
        alphabet: Alphabet,
        gates: Sequence[Scanner],
        scanner: Scanner,
        needed: Sequence[frozenset[int] | None],
    ) -> None:
        """Take the parts.

        Args:
            alphabet: What the scanners' expressions are written in.
            gates: Any of them matches in a row in which all that some pattern needs matches; may be
                empty, and every row is scanned.
            scanner: The compiled expressions.
            needed: For each pattern the numbers of all expressions that must match; `None` if
                nothing is known of it, and `NEVER` if it matches nowhere.
        """
        self._alphabet = alphabet
        self._gates = tuple(gates)
        self._scanner = scanner
        self._always = frozenset(at for at, each in enumerate(needed) if each is None)
        self._by_first: dict[int, list[tuple[int, frozenset[int]]]] = {}
        """Expression to the patterns that need it, with what else they need."""
        for at, numbers in enumerate(needed):
            if numbers:
                first, *rest = sorted(numbers)
                self._by_first.setdefault(first, []).append((at, frozenset(rest)))
        self._known: dict[frozenset[int], tuple[int, ...]] = {}

    @property
    def blind(self) -> frozenset[int]:
        """The patterns that are named for every text."""
        return self._always

    def hits(self, texts: pa.Array) -> Iterator[tuple[int, list[int]]]:
        """Yield each text's index with the patterns that have to be run on it, in order, if any.

        Args:
            texts: An array of strings; a null counts as an empty text.
        """
        for first, block in self._blocks(texts):
            bounds = block.starts.tolist()
            data = block.data
            for row in self._touched(block):
                # With the separator on both sides.
                seen = self._scanner.matching(data[bounds[row] - 1 : bounds[row + 1]])
                named = self._named(seen)
                if named:
                    yield first + row, list(named)

    def _touched(self, block: Block) -> Sequence[int]:
        """Return the rows in which something could stand."""
        if block.rows == 1:
            # The second look costs as much as the first.
            return range(1)
        parts = []
        for each in () if self._always else self._gates:
            part = each.touched(block)
            if part is None:
                return range(block.rows)
            parts.append(part)
        if not parts:
            return range(block.rows)
        rows: list[int] = np.unique(np.concatenate(parts)).tolist()
        return rows

    def _named(self, seen: Collection[int]) -> tuple[int, ...]:
        """Return the patterns to run where these expressions match; rows are much alike."""
        every = frozenset(seen)
        known = self._known.get(every)
        if known is None:
            named = set(self._always)
            for number in every:
                for at, rest in self._by_first.get(number, ()):
                    if rest <= every:
                        named.add(at)
            known = tuple(sorted(named))
            if len(self._known) < _MOST_KNOWN:
                self._known[every] = known
        return known

    def _blocks(self, texts: pa.Array) -> Iterator[tuple[int, Block]]:
        if len(texts) == 1:
            # What a guard asks about, thousands of times a second: Arrow's kernels cost more than the scan.
            yield 0, self._block_of(texts[0].as_py() or "")
            return
        sizes = pc.fill_null(pc.binary_length(texts), 0).to_numpy(zero_copy_only=False)
        ends = np.cumsum(sizes, dtype=np.int64)
        first = 0
        while first < len(texts):
            base = int(ends[first - 1]) if first else 0
            last = int(np.searchsorted(ends, base + BLOCK_SIZE, side="right"))
            last = min(max(last, first + 1), len(texts))
            yield first, self._block(texts.slice(first, last - first))
            first = last

    def _block_of(self, text: str) -> Block:
        separator = SEPARATOR.decode()
        data = self._alphabet.encode(f"{separator}{text}{separator}")
        return Block(data, np.array([1, len(text) + 2]))

    def _block(self, texts: Any) -> Block:
        texts = pc.fill_null(texts.cast(pa.large_string()), "")
        lengths = pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
        rows = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
        separator = SEPARATOR.decode()
        joined = pc.binary_join(rows, pa.scalar(separator, pa.large_string()))[0].as_py()
        starts = np.concatenate([[0], np.cumsum(lengths + 1)]) + 1
        return Block(self._alphabet.encode(f"{separator}{joined}{separator}"), starts)


_MOST_KNOWN = 4096
