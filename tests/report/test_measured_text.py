"""Measurements as text."""

from __future__ import annotations

import pytest

from assaymark.model.measurement import NotMeasured
from assaymark.report.measured_text import key_of, number_text, value_text
from report.exported import RESULTS


def test_a_number_is_never_without_its_interval_and_method() -> None:
    """A share of labels, a count, and what could not be measured."""
    assert [(key_of(each), value_text(each)) for each in RESULTS] == [
        (
            "pii.row-rate{entity=EMAIL_ADDRESS}",
            "0.003003003003003003 (from 0.003 to 0.004, n = 1000, exact)",
        ),
        ("records.count", "1000 (from 1000 to 1000, n = 1000, exact)"),
        ("x.gap", "not measured: the policy names no columns"),
    ]


def test_labels_stand_in_their_order() -> None:
    """As the evidence has them."""
    labels = (("a", "1"), ("b", "2"))

    assert key_of(NotMeasured(metric="m", check="c", labels=labels, reason="r")) == "m{a=1,b=2}"


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (0.1, "0.1"), (1e21, "1000000000000000000000")]
)
def test_a_number_gives_itself_back(value: float, text: str) -> None:
    """Whole numbers without a point."""
    assert number_text(value) == text
    assert float(number_text(value)) == value
