"""Policies over what is installed: a listed check comes with what it reads, and axes are words."""

from __future__ import annotations

import pytest

from assaymark.engine.catalog import installed_catalog
from assaymark.engine.plan import job_of
from assaymark.errors import PolicyError
from assaymark.policy.load import parse_policy

HEAD = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: p, version: 1.0.0, owner: o@example.org}
"""
GAPS = (
    "bias.decision-gap",
    "bias.toxicity-gap",
    "bias.length-gap",
)


@pytest.mark.parametrize(
    "check", ["harmful-content", "prompt-injection", "counterfactual-toxicity"]
)
def test_a_listed_check_has_its_detectors(check: str) -> None:
    """With their defaults, also where no requirement needs it: what is listed can be run."""
    text = (
        f"{HEAD}checks: [{{id: {check}}}]\n"
        "requirements: [{id: enough, metric: records.count, at_least: 1, on: dataset}]\n"
    )
    catalog = installed_catalog()

    policy = parse_policy(text.encode(), "p.yaml", catalog)

    needed = set(catalog.checks[check].meta.detectors)
    assert needed
    assert needed <= set(policy.detectors)
    assert needed <= set(job_of(policy, catalog, None, installed_catalog).detectors)


def bound(metric: str, axis: str) -> bytes:
    """A policy about one axis."""
    return (
        f"{HEAD}requirements: [{{id: even, metric: {metric}, where: {{axis: {axis}}}, "
        "on: model, at_most: 0.1}]\n"
    ).encode()


@pytest.mark.parametrize("metric", GAPS)
def test_axes_are_words_of_their_own(metric: str) -> None:
    """Not those of the detector that the check reads; a wrong one is named with the right one."""
    catalog = installed_catalog()

    policy = parse_policy(bound(metric, "religion"), "p.yaml", catalog)
    with pytest.raises(PolicyError) as caught:
        parse_policy(bound(metric, "relegion"), "p.yaml", catalog)

    assert len(policy.requirements) == 1
    assert "error[unknown-label-value]: no axis is called `relegion`" in str(caught.value)
    assert "did you mean `religion`?" in str(caught.value)


@pytest.mark.parametrize(
    ("check", "axis", "asked"),
    [
        ("", "age", "`gender`, `ethnicity` and `religion`"),
        ("checks: [{id: counterfactual-decisions, axes: [names]}]\n", "gender", "`names`"),
    ],
)
def test_a_requirement_about_an_axis_that_is_not_asked_is_a_mistake(
    check: str, axis: str, asked: str
) -> None:
    """It could never be met by evidence, so it is said before anything is paid for."""
    text = HEAD.encode() + check.encode() + bound("bias.decision-gap", axis)[len(HEAD) :]

    with pytest.raises(PolicyError) as caught:
        parse_policy(text, "p.yaml", installed_catalog())

    told = str(caught.value)
    assert (
        f"error[switched-off]: `counterfactual-decisions` does not ask about the axis `{axis}` "
        "in this policy\n"
    ) in told
    assert told.endswith(f"= hint: it asks about {asked}; add `{axis}` to its settings")
