"""
Batches over the cores of this machine.

Results come back in the order of the batches, so that findings are digested in the order of the
subject; how many workers there were shows nowhere.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from assaymark.engine.catalog import installed_catalog
from assaymark.engine.job import Job, Partial, Worker
from assaymark.errors import DetectorError

if TYPE_CHECKING:
    from assaymark.contracts.source import Batch

_AHEAD = 2  # batches in flight for each worker: enough to keep it busy, few enough to bound memory

_worker: Worker | None = None  # one for each worker process; set by its initialiser


def run_local(
    worker: Worker, job: Job, batches: Iterable[Batch], checks: tuple[str, ...], *, workers: int
) -> Iterator[Partial]:
    """Yield the partial result of every batch, in order.

    Args:
        worker: The job opened in this process; does all the work where `workers` is 1.
        job: What the worker processes open.
        batches: What to work on; read only as fast as results are taken.
        checks: Ids of the row checks that this subject is for.
        workers: Processes to use, at least 1.

    Raises:
        DetectorError: A worker process died.
    """
    if workers == 1:
        yield from (worker.work(batch, checks) for batch in batches)
        return
    # Spawned, not forked: detectors bring threads and native state that do not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_open, initargs=(job,))
    pending: deque[Future[Partial]] = deque()
    try:
        for batch in batches:
            pending.append(pool.submit(_work, batch, checks))
            if len(pending) >= workers * _AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool:
        raise DetectorError(
            "a worker process died",
            hint="the system may have run out of memory; try fewer `--workers`",
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _open(job: Job) -> None:
    global _worker  # noqa: PLW0603 - a process pool offers no other place for its state
    _worker = Worker(job, installed_catalog())


def _work(batch: Batch, checks: tuple[str, ...]) -> Partial:
    if _worker is None:
        raise DetectorError("a worker process was used before it was opened")
    return _worker.work(batch, checks)
