from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.checks.secrets.secret_exposure import SecretExposure
from assaymark.testing import Row, Text, batch_of, case_contract, detections_of

CASES = Path("tests/checks/cases/secret-exposure")


@pytest.mark.parametrize("case", ["fires", "quiet"])
def test_case(case: str, repository: Path) -> None:
    """The check reports what the documented case says."""
    case_contract(SecretExposure, repository / CASES / f"{case}.yaml")


def test_a_finding_holds_no_character_of_the_credential() -> None:
    """What is kept of a credential is where it is and which marks it has."""
    secret = "Tr0ub4dor&3-Ünï"
    rows = [Row(texts=(Text(text=f"pw {secret} end", spans=((3, 18, "PASSWORD", 0.5),)),))]
    check = SecretExposure(SecretExposure.Settings(), {"secrets": ("PASSWORD",)})

    (finding,) = check.find(batch_of(rows), detections_of(rows, "secrets"))

    assert finding.shape == "Xx9xx9xxx&9-Xxx"
    assert secret not in repr(finding)
