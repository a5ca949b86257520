from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assaymark.checks.records.record_health import RecordHealth
from assaymark.model.measurement import NotMeasured
from assaymark.testing import Row, Text, batch_of, case_contract, detections_of

CASES = Path("tests/checks/cases/record-health")


@pytest.mark.parametrize("case", ["fires", "quiet"])
def test_case(case: str, repository: Path) -> None:
    """The check reports what the documented case says."""
    case_contract(RecordHealth, repository / CASES / f"{case}.yaml")


def _finish(rows: list[Row], *, sampled: bool = False) -> dict[str, Any]:
    check = RecordHealth(RecordHealth.Settings(), {})
    state = check.update(check.start(), batch_of(rows), detections_of(rows))
    return {each.metric: each for each in check.finish(state, sampled=sampled)}


def test_a_record_that_could_not_be_read_leaves_the_count_open() -> None:
    """The number of records is what was read, and at most what was met."""
    results = _finish([Row(texts=(Text(text="x"),)), Row(skipped="invalid JSON")])

    interval = results["records.count"].interval
    assert (interval.low, interval.high) == (1.0, 2.0)


def test_a_sample_does_not_tell_how_many_records_there_are() -> None:
    """The number of sampled rows is not the number of rows."""
    result = _finish([Row(texts=(Text(text="x"),))], sampled=True)["records.count"]

    assert result == NotMeasured(
        metric="records.count",
        check="record-health",
        labels=(),
        reason="the rows are a sample, which does not tell how many there are",
    )


def test_a_subject_without_records_has_none() -> None:
    """Zero records is a fact, so a policy can break on it; a share of nothing is not measured."""
    results = _finish([])

    assert results["records.count"].value == 0.0
    assert results["records.empty-rate"].reason == "there are no rows"
    assert results["records.unreadable-rate"].reason == "there are no rows"


def test_only_unreadable_records() -> None:
    """Where nothing could be read, all is unreadable and emptiness is unknown."""
    results = _finish([Row(skipped="invalid JSON"), Row(skipped="line too long")])

    assert results["records.unreadable-rate"].value == 1.0
    assert results["records.empty-rate"].reason == "none of 2 rows could be judged"
