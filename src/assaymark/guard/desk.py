"""
One detector at work for many requests: what waits together is judged together.

* The detector runs on a thread of its own: nobody's event loop waits for it, and no request has state on it.
* Everything that waits when it gets free becomes one batch; detectors answer for each text apart, so company
  changes nothing. Where a batch raises, each request is asked alone, so a bad text is one request's matter.
* A thread may take the detector for a moment and ask it itself, where it is free and nobody waits for it.
* Who waits, waits until a deadline and no longer. An answer that comes later is thrown away.

tests/guard/test_concurrency.py and test_faults.py
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assaymark.errors import AssaymarkError
from assaymark.guard.answers import Answer, split

if TYPE_CHECKING:
    from assaymark.contracts.detector import Detector

_MOST_CHARACTERS = 1 << 18
"""Of one batch, unless one request alone has more."""

LATE = Answer(unjudged="it was not judged in time")


@dataclass(slots=True)
class _Waiting:
    texts: Sequence[str]
    result: Future[list[Answer]] = field(default_factory=Future)

    @property
    def size(self) -> int:
        return sum(map(len, self.texts))


class Desk:
    """Asks one detector.

    Args:
        name: Of the detector.
        detector: Loaded.
    """

    def __init__(self, name: str, detector: Detector) -> None:
        self.name = name
        self._detector = detector
        self._queue: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._is_open = True
        self._thread: threading.Thread | None = None
        self._free = threading.Lock()
        self._taken_by = 0

    def take(self) -> bool:
        """Take the detector for this thread; return whether it was free. Never waits."""
        if self._queue or not self._is_open or not self._free.acquire(blocking=False):
            return False
        self._taken_by = threading.get_ident()
        return True

    def give_back(self) -> None:
        """Let others have it again."""
        self._taken_by = 0
        self._free.release()

    @property
    def is_mine(self) -> bool:
        """Whether this thread has taken the detector."""
        return self._taken_by == threading.get_ident()

    def judged(self, texts: Sequence[str]) -> list[Answer]:
        """Return what the detector, which this thread has taken, says of each of `texts`."""
        return self._detect(texts)

    def ask(self, texts: Sequence[str]) -> Future[list[Answer]]:
        """Return what the detector will say of each of `texts`."""
        waiting = _Waiting(texts)
        with self._changed:
            if self._thread is None and self._is_open:
                # A daemon: a detector that hangs must not keep the process from ending.
                self._thread = threading.Thread(
                    target=self._work, name=f"assaymark-{self.name}", daemon=True
                )
                self._thread.start()
            if self._is_open:
                self._queue.append(waiting)
                self._changed.notify()
            else:
                waiting.result.set_result([Answer(unjudged="the guard is closed")] * len(texts))
        return waiting.result

    def answers(self, asked: Future[list[Answer]], count: int, seconds: float) -> list[Answer]:
        """Return what was `asked` about `count` texts, or that it is not there after `seconds`."""
        try:
            return asked.result(max(seconds, 0.0))
        except LateError:
            asked.cancel()
            return [LATE] * count

    def close(self) -> None:
        """Answer what waits, and nothing more."""
        with self._changed:
            self._is_open = False
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue and self._is_open:
                    self._changed.wait()
                if not self._queue:
                    return
                batch = [self._queue.popleft()]
                size = batch[0].size
                while self._queue and size + self._queue[0].size <= _MOST_CHARACTERS:
                    batch.append(self._queue.popleft())
                    size += batch[-1].size
            with self._free:
                self._answer([each for each in batch if each.result.set_running_or_notify_cancel()])

    def _answer(self, batch: Sequence[_Waiting]) -> None:
        texts = [text for each in batch for text in each.texts]
        answers = self._detect(texts)
        if len(batch) > 1 and any(each.unjudged is not None for each in answers):
            # Somebody's text may have spoiled it for all.
            for each in batch:
                each.result.set_result(self._detect(each.texts))
            return
        at = 0
        for each in batch:
            each.result.set_result(answers[at : at + len(each.texts)])
            at += len(each.texts)

    def _detect(self, texts: Sequence[str]) -> list[Answer]:
        import pyarrow as pa

        from assaymark.inputs.records import string_array

        try:
            return split(self._detector.detect(string_array(texts, pa.large_string())), len(texts))
        except AssaymarkError as error:
            reason = error.message
        except Exception as error:  # noqa: BLE001 - whatever it is, it is no answer; it may quote the text
            reason = f"the detector raised {type(error).__name__}"
        return [Answer(unjudged=reason)] * len(texts)
