"""
From evidence to a verdict.

`decide` is the one place that judges, and the one place that applies waivers. It is pure and total: it
reads no clock, file or environment and raises nothing, so a verifier can replay it from an attestation.

* Silence never allows: a metric that is missing, not measured, or measured with other settings is
  UNDECIDED, and UNDECIDED never passes.
* The interval decides, not the estimate: `at_most` is met by the upper end and broken by the lower one.
* All judgements that rest on a sample share one error budget (Holm 1979), so adding requirements to a
  policy does not add false verdicts.
* Losing evidence never allows more. A judgement without evidence keeps its place in the budget.

tests/policy/test_decide.py holds all four.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from assaymark.model.decision import (
    Decision,
    Enforcement,
    ErrorBudget,
    Judgement,
    Outcome,
    Status,
    UnusedWaiver,
    Verdict,
)
from assaymark.model.evidence import Evidence, SubjectEvidence
from assaymark.model.intervals import Interval, at_least, at_most, clopper_pearson
from assaymark.model.measurement import CLOPPER_PEARSON, EXACT, Counts, Measured, NotMeasured
from assaymark.model.metric import Unit
from assaymark.model.waiver import Waiver
from assaymark.policy.policy import AllOf, AnyOf, Bound, Clause, Not, Policy, Requirement, bounds_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One bound against one subject, before the error budget is shared."""

    requirement: Requirement
    subject: SubjectEvidence | None
    bound: Bound
    result: Measured | NotMeasured

    @property
    def is_statistical(self) -> bool:
        """Whether chance can decide it. Missing evidence might have been a sample, so it counts."""
        return isinstance(self.result, NotMeasured) or self.result.method != EXACT


def decide(
    policy: Policy, evidence: Evidence, waivers: Sequence[Waiver], now: datetime
) -> Decision:
    """Judge `evidence` against every requirement of `policy`.

    Args:
        policy: What must hold.
        evidence: What is known.
        waivers: Exceptions, their signatures already verified.
        now: The time of the decision, with a time zone.
    """
    now = now.astimezone(UTC).replace(microsecond=0)
    cases = [
        _Case(
            requirement=requirement,
            subject=subject,
            bound=bound,
            result=_result(policy, evidence, subject, bound),
        )
        for requirement in policy.requirements
        for subject in _subjects_of(requirement, evidence)
        for bound in bounds_of(requirement.clause)
    ]
    judgements = _judge(cases, tail=(1.0 - policy.confidence) / 2.0)
    outcomes = _outcomes(policy, evidence, judgements)
    outcomes, unused = _apply(waivers, outcomes, now)
    verdict, summary = _verdict(policy, evidence, outcomes, now)
    family = sum(case.is_statistical for case in cases)
    sampled = any(
        isinstance(case.result, Measured) and case.result.method != EXACT for case in cases
    )
    return Decision(
        verdict=verdict,
        summary=summary,
        outcomes=outcomes,
        budget=ErrorBudget(
            confidence=policy.confidence,
            method="holm" if sampled else "none",
            family=family if sampled else 0,
        ),
        decided_at=now,
        unused_waivers=unused,
    )


def _subjects_of(requirement: Requirement, evidence: Evidence) -> list[SubjectEvidence | None]:
    found = [each for each in evidence.subjects if each.subject.kind in requirement.on]
    return [*found] if found else [None]


def _result(
    policy: Policy, evidence: Evidence, subject: SubjectEvidence | None, bound: Bound
) -> Measured | NotMeasured:
    """Return what is known about `bound`, or why it cannot be used under this policy."""

    def unknown(reason: str) -> NotMeasured:
        return NotMeasured(metric=bound.metric, check="", labels=bound.labels, reason=reason)

    if subject is None:
        return unknown("no such subject was given")
    result = subject.result(bound.metric, bound.labels)
    if result is None:
        return unknown("no check reported it")
    if (other := _other_settings(policy, evidence, result.check)) is not None:
        return unknown(f"measured with other settings of `{other}` than this policy asks for")
    return result


def _other_settings(policy: Policy, evidence: Evidence, check_id: str) -> str | None:
    """Return the id of the check or detector that ran with settings this policy does not have."""
    record = next((each for each in evidence.checks if each.id == check_id), None)
    if record is None or policy.checks.get(check_id) != record.settings:
        return check_id
    for detector_id in record.detectors:
        ran = next((each for each in evidence.detectors if each.id == detector_id), None)
        if ran is None or policy.detectors.get(detector_id) != ran.settings:
            return detector_id
    return None


def _judge(cases: Sequence[_Case], *, tail: float) -> list[tuple[_Case, Judgement]]:
    """Judge every case; those that rest on a sample share `tail` by Holm's step-down procedure.

    Source:
        Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
        Statistics 6 (1979), 65-70. Claims that a bound is met and claims that it is broken are two
        families, one for each end of the interval.
    """
    statistical = [index for index, case in enumerate(cases) if case.is_statistical]
    met = _holm({i: _doubt_met(cases[i]) for i in statistical}, tail)
    broken = _holm({i: _doubt_broken(cases[i]) for i in statistical}, tail)
    return [
        (
            case,
            _judgement(
                case,
                met=met[index].proven if index in met else _exactly_met(case),
                broken=broken[index].proven if index in broken else _exactly_broken(case),
                tail=met[index].tail if index in met else tail,
            ),
        )
        for index, case in enumerate(cases)
    ]


@dataclass(frozen=True, slots=True)
class _Claim:
    proven: bool
    tail: float
    """The share of the error budget that the claim was tested at."""


def _holm(doubts: dict[int, float], tail: float) -> dict[int, _Claim]:
    """Test claims, the least doubtful first, each at the budget divided by the claims left."""
    claims: dict[int, _Claim] = {}
    alive = True
    left = len(doubts)
    for index, doubt in sorted(doubts.items(), key=lambda item: (item[1], item[0])):
        share = tail / left
        alive = alive and doubt <= share
        claims[index] = _Claim(alive, share)
        left -= 1
    return claims


def _doubt_met(case: _Case) -> float:
    """P-value against `the bound is met`; 1 where there is no evidence."""
    counts = _sample_counts(case.result)
    if counts is None:
        return 1.0
    if case.bound.at_most is not None:
        return at_most(counts.hits + counts.unjudged, counts.total, case.bound.at_most)
    return at_least(counts.hits, counts.total, _floor(case.bound))


def _doubt_broken(case: _Case) -> float:
    """P-value against `the bound is broken`; 1 where there is no evidence."""
    counts = _sample_counts(case.result)
    if counts is None:
        return 1.0
    if case.bound.at_most is not None:
        return at_least(counts.hits, counts.total, case.bound.at_most)
    return at_most(counts.hits + counts.unjudged, counts.total, _floor(case.bound))


def _sample_counts(result: Measured | NotMeasured) -> Counts | None:
    if isinstance(result, Measured) and result.method == CLOPPER_PEARSON:
        return result.counts
    return None


def _floor(bound: Bound) -> float:
    # INVARIANT: `load` sets exactly one of the two, so this is only asked where `at_least` is set.
    return 0.0 if bound.at_least is None else bound.at_least


def _exactly_met(case: _Case) -> bool:
    if not isinstance(case.result, Measured):
        return False
    if case.bound.at_most is not None:
        return case.result.interval.high <= case.bound.at_most
    return case.result.interval.low >= _floor(case.bound)


def _exactly_broken(case: _Case) -> bool:
    if not isinstance(case.result, Measured):
        return False
    if case.bound.at_most is not None:
        return case.result.interval.low > case.bound.at_most
    return case.result.interval.high < _floor(case.bound)


def _judgement(case: _Case, *, met: bool, broken: bool, tail: float) -> Judgement:
    status = Status.MET if met else Status.BROKEN if broken else Status.UNDECIDED
    base = Judgement(
        metric=case.bound.metric,
        labels=case.bound.labels,
        bound=str(case.bound),
        status=status,
        because="",
        value=None,
        interval=None,
        counts=None,
    )
    if isinstance(case.result, NotMeasured):
        return replace(base, because=f"not measured: {case.result.reason}")
    interval = _interval_at(case.result, tail)
    return replace(
        base,
        because=_because(case.result, interval, case.bound, status),
        value=case.result.value,
        interval=interval,
        counts=case.result.counts,
    )


def _interval_at(result: Measured, tail: float) -> Interval:
    counts = _sample_counts(result)
    if counts is None:
        return result.interval
    level = 1.0 - 2.0 * tail
    low = clopper_pearson(counts.hits, counts.total, level=level).low
    high = clopper_pearson(counts.hits + counts.unjudged, counts.total, level=level).high
    return Interval(low=low, high=high, level=level)


def _because(result: Measured, interval: Interval, bound: Bound, status: Status) -> str:
    counts = result.counts
    if counts is None or bound.unit is not Unit.SHARE:
        seen = f"{result.value:g}"
    else:
        seen = f"{counts.hits} of {counts.judged} rows ({result.value:.4%})"
        if counts.unjudged:
            seen += f", {counts.unjudged} more could not be judged"
    if result.method != EXACT:
        seen += f", {interval.level:.2%} interval {interval.low:.4%} to {interval.high:.4%}"
    link = {
        Status.MET: "which keeps",
        Status.BROKEN: "which breaks",
        Status.UNDECIDED: "which neither keeps nor breaks",
    }[status]
    return f"{seen}, {link} {bound}"


def _outcomes(
    policy: Policy, evidence: Evidence, judged: Iterable[tuple[_Case, Judgement]]
) -> tuple[Outcome, ...]:
    queue = iter(judged)
    outcomes = []
    for requirement in policy.requirements:
        for subject in _subjects_of(requirement, evidence):
            own = tuple(next(queue)[1] for _ in bounds_of(requirement.clause))
            outcomes.append(
                Outcome(
                    requirement=requirement.id,
                    subject=None if subject is None else subject.subject.digest,
                    status=_combine(requirement.clause, [each.status for each in own]),
                    severity=requirement.severity,
                    enforce=requirement.enforce,
                    controls=requirement.controls,
                    remediation=requirement.remediation,
                    judgements=own,
                    waived_by=None,
                )
            )
    return tuple(outcomes)


def _combine(clause: Clause, statuses: Iterable[Status]) -> Status:
    """Evaluate `clause` in Kleene's three-valued logic; takes one status for each bound, in order."""
    queue = iter(statuses)

    def value(clause: Clause) -> Status:
        match clause:
            case Bound():
                return next(queue)
            case AllOf(clauses):
                return _first([value(each) for each in clauses], Status.BROKEN, Status.MET)
            case AnyOf(clauses):
                return _first([value(each) for each in clauses], Status.MET, Status.BROKEN)
            case Not(inner):
                return _NEGATED[value(inner)]

    return value(clause)


_NEGATED = {
    Status.MET: Status.BROKEN,
    Status.BROKEN: Status.MET,
    Status.UNDECIDED: Status.UNDECIDED,
}


def _first(statuses: list[Status], decisive: Status, otherwise: Status) -> Status:
    for each in (decisive, Status.UNDECIDED):
        if each in statuses:
            return each
    return otherwise


def _apply(
    waivers: Sequence[Waiver], outcomes: tuple[Outcome, ...], now: datetime
) -> tuple[tuple[Outcome, ...], tuple[UnusedWaiver, ...]]:
    """Excuse broken outcomes, and say of every other waiver why it excused nothing.

    A waiver never covers UNDECIDED: nobody can accept a risk that was not measured.
    """
    result = list(outcomes)
    unused = []
    for waiver in waivers:
        if (reason := _not_in_force(waiver, now)) is not None:
            unused.append(UnusedWaiver(id=waiver.id, reason=reason))
            continue
        fits = [
            index
            for index, each in enumerate(result)
            if each.requirement == waiver.requirement and each.subject == waiver.subject
        ]
        if not fits:
            unused.append(
                UnusedWaiver(id=waiver.id, reason="no such requirement and subject in this run")
            )
        elif result[fits[0]].status is not Status.BROKEN:
            status = result[fits[0]].status
            unused.append(
                UnusedWaiver(id=waiver.id, reason=f"the requirement is {status}, not broken")
            )
        else:
            result[fits[0]] = replace(result[fits[0]], waived_by=waiver.id)
    return tuple(result), tuple(unused)


def _not_in_force(waiver: Waiver, now: datetime) -> str | None:
    if now >= waiver.expires_at:
        return "expired"
    if now < waiver.granted_at:
        return "not yet in force"
    return None


def _verdict(
    policy: Policy, evidence: Evidence, outcomes: Sequence[Outcome], now: datetime
) -> tuple[Verdict, str]:
    enforced = [each for each in outcomes if each.enforce is Enforcement.DENY]
    against = [each for each in enforced if each.counts_against]
    broken = _names(each for each in against if each.status is Status.BROKEN)
    undecided = _names(each for each in against if each.status is Status.UNDECIDED)
    if broken:
        return Verdict.FAIL, f"not met: {', '.join(broken)}"
    if undecided:
        return Verdict.UNDECIDED, f"could not be decided: {', '.join(undecided)}"
    covered = {each.subject for each in enforced}
    for each in evidence.subjects:
        # INVARIANT: a subject on the report was held against something, or the report does not pass.
        if each.subject.digest not in covered:
            kind = each.subject.kind
            return Verdict.UNDECIDED, f"no enforced requirement is about this {kind}"
    if not evidence.subjects:
        return Verdict.UNDECIDED, "there was nothing to judge"
    if policy.valid_until is not None and now.date() > policy.valid_until:
        return Verdict.UNDECIDED, f"the policy was valid until {policy.valid_until}"
    waived = sum(each.waived_by is not None for each in enforced)
    met = f"all {len(enforced)} enforced requirements are met"
    return Verdict.PASS, f"{met}, {waived} by waiver" if waived else met


def _names(outcomes: Iterable[Outcome]) -> list[str]:
    return list(dict.fromkeys(each.requirement for each in outcomes))
