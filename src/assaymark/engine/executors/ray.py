"""
Batches over a Ray cluster, or over a Ray of this machine where no cluster is named.

The cluster is the one of `RAY_ADDRESS`; every node needs the same installation, which is verified. As
with processes, results come back in the order of the batches. A results cache is a file of each node.

INVARIANT: nothing leaves the cluster: Ray's usage reports and its dashboard are off.
"""

from __future__ import annotations

import importlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self

from assaymark.engine.executors.opened import OpenedWorker
from assaymark.errors import AssaymarkError, DetectorError, MissingExtraError

if TYPE_CHECKING:
    from assaymark.engine.job import Job, Partial, Portion, Worker

_AHEAD = 2  # batches in flight for each worker, as in `local`


class RayExecutor:
    """Runs a job in Ray actors.

    Args:
        worker: The job opened in this process; does all the work where one worker is asked for.
        job: What the actors open.

    Raises:
        MissingExtraError: Ray is not installed.
        DetectorError: No Ray can be reached or started.
    """

    def __init__(self, worker: Worker, job: Job) -> None:
        try:
            # By name, because Ray is an extra and has no types.
            self._ray: Any = importlib.import_module("ray")
        except ImportError:
            raise MissingExtraError("the executor `ray`", extra="ray") from None
        self._worker = worker
        self._job = job
        self._actors: list[Any] = []
        self._is_ours = not self._ray.is_initialized()
        if self._is_ours:
            self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for actor in self._actors:
            self._ray.kill(actor)
        if self._is_ours:
            self._ray.shutdown()

    @property
    def cores(self) -> int:
        """CPUs of the cluster."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def run(
        self, portions: Iterable[Portion], checks: tuple[str, ...], *, workers: int
    ) -> Iterator[Partial]:
        """Yield the partial result of every batch, in order; see `Executor`."""
        if workers == 1:
            yield from (self._worker.work(portion, checks) for portion in portions)
            return
        pending: deque[Any] = deque()
        actors = self._started(workers)
        for index, portion in enumerate(portions):
            pending.append(actors[index % len(actors)].work.remote(portion, checks))
            if len(pending) >= workers * _AHEAD:
                yield self._result(pending.popleft())
        while pending:
            yield self._result(pending.popleft())

    def _result(self, reference: Any) -> Partial:
        try:
            partial: Partial = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, AssaymarkError):
                raise error.cause from None
            raise
        except self._ray.exceptions.RayActorError:
            raise DetectorError(
                "a Ray worker died",
                hint="its node may have run out of memory; try fewer `--workers`",
            ) from None
        return partial

    def _start(self) -> None:
        # Before Ray starts: it would report on its use over the network.
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        address = os.environ.get("RAY_ADDRESS", "local")
        # Ray has no passwords, so one of our own listens to this machine only.
        local = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        more = local if address == "local" else {}
        try:
            self._ray.init(address=address, logging_level="ERROR", log_to_driver=False, **more)
        # Ray leaves the process where a cluster does not answer.
        except (ConnectionError, RuntimeError, ValueError, SystemExit) as error:
            raise DetectorError(
                f"no Ray at `{address}`: {type(error).__name__}",
                hint="set RAY_ADDRESS to a running cluster, or unset it",
            ) from None

    def _started(self, workers: int) -> list[Any]:
        kind = self._ray.remote(num_cpus=1)(OpenedWorker)
        while len(self._actors) < workers:
            self._actors.append(kind.remote(self._job, self._worker.records()))
        return self._actors[:workers]
