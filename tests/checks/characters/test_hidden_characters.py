from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.checks.characters.hidden_characters import HiddenCharacters
from assaymark.testing import Row, Text, batch_of, case_contract, detections_of

CASES = Path("tests/checks/cases/hidden-characters")


@pytest.mark.parametrize("case", ["fires", "quiet"])
def test_case(case: str, repository: Path) -> None:
    """The check reports what the documented case says."""
    case_contract(HiddenCharacters, repository / CASES / f"{case}.yaml")


def test_offsets_count_code_points() -> None:
    """A character beyond the basic plane counts once, as it does in the original text."""
    rows = [Row(texts=(Text(text="😀\u202ex", spans=((1, 2, "BIDI_CONTROL", 1.0),)),))]
    check = HiddenCharacters(HiddenCharacters.Settings(), {"characters": ("BIDI_CONTROL",)})

    (finding,) = check.find(batch_of(rows), detections_of(rows, "characters"))

    assert (finding.location.start, finding.location.end, finding.shape) == (1, 2, "·")
