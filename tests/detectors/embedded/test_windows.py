"""Cutting texts into windows."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assaymark.detectors.embedded.model_file import ModelFile
from assaymark.detectors.embedded.tokens import Tokens, tokenize
from assaymark.detectors.embedded.windows import (
    CLS,
    LENGTH,
    LENGTHS,
    PAD,
    SEP,
    arrays,
    batches,
    cut,
)

TEXT = (
    "You are a worthless old fool and nobody in the town will ever listen to what you have to say "
    "about trains, taxes or the price of a cup of tea in March"
)
SIZES = st.lists(st.integers(0, 700), max_size=8)


@given(sizes=SIZES)
def test_windows_cover_every_token_and_overlap(sizes: list[int]) -> None:
    """Each token is in a window, none is longer than the model reads, and neighbours share a quarter."""
    windows = cut(sizes)

    for text, size in enumerate(sizes):
        mine = [each for each in windows if each.text == text]
        covered = {place for each in mine for place in range(each.start, each.stop)}
        assert covered == set(range(size))
        assert all(each.length in LENGTHS for each in mine)
        assert all(a.stop - b.start >= 30 for a, b in itertools.pairwise(mine))


@given(sizes=SIZES, budget=st.integers(1, 2000))
def test_batches_hold_each_window_once_and_one_length(sizes: list[int], budget: int) -> None:
    """No window is lost or read twice, and a batch is padded to what each of its windows needs alone."""
    windows = cut(sizes)

    made = list(batches(windows, budget))

    assert sorted(each for _, members in made for each in members) == list(range(len(windows)))
    for length, members in made:
        assert {windows[each].length for each in members} == {length}
        assert len(members) == 1 or len(members) * length <= budget


def test_arrays_hold_the_tokens_between_the_marks() -> None:
    """A window starts and ends with its marks and is padded behind."""
    ids = np.arange(500, 503)
    tokens = Tokens(ids, np.zeros(3, np.int64), ids, ids, ids)

    found, letters = arrays([tokens], cut([3]), 8)

    assert found.tolist() == [[CLS, 500, 501, 502, SEP, PAD, PAD, PAD]]
    assert letters.tolist() == [[8, 0, 0, 0, 8, 8, 8, 8]]
    assert LENGTHS[-1] == LENGTH


def test_padding_never_shows(model: ModelFile) -> None:
    """What a window is padded to, its own length or all there is, does not change a bit."""
    tokens = [tokenize(model.tokenizer, [TEXT[:end]])[0] for end in range(3, len(TEXT), 3)]
    windows = cut([len(each) for each in tokens])

    for window in windows:
        alone, padded = (
            model.network(*arrays(tokens, [window], length)) for length in (window.length, LENGTH)
        )
        assert (alone[0] == padded[0]).all()
        assert (
            alone[1][0, : len(tokens[window.text])] == padded[1][0, : len(tokens[window.text])]
        ).all()
