"""
Windows: how texts of any length go through a model that reads 128 tokens.

* Long texts are read in windows that overlap by a quarter, and a text scores as its highest window. What
  one sentence says among others is another matter: see `sentences.py`.
* A window is padded to a length that its own text decides, never its neighbours. Arithmetic that goes
  through the same shapes gives the same bits, so batches do not show in the scores.

tests/detectors/embedded/test_windows.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assaymark.detectors.embedded.tokens import HIDDEN, Tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAD, CLS, SEP = 0, 101, 102
"""Ids of the special tokens in BERT's uncased vocabulary."""

LENGTH = 128
"""Tokens of the longest window, `[CLS]` and `[SEP]` included."""

LENGTHS: tuple[int, ...] = (8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, LENGTH)
"""What windows are padded to. Half as many lengths cost a tenth in padding; more gained nothing."""

_ROOM = LENGTH - 2
_STEP = 96  # tokens from one window to the next: neighbours share 30, more than most sentences have


@dataclass(frozen=True, slots=True)
class Window:
    """A run of tokens of one text."""

    text: int
    """Index of the text."""

    start: int
    """First token."""

    stop: int
    """One past the last token."""

    @property
    def length(self) -> int:
        """Return what the window is padded to."""
        return next(each for each in LENGTHS if each >= self.stop - self.start + 2)


def cut(sizes: Sequence[int]) -> list[Window]:
    """Cut texts of `sizes` tokens into windows. A text without tokens has none."""
    windows: list[Window] = []
    for text, size in enumerate(sizes):
        start = 0
        while start < size:
            # The last window ends at the text's end and is as long as the others.
            first = max(0, min(start, size - _ROOM))
            windows.append(Window(text, first, min(size, first + _ROOM)))
            if first + _ROOM >= size:
                break
            start += _STEP
    return windows


def batches(windows: Sequence[Window], budget: int) -> Iterator[tuple[int, list[int]]]:
    """Yield batches of windows of one length each, of at most `budget` tokens or one window.

    Yields:
        The length, and indices into `windows`.
    """
    by_length: dict[int, list[int]] = {}
    for index, window in enumerate(windows):
        by_length.setdefault(window.length, []).append(index)
    for length, members in sorted(by_length.items()):
        size = max(1, budget // length)
        for first in range(0, len(members), size):
            yield length, members[first : first + size]


def arrays(
    tokens: Sequence[Tokens], windows: Sequence[Window], length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return ids and letter shapes of `windows`, each (windows, length)."""
    ids = np.full((len(windows), length), PAD, np.int64)
    letters = np.full((len(windows), length), HIDDEN, np.int64)
    for row, window in enumerate(windows):
        of_text, part = tokens[window.text], slice(window.start, window.stop)
        end = window.stop - window.start + 1
        ids[row, 0], ids[row, 1:end], ids[row, end] = CLS, of_text.ids[part], SEP
        letters[row, 1:end] = of_text.shapes[part]
    return ids, letters
