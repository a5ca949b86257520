"""
Calibration of verdicts about bias, by simulation.

Four questions, asked of independent rows here and of answers to templates in `bias_templates.py`, each over
seeded audits whose truth is known:

* How often does a policy of twenty requirements about groups raise a false alarm when there is no bias? The
  claim: in at most 5 % of 2,000 audits, also where every limit is drawn at the truth itself.
* How often does the interval of a gap hold the truth? The claim: at least at its level, also for several
  groups, rare and near-certain decisions, and groups of different sizes.
* Do intervals of clustered answers hold the truth, where those for independent rows do not? The claim: at
  their level, also for rates near 0 and 1.
* Is a bias of the size that planning calls detectable found as often as planning says?

Beside our verdict stands the field's: the ratio of two point estimates, held against 0.8.

    python benchmarks/bias_calibration.py [--audits 2000] [--workers 2] [--out reports/benchmarks]
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import bias_frame
import bias_templates
from bias_frame import AT_THE_TRUTH, REQUIREMENTS, TAIL, USUAL, alarm_rows, hits

from assaymark.model.intervals import wilson
from assaymark.model.measurement import (
    SQUARE_AND_ADD,
    Comparison,
    Contrast,
    Counts,
    GroupCounts,
)
from assaymark.statistics.clusters import clustered_interval, clustered_wilson, korn_graubard
from assaymark.statistics.contrasts import limits
from assaymark.statistics.gaps import Sample
from assaymark.statistics.power import detectable_difference

SEED = 20_261_121

SIZES = (30, 60, 120, 300, 600)
"""Rows of a group."""

ALLOWED = 0.05


def contrast_of(draw: random.Random, comparison: Comparison, shares: list[float]) -> Contrast:
    """Draw one table of decisions with the given true shares."""
    groups = []
    for index, share in enumerate(shares):
        rows = draw.choice(SIZES)
        counts = Counts(hits=hits(draw, rows, share), judged=rows, unjudged=0)
        groups.append(GroupCounts(name=str(index), counts=counts))
    return Contrast(comparison=comparison, families=(tuple(groups),))


def audit(scenario: str, seed: int) -> tuple:
    """Simulate one audit of tables."""
    draw = random.Random(f"{SEED}/{scenario}/{seed}")
    return bias_frame.audit(draw, scenario, contrast_of, SQUARE_AND_ADD)


def coverage(
    cell: tuple[str, float, float, int, tuple[int, ...]], audits: int
) -> dict[str, object]:
    """Return how often the interval of a gap holds the truth, and how wide it is."""
    kind, base, gap, groups, rows = cell
    draw = random.Random(f"{SEED}/{cell}")
    comparison = Comparison(kind)
    lowest = base * gap if comparison is Comparison.RATIO else base - gap
    shares = [base] * (groups - 1) + [lowest]
    truth = lowest / base if comparison is Comparison.RATIO else base - lowest
    held, width = 0, 0.0
    for _ in range(audits):
        counted = [
            GroupCounts(
                name=str(index),
                counts=Counts(hits=hits(draw, size, share), judged=size, unjudged=0),
            )
            for index, (share, size) in enumerate(zip(shares, rows, strict=True))
        ]
        contrast = Contrast(comparison=comparison, families=(tuple(counted),))
        interval = limits(contrast, low_tail=TAIL, high_tail=TAIL)
        held += interval.low - 1e-12 <= truth <= interval.high + 1e-12
        width += interval.high - interval.low
    return {
        "kind": kind,
        "groups": groups,
        "rows": list(rows),
        "base": base,
        "truth": round(truth, 4),
        "coverage": held / audits,
        "width": round(width / audits, 4),
    }


def clustered(cell: tuple[float, int, int, float], audits: int) -> dict[str, object]:
    """Return how often intervals of clustered answers hold the truth, method by method."""
    rate, templates, answers, correlation = cell
    draw = random.Random(f"{SEED}/{cell}")
    spread = (1.0 - correlation) / correlation
    held = dict.fromkeys(("wilson", "t", "design-effect wilson", "korn-graubard"), 0)
    for _ in range(audits):
        clusters = []
        for _ in range(templates):
            share = draw.betavariate(rate * spread, (1.0 - rate) * spread)
            clusters.append(Sample(hits(draw, answers, share), answers))
        seen, trials = sum(each.hits for each in clusters), templates * answers
        for name, interval in (
            ("wilson", wilson(seen, trials, level=0.95)),
            ("t", clustered_interval(clusters, level=0.95)),
            ("design-effect wilson", clustered_wilson(clusters, level=0.95)),
            ("korn-graubard", korn_graubard(clusters, level=0.95)),
        ):
            held[name] += interval.low <= rate <= interval.high
    return {
        "rate": rate,
        "templates": templates,
        "answers": answers,
        "correlation": correlation,
        "coverage": {name: number / audits for name, number in held.items()},
    }


def power(cell: tuple[float, int], audits: int) -> dict[str, object]:
    """Return how often a bias of the detectable size is found, where equality was demanded."""
    base, rows = cell
    draw = random.Random(f"{SEED}/{cell}")
    # Either group may be the one that is worse off, so each direction has half of the tail.
    drop = detectable_difference(base, (rows, rows), tail=TAIL / 2, power=0.8)
    if drop is None:
        return {"base": base, "rows": rows, "drop": None, "found": None}
    found = 0
    for _ in range(audits):
        groups = tuple(
            GroupCounts(
                name=str(index),
                counts=Counts(hits=hits(draw, rows, share), judged=rows, unjudged=0),
            )
            for index, share in enumerate((base, base - drop))
        )
        contrast = Contrast(comparison=Comparison.DIFFERENCE, families=(groups,))
        found += limits(contrast, low_tail=TAIL, high_tail=TAIL).low > 0.0
    return {"base": base, "rows": rows, "drop": round(drop, 4), "found": found / audits}


def upper_error(hits: int, trials: int) -> float:
    """Return the half width of a 95 % interval of a simulated rate."""
    interval = wilson(hits, trials, level=0.95)
    return (interval.high - interval.low) / 2.0


COVERAGE_CELLS = [
    (kind, base, gap, len(rows), rows)
    for kind, gaps in (("difference", (0.0, 0.1)), ("ratio", (1.0, 0.8)))
    for gap in gaps
    for base in (0.15, 0.5, 0.98)
    for rows in ((30, 30), (30, 300), (100, 100, 100, 100))
]
CLUSTER_CELLS = [
    (rate, templates, 20, 0.3) for rate in (0.01, 0.05, 0.5, 0.95) for templates in (10, 40)
]
POWER_CELLS = [(base, rows) for base in (0.1, 0.5, 0.9) for rows in (100, 400)]


def measure(audits: int, repeats: int, workers: int) -> dict[str, object]:
    """Run every simulation."""
    with ProcessPoolExecutor(workers) as pool:
        return {
            "audits": audits,
            "repeats": repeats,
            "requirements": REQUIREMENTS,
            "alarms": alarms_of(pool, audit, audits),
            "coverage": list(pool.map(partial(coverage, audits=repeats), COVERAGE_CELLS)),
            "clustered": list(pool.map(partial(clustered, audits=repeats), CLUSTER_CELLS)),
            "power": list(pool.map(partial(power, audits=repeats), POWER_CELLS)),
            "templates": {
                "alarms": alarms_of(pool, bias_templates.audit, audits),
                "coverage": list(
                    pool.map(
                        partial(bias_templates.coverage, audits=repeats),
                        bias_templates.COVERAGE_CELLS,
                    )
                ),
                "power": list(
                    pool.map(
                        partial(bias_templates.power, audits=repeats), bias_templates.POWER_CELLS
                    )
                ),
            },
        }


def alarms_of(pool: ProcessPoolExecutor, simulate: Callable, audits: int) -> dict[str, dict]:
    """Simulate audits under either kind of limits, and count false alarms."""
    alarms = {}
    for scenario in (USUAL, AT_THE_TRUTH):
        told = list(pool.map(partial(simulate, scenario), range(audits), chunksize=20))
        ours, naive, met = (sum(column) for column in zip(*told, strict=True))
        alarms[scenario] = {"ours": ours, "point estimates": naive, "all met": met}
    return alarms


def table(found: dict) -> str:
    """Return the report."""
    audits, repeats = found["audits"], found["repeats"]
    lines = [
        "# Calibration of verdicts about bias",
        "",
        f"{audits:,} simulated audits of each policy, {repeats:,} tables in every other row, all seeded.",
        "Made by `benchmarks/bias_calibration.py`.",
        "",
        "## False alarms",
        "",
        f"No bias at all; a policy of {found['requirements']} requirements on impact ratios and differences",
        "of two or three groups of 30 to 600 rows, with rates from 2 % to 98 %. *Limits at the truth*",
        "demand a ratio of 1 and a difference of 0, so that any error shows. A false alarm is an audit in",
        "which at least one requirement is broken.",
        "",
        *alarm_rows(found["alarms"], audits),
    ]
    lines += [
        "",
        f"Allowed are {ALLOWED:.0%}. What is not met is undecided: the tables are small on purpose.",
        "",
        "## Coverage of gaps",
        "",
        "95 % intervals of the largest difference and the smallest ratio over all groups; the last group is",
        "the one that is worse off.",
        "",
        "| gap | rows | largest rate | truth | coverage | mean width |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for row in found["coverage"]:
        rows = " ".join(map(str, row["rows"]))
        lines.append(
            f"| {row['kind']} | {rows} | {row['base']} | {row['truth']} "
            f"| {row['coverage']:.1%} | {row['width']:.3f} |"
        )
    lines += [
        "",
        "## Coverage with clustered templates",
        "",
        "Answers to one template hang together (beta-binomial); 95 % intervals of the rate. Plain",
        "Wilson takes them for independent.",
        "",
        "| rate | templates | answers | correlation | Wilson | CR2 | design-effect Wilson | Korn-Graubard |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in found["clustered"]:
        cells = " | ".join(f"{each:.1%}" for each in row["coverage"].values())
        lines.append(
            f"| {row['rate']} | {row['templates']} | {row['answers']} | {row['correlation']} | {cells} |"
        )
    lines += [
        "",
        "## Power",
        "",
        "The drop below the larger rate that planning says is found in 80 % of audits, and how often it is.",
        "",
        "| larger rate | rows a group | detectable drop | found |",
        "|---:|---:|---:|---:|",
    ]
    for row in found["power"]:
        drop = "none" if row["drop"] is None else f"{row['drop']:.3f}"
        share = "" if row["found"] is None else f"{row['found']:.1%}"
        lines.append(f"| {row['base']} | {row['rows']} | {drop} | {share} |")
    lines += ["", *bias_templates.lines(found["templates"], audits)]
    error = upper_error(round(0.2 * repeats), repeats)
    lines += [f"Simulation error: at most {error:.1%} either way.", ""]
    return "\n".join(lines)


def main() -> int:
    """Measure, write the table, and fail where a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--audits", type=int, default=2_000, help="of each scenario of false alarms"
    )
    parser.add_argument("--repeats", type=int, default=1_000, help="of each other row")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("reports/benchmarks"))
    options = parser.parse_args()
    found = measure(options.audits, options.repeats, options.workers)
    options.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, indent=2) + "\n"
    (options.out / "bias_calibration.json").write_text(text, encoding="utf-8")
    (options.out / "bias_calibration.md").write_text(table(found), encoding="utf-8")
    print(table(found))
    slack = 3.0 * math.sqrt(0.05 * 0.95 / options.repeats)
    parts = (found, found["templates"])
    alarms = max(row["ours"] for each in parts for row in each["alarms"].values()) / options.audits
    gaps = min(row["coverage"] for each in parts for row in each["coverage"])
    powers = [row["found"] for each in parts for row in each["power"] if row["found"] is not None]
    robust = min(
        row["coverage"][name]
        for row in found["clustered"]
        for name in ("design-effect wilson", "korn-graubard")
    )
    holds = alarms <= ALLOWED and min(gaps, robust) >= 0.95 - slack
    holds = holds and min(powers) >= 0.8 - 2.0 * slack
    print("every claim holds" if holds else "A CLAIM DOES NOT HOLD")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
