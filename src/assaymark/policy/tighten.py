"""
Which of two requirements demands more.

Two clauses can be compared if they have the same form and differ only in their bounds. Under `not` the
order turns around: to deny more is to demand less.

tests/policy/test_tighten_laws.py holds that the stricter of two requirements is met only where both are.
"""

from __future__ import annotations

from dataclasses import replace

from assaymark.model.decision import Enforcement
from assaymark.model.finding import Severity
from assaymark.policy.policy import AllOf, AnyOf, Bound, Clause, Not, Requirement


def is_at_least_as_strict(child: Clause, parent: Clause) -> bool:
    """Whether `child` is met only where `parent` is, as far as their form shows it."""
    return stricter_clause(child, parent) == child


def stricter_clause(a: Clause, b: Clause, *, negated: bool = False) -> Clause | None:
    """Return the clause that is met only where both are, or `None` where their form differs."""
    match a, b:
        case Bound(), Bound():
            return _stricter_bound(a, b, negated=negated)
        case AllOf(mine), AllOf(others):
            every = _stricter_clauses(mine, others, negated=negated)
            return None if every is None else AllOf(every)
        case AnyOf(mine), AnyOf(others):
            some = _stricter_clauses(mine, others, negated=negated)
            return None if some is None else AnyOf(some)
        case Not(mine_inner), Not(other_inner):
            inner = stricter_clause(mine_inner, other_inner, negated=not negated)
            return None if inner is None else Not(inner)
    return None


def _stricter_clauses(
    a: tuple[Clause, ...], b: tuple[Clause, ...], *, negated: bool
) -> tuple[Clause, ...] | None:
    if len(a) != len(b):
        return None
    parts = [stricter_clause(one, other, negated=negated) for one, other in zip(a, b, strict=True)]
    sound = tuple(each for each in parts if each is not None)
    return sound if len(sound) == len(parts) else None


def _stricter_bound(a: Bound, b: Bound, *, negated: bool) -> Bound | None:
    if (a.metric, a.labels) != (b.metric, b.labels):
        return None
    if a.at_most is not None and b.at_most is not None:
        lower = (a.at_most <= b.at_most) is not negated
        return a if lower or a.at_most == b.at_most else b
    if a.at_least is not None and b.at_least is not None:
        higher = (a.at_least >= b.at_least) is not negated
        return a if higher or a.at_least == b.at_least else b
    return None


def stricter_enforcement(a: Enforcement, b: Enforcement) -> Enforcement:
    """Return the one that does more."""
    return max(a, b, key=lambda each: each.rank)


def stricter_severity(a: Severity, b: Severity) -> Severity:
    """Return the graver one."""
    return max(a, b, key=lambda each: each.rank)


def stricter_requirement(a: Requirement, b: Requirement) -> Requirement | None:
    """Return what demands everything that `a` and `b` demand, or `None` where they cannot be compared."""
    if a.overridable != b.overridable:
        # What one leaves open, the other one fixes.
        return b if a.overridable else a
    clause = stricter_clause(a.clause, b.clause)
    if clause is None:
        return None
    return replace(
        a,
        clause=clause,
        on=tuple(sorted({*a.on, *b.on}, key=list(type(a.on[0])).index)),
        severity=stricter_severity(a.severity, b.severity),
        enforce=stricter_enforcement(a.enforce, b.enforce),
        controls=tuple(dict.fromkeys([*a.controls, *b.controls])),
        remediation=a.remediation if a.remediation is not None else b.remediation,
        origin=a.origin if clause == a.clause else b.origin,
    )


def loosenings(parent: Requirement, child: Requirement) -> list[tuple[str, str]]:
    """Return in which keys `child` demands less than `parent`, each with the reason in words.

    The key is `clause` where the clauses cannot be compared or the child's bound is looser.
    """
    found = []
    if stricter_clause(child.clause, parent.clause) is None:
        found.append(("form", "another demand than"))
    elif not is_at_least_as_strict(child.clause, parent.clause):
        if isinstance(child.clause, Bound) and isinstance(parent.clause, Bound):
            found.append(("clause", f"{child.clause} is looser than {parent.clause}"))
        else:
            found.append(("clause", "a bound in this clause is looser than the one"))
    if not set(parent.on) <= set(child.on):
        lost = " and ".join(each for each in parent.on if each not in child.on)
        found.append(("on", f"leaves out the {lost}, which it is about"))
    if child.enforce.rank < parent.enforce.rank:
        found.append(("enforce", f"`{child.enforce}` is weaker than `{parent.enforce}`"))
    if child.severity.rank < parent.severity.rank:
        found.append(("severity", f"`{child.severity}` is weaker than `{parent.severity}`"))
    if child.overridable and not parent.overridable:
        found.append(("overridable", "cannot be opened by a child; it is fixed"))
    return found
