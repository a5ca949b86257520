"""
What is installed, as values: the vocabulary that a policy is type-checked against.

The policy language sees this and no class of a check or detector, so it needs neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assaymark.contracts.check import CheckType
    from assaymark.contracts.detector import DetectorSpec
    from assaymark.model.metric import Metric


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Every detector and check that is installed, by id."""

    detectors: Mapping[str, DetectorSpec]
    checks: Mapping[str, CheckType]

    @cached_property
    def metrics(self) -> Mapping[str, tuple[Metric, CheckType]]:
        """Metric name to its declaration and the one check that reports it."""
        return {
            metric.name: (metric, check)
            for check in self.checks.values()
            for metric in check.meta.metrics
        }
