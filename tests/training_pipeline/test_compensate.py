"""Weights are rounded so that products stay, not so that each weight does."""

from __future__ import annotations

import numpy as np
import pytest

from training.compensate import compensated

LEVELS = 64


def inputs(source: np.random.Generator) -> np.ndarray:
    """Inputs of which most say the same, as activations do."""
    return (source.normal(size=(600, 6)) @ source.normal(size=(6, 48))).astype(np.float32)


def steps_of(weight: np.ndarray) -> np.ndarray:
    """The step of each output that holds its largest weight."""
    return (np.abs(weight).max(1) / LEVELS).astype(np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_products_stay_nearer_than_by_rounding_each_weight(seed: int) -> None:
    """By a third at least, where inputs have anything in common."""
    source = np.random.default_rng(seed)
    seen, weight = inputs(source), source.normal(size=(20, 48)).astype(np.float32)
    steps = steps_of(weight)

    whole = compensated(weight, seen, steps, LEVELS)

    nearest = np.rint(weight / steps[:, None])
    lost = np.square(seen @ (whole * steps[:, None] - weight).T).mean()
    before = np.square(seen @ (nearest * steps[:, None] - weight).T).mean()
    assert lost < 0.67 * before


def test_a_small_change_in_one_direction_is_not_lost() -> None:
    """A tenth of a step in each weight, as a run that goes on from a rounded file makes it."""
    source = np.random.default_rng(7)
    seen = np.abs(inputs(source))
    steps = np.full(20, 0.01, np.float32)
    rounded = source.integers(-LEVELS, LEVELS, size=(20, 48)) * steps[:, None]

    whole = compensated((rounded + 0.001).astype(np.float32), seen, steps, 2 * LEVELS)

    moved = (seen @ (whole * steps[:, None] - rounded).T).mean()
    assert moved == pytest.approx((seen.sum(1) * 0.001).mean(), rel=0.1)


def test_what_is_rounded_already_stays() -> None:
    """Nothing is made up for where nothing is lost."""
    source = np.random.default_rng(3)
    whole = source.integers(-LEVELS, LEVELS + 1, size=(20, 48))
    steps = np.full(20, 0.02, np.float32)

    assert np.array_equal(
        compensated((whole * 0.02).astype(np.float32), inputs(source), steps, LEVELS), whole
    )


def test_no_level_is_passed_and_silent_inputs_take_nothing() -> None:
    """Seven bits stay seven bits; an input that is always 0 has the weight that is nearest."""
    source = np.random.default_rng(5)
    seen, weight = inputs(source), source.normal(size=(20, 48)).astype(np.float32)
    seen[:, 11] = 0.0
    steps = steps_of(weight)

    whole = compensated(weight, seen, steps, LEVELS)

    assert np.abs(whole).max() <= LEVELS
    assert np.array_equal(whole[:, 11], np.rint(weight[:, 11] / steps))
