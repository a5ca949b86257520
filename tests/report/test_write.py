from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assaymark.report import text
from assaymark.report.view import Report
from assaymark.report.write import FORMS, render_all


def test_the_files_are_those_of_an_audit(each_report: Report) -> None:
    """Every form is there under its name, none is empty, each ends in a line feed."""
    forms = render_all(each_report)

    assert tuple(forms) == FORMS
    assert all(data.endswith(b"\n") for data in forms.values())


@pytest.mark.parametrize("case", ["failing", "sampled", "waived", "several_subjects"])
def test_equal_reports_give_equal_bytes(
    builders: Mapping[str, Callable[[], Report]], case: str
) -> None:
    """No clock, no random id, no order of arrival: values made twice render alike."""
    assert render_all(builders[case]()) == render_all(builders[case]())


def test_another_time_of_decision_changes_only_times(reports: Mapping[str, Report]) -> None:
    """The time in the forms is the decision's."""
    report = reports["failing"]
    later = replace(
        report, decision=replace(report.decision, decided_at=datetime(2026, 12, 1, tzinfo=UTC))
    )

    for file, data in render_all(later).items():
        if file in {"report.html", "report.sarif", "report.junit.xml", "report.oscal.json"}:
            assert b"2026-12-01" in data
        assert b"2026-11-20" not in data


def test_all_forms_say_the_same(each_report: Report) -> None:
    """Verdict, policy digest and the names of all requirements are in every form that lists them."""
    forms = render_all(each_report)

    for file, data in forms.items():
        shown = data.decode()
        assert each_report.decision.verdict.value in shown, file
        assert each_report.policy.digest[:16] in shown, file
        for each in each_report.policy.requirements:
            assert each.id in shown, file
    for each in each_report.policy.requirements:
        assert each.id in text.render(each_report)
