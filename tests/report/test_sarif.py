from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest

from assaymark.model.subject import Sha256, Subject, SubjectKind
from assaymark.report.sarif import FINGERPRINT, MAX_RESULTS, file_uri, render
from assaymark.report.view import Report


@pytest.fixture(scope="session")
def validator(shared: Path) -> Any:
    """A validator for the published schema."""
    packed = shared / "vectors/schemas/sarif-schema-2.1.0.json.gz"
    schema = json.loads(gzip.decompress(packed.read_bytes()))
    return jsonschema.validators.validator_for(schema)(schema)


def run_of(report: Report) -> dict[str, Any]:
    """Return the one run of the rendered document."""
    (run,) = json.loads(render(report))["runs"]
    return run


def results_of(report: Report, prefix: str) -> list[dict[str, Any]]:
    """Return the results whose rule starts with `prefix`."""
    return [each for each in run_of(report)["results"] if each["ruleId"].startswith(prefix)]


def test_every_report_is_valid(each_report: Report, validator: Any) -> None:
    """The published schema accepts what we write."""
    assert [each.message for each in validator.iter_errors(json.loads(render(each_report)))] == []


def test_hostile_names_stay_valid(hostile_report: Report, validator: Any) -> None:
    """No name breaks the schema, and every address is a relative or file reference."""
    run = run_of(hostile_report)

    assert [
        each.message for each in validator.iter_errors(json.loads(render(hostile_report)))
    ] == []
    for result in run["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert urlsplit(uri).scheme in {"", "file"}
        assert uri.isascii()
        assert not set(uri) & set(' <>"`{}|\\^')


def test_rules_are_found_by_their_index(each_report: Report) -> None:
    """Each result's index points at the rule that it names, and rules have help."""
    run = run_of(each_report)
    rules = run["tool"]["driver"]["rules"]

    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert all(each["help"]["text"] for each in rules)
    assert {f"requirement/{each.id}" for each in each_report.policy.requirements} <= {
        each["id"] for each in rules
    }


def test_level_and_kind_follow_enforcement_and_status(reports: Mapping[str, Report]) -> None:
    """Broken and enforced is an error, a warning warns, and undecided is open."""
    shown = {
        each["ruleId"]: (each["kind"], each["level"])
        for each in results_of(reports["failing"], "requirement/")
    }

    assert shown == {
        "requirement/no-card-numbers": ("fail", "error"),
        "requirement/no-social-security-numbers": ("open", "none"),
        "requirement/few-mail-addresses": ("fail", "warning"),
        "requirement/little-harm": ("open", "none"),
    }


def test_findings_are_errors_only_where_they_deny(reports: Mapping[str, Report]) -> None:
    """What the policy allows is a note, so that a build fails only where the gate does."""
    assert {
        each["level"] for each in results_of(reports["failing"], "pii-exposure/CREDIT_CARD")
    } == {"error"}
    assert {each["level"] for each in results_of(reports["failing"], "pii-exposure/EMAIL")} == {
        "warning"
    }
    assert {each["level"] for each in results_of(reports["passing"], "pii-exposure/")} == {"note"}


def test_a_requirement_points_at_its_line_in_the_policy(reports: Mapping[str, Report]) -> None:
    """Nothing in the data is to blame for a rate, so the policy's line is the place."""
    (result,) = results_of(reports["failing"], "requirement/no-card-numbers")

    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "support-bot.yaml"},
                "region": {"startLine": 14},
            }
        }
    ]


def test_without_an_origin_the_policy_file_is_the_place(reports: Mapping[str, Report]) -> None:
    """Every result has a place, because code scanning refuses results without one."""
    (result,) = results_of(reports["composed"], "requirement/")
    place = result["locations"][0]["physicalLocation"]
    bare = replace(reports["composed"], policy=replace(reports["composed"].policy, files=()))

    assert place == {"artifactLocation": {"uri": "support-bot.yaml"}, "region": {"startLine": 1}}
    (result,) = results_of(bare, "requirement/")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "policy"}


def test_a_finding_points_at_its_line_row_and_field(reports: Mapping[str, Report]) -> None:
    """The line is a region where there is one; row, field and offset are always there."""
    first, *_ = results_of(reports["failing"], "pii-exposure/CREDIT_CARD")
    without_line, *_ = results_of(reports["composed"], "pii-exposure/")

    (location,) = first["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "customers.csv"},
        "region": {"startLine": 5},
    }
    assert location["properties"] == {
        "row": 3,
        "field": "notes",
        "charOffset": 14,
        "charLength": 19,
    }
    assert "region" not in without_line["locations"][0]["physicalLocation"]


def test_waived_findings_and_requirements_are_suppressed(reports: Mapping[str, Report]) -> None:
    """A waiver is an external suppression with its reason; what else is broken is not suppressed."""
    waived = [
        *results_of(reports["waived"], "requirement/no-card-numbers"),
        *results_of(reports["waived"], "pii-exposure/CREDIT_CARD"),
    ]

    assert len(waived) == 21
    for result in waived:
        (suppression,) = result["suppressions"]
        assert suppression["kind"] == "external"
        assert "published test numbers" in suppression["justification"]
    assert not any(
        "suppressions" in each for each in results_of(reports["waived"], "pii-exposure/EMAIL")
    )
    assert not any("suppressions" in each for each in run_of(reports["failing"])["results"])


def test_fingerprints_are_stable_and_unique(reports: Mapping[str, Report]) -> None:
    """A fingerprint names the place, so it survives changed bytes and tells results apart."""
    report = reports["failing"]
    changed_bytes = {Sha256("a" * 64): Sha256("7" * 64)}
    subject = report.evidence.subjects[0]
    renamed = replace(
        report,
        evidence=replace(
            report.evidence,
            subjects=(
                replace(
                    subject,
                    subject=replace(subject.subject, digest=changed_bytes[subject.subject.digest]),
                ),
            ),
        ),
        decision=replace(
            report.decision,
            outcomes=tuple(
                replace(each, subject=None if each.subject is None else changed_bytes[each.subject])
                for each in report.decision.outcomes
            ),
        ),
    )

    before = [each["partialFingerprints"][FINGERPRINT] for each in run_of(report)["results"]]
    assert before == [
        each["partialFingerprints"][FINGERPRINT] for each in run_of(renamed)["results"]
    ]
    assert len(set(before)) == len(before)


def test_what_was_not_tested_is_told_as_notifications(reports: Mapping[str, Report]) -> None:
    """Gaps reach whoever reads only this file; the run itself succeeded and has the right exit code."""
    (invocation,) = run_of(reports["failing"])["invocations"]

    assert invocation["executionSuccessful"]
    assert invocation["exitCode"] == 1
    assert invocation["endTimeUtc"] == "2026-11-20T09:30:00Z"
    texts = [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]
    assert "Detectors without measured quality: `harm`" in texts


def test_the_number_of_results_is_capped(reports: Mapping[str, Report]) -> None:
    """What is left out is counted."""
    run = run_of(reports["thousand"])

    assert len(run["results"]) <= MAX_RESULTS
    assert run["properties"]["resultsLeftOut"] == 0
    assert run["properties"]["requirements"] == {
        "broken": 191,
        "undecided": 0,
        "waived": 0,
        "met": 809,
    }


@pytest.mark.parametrize(
    ("subject", "file", "uri"),
    [
        ("customers.csv", "customers.csv", "customers.csv"),
        ("data/", "part 1.jsonl", "data/part%201.jsonl"),
        ("data/*.jsonl", "data/a.jsonl", "data/a.jsonl"),
        ("/srv/data.csv", "/srv/data.csv", "file:///srv/data.csv"),
        ("s3://bucket/x.csv", "s3://bucket/x.csv", "s3%3A//bucket/x.csv"),
        ("-", "-", "-"),
        ("", "", "-"),
    ],
)
def test_file_uri(subject: str, file: str, uri: str) -> None:
    """Files of a directory are named from where the audit ran; every special character is encoded."""
    named = Subject(
        kind=SubjectKind.DATASET, name=subject, digest=Sha256("a" * 64), files=1, size=1
    )

    assert file_uri(named, file) == uri
    assert unquote(file_uri(named, file)) or uri == "-"


def test_a_directory_has_no_digest_of_its_bytes(reports: Mapping[str, Report]) -> None:
    """The root digest of many files is not the SHA-256 of anything that SARIF could hash."""
    (folder,) = run_of(reports["sampled"])["artifacts"]
    (file,) = run_of(reports["failing"])["artifacts"]

    assert "hashes" not in folder
    assert file["hashes"] == {"sha-256": "a" * 64}
