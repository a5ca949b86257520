"""
Quantiles of lengths that were counted in buckets, with what records that could not be read may change.

tests/checks/quality/test_text_length.py and tests/checks/quality/test_token_length.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from assaymark.model.intervals import Interval
from assaymark.model.measurement import EXACT, Measured, NotMeasured, Result
from assaymark.model.numbers import plural
from assaymark.statistics.buckets import at_rank


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
