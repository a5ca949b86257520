"""
What happened in the last minutes: counts by name, in slices of time that fall away one by one.

Time is the monotonic clock. tests/guard/watch/test_window.py
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

_MOST_KEYS = 5_000  # of one slice


class Window(Generic[Key]):
    """Counts of the last `seconds`, give or take a slice.

    Args:
        seconds: How far back it reaches.
        slices: In how many parts it is cut.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        seconds: float = 300.0,
        *,
        slices: int = 60,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self._slice = seconds / slices
        self._clock = clock
        self._lock = threading.Lock()
        self._held: deque[tuple[int, Counter[Key]]] = deque(maxlen=slices)

    def count(self, keys: Iterable[Key]) -> None:
        """Count each of `keys` now."""
        number = int(self._clock() / self._slice)
        with self._lock:
            if not self._held or self._held[-1][0] != number:
                self._held.append((number, Counter()))
            counts = self._held[-1][1]
            for key in keys:
                if key in counts or len(counts) < _MOST_KEYS:
                    counts[key] += 1

    def totals(self) -> Counter[Key]:
        """Return the counts of the whole window."""
        oldest = math.floor((self._clock() - self.seconds) / self._slice)
        with self._lock:
            recent = [counts for number, counts in self._held if number > oldest]
            total: Counter[Key] = Counter()
            for each in recent:
                total.update(each)
            return total
