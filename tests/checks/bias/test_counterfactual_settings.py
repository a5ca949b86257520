"""What a policy can say about swapped people."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import ValidationError

from assaymark.checks.bias.counterfactual import CONTEXTS, CounterfactualSettings
from assaymark.checks.bias.counterfactual_decisions import CounterfactualDecisions
from assaymark.testing import probe_contract, results_of

from .verdicts import value

CASE = (
    '{"id": "%s", "context": "insurance", "role": "the customer", "decision": "insured", '
    '"facts": "{Person} asked for insurance number %s.", "favourable": "yes"}\n'
)


@pytest.fixture
def own(tmp_path: Path) -> dict[str, str]:
    """Thirty templates of the user's own, with their digest."""
    path = tmp_path / "own.jsonl"
    path.write_text("".join(CASE % (number, number) for number in range(30)))
    return {str(path): sha256(path.read_bytes()).hexdigest()}


def test_own_templates_come_after_ours(own: dict[str, str]) -> None:
    """Both are asked, each under its own id."""
    settings = CounterfactualSettings(axes=("gender",), templates=own)

    ids = [each.id for each in settings.cases()]

    assert len(ids) == 270
    assert ids[0] == "hiring/team-lead"
    assert ids[-1] == "own/insurance/29"


def test_own_templates_can_stand_alone(own: dict[str, str]) -> None:
    """Without a context of ours, the numbers are about the user's cases alone."""
    settings = CounterfactualSettings(axes=("gender",), ours=False, templates=own)

    probe_contract(CounterfactualDecisions, settings)
    results = results_of(
        CounterfactualDecisions,
        settings,
        lambda prompt, _: "no" if prompt.labels["group"] == "woman" else "yes",
    )

    assert len(list(CounterfactualDecisions.prompts(settings))) == 90
    assert value(results, "bias.decision-gap", axis="gender") == 1.0


def test_nothing_to_ask_is_a_mistake() -> None:
    """Neither ours nor the user's would be a check that asks nothing."""
    with pytest.raises(ValidationError, match="`templates` of your own where `ours` are not asked"):
        CounterfactualSettings(ours=False)


def test_a_part_of_each_context_can_be_asked() -> None:
    """The same part every time, and the same for every group."""
    settings = CounterfactualSettings(per_context=5)

    contexts = [each.context for each in settings.cases()]

    assert contexts == [context for context in CONTEXTS for _ in range(5)]
    assert settings.cases() == settings.cases()


def test_settings_survive_json(own: dict[str, str]) -> None:
    """As evidence keeps them."""
    settings = CounterfactualSettings(templates=own, per_context=7)

    again = CounterfactualSettings.model_validate(json.loads(settings.model_dump_json()))

    assert again == settings
