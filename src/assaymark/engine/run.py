"""
From a policy and its subjects to evidence.

    source ─▶ batches ─▶ executor(worker: detectors ─▶ checks) ─▶ merge ─▶ evidence

* The evidence is the same bytes for any number of workers, any batch size, any order of subjects, with
  the results cache or without, and after a run that was killed.
* Memory holds a few batches, one state for each check and the sampled findings, however large the
  subject.
* What fails is in the evidence as not judged or not measured, or ends the run; it is never left out.

tests/engine/test_run.py holds these.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from assaymark import __version__
from assaymark.engine.catalog import installed_catalog
from assaymark.engine.executors import Executor
from assaymark.engine.executors.local import LocalExecutor
from assaymark.engine.findings import FindingCount, FindingTable
from assaymark.engine.job import Job, Portion, Worker
from assaymark.engine.plan import check_records, is_probe, job_of
from assaymark.engine.probing.model_run import Trial, judge_model
from assaymark.engine.sampling import RowCount, draw, portions, seed_of
from assaymark.engine.tally import Tally
from assaymark.errors import InputError, UsageError
from assaymark.model.evidence import Evidence, Sample, SubjectEvidence

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.contracts.source import Source
    from assaymark.policy.policy import Policy

_SMALL = 2_000_000  # bytes below which starting worker processes costs more than it saves


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run has come; handed to the caller's callback after every batch."""

    subject: str
    rows: int
    findings: int


def audit(  # noqa: PLR0913 - one keyword for each option of the command
    policy: Policy,
    sources: Sequence[Source],
    catalog: Catalog,
    *,
    findings_path: Path | None = None,
    workers: int | None = None,
    executor: str = "local",
    sample: int | None = None,
    nonce: str | None = None,
    cache_path: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    open_catalog: Callable[[], Catalog] = installed_catalog,
    trials: Sequence[Trial] = (),
) -> Evidence:
    """Run what `policy` needs over `sources` and `trials`.

    With more than one worker, processes are spawned, and a script that calls this needs the usual
    `if __name__ == "__main__":`.

    Args:
        policy: Decides which checks and detectors run, and with which settings.
        sources: The subjects; each is read once, or twice where it is sampled.
        catalog: What is installed.
        findings_path: Where to write every finding as Parquet, or `None`. The file appears only when
            the run succeeds.
        workers: Processes; `None` chooses by the size of the subjects.
        executor: Where they run: `local` or `ray`.
        sample: Rows of each subject to judge, drawn at random; `None` judges all of them.
        nonce: Added to the seed of the draw; see `assaymark.engine.sampling`.
        cache_path: Where answers of costly detectors are kept from run to run, or `None`. A run that
            was killed goes on from there.
        on_progress: Called after every batch.
        open_catalog: Returns `catalog` in a worker process; a function of a module.
        trials: Models to ask, one after another.

    Raises:
        UsageError: There is nothing to judge, a number is out of range, a subject cannot be read again
            to be sampled, or a file cannot be used.
        InputError: A subject cannot be read, changes while it is read, or is the same as another.
        RegistryError: The policy names what is not installed.
        MissingExtraError: A detector or the executor needs a part that is not installed.
        DetectorError: A detector cannot start, or a worker died.
        RecognizerError: A recognizer that the policy brings along raised.
        TargetError: A model cannot be asked to the end; what it answered is kept.
    """
    _demand_usable([*sources, *trials], workers=workers, sample=sample, nonce=nonce)
    job = job_of(policy, catalog, cache_path, open_catalog)
    subjects: list[SubjectEvidence] = []
    with contextlib.ExitStack() as stack:
        worker = Worker(job, catalog)
        stack.callback(worker.close)
        runner = stack.enter_context(_executor(executor, worker, job))
        table = None if findings_path is None else stack.enter_context(FindingTable(findings_path))
        run = _Run(
            policy=policy,
            catalog=catalog,
            worker=worker,
            executor=runner,
            workers=workers,
            sample=sample,
            nonce=nonce,
            table=table,
            on_progress=on_progress or (lambda _: None),
        )
        # By name, so that the order of arguments does not show in the table of findings.
        for source in sorted(sources, key=lambda each: (each.kind, each.name)):
            subjects.append(run.judge(source))
            _demand_new(subjects)
        for trial in sorted(trials, key=lambda each: each.target.name):
            subjects.append(
                judge_model(
                    policy,
                    catalog,
                    trial,
                    worker=worker,
                    executor=runner,
                    workers=workers,
                    table=table,
                )
            )
            _demand_new(subjects)
        return Evidence(
            tool=f"assaymark {__version__}",
            detectors=worker.records(),
            checks=check_records(policy, catalog),
            subjects=tuple(sorted(subjects, key=lambda each: each.subject.digest)),
        )


def _demand_usable(
    given: Sequence[object], *, workers: int | None, sample: int | None, nonce: str | None
) -> None:
    if not given:
        raise UsageError(
            "there is nothing to judge", hint="name a subject, such as `--dataset PATH`"
        )
    if workers is not None and workers < 1:
        raise UsageError(f"expected at least 1 worker, got {workers}")
    if sample is not None and sample < 1:
        raise UsageError(f"expected a sample of at least 1 row, got {sample}")
    if nonce is not None and sample is None:
        raise UsageError("a nonce is for sampling, and no sample is asked for")


def _executor(name: str, worker: Worker, job: Job) -> Executor:
    if name == "local":
        return LocalExecutor(worker, job)
    if name == "ray":
        from assaymark.engine.executors.ray import RayExecutor

        return RayExecutor(worker, job)
    raise UsageError(f"expected the executor `local` or `ray`, got `{name}`")


def _demand_new(subjects: Sequence[SubjectEvidence]) -> None:
    *before, last = subjects
    for each in before:
        if each.subject.digest == last.subject.digest:
            raise InputError(
                f"`{last.subject.name}` is the same subject as `{each.subject.name}`"
                if last.subject.declared
                else f"`{last.subject.name}` holds the same bytes as `{each.subject.name}`",
                hint="name each subject once",
            )


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One audit: what stays the same from subject to subject."""

    policy: Policy
    catalog: Catalog
    worker: Worker
    executor: Executor
    workers: int | None
    sample: int | None
    nonce: str | None
    table: FindingTable | None
    on_progress: Callable[[Progress], None]

    def judge(self, source: Source) -> SubjectEvidence:
        """Read one subject to its end and return what was learned."""
        if self.sample is not None:
            return self._judge_sample(source, self.sample)
        tally = self._tally(source, portions(source.batches()))
        coverage = tally.coverage.finish(source)
        return tally.finish(source.subject(), coverage, source.manifest())

    def _judge_sample(self, source: Source, size: int) -> SubjectEvidence:
        """Read `source` once to know its rows and digest, and once more for the rows that are drawn."""
        reopen: Callable[[], Source] | None = getattr(source, "reopen", None)
        if reopen is None:
            raise UsageError(
                f"`{source.name}` can be read only once, so it cannot be sampled",
                hint="store it in a file first, or judge all of it",
            )
        count = RowCount()
        for batch in source.batches():
            count.place(batch)
            self.on_progress(Progress(subject=source.name, rows=count.total, findings=0))
        again = reopen()
        sample = drawn = None
        if count.total > size:
            seed = seed_of(self.policy.digest, source.subject().digest, self.nonce)
            sample = Sample(rows=size, seed=seed, nonce=self.nonce)
            drawn = draw(count.files, seed=seed, size=size)
        tally = self._tally(again, portions(again.batches(), drawn))
        if again.subject() != source.subject():
            raise InputError(f"`{source.name}` changed while it was read", hint="audit it again")
        coverage = tally.coverage.finish(again, sample=sample)
        return tally.finish(again.subject(), coverage, again.manifest())

    def _tally(self, source: Source, work: Iterable[Portion]) -> Tally:
        active = tuple(
            name
            for name, check in self.worker.checks.items()
            if source.kind in check.meta.on and not is_probe(self.catalog, name)
        )
        tally = Tally(
            policy=self.policy,
            catalog=self.catalog,
            worker=self.worker,
            findings=FindingCount(source.name, self.table),
            states={name: self.worker.checks[name].start() for name in active},
        )
        # Any word will do that no other subject of this run has; their names may coincide.
        word = token_hex(8)
        named = (replace(each, subject=word) for each in work)
        for partial in self.executor.run(named, active, workers=self._worker_count(source)):
            tally.add(partial)
            rows, findings = tally.coverage.rows, tally.findings.total
            self.on_progress(Progress(subject=source.name, rows=rows, findings=findings))
        return tally

    def _worker_count(self, source: Source) -> int:
        if self.workers is not None:
            return self.workers
        size = source.size
        return 1 if size is not None and size < _SMALL else self.executor.cores
