"""
Quantiles of lengths that were counted in buckets, with what records that could not be read may change.

tests/checks/quality/test_text_length.py and tests/checks/quality/test_token_length.py
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from assaymark.model.intervals import Interval
from assaymark.model.measurement import EXACT, Measured, NotMeasured, Result
from assaymark.model.metric import Direction, Metric, Unit
from assaymark.model.numbers import plural
from assaymark.statistics.buckets import at_rank

_PARTS: Mapping[str, float] = {"p05": 0.05, "median": 0.5, "p95": 0.95, "longest": 1.0}


def quantile_metrics(stem: str, things: str, longest: str) -> tuple[Metric, ...]:
    """Return the metrics of `quantiles`.

    Args:
        stem: Their names without the last part.
        things: What is counted, and how: `characters that {} of the texts do not exceed`.
        longest: What the last one is.
    """
    return tuple(
        Metric(
            name=f"{stem}-{name}",
            summary=longest if part == 1.0 else things.format(f"{part:.0%}"),
            unit=Unit.COUNT,
            direction=Direction.EITHER,
        )
        for name, part in _PARTS.items()
    )


def quantiles(
    stem: str, check: str, lengths: Mapping[str, int], *, lost: int, sampled: bool
) -> Iterator[Result]:
    """Yield the result of each of `quantile_metrics`; see `quantile`."""
    for name, part in _PARTS.items():
        yield quantile(f"{stem}-{name}", check, part, lengths, lost=lost, sampled=sampled)


def quantile(
    metric: str,
    check: str,
    part: float,
    lengths: Mapping[str, int],
    *,
    lost: int,
    sampled: bool,
) -> Result:
    """Return the length that `part` of the texts do not exceed.

    Args:
        metric: Name of the result.
        check: Who asks.
        part: In (0, 1]; 1 is the longest.
        lengths: Bucket, as a string because JSON keys are strings, to the texts in it.
        lost: Records that could not be read; they may be shorter than all, or longer than all.
        sampled: Whether the rows are a sample, of which nothing is known between its ends.
    """
    counts = {int(bucket): number for bucket, number in lengths.items()}
    texts = sum(counts.values())
    rank = math.ceil(part * (texts + lost))
    if sampled or rank > texts or not texts:
        reason = (
            "the rows are a sample"
            if sampled
            else f"{plural(lost, 'record')} could not be read, and may be longer than all others"
            if texts
            else "no record has any text"
        )
        return NotMeasured(metric=metric, check=check, labels=(), reason=reason)
    low = at_rank(counts, rank - lost).low if rank > lost else 0.0
    return Measured(
        metric=metric,
        check=check,
        labels=(),
        # Lengths are whole numbers, so a bucket's last one is below its end.
        value=float(int(at_rank(counts, math.ceil(part * texts)).high)),
        n=texts,
        interval=Interval(
            low=float(math.ceil(low)), high=float(int(at_rank(counts, rank).high)), level=1.0
        ),
        method=EXACT,
        counts=None,
    )
