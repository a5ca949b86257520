"""Every rule about licences and provenance has a check, a page, a case, a severity and a remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assaymark.checks.registry import BUILTIN
from assaymark.checks.statements import Rule
from assaymark.contracts.check import CheckType

RULES = (
    *("LIC-001", "LIC-002", "LIC-003", "LIC-010", "LIC-011", "LIC-012", "LIC-013", "LIC-014"),
    *("LIC-020", "LIC-021", "LIC-022", "LIC-030"),
    *(f"PRV-00{number}" for number in range(1, 10)),
)
WITH_RULES = {
    check.meta.id: check
    for check in BUILTIN
    if any(isinstance(each, Rule) for each in getattr(check, "rules", ()))
}


def declared_by(rule: str) -> list[CheckType]:
    """Return the checks that count a rule. LIC-014 counts nothing: it says which branch was chosen."""
    if rule == "LIC-014":
        return [WITH_RULES["licence-purpose"], WITH_RULES["licence-mixture"]]
    return [each for each in WITH_RULES.values() if rule in {one.id for one in each.rules}]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_has_a_check_with_a_page_a_severity_and_a_remedy(
    rule: str, repository: Path
) -> None:
    """And stands in the table of the manual beside that check."""
    checks = declared_by(rule)
    manual = (repository / "docs/manifests.md").read_text(encoding="utf-8")

    assert checks
    for check in checks:
        page = (repository / f"docs/checks/{check.meta.id}.md").read_text(encoding="utf-8")
        rules = page.partition("## Rules")[2].partition("## Why")[0]
        assert re.search(rf"`{rule}`( \((high|medium|low)|:)", rules)
        assert page.partition("## Remediation\n")[2].partition("##")[0].strip()
        assert re.search(
            rf"\| [^|]*{rule}[^|]* \| \[{check.meta.id}\]\(checks/{check.meta.id}\.md\) \|", manual
        )


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_fires_in_the_tests(rule: str, repository: Path) -> None:
    """In a documented case, or where its check is tried; each of these checks has a quiet case too."""
    tests = repository / "tests/checks"
    for check in declared_by(rule):
        own = check.meta.id.replace("-", "_")
        cases = tests / "cases" / check.meta.id
        tried = next(tests.glob(f"*/test_{own}.py")).read_text(encoding="utf-8")
        fires = (cases / "fires.yaml").read_text(encoding="utf-8")
        counted = {one.metric for one in check.rules if one.id == rule}

        assert (cases / "quiet.yaml").is_file()
        # Tests of several rules at once name their numbers.
        assert rule in fires + tried or counted & set(re.findall(r"[a-z]+\.[a-z-]+", fires))


def test_no_rule_is_without_a_number_of_its_own() -> None:
    """A policy names the rules that it means."""
    metrics = [one.metric for check in WITH_RULES.values() for one in check.rules]

    assert len(set(metrics)) == len(metrics)
    for check in WITH_RULES.values():
        assert {one.metric for one in check.rules} <= {e.name for e in check.meta.metrics}
