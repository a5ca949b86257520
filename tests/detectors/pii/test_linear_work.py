"""Texts built to be costly: the work grows with their length, counted in calls."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import pyarrow as pa
import pytest

from assaymark.detectors.pii.detector import PiiDetector
from assaymark.detectors.pii.settings import PiiSettings

SHAPES = [
    *("7", "@", "a.", "1.", "12 ", "a.co.", "a@b.co ", "2012-01-02 08:00 ", "+1 ", "(1) ", "0"),
    *("a@", "@a.", "1-", "1/", "x1", "\uff11", "+", "(", "call 212-555-0147 ", "www.", ":", "::1 "),
]


@cache
def detector() -> PiiDetector:
    """The policy's default settings."""
    return PiiDetector(PiiSettings())


def calls(text: str) -> int:
    """Return how many functions are called, in Python or C, to judge `text`."""
    texts = pa.array([text], pa.large_string())
    count = 0

    def counted(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        found = detector().detect(texts)
    finally:
        sys.setprofile(None)
    assert not found.unjudged
    return count


@pytest.mark.parametrize("end", ["", "@"], ids=["", "then @"])
@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_with_the_text(shape: str, end: str) -> None:
    """Twice and four times the text is at most that much work."""
    detector().detect(pa.array([shape * 20 + end], pa.large_string()))

    # The least of two: what is loaded at a first need is no work that grows with a text.
    once, twice, four_times = (
        min(calls(shape * times + end) for _ in range(2)) for times in (120, 240, 480)
    )

    assert twice <= 2.1 * once + 500
    assert four_times <= 4.2 * once + 500
