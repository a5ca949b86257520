"""
Simulated answers to templates: what a template does to a group, and how verdicts about it err.

Part of `bias_calibration.py`, which runs this and writes the table. A template has a share of favourable
answers of its own, drawn from a beta distribution; groups that are treated alike share it, and every answer
is a draw. `paired` groups share the template's share, `apart` groups have one of their own, and `whole`
groups are two answers that exclude each other, as in BBQ.
"""

from __future__ import annotations

import random

import bias_frame
from bias_frame import REQUIREMENTS, TAIL, alarm_rows, hits

from assaymark.model.measurement import (
    CLUSTERED,
    Comparison,
    Contrast,
    Counts,
    GroupCounts,
)
from assaymark.statistics.contrasts import limits
from assaymark.statistics.power import detectable_gap

SEED = 20_261_122
TEMPLATES = (12, 24, 72, 240)
REPEATS = (1, 5)
CORRELATION = 0.3  # of answers to one template


def group_of(name: str, clusters: list[tuple[int, int, int]]) -> GroupCounts:
    """Return a group by its templates."""
    counts = Counts(
        hits=sum(c[0] for c in clusters), judged=sum(c[1] for c in clusters), unjudged=0
    )
    return GroupCounts(name=name, counts=counts, clusters=tuple(clusters))


def drawn(
    draw: random.Random,
    comparison: Comparison,
    shares: list[float],
    templates: int,
    answers: int,
    link: str,
) -> Contrast:
    """Draw the answers of each group to each template, with these true shares."""
    spread = (1.0 - CORRELATION) / CORRELATION
    clusters: list[list[tuple[int, int, int]]] = [[] for _ in shares]
    for _ in range(templates):
        base = max(shares)
        common = draw.betavariate(base * spread, (1.0 - base) * spread)
        for own, share in zip(clusters, shares, strict=True):
            if link == "apart":
                common = draw.betavariate(base * spread, (1.0 - base) * spread)
            own.append((hits(draw, answers, common * share / base), answers, 0))
    groups = tuple(group_of(str(n), own) for n, own in enumerate(clusters))
    return Contrast(comparison=comparison, families=(groups,))


def contrast_of(draw: random.Random, comparison: Comparison, shares: list[float]) -> Contrast:
    """Draw answers to some templates, of groups that share what a template does or do not."""
    link = draw.choice(("paired", "apart"))
    templates, answers = draw.choice(TEMPLATES), draw.choice(REPEATS)
    return drawn(draw, comparison, shares, templates, answers, link)


def audit(scenario: str, seed: int) -> tuple:
    """Simulate one audit of a model."""
    draw = random.Random(f"{SEED}/{scenario}/{seed}")
    return bias_frame.audit(draw, scenario, contrast_of, CLUSTERED)


COVERAGE_CELLS = [
    (link, base, gap, templates, 5)
    for link, bases in (
        ("paired", (0.02, 0.1, 0.5, 0.9, 0.98)),
        ("apart", (0.1, 0.5)),
        ("whole", (0.1, 0.5)),
    )
    for base in bases
    for gap in (0.0, 0.5)
    for templates in (12, 72)
]


def coverage(cell: tuple[str, float, float, int, int], audits: int) -> dict[str, object]:
    """Return how often the interval of a difference holds the truth."""
    link, base, gap, templates, answers = cell
    draw = random.Random(f"{SEED}/{cell}")
    first, second = base, base * (1.0 - gap)
    if link == "whole":
        # `base` is then the share of answers that name anybody.
        first, second = base / (2.0 - gap), base * (1.0 - gap) / (2.0 - gap)
    truth, held, width = first - second, 0, 0.0
    for _ in range(audits):
        shares = [first, second]
        if link == "whole":
            contrast = whole(draw, base, shares, templates, answers)
        else:
            contrast = drawn(draw, Comparison.DIFFERENCE, shares, templates, answers, link)
        interval = limits(contrast, low_tail=TAIL, high_tail=TAIL)
        held += interval.low - 1e-12 <= truth <= interval.high + 1e-12
        width += interval.high - interval.low
    return {
        "groups": link,
        "templates": templates,
        "answers": answers,
        "larger": round(first, 4),
        "truth": round(truth, 4),
        "coverage": held / audits,
        "width": round(width / audits, 4),
    }


def whole(
    draw: random.Random, base: float, shares: list[float], templates: int, answers: int
) -> Contrast:
    """Draw two answers that exclude each other, of which `base` of all answers are one."""
    spread = (1.0 - CORRELATION) / CORRELATION
    one, other = [], []
    for _ in range(templates):
        named = hits(draw, answers, draw.betavariate(base * spread, (1.0 - base) * spread))
        said = hits(draw, named, shares[0] / base)
        one.append((said, answers, 0))
        other.append((named - said, answers, 0))
    groups = (group_of("0", one), group_of("1", other))
    return Contrast(comparison=Comparison.DIFFERENCE, families=(groups,))


POWER_CELLS = [
    (base, templates, answers, link)
    for base in (0.3, 0.5, 0.9)
    for templates, answers in ((24, 5), (72, 1), (72, 5), (240, 1))
    for link in ("paired", "apart")
]


def power(cell: tuple[float, int, int, str], audits: int) -> dict[str, object]:
    """Return how often a bias of the stated detectable size is found, where equality was demanded.

    The size is stated by a run without bias, as a report does it, and the bias is then as large as the median
    run states.
    """
    base, templates, answers, link = cell
    draw = random.Random(f"{SEED}/{cell}")
    stated = []
    for _ in range(101):
        contrast = drawn(draw, Comparison.DIFFERENCE, [base, base], templates, answers, link)
        stated.append(detectable_gap(contrast, tail=TAIL / 2.0, power=0.8) or 1.0)
    drop = sorted(stated)[50]
    if drop >= base:
        return {"base": base, "templates": templates, "answers": answers, "groups": link,
                "drop": None, "found": None}  # fmt: skip
    found = 0
    for _ in range(audits):
        contrast = drawn(draw, Comparison.DIFFERENCE, [base, base - drop], templates, answers, link)
        found += limits(contrast, low_tail=TAIL, high_tail=TAIL).low > 0.0
    return {"base": base, "templates": templates, "answers": answers, "groups": link,
            "drop": round(drop, 4), "found": found / audits}  # fmt: skip


def lines(found: dict, audits: int) -> list[str]:
    """Return the part of the report that is about templates."""
    text = [
        "## Answers to templates: false alarms",
        "",
        f"{REQUIREMENTS} requirements on gaps between two or three groups that answered 12 to 240",
        "templates, once or five times each, without any bias; in half of them groups share what a",
        "template does.",
        "",
        *alarm_rows(found["alarms"], audits),
        "",
        "## Answers to templates: coverage of gaps",
        "",
        "95 % intervals of the difference of two groups with five answers to each template, which hang",
        f"together with a correlation of {CORRELATION}. *Paired* groups share what a template does, *apart*",
        "ones do not, and *whole* ones are two answers that exclude each other, as in BBQ's scores.",
        "",
        "| groups | templates | larger share | truth | coverage | mean width |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    text += [
        f"| {row['groups']} | {row['templates']} | {row['larger']} | {row['truth']} "
        f"| {row['coverage']:.1%} | {row['width']:.3f} |"
        for row in found["coverage"]
    ]
    text += [
        "",
        "## Answers to templates: power",
        "",
        "The drop that a run without bias states as detectable in 80 % of runs, and how often it is found.",
        "",
        "| groups | larger share | templates | answers | detectable drop | found |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in found["power"]:
        drop = "none" if row["drop"] is None else f"{row['drop']:.3f}"
        share = "" if row["found"] is None else f"{row['found']:.1%}"
        text.append(
            f"| {row['groups']} | {row['base']} | {row['templates']} | {row['answers']} | {drop} | {share} |"
        )
    return [*text, ""]
