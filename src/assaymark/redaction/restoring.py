"""
Find known pseudonyms in any text: an answer of a model, a mail, a log.

A pseudonym counts where it stands alone: no letter or digit may touch its ends. Of two that begin at one
place the longer one counts. The cost grows with the text and not with the number of pseudonyms.

tests/redaction/test_restoring.py
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

_RUN = re.compile(r"[^\W_]+")


class KnownPseudonyms:
    """The pseudonyms that were issued, to be found again."""

    def __init__(self) -> None:
        # By its first run of letters and digits; with what stands before that run.
        self._by_run: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        self._known: set[str] = set()
        # In order, made anew when it is asked for after more were added.
        self._sorted: list[str] = []
        self._longest = 0

    def __contains__(self, pseudonym: str) -> bool:
        return pseudonym in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def add(self, pseudonym: str) -> None:
        """Look for `pseudonym` too."""
        first = _RUN.search(pseudonym)
        if first is None or pseudonym in self._known:
            return
        self._known.add(pseudonym)
        self._longest = max(self._longest, len(pseudonym))
        entries = self._by_run[first[0]]
        entries.append((pseudonym, first.start()))
        entries.sort(key=lambda each: -len(each[0]))

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where pseudonyms stand, in order and apart from each other, as half-open spans."""
        reached = 0
        for run in _RUN.finditer(text):
            if run.start() < reached:
                continue
            for pseudonym, before in self._by_run.get(run[0], ()):
                start, end = run.start() - before, run.start() - before + len(pseudonym)
                if start >= reached and text.startswith(pseudonym, start) and _alone(text, end):
                    yield start, end
                    reached = end
                    break

    def pending(self, text: str) -> int:
        """Return the first place from which the rest of `text` is, or may begin, a pseudonym."""
        if len(self._sorted) != len(self._known):
            self._sorted = sorted(self._known)
        for place in range(max(len(text) - self._longest, 0), len(text)):
            rest = text[place:]
            at = bisect_left(self._sorted, rest)
            if at < len(self._sorted) and self._sorted[at].startswith(rest):
                return place
        return len(text)


def _alone(text: str, end: int) -> bool:
    """Say whether what ends at `end` does not go on."""
    return end == len(text) or not (text[end].isalnum() and text[end - 1].isalnum())
