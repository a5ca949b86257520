"""
From a policy and its subjects to evidence.

    source ─▶ batches ─▶ executor(worker: detectors ─▶ checks) ─▶ merge ─▶ evidence

Memory holds a few batches, one state for each check and the sampled findings, however large the subject.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assaymark import __version__
from assaymark.engine.executors.local import run_local
from assaymark.engine.findings import FindingCount, FindingTable
from assaymark.engine.job import CoverageCount, Job, Worker
from assaymark.errors import InputError, UsageError
from assaymark.model.evidence import CheckRecord, Coverage, Evidence, SubjectEvidence

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.contracts.source import Source
    from assaymark.model.measurement import Result
    from assaymark.policy.policy import Policy

_SMALL = 2_000_000  # bytes below which starting worker processes costs more than it saves


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run has come; handed to the caller's callback after every batch."""

    subject: str
    rows: int
    findings: int


def audit(
    policy: Policy,
    sources: Sequence[Source],
    catalog: Catalog,
    *,
    findings_path: Path | None = None,
    workers: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Evidence:
    """Run what `policy` needs over `sources`.

    Args:
        policy: Decides which checks and detectors run, and with which settings.
        sources: The subjects; each is read once.
        catalog: What is installed.
        findings_path: Where to write every finding as Parquet, or `None`.
        workers: Processes; `None` chooses by the size of the subjects.
        on_progress: Called after every batch.

    Raises:
        UsageError: There is nothing to judge.
        InputError: A subject cannot be read, or two subjects are the same.
        MissingExtraError: A detector needs a part that is not installed.
        DetectorError: A detector cannot start, or a worker died.
    """
    if not sources:
        raise UsageError(
            "there is nothing to judge", hint="name a subject, such as `--dataset PATH`"
        )
    table = None if findings_path is None else FindingTable(findings_path)
    run = _Run(policy, catalog, workers, on_progress or (lambda _: None), table)
    try:
        subjects = tuple(run.judge(each) for each in sources)
    finally:
        if table is not None:
            table.close()
    digests = [each.subject.digest for each in subjects]
    for index, digest in enumerate(digests):
        if digest in digests[:index]:
            first = subjects[digests.index(digest)].subject.name
            raise InputError(
                f"`{subjects[index].subject.name}` holds the same bytes as `{first}`",
                hint="name each subject once",
            )
    return Evidence(
        tool=f"assaymark {__version__}",
        detectors=run.worker.records(),
        checks=run.check_records(),
        subjects=tuple(sorted(subjects, key=lambda each: each.subject.digest)),
    )


class _Run:
    """One audit: what stays the same from subject to subject."""

    def __init__(
        self,
        policy: Policy,
        catalog: Catalog,
        workers: int | None,
        on_progress: Callable[[Progress], None],
        table: FindingTable | None,
    ) -> None:
        self._policy = policy
        self._catalog = catalog
        self._workers = workers
        self._on_progress = on_progress
        self._table = table
        self._rows = {
            name: settings
            for name, settings in policy.checks.items()
            if hasattr(catalog.checks[name], "update")
        }
        used = {detector for name in self._rows for detector in catalog.checks[name].meta.detectors}
        self._job = Job(
            detectors={name: policy.detectors[name] for name in sorted(used)}, checks=self._rows
        )
        self.worker = Worker(self._job, catalog)

    def check_records(self) -> tuple[CheckRecord, ...]:
        """Return which checks counted, exactly."""
        return tuple(
            CheckRecord(
                id=name,
                version=self._catalog.checks[name].meta.version,
                settings=settings,
                detectors=self._catalog.checks[name].meta.detectors,
            )
            for name, settings in sorted(self._policy.checks.items())
        )

    def judge(self, source: Source) -> SubjectEvidence:
        """Read one subject to its end and return what was learned."""
        coverage = CoverageCount()
        findings = FindingCount(source.name, self._table)
        active = tuple(
            name for name, check in self.worker.checks.items() if source.kind in check.meta.on
        )
        states = {name: self.worker.checks[name].start() for name in active}
        for partial in run_local(
            self.worker, self._job, source.batches(), active, workers=self._worker_count(source)
        ):
            coverage.merge(partial.coverage)
            findings.add(partial.findings)
            for name, state in partial.states.items():
                states[name] = self.worker.checks[name].merge(states[name], state)
            self._on_progress(
                Progress(subject=source.name, rows=coverage.read, findings=findings.total)
            )
        return self._finish(source, coverage.finish(), findings, states)

    def _finish(
        self, source: Source, coverage: Coverage, findings: FindingCount, states: dict[str, Any]
    ) -> SubjectEvidence:
        subject = source.subject()
        results: list[Result] = []
        for name, state in states.items():
            check = self.worker.checks[name]
            results.extend(check.finish(state, sampled=coverage.sample_of is not None))
        for name, settings in self._policy.checks.items():
            cls: Any = self._catalog.checks[name]
            if name not in self._rows and subject.kind in cls.meta.on:
                whole = cls(cls.Settings.model_validate(dict(settings)))
                found, measured = whole.inspect(subject, coverage, source.manifest())
                findings.add(found)
                results.extend(measured)
        return SubjectEvidence(
            subject=subject,
            coverage=coverage,
            results=tuple(sorted(results, key=lambda each: (each.metric, each.labels))),
            findings=findings.finish(),
        )

    def _worker_count(self, source: Source) -> int:
        if self._workers is not None:
            return self._workers
        size = source.size
        return 1 if size is not None and size < _SMALL else os.cpu_count() or 1
