from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.checks.pii.pii_exposure import PiiExposure
from assaymark.testing import Row, Text, batch_of, case_contract, detections_of

CASES = Path("tests/checks/cases/pii-exposure")


@pytest.mark.parametrize("case", ["fires", "quiet"])
def test_case(case: str, repository: Path) -> None:
    """The check reports what the documented case says."""
    case_contract(PiiExposure, repository / CASES / f"{case}.yaml")


@pytest.mark.parametrize(
    ("entity", "severity"),
    [("CREDIT_CARD", "critical"), ("PERSON", "medium"), ("URL", "low"), ("US_PASSPORT", "high")],
)
def test_severity_follows_what_the_kind_allows(entity: str, severity: str) -> None:
    """A kind that nobody has graded is taken for an official number, not for a trifle."""
    rows = [Row(texts=(Text(text="x", spans=((0, 1, entity, 1.0),)),))]
    check = PiiExposure(PiiExposure.Settings(), {"pii": (entity,)})

    (finding,) = check.find(batch_of(rows), detections_of(rows, "pii"))

    assert finding.severity == severity
