"""
What is known about one subject while it is judged, and the evidence that it comes to.

INVARIANT: every metric of every check that is for such a subject has a result in the end; a check that
raises, here or in a worker, measures nothing and says so. tests/engine/test_run.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from assaymark.contracts.check import concluded
from assaymark.engine.findings import FindingCount
from assaymark.engine.job import CoverageCount, Partial, Worker, raised
from assaymark.engine.known import if_known
from assaymark.engine.plan import is_fed, is_probe
from assaymark.model.evidence import Coverage, SubjectEvidence
from assaymark.model.measurement import NotMeasured, Result

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.model.manifest import Manifest
    from assaymark.model.subject import Subject
    from assaymark.policy.policy import Policy


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of one subject.

    `states` begins as the states of the checks that are fed; a check that is in `failed` from the start
    measures nothing, for that reason.
    """

    policy: Policy
    catalog: Catalog
    worker: Worker
    findings: FindingCount
    states: dict[str, Any]
    today: date | None = None
    """The day that the run declares, for checks that must know one."""

    failed: dict[str, str] = field(default_factory=dict)
    coverage: CoverageCount = field(default_factory=CoverageCount)

    def add(self, partial: Partial) -> None:
        """Count what one batch came to."""
        self.coverage.merge(partial.coverage)
        self.findings.add(partial.findings, partial.because)
        self.failed = {**partial.failed, **self.failed}
        for name, state in partial.states.items():
            if name not in self.failed:
                try:
                    self.states[name] = self.worker.checks[name].merge(self.states[name], state)
                except Exception as error:  # noqa: BLE001 - third-party code; the reason has no content
                    self.failed[name] = raised(error)

    def finish(self, subject: Subject, coverage: Coverage, manifest: Manifest) -> SubjectEvidence:
        """Return the evidence about `subject`."""
        results: list[Result] = []
        for name, state in sorted(self.states.items()):
            results.extend(self._fed_results(name, state, subject, coverage, manifest))
        for name in sorted(self.policy.checks):
            if not is_fed(self.catalog, name) and subject.kind in self.catalog.checks[name].meta.on:
                results.extend(self._subject_results(name, subject, coverage, manifest))
        return SubjectEvidence(
            subject=subject,
            coverage=coverage,
            results=tuple(sorted(results, key=lambda each: (each.metric, each.labels))),
            findings=self.findings.finish(),
        )

    def _fed_results(
        self, name: str, state: Any, subject: Subject, coverage: Coverage, manifest: Manifest
    ) -> Sequence[Result]:
        check: Any = self.worker.checks[name]
        if name not in self.failed:
            try:
                if is_probe(self.catalog, name):
                    return tuple(check.finish(state))
                return self._over_rows(check, state, subject, coverage, manifest)
            except Exception as error:  # noqa: BLE001 - as above
                self.failed[name] = raised(error)
        return self._not_measured(name, self.failed[name])

    def _over_rows(
        self, check: Any, state: Any, subject: Subject, coverage: Coverage, manifest: Manifest
    ) -> Sequence[Result]:
        by_detector = bool(check.meta.detectors)
        # A check that reads no detector has seen every row.
        sampled = coverage.sample is not None and by_detector
        found = list(concluded(check, state))
        if compare := getattr(check, "compare", None):
            more, results = compare(state, manifest, subject, sampled=sampled)
            found.extend(more)
        else:
            results = check.finish(state, sampled=sampled)
        known = [if_known(each, coverage, by_detector=by_detector) for each in results]
        self.findings.add(found)
        return known

    def _subject_results(
        self, name: str, subject: Subject, coverage: Coverage, manifest: Manifest
    ) -> Sequence[Result]:
        kind: Any = self.catalog.checks[name]
        try:
            settings = kind.Settings.model_validate(dict(self.policy.checks[name]))
            if self.today is not None and getattr(settings, "as_of", self.today) is None:
                settings = settings.model_copy(update={"as_of": self.today})
            check = kind(settings)
            found, measured = check.inspect(subject, coverage, manifest)
            found, measured = tuple(found), list(measured)
        except Exception as error:  # noqa: BLE001 - as above
            return self._not_measured(name, raised(error))
        self.findings.add(found)
        return measured

    def _not_measured(self, name: str, reason: str) -> Sequence[Result]:
        return [
            NotMeasured(metric=each.name, check=name, labels=(), reason=reason)
            for each in self.catalog.checks[name].meta.metrics
        ]
