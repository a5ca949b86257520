from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.checks.provenance.collection_dates import CollectionDates
from assaymark.testing import case_contract
from checks.judged import CASES, judged


@pytest.mark.parametrize("case", ["fires", "quiet"])
def test_case(case: str, repository: Path) -> None:
    """The check reports what the documented case says."""
    case_contract(CollectionDates, repository / CASES / "collection-dates" / f"{case}.yaml")


@pytest.mark.parametrize(
    ("own", "rules"),
    [
        ("collected: {until: 2024-02-01}", []),
        ("collected: {until: 2024}", []),
        ("name: x", ["PRV-003:missing"]),
        ("collected: {until: soon}", ["PRV-003:unreadable"]),
        ("collected: {until: 2024-02-30}", ["PRV-003:unreadable"]),
        ("collected: {from: 2024-03, until: 2024-03-01}", []),
        ("collected: {from: 2024-03, until: 2024-02}", ["PRV-003:reversed"]),
        ("collected: {until: 2026-01-03}", ["PRV-003:future"]),
        ("collected: {until: 2026-01-02}", []),
        ("collected: {until: 2026}", []),
        ("collected: {until: 2024-02-01}\nissued: 2024-01", ["PRV-003:after-release"]),
        ("collected: {until: 2024-02-01}\nissued: 2024-02-01T00:00:00Z", []),
        ("collected: {until: 2020}", ["PRV-003:too-old"]),
    ],
)
def test_rules(own: str, rules: list[str]) -> None:
    """Missing, impossible or old; a month is faulted only where none of its days is possible."""
    settings = {"as_of": "2026-01-01", "max_age_days": 1000}

    assert judged(CollectionDates, own, settings=settings).rules == rules


def test_without_a_day_that_counts_as_today_the_number_stays_open() -> None:
    """No clock is read in its place; what documents contradict among themselves is faulted all the same."""
    dated = judged(CollectionDates, "collected: {until: 2024-02-01}", settings={"max_age_days": 1})
    contradicting = judged(CollectionDates, "collected: {from: 2024-03, until: 2024-02}")

    assert dated.rules == ["PRV-003:no-today"]
    assert dated.numbers == {"provenance.date-faults": (0, 1)}
    assert dated.reasons == {"provenance.dates-judged-on": "nobody declared a day as today"}
    assert contradicting.numbers == {"provenance.date-faults": (1, 2)}


def test_the_evidence_keeps_the_day_that_counted_as_today() -> None:
    """As a number that a reader can read."""
    found = judged(CollectionDates, "name: x", settings={"as_of": "2026-01-31"})

    assert found.numbers["provenance.dates-judged-on"] == (20260131, 20260131)
