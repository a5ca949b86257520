"""Of several parents the stricter one wins, whatever their order."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from assaymark.model.decision import Enforcement
from assaymark.model.finding import Severity
from assaymark.model.subject import SubjectKind
from assaymark.policy.policy import Policy

from .conftest import HEAD
from .test_inheritance import BASE, CHILD, child, requirement

Parse = Callable[..., Policy]
Errors = Callable[..., str]


class TestSeveralParents:
    """The stricter one wins, whatever the order."""

    A = HEAD + dedent(
        """\
        confidence: 0.9
        detectors: {pii: {entities: [CREDIT_CARD], min_score: 0.3}}
        requirements:
          - {id: r, metric: pii.row-rate, at_most: 0.1, on: dataset, severity: high, enforce: warn}
        """
    )
    B = HEAD.replace("owner: team@example.org", "owner: o, report_days: 9") + dedent(
        """\
        detectors: {pii: {entities: [US_SSN], min_score: 0.4}}
        requirements:
          - {id: r, metric: pii.row-rate, at_most: 0.2, on: outputs, severity: low, enforce: deny}
        """
    )

    @pytest.mark.parametrize("order", ["a.yaml, b.yaml", "b.yaml, a.yaml"])
    def test_the_stricter_one_wins(self, parse: Parse, order: str) -> None:
        """Bound, subjects, severity, enforcement, settings and numbers, each from whoever asks more."""
        policy = parse(HEAD + f"extends: [{order}]\n", a=self.A, b=self.B)

        (found,) = policy.requirements
        assert str(found.clause) == "at most 0.1"
        assert found.on == (SubjectKind.DATASET, SubjectKind.OUTPUTS)
        assert (found.severity, found.enforce) == (Severity.HIGH, Enforcement.DENY)
        assert policy.detectors["pii"] == {
            "entities": ["CREDIT_CARD", "US_SSN"],
            "min_score": 0.3,
            "languages": ["en"],
        }
        assert (policy.confidence, policy.report_days) == (0.95, 9)

    def test_what_cannot_be_joined_is_said(self, errors: Errors) -> None:
        """Where neither is stricter, the policy that names both must choose."""
        framework = (
            "frameworks: [{id: f, title: t, version: '%s', source: 'https://example.org',"
            " mapped: 2026-01-01, controls: [{id: a, title: t, coverage: person}]}]\n"
        )
        a = self.A.replace("detectors: {pii:", "detectors: {harm: {}, pii:") + framework % 1
        b = (
            HEAD
            + "detectors: {harm: {model: unbiased, checkpoint: x}}\n"
            + "requirements: [{id: r, metric: records.count, at_most: 1, on: dataset}]\n"
            + framework % 2
        )

        found = errors(HEAD + "extends: [a.yaml, b.yaml]\n", a=a, b=b)

        said = "and neither is the stricter one"
        assert [each for each in found.splitlines() if each.startswith("team.yaml")] == [
            f"team.yaml:4:1: error[conflict]: the parents differ in `detectors.harm.checkpoint`, {said}",
            f"team.yaml:4:1: error[conflict]: the parents differ in `detectors.harm.model`, {said}",
            f"team.yaml:4:1: error[conflict]: the parents differ in `frameworks.f`, {said}",
            f"team.yaml:4:1: error[conflict]: the parents differ in `requirements.r`, {said}",
        ]

    @pytest.mark.parametrize("order", ["base.yaml, left.yaml", "left.yaml, base.yaml"])
    def test_what_one_leaves_open_the_other_fixes(self, parse: Parse, order: str) -> None:
        """A parent that already closed an open requirement or setting speaks for both."""
        base = BASE.replace("{threshold: 0.5,", "{overridable: true, threshold: 0.5,")
        left = child(
            """\
            detectors: {harm: {model: unbiased, checkpoint: x, overridable: false}}
            requirements: [{id: open, at_most: 0.9, overridable: false}]
            """
        )

        policy = parse(HEAD + f"extends: [{order}]\n", left=left, base=base)

        assert policy.detectors["harm"]["model"] == "unbiased"
        assert str(requirement(policy, "open").clause) == "at most 0.9"
        assert policy.overridable == ()

    def test_two_open_ones_stay_open(self, parse: Parse) -> None:
        """What every parent leaves open stays open."""
        base = BASE.replace("{threshold: 0.5,", "{overridable: true, threshold: 0.5,")

        policy = parse(HEAD + "extends: [base.yaml, b.yaml]\n", base=base, b=CHILD)

        assert policy.overridable == ("detectors.harm",)
