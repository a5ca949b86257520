"""`audit --today`: evidence that comes out the same on any day."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: p, version: 1.0.0, owner: o@example.org}
checks:
  - {id: collection-dates, max_age_days: 30}
requirements:
  - {id: dates, metric: provenance.date-faults, on: dataset, at_most: 0, severity: high, enforce: deny}
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder whose manifest says when its rows were collected."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "rows.jsonl").write_text('{"text": "x"}\n')
    (folder / "assaymark.yaml").write_text(
        "apiVersion: assaymark/v1\nkind: Manifest\ncollected: {until: 2026-01-15}\n"
    )
    (tmp_path / "policy.yaml").write_text(POLICY)
    return folder


@pytest.mark.parametrize(
    ("day", "status"), [("2026-01-20", 0), ("2026-03-01", 1), ("2026-01-01", 1)]
)
def test_dates_are_judged_by_the_day_that_is_declared(
    run, data, tmp_path, day: str, status: int
) -> None:
    """Young enough, too old, and from the future; the evidence says by which day."""
    out = tmp_path / "out"

    result = run("audit", tmp_path / "policy.yaml", "--dataset", data, "--out", out, "--today", day)

    (subject,) = json.loads((out / "evidence.json").read_text())["subjects"]
    judged_on = {each["metric"]: each.get("value") for each in subject["results"]}
    assert result.status == status
    assert judged_on["provenance.dates-judged-on"] == int(day.replace("-", ""))


def test_the_same_day_gives_the_same_evidence(run, data, tmp_path) -> None:
    """Whenever the audit runs."""
    for name in ("one", "two"):
        words = ("audit", tmp_path / "policy.yaml", "--dataset", data, "--out", tmp_path / name)
        run(*words, "--today", "2026-01-20")

    assert (tmp_path / "one/evidence.json").read_bytes() == (
        tmp_path / "two/evidence.json"
    ).read_bytes()


def test_without_it_the_clocks_day_is_declared(run, data, tmp_path) -> None:
    """And kept, so that a reader sees that it was."""
    out = tmp_path / "out"

    run("audit", tmp_path / "policy.yaml", "--dataset", data, "--out", out)

    (subject,) = json.loads((out / "evidence.json").read_text())["subjects"]
    judged_on = {each["metric"]: each.get("value") for each in subject["results"]}
    assert judged_on["provenance.dates-judged-on"] >= 20260101


def test_what_is_no_day_is_refused(run, data, tmp_path) -> None:
    """Before anything is read."""
    result = run(
        *("audit", tmp_path / "policy.yaml", "--dataset", data, "--out", tmp_path / "out"),
        *("--today", "tomorrow"),
    )

    assert result.status == 2
    assert not (tmp_path / "out").exists()
