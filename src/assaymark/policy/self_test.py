"""
The policy's own tests: supposed evidence in, the real decision out.

Each test builds evidence in the form that a run would leave and hands it to `decide`, the same function
that judges a run, so that what a test shows is what an audit would say. No clock is read: a test without
`now` is judged on a day on which the policy is valid.

A requirement counts as covered when a test sees it broken, or names it as the reason for UNDECIDED: a
bound that no test ever sees bite might as well not be there. Requirements that are inherited as they are
are the affair of their own policy's tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from assaymark.canonical import digest_of
from assaymark.model.decision import Decision, Enforcement, Status, Verdict
from assaymark.model.evidence import (
    CheckRecord,
    Coverage,
    Evidence,
    FindingLog,
    SubjectEvidence,
)
from assaymark.model.measurement import Counts, NotMeasured, Result, count, share
from assaymark.model.metric import Unit
from assaymark.model.subject import Subject, SubjectKind
from assaymark.model.waiver import Waiver
from assaymark.policy.decide import decide
from assaymark.policy.diagnostics import printable
from assaymark.policy.policy import AllOf, AnyOf, Bound, Clause, Not, Policy, bounds_of
from assaymark.policy.self_test_notation import (
    CLEAN,
    Key,
    Rows,
    SelfTest,
    Value,
    read_self_test,
)

CLEAN_ROWS = 1_000_000
"""Rows of a share that is `clean`: enough to prove a bound of one in ten thousand from a sample."""

_LONG_AGO = datetime(2000, 1, 1, 12, tzinfo=UTC)
_FAR_AHEAD = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTestResult:
    """What one test expected and what came of it."""

    name: str
    expected: Verdict
    expected_because: tuple[str, ...] | None
    """`None` where the test does not say."""

    decision: Decision

    @property
    def because(self) -> tuple[str, ...]:
        """Ids of the requirements that made the verdict, in the order of the policy."""
        status = {Verdict.FAIL: Status.BROKEN, Verdict.UNDECIDED: Status.UNDECIDED}.get(
            self.decision.verdict
        )
        return tuple(
            dict.fromkeys(
                each.requirement
                for each in self.decision.outcomes
                if each.counts_against and each.status is status
            )
        )

    @property
    def passed(self) -> bool:
        """Whether the verdict and, where the test says them, the reasons are as expected."""
        if self.decision.verdict is not self.expected:
            return False
        return self.expected_because is None or set(self.expected_because) == set(self.because)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTestReport:
    """All tests of one policy."""

    results: tuple[SelfTestResult, ...]
    covered: tuple[str, ...]
    uncovered: tuple[str, ...]
    """Requirements of the policy's own file that no test sees bite."""

    inherited: tuple[str, ...]
    """Requirements of its parents that no test here sees bite."""

    @property
    def passed(self) -> bool:
        """Whether there are tests and all of them pass. Coverage is shown and demanded by nobody."""
        return bool(self.results) and all(each.passed for each in self.results)

    def to_plain(self) -> dict[str, Any]:
        """Return the form that `--json` prints."""
        return {
            "passed": self.passed,
            "tests": [
                {
                    "name": each.name,
                    "passed": each.passed,
                    "expected": each.expected.value,
                    "verdict": each.decision.verdict.value,
                    "expectedBecause": None
                    if each.expected_because is None
                    else list(each.expected_because),
                    "because": list(each.because),
                    "summary": each.decision.summary,
                }
                for each in self.results
            ],
            "covered": list(self.covered),
            "uncovered": list(self.uncovered),
            "inherited": list(self.inherited),
        }

    def render(self) -> str:
        """Return the report as a person reads it."""
        lines = []
        for each in self.results:
            lines.append(f"{'ok    ' if each.passed else 'FAILED'}  {each.name}")
            if not each.passed:
                lines.append(f"        expected {_wanted(each)}")
                lines.append(f"        got      {_verdict(each.decision.verdict, each.because)}")
        failed = sum(not each.passed for each in self.results)
        tests = f"{len(self.results)} test{'' if len(self.results) == 1 else 's'}"
        if not self.results:
            lines.append("this policy has no tests")
        else:
            lines.append(f"{tests}, {failed} failed" if failed else f"{tests}, all passed")
        total = len(self.covered) + len(self.uncovered)
        left = f", {len(self.inherited)} inherited ones left to their own policy"
        covered = f"{len(self.covered)} of {total} requirements covered"
        lines.append(covered + (left if self.inherited else ""))
        lines += [f"        no test sees `{each}` broken" for each in self.uncovered]
        return printable("\n".join(lines))


def run_self_tests(policy: Policy) -> SelfTestReport:
    """Run the policy's own tests.

    Args:
        policy: As `load_policy` returns it.
    """
    results = tuple(_run(policy, read_self_test(each)) for each in policy.tests)
    bitten = {
        outcome.requirement
        for each in results
        for outcome in each.decision.outcomes
        if outcome.status is Status.BROKEN
    }
    for each in results:
        if each.decision.verdict is Verdict.UNDECIDED and each.expected_because is not None:
            bitten |= set(each.expected_because) & set(each.because)
    own = f"{policy.files[0].name}:"
    silent = [each for each in policy.requirements if each.id not in bitten]
    return SelfTestReport(
        results=results,
        covered=tuple(each.id for each in policy.requirements if each.id in bitten),
        uncovered=tuple(each.id for each in silent if each.origin.startswith(own)),
        inherited=tuple(each.id for each in silent if not each.origin.startswith(own)),
    )


def _wanted(result: SelfTestResult) -> str:
    return _verdict(result.expected, result.expected_because or ())


def _verdict(verdict: Verdict, because: Iterable[str]) -> str:
    reasons = ", ".join(because)
    return f"{verdict} because of {reasons}" if reasons else str(verdict)


def _run(policy: Policy, test: SelfTest) -> SelfTestResult:
    valid = policy.valid_until
    fair_day = _LONG_AGO if valid is None else datetime.combine(valid, time(12), tzinfo=UTC)
    waivers = [
        Waiver(
            id=f"waiver-{index}",
            requirement=each.requirement,
            subject=_subject(each.subject).digest,
            reason="supposed by a test",
            approver="a test",
            granted_at=datetime.min.replace(tzinfo=UTC),
            expires_at=each.expires or _FAR_AHEAD,
        )
        for index, each in enumerate(test.waivers, start=1)
    ]
    evidence = evidence_of(policy, test)
    return SelfTestResult(
        name=test.name,
        expected=test.expect,
        expected_because=test.because,
        decision=decide(policy, evidence, waivers, test.now or fair_day),
    )


def evidence_of(policy: Policy, test: SelfTest) -> Evidence:
    """Return what a run under `policy` would have left behind, had it measured what `test` says."""
    kinds = list(test.subjects)
    if test.otherwise == CLEAN:
        kinds += [each for each in _demanded_kinds(policy) if each not in kinds]
    checks = sorted({bound.check for bound in _bounds(policy)})
    return Evidence(
        tool="a test of the policy",
        detectors=(),
        checks=tuple(
            # No detectors: the test supposes numbers, not who found them.
            CheckRecord(id=each, version="", settings=policy.checks[each], detectors=())
            for each in checks
        ),
        subjects=tuple(
            _subject_evidence(policy, kind, test.subjects.get(kind, {}), test) for kind in kinds
        ),
    )


def _demanded_kinds(policy: Policy) -> list[SubjectKind]:
    """Return the kinds without which no run under `policy` can pass."""
    wanted = {
        kind for each in policy.requirements if each.enforce is Enforcement.DENY for kind in each.on
    }
    return [each for each in SubjectKind if each in wanted]


def _bounds(policy: Policy) -> Iterator[Bound]:
    for requirement in policy.requirements:
        yield from bounds_of(requirement.clause)


def _subject(kind: SubjectKind) -> Subject:
    return Subject(kind=kind, name=kind.value, digest=digest_of(kind.value), files=1, size=0)


def _subject_evidence(
    policy: Policy, kind: SubjectKind, values: Mapping[Key, Value], test: SelfTest
) -> SubjectEvidence:
    results: dict[Key, Result] = {}
    for bound in _bounds(policy):
        key = (bound.metric, bound.labels)
        if key not in results:
            value = values.get(key, test.otherwise)
            if value == CLEAN:
                value = _clean(policy, key, bound)
            results[key] = _result(bound, value, sampled=test.sampled)
    return SubjectEvidence(
        subject=_subject(kind),
        coverage=Coverage(rows=0, read=0, empty=0, texts=0, skipped={}, fields={}),
        results=tuple(results[key] for key in sorted(results)),
        findings=FindingLog(total=0, digest=digest_of([]), sample=()),
    )


def _result(bound: Bound, value: Value, *, sampled: bool) -> Result:
    if isinstance(value, Rows):
        judged = value.of - value.unjudged
        counts = Counts(hits=value.hits, judged=judged, unjudged=value.unjudged)
        return share(bound.metric, bound.check, bound.labels, counts, sampled=sampled)
    if isinstance(value, int):
        return count(bound.metric, bound.check, bound.labels, value)
    return NotMeasured(
        metric=bound.metric, check=bound.check, labels=bound.labels, reason="supposed missing"
    )


def _clean(policy: Policy, key: Key, bound: Bound) -> Value:
    """Return a value that keeps every bound of `policy` on this metric, or `missing` if none does."""
    limits = [
        each
        for requirement in policy.requirements
        for each in _signed(requirement.clause)
        if (each[0].metric, each[0].labels) == key
    ]
    if bound.unit is Unit.SHARE:
        shares: Iterator[Value] = iter((Rows(0, CLEAN_ROWS), Rows(CLEAN_ROWS, CLEAN_ROWS)))
        fits = (each for each in shares if all(_keeps(each, *limit) for limit in limits))
    else:
        edges = sorted({0, *(int(_limit(each)) + step for each, _ in limits for step in (0, 1))})
        fits = (each for each in edges if all(_keeps(each, *limit) for limit in limits))
    return next(fits, "missing")


def _signed(clause: Clause, *, negated: bool = False) -> Iterator[tuple[Bound, bool]]:
    """Yield the bounds in `clause`, each with whether it stands under `not`."""
    match clause:
        case Bound():
            yield clause, negated
        case AllOf(clauses) | AnyOf(clauses):
            for each in clauses:
                yield from _signed(each, negated=negated)
        case Not(inner):
            yield from _signed(inner, negated=not negated)


def _limit(bound: Bound) -> float:
    if bound.at_most is not None:
        return bound.at_most
    return 0.0 if bound.at_least is None else bound.at_least


def _keeps(value: Value, bound: Bound, negated: bool) -> bool:  # noqa: FBT001 - unpacked from a pair
    number = value.hits / value.of if isinstance(value, Rows) else float(value)
    kept = number <= _limit(bound) if bound.at_most is not None else number >= _limit(bound)
    return kept is not negated
