"""
Batches over the cores of this machine.

Results come back in the order of the batches, so that findings are digested in the order of the
subject; how many workers there were shows nowhere.

INVARIANT: worker processes end with the run, however it ends: they are stopped when it fails or is
interrupted, and they end themselves when the main process is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Self

from assaymark.engine.executors.opened import OpenedWorker
from assaymark.engine.job import Job, Partial, Portion, Worker
from assaymark.errors import DetectorError

if TYPE_CHECKING:
    from assaymark.model.evidence import DetectorRecord

_AHEAD = 2  # batches in flight for each worker: enough to keep it busy, few enough to bound memory


class LocalExecutor:
    """Runs a job in this process, or in several that are started when they are first needed.

    Used as a context manager; the processes end with it.

    Args:
        worker: The job opened in this process; does all the work where one process is asked for.
        job: What the worker processes open.
    """

    def __init__(self, worker: Worker, job: Job) -> None:
        self._worker = worker
        self._job = job
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is None:
            return
        if kind is not None:
            # A batch may take minutes, and nobody waits for it any more.
            for process in list((self._pool._processes or {}).values()):  # noqa: SLF001 - public from 3.14 on
                process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def cores(self) -> int:
        """Cores that this process may use, which in a container is fewer than the machine has."""
        return len(os.sched_getaffinity(0))

    def run(
        self, portions: Iterable[Portion], checks: tuple[str, ...], *, workers: int
    ) -> Iterator[Partial]:
        """Yield the partial result of every batch, in order; see `Executor`."""
        if workers == 1:
            yield from (self._worker.work(portion, checks) for portion in portions)
            return
        pending: deque[Future[Partial]] = deque()
        pool = self._started(workers)
        try:
            for portion in portions:
                pending.append(pool.submit(_work, portion, checks))
                if len(pending) >= workers * _AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except BrokenProcessPool:
            raise DetectorError(
                "a worker process died",
                hint="the system may have run out of memory; try fewer `--workers`",
            ) from None

    def _started(self, workers: int) -> ProcessPoolExecutor:
        if self._pool is None:
            # Spawned, not forked: detectors bring threads and native state that do not survive a fork.
            self._pool = ProcessPoolExecutor(
                workers,
                multiprocessing.get_context("spawn"),
                initializer=_open,
                initargs=(self._job, self._worker.records()),
            )
        return self._pool


_opened: OpenedWorker | None = None  # one for each worker process; set by its initialiser


def _open(job: Job, records: tuple[DetectorRecord, ...]) -> None:
    global _opened  # noqa: PLW0603 - a process pool offers no other place for its state
    # An interrupt is for the main process, which then stops this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _opened = OpenedWorker(job, records)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(portion: Portion, checks: tuple[str, ...]) -> Partial:
    if _opened is None:
        raise DetectorError("a worker process was used before it was opened")
    return _opened.work(portion, checks)
