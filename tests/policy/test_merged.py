"""The merged view and the digest that gates pin."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from assaymark.policy.merged import to_document
from assaymark.policy.policy import Policy

from .conftest import HEAD
from .test_frameworks import CATALOGUE, named
from .test_inheritance import BASE, CHILD

Parse = Callable[..., Policy]

FULL = (
    BASE.replace("owner: team@example.org", "owner: o, valid_until: 2027-01-01, description: d")
    .replace("{threshold: 0.5,", "{overridable: true, threshold: 0.5,")
    .replace("    remediation: redact it\n", "    remediation: redact it\n    # a comment\n")
    + "  - {id: either, any_of: [{metric: records.count, at_most: 9}], on: outputs}\n"
    + CATALOGUE.replace('id: "1", title: count', 'id: "1", title: Zählen')
    + "guard: {input: [{detector: pii, do: redact, entities: [US_SSN]}]}\n"
    + "tests: [{name: t, expect: UNDECIDED}]\n"
)


@pytest.fixture(scope="module")
def full(parse: Parse) -> Policy:
    """A policy that says everything that can be said."""
    return parse(FULL)


def test_merged_view_is_a_policy_with_the_same_digest(parse: Parse, full: Policy) -> None:
    """Written out and read again, nothing changes but where things stand."""
    document = to_document(full)

    again = parse(json.dumps(document, ensure_ascii=False))

    assert to_document(again) == document
    assert again.digest == full.digest
    assert [replace(each, origin="") for each in again.requirements] == [
        replace(each, origin="") for each in full.requirements
    ]


def test_inherited_and_written_out_are_the_same_policy(parse: Parse, full: Policy) -> None:
    """A child without an opinion of its own is its parent, apart from its name."""
    text = CHILD.replace("owner: team@example.org", "owner: o, description: d")

    child = parse(text, base=FULL)

    assert to_document(child) == to_document(full)
    assert child.digest == full.digest
    assert child.tests == ()


def test_digest_ignores_what_changes_nothing(parse: Parse, full: Policy) -> None:
    """Comments, tests, the order of keys, and defaults written out do not move the digest."""
    text = FULL.replace("    # a comment\n", "").replace(
        "tests: [{name: t, expect: UNDECIDED}]\n", ""
    )
    text = text.replace("min_score: 0.4}", "languages: [en], min_score: 0.40}")

    assert parse(text).digest == full.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1.0.0", "version: 1.0.1"),
        ("confidence: 0.95", "confidence: 0.96"),
        ("at_most: 0.01", "at_most: 0.011"),
        ("enforce: warn", "enforce: audit"),
        ("severity: medium", "severity: high"),
        ("overridable: true, threshold", "threshold"),
        ("min_score: 0.4", "min_score: 0.41"),
        ("examples: 2", "examples: 3"),
        ("remediation: redact it", "remediation: redact all"),
        ("note: rows only", "note: rows"),
        ("do: redact", "do: block"),
        ("valid_until: 2027-01-01", "valid_until: 2027-01-02"),
    ],
)
def test_digest_covers_what_matters(parse: Parse, full: Policy, old: str, new: str) -> None:
    """Whatever can change a decision, a run or a claim changes the digest."""
    assert FULL.count(old) == 1

    assert parse(FULL.replace(old, new)).digest != full.digest


def test_digest_is_pinned(parse: Parse) -> None:
    """Gates keep digests for years, so an old policy must keep its own."""
    policy = parse(HEAD + named("demo:1") + CATALOGUE)

    assert policy.digest == "12b6d20e7c2716b2c6f4dd73e5dfc21fad8e95c4a2e3365d683309dbe3f53504"
