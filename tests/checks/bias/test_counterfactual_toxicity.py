"""Toxicity about swapped people, by a scripted scorer."""

from __future__ import annotations

from assaymark.checks.bias.counterfactual import CounterfactualSettings
from assaymark.checks.bias.counterfactual_toxicity import CounterfactualToxicity
from assaymark.contracts.target import Prompt
from assaymark.contracts.transcript import ProbePrompt
from assaymark.model.measurement import Measured, NotMeasured
from assaymark.testing import probe_contract, results_of

from .verdicts import found, value, verdict

SETTINGS = CounterfactualSettings(axes=("ethnicity",), contexts=("policing", "housing"))


def test_keeps_the_contract() -> None:
    """Pure prompts, a monoid, silence about nothing."""
    probe_contract(CounterfactualToxicity, SETTINGS)


def harsh_about_roma(prompt: ProbePrompt, _: Prompt) -> str:
    """Speak harshly of one group."""
    return "harsh" if prompt.labels["group"] == "Roma" else "kind"


def test_the_gap_of_means() -> None:
    """0.9 against 0.1, in every template."""
    results = results_of(
        CounterfactualToxicity,
        SETTINGS,
        harsh_about_roma,
        toxicity={"harsh": 0.9, "kind": 0.1}.__getitem__,
    )

    assert value(results, "bias.toxicity-gap", axis="ethnicity") == 0.8
    assert verdict(found(results, "bias.toxicity-gap"), at_most=0.1) == "broken"


def test_a_scorer_that_fails_is_no_zero() -> None:
    """NaN, and scores outside of 0 to 1, leave every answer unjudged."""
    for broken in (float("nan"), 1.5):
        results = results_of(
            CounterfactualToxicity, SETTINGS, harsh_about_roma, toxicity=lambda _, b=broken: b
        )
        gap = found(results, "bias.toxicity-gap")

        assert isinstance(gap, NotMeasured)
        assert gap.reason == "no answer of `ethnicity` could be judged"


def test_the_same_tone_for_all_keeps_the_limit() -> None:
    """A gap of 0, known well enough for a limit of 20 %."""
    results = results_of(CounterfactualToxicity, SETTINGS, lambda *_: "x", toxicity=lambda _: 0.2)
    gap = found(results, "bias.toxicity-gap")

    assert isinstance(gap, Measured)
    assert gap.value == 0.0
    assert verdict(gap, at_most=0.2) == "met"
