"""
The rates of a signed report against those of the last minutes.

Has what people send, or what the model answers, become something else than what was audited?

A drift is claimed only beyond a margin and beyond doubt: the two shares are compared by squaring and adding
exact binomial limits, and all comparisons of one look share their error by Holm's method.

Only what a rule of the guard looks for is compared; nothing else is found at run time, however much of it
there is. A guard whose rules count from another score than the audit did finds other shares, so let both
stand in one policy.

tests/guard/watch/test_baseline.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assaymark.guard.watch.alarms import Alarm, Severity
from assaymark.guard.watch.telemetry import Rates
from assaymark.model.measurement import Measured, Result
from assaymark.model.subject import SubjectKind
from assaymark.policy.guarding import GuardRules, Phase
from assaymark.statistics.gaps import Sample
from assaymark.statistics.mover import doubt_above
from assaymark.statistics.multiplicity import holm

_RATE = ".row-rate"
_SIDES = {
    SubjectKind.DATASET: ("request", Phase.INPUT),
    SubjectKind.OUTPUTS: ("response", Phase.OUTPUT),
    SubjectKind.MODEL: ("response", Phase.OUTPUT),
}


class Audited(NamedTuple):
    """One share that was audited, and where the guard finds the same."""

    metric: str
    label: str
    """Entity or category."""

    side: str
    detectors: tuple[str, ...]
    sample: Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A rule: what is found now is not what was audited."""

    audited: tuple[Audited, ...]

    margin: float = 0.01
    """How far apart shares may be without anybody being told."""

    doubt: float = 0.001
    """Of a false alarm at one look."""

    least: int = 100
    """Requests, or answers, in the window before anything is said."""

    def alarms(self, rates: Rates) -> Iterator[Alarm]:
        """Yield an alarm for each share that is another one."""
        trials = {"request": rates.requests, "response": rates.answered}
        audited = [each for each in self.audited if trials[each.side] >= max(self.least, 1)]
        live = [Sample(_hits(each, rates), trials[each.side]) for each in audited]
        doubts = [
            min(1.0, 2.0 * min(self._doubt(now, each.sample), self._doubt(each.sample, now)))
            for now, each in zip(live, audited, strict=True)
        ]
        for each, now, adjusted in zip(audited, live, holm(doubts), strict=True):
            if adjusted <= self.doubt:
                yield Alarm(
                    name="drift",
                    labels=(("metric", each.metric), ("label", each.label), ("side", each.side)),
                    severity=Severity.WARNING,
                    summary=f"{each.label} in {now.share:.2%} of the {each.side}s of the last "
                    f"minutes; {each.sample.share:.2%} were audited",
                    value=now.share,
                )

    def _doubt(self, first: Sample, second: Sample) -> float:
        """P-value against the first share being larger than the second by more than the margin."""
        return doubt_above(first, second, offset=-self.margin)


def audited_rates(
    subjects: Iterable[tuple[SubjectKind, Sequence[Result]]], rules: GuardRules
) -> tuple[Audited, ...]:
    """Return the shares that an audit measured and that the guard finds as well.

    Args:
        subjects: Kind and measurements of each subject of a report.
        rules: Of the guard.
    """
    found = []
    for kind, results in subjects:
        side, phase = _SIDES[kind]
        for each in results:
            if not isinstance(each, Measured) or not each.metric.endswith(_RATE):
                continue
            if each.counts is None or not each.counts.judged or len(each.labels) != 1:
                continue
            ((_, label),) = each.labels
            detectors = tuple(_looking(rules, phase, each.metric.removesuffix(_RATE), label))
            if detectors:
                sample = Sample(each.counts.hits, each.counts.judged)
                found.append(Audited(each.metric, label, side, detectors, sample))
    return tuple(found)


def _looking(rules: GuardRules, phase: Phase, family: str, label: str) -> Iterator[str]:
    """Yield the detectors of a family, such as `pii-patterns` of `pii`, that a rule has look for a label."""
    for detector in dict.fromkeys(each.detector for each in rules.rules[phase]):
        if detector.split("-")[0] == family and any(
            each.detector == detector and (each.entities is None or label in each.entities)
            for each in rules.rules[phase]
        ):
            yield detector


def _hits(audited: Audited, rates: Rates) -> int:
    # Two detectors of a family mostly find the same values, so their requests are not added.
    return max(rates.found[audited.side, f"{each}/{audited.label}"] for each in audited.detectors)
