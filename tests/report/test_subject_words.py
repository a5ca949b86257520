"""A report says of a model behind an address that it covers no bytes, in every form."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from assaymark.model.subject import SubjectKind
from assaymark.report import html, junit, oscal, sarif
from assaymark.report.subject_words import BY_BYTES, covered
from assaymark.report.view import Report

from .conftest import decided

DECLARED = {"endpoint": "https://models.example/v1", "model": "m", "revision": "7"}
NO_BYTES = (
    "About `vllm:m@https://models.example/v1` the decision rests on what it answered when it was asked. "
    "Nobody could hash what runs behind that name, so it is known as declared: what is changed there "
    "afterwards keeps the name, and this report says nothing about it."
)


@pytest.fixture
def report() -> Report:
    """About a model behind an address."""
    plain = decided([], [])
    (subject,) = plain.evidence.subjects
    model = replace(
        subject.subject,
        kind=SubjectKind.MODEL,
        name="vllm:m@https://models.example/v1",
        declared=DECLARED,
        files=0,
        size=0,
    )
    asked = replace(subject, subject=model)
    return replace(plain, evidence=replace(plain.evidence, subjects=(asked,)))


def test_a_declared_model_is_not_its_bytes(report: Report) -> None:
    """Nor is a dataset beside it taken for a name."""
    (dataset,) = decided([], []).evidence.subjects

    assert list(covered(report.evidence.subjects)) == [NO_BYTES]
    assert list(covered([dataset])) == [BY_BYTES]
    assert list(covered([dataset, *report.evidence.subjects])) == [
        (
            f"About `{dataset.subject.name}` the decision is about exactly the bytes that have this digest; "
            "a file that differs in one of them is not covered."
        ),
        NO_BYTES,
    ]


def test_the_page_says_so(report: Report) -> None:
    """With what was declared, and prompts where there are no records."""
    page = html.render(report)

    assert "exactly these bytes" not in page
    assert "Nobody could hash what runs behind that name" in page
    assert "endpoint <code>https://models.example/v1</code>, model <code>m</code>" in page
    assert "SHA-256 of what is declared, not of the model, <code>" in page
    assert "<dt>Prompts</dt>" in page
    assert "<dt>Records</dt>" not in page


def test_sarif_names_the_digest_for_what_it_is(report: Report) -> None:
    """No `digest`, no `hashes`: those would be of bytes."""
    (artifact,) = json.loads(sarif.render(report))["runs"][0]["artifacts"]

    assert "hashes" not in artifact
    assert artifact["properties"] == {
        "kind": "model",
        "files": 0,
        "declared": DECLARED,
        "declaredDigest": report.evidence.subjects[0].subject.digest,
    }


def test_oscal_names_the_digest_for_what_it_is(report: Report) -> None:
    """As a property of its own."""
    results = json.loads(oscal.render(report))["assessment-results"]["results"]
    (item,) = results[0]["local-definitions"]["inventory-items"]

    told = {each["name"]: each["value"] for each in item["props"]}
    assert told["known-by"] == "what is declared; its digest covers no bytes of the model"
    assert "(as declared)" in item["description"]
    assert "file" not in item["description"]


def test_junit_says_as_declared(report: Report) -> None:
    """Beside the name."""
    assert "vllm:m@https://models.example/v1 (as declared)" in junit.render(report).decode()
