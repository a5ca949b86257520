"""
A job as it is opened away from the main process.

INVARIANT: evidence names the detectors of the main process, so a worker that loads others does no work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaymark.engine.job import Job, Partial, Portion, Worker
from assaymark.errors import AssaymarkError, DetectorError

if TYPE_CHECKING:
    from assaymark.model.evidence import DetectorRecord


class OpenedWorker:
    """A worker, or the reason why there is none, told when the first batch comes.

    Args:
        job: What to open.
        records: The detectors that the main process loaded.
    """

    def __init__(self, job: Job, records: tuple[DetectorRecord, ...]) -> None:
        self._worker: Worker | None = None
        self._error: AssaymarkError | None = None
        try:
            worker = Worker(job, job.open_catalog())
        except AssaymarkError as error:
            self._error = error
            return
        if worker.records() == records:
            self._worker = worker
            return
        worker.close()
        self._error = DetectorError(
            "a worker process loaded other detectors than the main process",
            hint="the installation changed while it ran, or differs between machines",
        )

    def work(self, portion: Portion, checks: tuple[str, ...]) -> Partial:
        """Judge one batch.

        Raises:
            AssaymarkError: The job could not be opened here.
        """
        if self._worker is None:
            raise self._error or DetectorError("a worker process has nothing to work with")
        return self._worker.work(portion, checks)
