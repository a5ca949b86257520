"""Guards are closed after the last request that holds them, and not before."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.guard import Verdict
from assaymark.guard.life.leases import Loaded

from .policies import PROMPT, REDACTS, maker, written


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """A policy in use."""
    made = maker()
    policy = made.policy(written(tmp_path / "policy.yaml", REDACTS))
    return Loaded(policy, made.guard(policy))


def test_a_guard_lives_as_long_as_it_is_held(loaded: Loaded) -> None:
    """Retired, it serves those who have it; the next look after the last one closes it."""
    first, second = loaded.lease(), loaded.lease()
    assert first is not None
    assert second is not None
    loaded.retire()
    held = loaded.held
    del second

    assert held == 2
    assert not loaded.close_if_over()
    assert first.check(PROMPT).verdict is Verdict.REDACT

    del first
    assert loaded.held == 0
    assert loaded.close_if_over()
    assert loaded.lease() is None


def test_a_guard_that_nobody_holds_is_closed_at_once(loaded: Loaded) -> None:
    """There is nothing to wait for."""
    loaded.retire()

    assert loaded.lease() is None


def test_a_view_closes_nothing(loaded: Loaded) -> None:
    """A request that closes its guard takes nothing from others."""
    first, second = loaded.lease(), loaded.lease()
    assert first is not None
    assert second is not None
    first.close()

    assert second.check(PROMPT).verdict is Verdict.REDACT
    assert first.shared is second.shared
    del first, second
    loaded.retire()


def test_nothing_is_kept_of_what_was_given_back(loaded: Loaded) -> None:
    """A server gives one for each request, for months."""
    for _ in range(1_000):
        loaded.lease()
    last = loaded.lease()

    assert last is not None
    assert len(loaded._returned) <= 1
    assert loaded.held == 1
