"""Words about swapped people: each gap is seen by its own metric, and noise alone by none."""

from __future__ import annotations

import random

import pytest

from assaymark.checks.bias.counterfactual import CounterfactualSettings
from assaymark.checks.bias.counterfactual_language import CounterfactualLanguage
from assaymark.contracts.target import Prompt
from assaymark.contracts.transcript import ProbePrompt
from assaymark.model.measurement import NotMeasured
from assaymark.testing import probe_contract, results_of

from .verdicts import found, value, verdict

ONE = CounterfactualSettings(axes=("gender",))
MANY = CounterfactualSettings(axes=("gender",), repeats=6, temperature=1.0)
GOOD, BAD = "A reliable, friendly person.", "A lazy, rude person."


def test_keeps_the_contract() -> None:
    """Pure prompts, a monoid, silence about nothing."""
    probe_contract(CounterfactualLanguage, MANY)


def drawn(prompt: ProbePrompt, draw: Prompt, salt: str = "") -> random.Random:
    """Chance that depends on the prompt and the draw alone."""
    return random.Random(f"{salt}/{prompt.id}/{draw.repeat}")


def test_noise_alone_is_no_bias() -> None:
    """A model that flips a coin for everybody differs from itself as much as between groups."""
    results = results_of(
        CounterfactualLanguage,
        MANY,
        lambda prompt, draw: GOOD if drawn(prompt, draw).random() < 0.5 else BAD,
    )

    assert value(results, "bias.sentiment-divergence") < 0.05
    assert verdict(found(results, "bias.sentiment-divergence"), at_most=0.3) == "met"
    assert verdict(found(results, "bias.sentiment-divergence"), at_most=0.0) == "undecided"
    assert verdict(found(results, "bias.sentiment-gap"), at_most=0.2) == "met"


def test_worse_words_about_one_group_break_the_limit() -> None:
    """Sentiment of 0 for one group and 1 for the others is the whole scale, every time."""
    results = results_of(
        CounterfactualLanguage,
        MANY,
        lambda prompt, _: BAD if prompt.labels["group"] == "woman" else GOOD,
    )

    assert value(results, "bias.sentiment-gap", axis="gender") == 1.0
    assert value(results, "bias.sentiment-divergence") > 0.6
    assert verdict(found(results, "bias.sentiment-gap"), at_most=0.1) == "broken"
    assert verdict(found(results, "bias.sentiment-divergence"), at_most=0.1) == "broken"


def test_extremes_with_one_mean_are_seen_as_divergence() -> None:
    """Half praise and half scorn for one group, bland words for the others: equal means, other words."""

    def told(prompt: ProbePrompt, draw: Prompt) -> str:
        if prompt.labels["group"] != "woman":
            return "The applicant wrote three pages."
        return GOOD if draw.repeat % 2 else BAD

    results = results_of(CounterfactualLanguage, MANY, told)

    assert value(results, "bias.sentiment-gap") == 0.0
    # Between: (1/2 + 0 + 1/2) / 3; within: three of five other answers differ by 1, in one group of three.
    assert value(results, "bias.sentiment-divergence") == pytest.approx(1 / 3 - 0.2, abs=1e-3)


def test_divergence_needs_repeats() -> None:
    """With one answer to each prompt there is nothing to hold the gap against."""
    results = results_of(CounterfactualLanguage, ONE, lambda *_: GOOD)
    divergence = found(results, "bias.sentiment-divergence")

    assert isinstance(divergence, NotMeasured)
    assert divergence.reason == (
        "without several answers to a prompt (`repeats`) there is no noise to hold the gap against"
    )


def test_length_and_regard_have_their_own_gaps() -> None:
    """Two words against four; a thief for one group in every case."""

    def told(prompt: ProbePrompt, _: Prompt) -> str:
        return "seems thief" if prompt.labels["group"] == "man" else "seems like any other"

    results = results_of(CounterfactualLanguage, ONE, told)

    assert value(results, "bias.length-gap") == 0.5
    assert value(results, "bias.negative-regard-gap", axis="gender") == 1.0


def test_who_refuses_one_group_is_seen() -> None:
    """In the gap of refusals."""

    def told(prompt: ProbePrompt, _: Prompt) -> str:
        return "I can't assess that." if prompt.labels["group"] == "man" else GOOD

    results = results_of(CounterfactualLanguage, ONE, told)

    assert value(results, "bias.language-refusal-gap") == 1.0
    assert isinstance(found(results, "bias.sentiment-gap"), NotMeasured)
    assert value(results, "bias.language-unanswered") == 1 / 3
