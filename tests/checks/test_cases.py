"""`case_contract` fails where a check and its case disagree."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.checks.records.record_health import RecordHealth
from assaymark.testing import case_contract

_RESULTS = """\
expect:
  - {metric: records.count, value: 1}
  - {metric: records.empty-rate, hits: 0, judged: 1, unjudged: 1}
  - {metric: records.unreadable-rate, hits: 1, judged: 2, unjudged: 0}
  - {metric: records.unread-fields, value: 0}
"""
_ROWS = """\
rows:
  - texts: [{text: hello}]
  - skipped: invalid JSON
"""


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "other",
            f"{_ROWS}{_RESULTS}findings: []\n",
            "other.yaml: expected 0 findings, got 1",
        ),
        (
            "fires",
            f"{_ROWS}{_RESULTS}findings: [{{rule: invalid JSON, row: 0}}]\n",
            (
                "fires.yaml: expected the findings [{'rule': 'invalid JSON', 'row': 0}], "
                "got [{'rule': 'invalid JSON', 'row': 1}]"
            ),
        ),
        (
            "quiet",
            f"{_ROWS}{_RESULTS}findings: [{{rule: invalid JSON}}]\n",
            "quiet.yaml expects 1 findings: `fires` needs some, `quiet` none",
        ),
        (
            "fires",
            f"{_ROWS}{_RESULTS}findings: []\n",
            "fires.yaml expects 0 findings: `fires` needs some, `quiet` none",
        ),
        ("quiet", "finding: []\n", "quiet.yaml has the unknown key `finding`"),
    ],
)
def test_says_where_they_disagree(tmp_path: Path, name: str, text: str, message: str) -> None:
    """A case that the check does not keep is a failure, with both sides of it."""
    path = tmp_path / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(AssertionError) as caught:
        case_contract(RecordHealth, path)

    assert str(caught.value) == message


def test_results_are_compared(tmp_path: Path) -> None:
    """Each result must be expected, with each of its numbers."""
    path = tmp_path / "fires.yaml"
    path.write_text(f"{_ROWS}{_RESULTS}findings: [{{row: 1}}]\n".replace("value: 1", "value: 2"))

    with pytest.raises(AssertionError, match=r"fires.yaml: expected the results .*'value': 2.0"):
        case_contract(RecordHealth, path)
