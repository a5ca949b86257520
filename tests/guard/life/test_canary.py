"""Shares of conversations: the same ones every time, about as many as asked for, and drawn by the server."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assaymark.guard.life.canary import is_in_share
from assaymark.model.intervals import clopper_pearson

KEY = bytes(32)
shares = st.floats(0, 1)


@given(st.text(), shares, shares)
def test_a_larger_share_holds_a_smaller_one(name: str, first: float, second: float) -> None:
    """Raising a share moves nobody back."""
    small, large = sorted((first, second))

    if is_in_share(name, small, KEY, "canary"):
        assert is_in_share(name, large, KEY, "canary")


@given(st.text())
def test_the_ends(name: str) -> None:
    """A share of 1 is everybody, one of 0 nobody."""
    assert is_in_share(name, 1.0, KEY, "canary")
    assert not is_in_share(name, 0.0, KEY, "canary")


def test_about_as_many_as_asked_for() -> None:
    """Of ten thousand conversations a fifth is in a share of 0.2, within chance."""
    count = sum(is_in_share(str(n), 0.2, KEY, "canary") for n in range(10_000))

    interval = clopper_pearson(count, 10_000, level=0.9999)
    assert interval.low <= 0.2 <= interval.high


def test_purposes_and_keys_draw_apart() -> None:
    """Whoever is in one share is in another one as often as anybody; another key draws others."""
    names = [str(n) for n in range(4000)]
    first = {each for each in names if is_in_share(each, 0.5, KEY, "canary")}
    for other in (
        {each for each in names if is_in_share(each, 0.5, KEY, "shadow a")},
        {each for each in names if is_in_share(each, 0.5, bytes([1]) * 32, "canary")},
    ):
        interval = clopper_pearson(len(first & other), len(first), level=0.9999)
        assert interval.low <= 0.5 <= interval.high
