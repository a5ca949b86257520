"""
Measurements as text in documents that have no number for them.

A number stands with its interval, and what is not known with its reason: neither is ever without the other.

tests/report/test_measured_text.py
"""

from __future__ import annotations

from assaymark.model.measurement import Labels, Measured, Result


def key_of(result: Result) -> str:
    """Return the metric with its labels, such as `pii.row-rate{entity=EMAIL_ADDRESS}`."""
    return result.metric + (f"{{{labels_text(result.labels)}}}" if result.labels else "")


def value_text(result: Result) -> str:
    """Return the number with its interval and method, or why there is none."""
    if not isinstance(result, Measured):
        return f"not measured: {result.reason}"
    low, high = number_text(result.interval.low), number_text(result.interval.high)
    return f"{number_text(result.value)} (from {low} to {high}, n = {result.n}, {result.method})"


def labels_text(labels: Labels) -> str:
    """Return labels as `name=value`, with commas between them."""
    return ",".join(f"{name}={value}" for name, value in labels)


def number_text(value: float) -> str:
    """Return a number in the fewest digits that give it back."""
    return str(int(value)) if value.is_integer() else repr(value)
