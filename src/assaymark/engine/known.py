"""
What was read decides what can be known, whatever a check makes of it.

tests/engine/test_unknown.py
"""

from __future__ import annotations

from assaymark.model.evidence import Coverage
from assaymark.model.measurement import Measured, NotMeasured, Result


def if_known(result: Result, coverage: Coverage, *, by_detector: bool) -> Result:
    """Return `result`, unless what was read cannot carry it.

    Held here for every check, also those of others: a file that could not be opened may hold any number
    of records, and a subject without text gives a detector nothing to be silent about.
    """
    reason = None
    if coverage.unknown_files:
        number = sum(coverage.unknown_files.values())
        files = "1 file" if number == 1 else f"{number} files"
        reason = f"{files} could not be read at all, so the number of records is not known"
    elif by_detector and isinstance(result, Measured) and coverage.empty == coverage.read > 0:
        hits = 0 if result.counts is None else result.counts.hits
        reason = None if hits else "no record holds any text"
    if reason is None:
        return result
    return NotMeasured(
        metric=result.metric, check=result.check, labels=result.labels, reason=reason
    )
