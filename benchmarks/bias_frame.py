"""
What the simulations of `bias_calibration.py` share: audits of many requirements, decided as ours decide.

A scenario draws one contrast for each requirement; the rest is the same for tables of decisions and for
answers to templates.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from assaymark.model.intervals import Interval
from assaymark.model.measurement import Comparison, Contrast, Measured
from assaymark.policy.judge import Case, _doubt_broken, _doubt_met, _holm
from assaymark.policy.policy import Bound
from assaymark.statistics.contrasts import gap_of

REQUIREMENTS = 20
TAIL = 0.025
BASES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)
USUAL, AT_THE_TRUTH = "usual limits", "limits at the truth"

DrawContrast = Callable[[random.Random, Comparison, list[float]], Contrast]
"""Draws data about groups with these true shares."""


def hits(draw: random.Random, rows: int, share: float) -> int:
    """Draw hits among rows."""
    return sum(draw.random() < share for _ in range(rows))


def audit(draw: random.Random, scenario: str, contrast_of: DrawContrast, method: str) -> tuple:
    """Simulate one audit without any bias.

    Returns:
        Whether ours raised a false alarm, whether point estimates did, and whether all was met.
    """
    cases, naive = [], False
    for number in range(REQUIREMENTS):
        base, groups = draw.choice(BASES), draw.choice((2, 2, 3))
        comparison = (Comparison.RATIO, Comparison.DIFFERENCE)[number % 2]
        is_ratio = comparison is Comparison.RATIO
        if is_ratio:
            bound = Bound(metric="m", labels=(), at_least=0.8 if scenario == USUAL else 1.0)
        else:
            bound = Bound(metric="m", labels=(), at_most=0.1 if scenario == USUAL else 0.0)
        contrast = contrast_of(draw, comparison, [base] * groups)
        value = gap_of(contrast)
        if value is None:
            continue  # no hit at all: not measured, and no alarm
        cases.append(_case(contrast, value, bound, method))
        edge = bound.at_least if bound.at_least is not None else bound.at_most or 0.0
        naive |= value < edge if is_ratio else value > edge
    # As `judge` decides, without the sentences about how much is missing, which take most of its time.
    met = _holm({number: _doubt_met(each) for number, each in enumerate(cases)}, TAIL)
    broken = _holm({number: _doubt_broken(each) for number, each in enumerate(cases)}, TAIL)
    alarm = any(claim.proven and not met[number].proven for number, claim in broken.items())
    return alarm, naive, all(claim.proven for claim in met.values())


def _case(contrast: Contrast, value: float, bound: Bound, method: str) -> Case:
    result = Measured(
        metric="m",
        check="c",
        labels=(),
        value=value,
        n=0,
        interval=Interval(low=0.0, high=1.0, level=0.95),  # the decision makes its own
        method=method,
        counts=None,
        contrast=contrast,
    )
    return Case(bound=bound, result=result)


def alarm_rows(found: dict, audits: int) -> list[str]:
    """Return a table of false alarms."""
    rows = ["| limits | ours | point estimates | all met by ours |", "|---|---:|---:|---:|"]
    for name, row in found.items():
        ours, naive, met = (row[key] / audits for key in ("ours", "point estimates", "all met"))
        rows.append(f"| {name} | {ours:.2%} | {naive:.1%} | {met:.1%} |")
    return rows
