from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from assaymark.report.junit import render
from assaymark.report.view import Report


@pytest.fixture(scope="session")
def schema(shared: Path) -> Any:
    """The schema of Ant's JUnit report."""
    return etree.XMLSchema(etree.parse(shared / "vectors/schemas/JUnit.xsd"))


def suite_of(report: Report) -> Any:
    """Return the one test suite."""
    (suite,) = etree.fromstring(render(report))
    return suite


def cases_of(report: Report) -> dict[str, tuple[str, str]]:
    """Return what became of each test case, with its message, by name."""
    found = {}
    for case in suite_of(report).iter("testcase"):
        result = case[0] if len(case) else None
        found[case.get("name")] = (
            ("passed", "") if result is None else (result.tag, result.get("message"))
        )
    return found


def test_every_report_is_valid(each_report: Report, schema: Any) -> None:
    """The schema that CI systems were built on accepts what we write."""
    schema.assertValid(etree.fromstring(render(each_report)))


def test_hostile_names_stay_valid(hostile_report: Report, schema: Any) -> None:
    """Control characters, markup and half characters cannot make the file unreadable."""
    schema.assertValid(etree.fromstring(render(hostile_report)))


def test_each_result_has_its_kind(reports: Mapping[str, Report]) -> None:
    """Failure, error, skipped and passed follow status and enforcement."""
    assert cases_of(reports["failing"]) == {
        "no-card-numbers": (
            "failure",
            (
                "not met: 37 of the 11,990 rows that could be judged; 13 more could not, "
                "so between 0.3083% and 0.4166% of all 12,003"
            ),
        ),
        "no-social-security-numbers": (
            "error",
            (
                "undecided: 0 of the 11,990 rows that could be judged; 13 more could not, "
                "so between 0% and 0.1083% of all 12,003"
            ),
        ),
        "few-mail-addresses": (
            "skipped",
            (
                "not met, but warns only: 800 of the 12,000 rows that could be judged; "
                "3 more could not, so between 6.665% and 6.69% of all 12,003"
            ),
        ),
        "little-harm": (
            "skipped",
            "undecided, but recorded only: not measured: none of 12,003 rows could be judged",
        ),
        "enough-records": ("passed", ""),
    }


def test_waived_is_skipped_with_the_reason(reports: Mapping[str, Report]) -> None:
    """Who looks at the tests sees why one did not run to a failure."""
    outcome, message = cases_of(reports["waived"])["no-card-numbers"]

    assert outcome == "skipped"
    assert message.startswith("Waived by `waiver-7`, approved by")
    assert message.endswith("published test numbers.")


def test_totals_agree_with_the_cases(each_report: Report) -> None:
    """The counts on the suite are those of its cases."""
    suite = suite_of(each_report)
    kinds = [
        kind
        for kind, _ in (
            (case[0].tag if len(case) else "passed", 0) for case in suite.iter("testcase")
        )
    ]

    assert int(suite.get("tests")) == len(kinds) == len(each_report.decision.outcomes)
    assert int(suite.get("failures")) == kinds.count("failure")
    assert int(suite.get("errors")) == kinds.count("error")
    assert int(suite.get("skipped")) == kinds.count("skipped")


def test_a_failure_says_where_and_what_to_do(reports: Mapping[str, Report]) -> None:
    """The text of a failure is enough to start from."""
    failure = suite_of(reports["failing"]).find("testcase/failure").text.splitlines()

    assert failure[:4] == [
        "demands: rows with `CREDIT_CARD`: at most 0.01% (1 in 10,000)",
        (
            "seen: 37 of the 11,990 rows that could be judged; 13 more could not, "
            "so between 0.3083% and 0.4166% of all 12,003"
        ),
        "controls: gdpr:5.1.c, owasp-llm:LLM02",
        "to do: Run `assaymark redact` and audit again.",
    ]
    assert failure[4].startswith("at `customers.csv`, row 3, line 5, field `notes`")
    assert failure[-1] == "every place: findings.parquet"


def test_the_same_requirement_for_two_subjects_is_two_cases(reports: Mapping[str, Report]) -> None:
    """The class name is the subject, so that CI systems do not merge them."""
    suite = suite_of(reports["several_subjects"])

    cases = [(case.get("classname"), case.get("name")) for case in suite.iter("testcase")]
    assert ("dataset customers.csv", "no-card-numbers") in cases
    assert ("outputs answers.parquet", "no-card-numbers") in cases
    assert len(set(cases)) == len(cases)


def test_what_was_not_tested_is_in_the_log(reports: Mapping[str, Report]) -> None:
    """The suite's output lists the gaps, cut where they are many."""
    log = suite_of(reports["failing"]).find("system-out").text

    assert log.startswith("FAIL\n")
    assert "not tested: Controls that need a person\n  `gdpr:6.1`" in log


def test_long_lists_of_gaps_are_cut(many_subjects: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log stays short however many subjects there are."""
    monkeypatch.setattr("assaymark.report.junit._GAP_LINES", 20)
    log = suite_of(many_subjects).find("system-out").text

    assert "  and 10 more in report.html" in log
