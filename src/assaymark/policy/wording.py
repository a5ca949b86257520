"""Requirements and clauses in words, for people who do not read YAML."""

from __future__ import annotations

from assaymark.model.metric import Unit
from assaymark.policy.policy import AllOf, AnyOf, Bound, Clause, Not


def in_words(clause: Clause) -> str:
    """Return what `clause` demands, such as `` `pii.row-rate` of CREDIT_CARD at most 0.01 % of rows ``."""
    match clause:
        case Bound():
            return _bound_in_words(clause)
        case AllOf(clauses):
            return f"all of ({'; '.join(map(in_words, clauses))})"
        case AnyOf(clauses):
            return f"any of ({'; '.join(map(in_words, clauses))})"
        case Not(inner):
            return f"not ({in_words(inner)})"


def _bound_in_words(bound: Bound) -> str:
    about = f" of {', '.join(value for _, value in bound.labels)}" if bound.labels else ""
    upper = bound.at_most is not None
    limit = bound.at_most if bound.at_most is not None else bound.at_least or 0.0
    side = "at most" if upper else "at least"
    if upper and limit == 0:
        amount = "no row" if bound.unit is Unit.SHARE else "none"
        return f"`{bound.metric}`{about}: {amount}"
    if bound.unit is Unit.SHARE:
        return f"`{bound.metric}`{about}: {side} {percent(limit)} of rows"
    return f"`{bound.metric}`{about}: {side} {limit:,.0f}"


def percent(share: float) -> str:
    """Return `share` in per cent, with as many digits as it has."""
    return f"{round(share * 100, 10):.10g} %"
