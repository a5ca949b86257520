"""
What a detector says of one text, and where that is remembered.

A conversation is sent whole with every turn. What was judged under the same policy is not judged again, so a
turn costs what is new in it. An answer holds places and names, never content; a text is known by a digest
under a key that lives as long as the process. The number of answers is bounded, the oldest unused go first.

tests/guard/test_guard.py and test_concurrency.py
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from assaymark.contracts.detector import Detections, Span

DEFAULT_SIZE = 20_000
"""Answers that are remembered: about 20 MB."""

_SHELF, _MOST_SHELVES = 256, 64
_Key: TypeAlias = tuple[str, str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one detector says of one text."""

    spans: tuple[Span, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)

    unjudged: str | None = None
    """Why the text could not be judged; holds no content."""


def split(detections: Detections, count: int) -> list[Answer]:
    """Return the answers of a batch of `count` texts, one for each."""
    spans: list[list[Span]] = [[] for _ in range(count)]
    for each in detections.spans:
        spans[each.text].append(each)
    return [
        Answer(
            spans=tuple(spans[n]),
            scores={name: float(values[n]) for name, values in detections.scores.items()},
            unjudged=detections.unjudged.get(n),
        )
        for n in range(count)
    ]


class _Shelf:
    """Some of the answers, the latest used last."""

    __slots__ = ("answers", "hits", "lock")

    def __init__(self) -> None:
        self.answers: OrderedDict[_Key, Answer] = OrderedDict()
        self.hits = 0
        self.lock = threading.Lock()


class AnswerMemory:
    """Remembers answers. Safe to share between threads, and between guards under several policies.

    They stand on shelves, by the digest of the text. One table of all would be made anew every some
    thousand answers, a megabyte at a time, and each thread that does so leaves a hole of that size.

    Args:
        size: How many answers at most, about; each shelf has its part of them.
    """

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self._key = os.urandom(32)
        count = max(1, min(_MOST_SHELVES, size // _SHELF))
        self._shelves = [_Shelf() for _ in range(count)]
        self._size = -(-size // count)

    @property
    def hits(self) -> int:
        """How often an answer was there."""
        return sum(each.hits for each in self._shelves)

    def __len__(self) -> int:
        return sum(len(each.answers) for each in self._shelves)

    def recall(self, policy: str, detector: str, texts: Sequence[str]) -> list[Answer | None]:
        """Return what is known of each of `texts`.

        Args:
            policy: Digest of the policy: under another one nothing is known.
            detector: Its id.
            texts: What is asked about.
        """
        found: list[Answer | None] = []
        for text in texts:
            digest = self._digest(text)
            key, shelf = (policy, detector, digest), self._shelf(digest)
            with shelf.lock:
                answer = shelf.answers.get(key)
                if answer is not None:
                    shelf.answers.move_to_end(key)
                    shelf.hits += 1
            found.append(answer)
        return found

    def remember(self, policy: str, detector: str, text: str, answer: Answer) -> None:
        """Keep `answer`, unless there is none: who could not judge is asked again."""
        if answer.unjudged is not None or self._size < 1:
            return
        digest = self._digest(text)
        key, shelf = (policy, detector, digest), self._shelf(digest)
        with shelf.lock:
            shelf.answers[key] = answer
            shelf.answers.move_to_end(key)
            while len(shelf.answers) > self._size:
                shelf.answers.popitem(last=False)

    def _shelf(self, digest: bytes) -> _Shelf:
        return self._shelves[digest[0] % len(self._shelves)]

    def _digest(self, text: str) -> bytes:
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=32, key=self._key).digest()
