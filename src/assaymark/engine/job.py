"""
The work of one worker: batches in, partial results out.

A job is small and picklable; a worker opens it once, which loads the detectors, and then works through
batches. What it returns can be merged in any order.

INVARIANT: whatever a detector raises while it judges, its texts become unjudged. Nothing that fails
here can look clean.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assaymark.contracts.detector import Detections
from assaymark.errors import DetectorError
from assaymark.model.evidence import Coverage, DetectorRecord, Settings

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.contracts.check import RowCheck
    from assaymark.contracts.detector import Detector
    from assaymark.contracts.source import Batch
    from assaymark.model.finding import Finding

_INDEX = re.compile(r"\[\d+\]")


@dataclass(slots=True)
class CoverageCount:
    """Coverage while it is counted."""

    read: int = 0
    empty: int = 0
    texts: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)

    def add(self, batch: Batch) -> None:
        """Count `batch`."""
        self.read += batch.rows
        self.empty += batch.empty
        self.texts += batch.texts.num_rows
        self.skipped.update(each.reason for each in batch.skipped)
        for name in batch.texts.column("field").to_pylist():
            self.fields[_INDEX.sub("[*]", name)] += 1

    def merge(self, other: CoverageCount) -> None:
        """Add what `other` has counted."""
        self.read += other.read
        self.empty += other.empty
        self.texts += other.texts
        self.skipped.update(other.skipped)
        self.fields.update(other.fields)

    def finish(self, *, sample_of: int | None = None) -> Coverage:
        """Return the counts as evidence."""
        return Coverage(
            rows=self.read + self.skipped.total(),
            read=self.read,
            empty=self.empty,
            texts=self.texts,
            skipped=dict(sorted(self.skipped.items())),
            fields=dict(sorted(self.fields.items())),
            sample_of=sample_of,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """What one batch came to."""

    states: Mapping[str, Any]
    """Check id to its state."""

    findings: tuple[Finding, ...]
    coverage: CoverageCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to run on each batch: settings by id, no objects."""

    detectors: Mapping[str, Settings]
    checks: Mapping[str, Settings]
    """Row checks only."""


class Worker:
    """A job with its detectors loaded.

    Raises:
        MissingExtraError: A detector needs a part that is not installed.
        DetectorError: A detector cannot start.
    """

    def __init__(self, job: Job, catalog: Catalog) -> None:
        self._specs = {name: catalog.detectors[name] for name in job.detectors}
        parsed = {
            name: spec.settings.model_validate(dict(job.detectors[name]))
            for name, spec in self._specs.items()
        }
        self._settings = job.detectors
        self._detectors: dict[str, Detector] = {
            name: spec.load(parsed[name]) for name, spec in self._specs.items()
        }
        labels = {name: spec.labels(parsed[name]) for name, spec in self._specs.items()}
        self.checks: dict[str, RowCheck[Any]] = {
            name: make_check(catalog.checks[name], settings, labels)
            for name, settings in job.checks.items()
        }

    def work(self, batch: Batch, checks: tuple[str, ...]) -> Partial:
        """Judge one batch with the row checks whose ids are in `checks`."""
        needed = {each for name in checks for each in self.checks[name].meta.detectors}
        texts = batch.texts.column("text")
        detections = {name: judge(self._detectors[name], texts) for name in sorted(needed)}
        states: dict[str, Any] = {}
        findings: list[Finding] = []
        for name in checks:
            check = self.checks[name]
            states[name] = check.update(check.start(), batch, detections)
            findings.extend(check.find(batch, detections))
        coverage = CoverageCount()
        coverage.add(batch)
        return Partial(states=states, findings=tuple(findings), coverage=coverage)

    def records(self) -> tuple[DetectorRecord, ...]:
        """Return which detectors answer, exactly."""
        return tuple(
            DetectorRecord(
                id=name,
                version=spec.version,
                digest=self._detectors[name].digest,
                settings=self._settings[name],
                quality=spec.quality,
            )
            for name, spec in sorted(self._specs.items())
        )


def make_check(check: Any, settings: Settings, labels: Mapping[str, tuple[str, ...]]) -> Any:
    """Construct a check from its stored settings."""
    parsed = check.Settings.model_validate(dict(settings))
    return check(parsed, {name: labels[name] for name in check.meta.detectors})


def judge(detector: Detector, texts: Any) -> Detections:
    """Ask `detector`; what it cannot answer at all becomes unjudged texts."""
    try:
        return detector.detect(texts)
    except DetectorError as error:
        reason = error.message
    except Exception as error:  # noqa: BLE001 - third-party code; its message may quote the text
        reason = f"the detector raised {type(error).__name__}"
    return Detections(unjudged=dict.fromkeys(range(len(texts)), reason))
