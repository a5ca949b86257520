"""Counts of the last minutes, by a clock that only grows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assaymark.guard.watch.window import Window


@given(st.lists(st.floats(0, 40), max_size=40))
def test_what_is_too_old_falls_away(steps: list[float]) -> None:
    """At any moment the count is that of the last minute, give or take one slice."""
    now = 0.0
    window: Window[str] = Window(60.0, slices=6, clock=lambda: now)
    times = []
    for step in steps:
        now += step
        window.count(["a"])
        times.append(now)

    count = window.totals()["a"]

    assert sum(now - each < 50.0 for each in times) <= count
    assert count <= sum(now - each <= 60.0 for each in times)


def test_memory_is_bounded() -> None:
    """However many names come, a slice keeps so many, and goes on counting those."""
    window: Window[int] = Window(clock=lambda: 0.0)
    window.count(range(10_000))
    window.count([0, 9_999])

    totals = window.totals()

    assert len(totals) == 5_000
    assert (totals[0], totals[9_999]) == (2, 0)
