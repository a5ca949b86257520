"""`diff`: what changed between two versions, with a status that a script can go by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CANARY = "Zq7Kv"


def dataset(path: Path, rows: int, *, words: int = 8, label: str = "a", address: int = 0) -> Path:
    """Write records, some of them with an address."""
    with path.open("w", encoding="utf-8") as file:
        for row in range(rows):
            text = " ".join(f"w{row * 7 + each}" for each in range(row % words + 1))
            if row < address:
                text += f" {CANARY}{row}@example.org"
            record = {"id": row, "text": text, "label": f"{CANARY}{label}{row % 2}"}
            file.write(json.dumps(record) + "\n")
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The version before."""
    return dataset(tmp_path / "old.jsonl", 3000)


def test_the_same_bytes_have_no_difference(run, old, tmp_path) -> None:
    """Status 0 under any name and however few, since nothing has to be inferred."""
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(old.read_bytes())
    few = dataset(tmp_path / "few.jsonl", 2)

    result = run("diff", old, copy, "--detectors", "none")
    small = run("diff", few, few, "--detectors", "none", "--json")

    assert (result.status, result.err) == (0, "")
    assert result.out == (
        f"old: {old}, 3,000 records, 3,000 distinct texts\n"
        f"new: {copy}, 3,000 records, 3,000 distinct texts\n"
        "3,000 texts are in both\n"
        "no difference: both are the same bytes\n"
    )
    assert (small.status, small.json["identical"], small.json["changes"]) == (0, True, [])


def test_nothing_is_not_the_same_as_nothing(run, tmp_path) -> None:
    """Two files without a record are undecided: there was nothing to check."""
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text("")

    result = run("diff", tmp_path / "a.jsonl", tmp_path / "b.jsonl", "--detectors", "none")

    assert result.status == 3


def test_the_same_files_under_other_names_are_compared(run, old, tmp_path) -> None:
    """What a folder's files are called is part of what was read."""
    for folder, name in (("one", "a.jsonl"), ("two", "b.jsonl")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(old.read_bytes())
        (tmp_path / folder / "more.jsonl").write_text('{"text": "x"}\n')

    result = run("diff", tmp_path / "one", tmp_path / "two", "--detectors", "none", "--json")
    again = run("diff", tmp_path / "one", tmp_path / "one", "--detectors", "none", "--json")

    assert (result.json["identical"], again.json["identical"]) == (False, True)


def test_a_version_like_the_other(run, old, tmp_path) -> None:
    """Other bytes, the same records: status 0, and nothing to list."""
    new = tmp_path / "new.jsonl"
    new.write_text("\n".join(reversed(old.read_text().splitlines())) + "\n")

    result = run("diff", old, new, "--detectors", "none", "--column", "label")

    assert (result.status, result.err) == (0, "")
    assert result.out == (
        f"old: {old}, 3,000 records, 3,000 distinct texts\n"
        f"new: {new}, 3,000 records, 3,000 distinct texts\n"
        "3,000 texts are in both\n"
        "10 comparisons: 0 beyond the limit, 0 open, 10 within;"
        " 10 of all show no evidence of any change\n"
    )


def test_what_changed_is_said_with_its_limits(run, old, tmp_path) -> None:
    """Status 1; of values only how far apart they are."""
    new = dataset(tmp_path / "new.jsonl", 3000, words=14, label="b", address=600)

    result = run("diff", old, new, "--detectors", "pii-patterns", "--column", "label", "--all")
    assert result.status == 1
    assert result.err == ""
    lines = result.out.splitlines()
    beyond = [line.removeprefix("beyond  ") for line in lines if line.startswith("beyond")]
    assert beyond[-2].startswith("rows with EMAIL_ADDRESS: 0% → 20% (17.6 to ")
    assert "values of `label`: Jensen-Shannon 1 (" in result.out
    assert any(line.startswith("within  records without text: 0% → 0% (0 to ") for line in lines)
    assert CANARY not in result.out


def test_few_records_are_undecided(run, tmp_path) -> None:
    """Status 3: ten records show little."""
    few = dataset(tmp_path / "few.jsonl", 10)
    other = dataset(tmp_path / "other.jsonl", 10, label="b")

    result = run("diff", few, other, "--detectors", "none")
    assert result.status == 3
    assert "open    text length: PSI 0 (0 to " in result.out


def test_as_json(run, old, tmp_path) -> None:
    """Every comparison with its numbers; what is not known has no key."""
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")

    result = run("diff", old, empty, "--detectors", "none", "--json")
    assert result.status == 3
    plain = result.json
    assert plain["old"] == {"name": str(old), "records": 3000, "texts": 3000}
    assert plain["sharedTexts"] == 0
    assert plain["changes"][0] == {
        "what": "records that could not be read",
        "measure": "difference",
        "outcome": "open",
        "reason": "there is nothing in new",
    }
    new = dataset(tmp_path / "new.jsonl", 3000, label="b")
    within = run("diff", old, new, "--detectors", "none", "--json").json["changes"][0]
    assert set(within) == {
        *("what", "measure", "outcome", "old", "new", "value", "low", "high", "limit", "evidence")
    }


POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: p, version: 1.0.0, owner: trust@example.org}
checks: [{id: record-health}]
requirements:
  - {id: r, metric: records.empty-rate, at_most: 0.5, on: dataset}
"""


def test_evidence_against_evidence(run, old, tmp_path) -> None:
    """What two audits measured is compared without the data."""
    policy = tmp_path / "p.yaml"
    policy.write_text(POLICY)
    new = tmp_path / "new.jsonl"
    new.write_text(old.read_text() + '{"text": ""}\n' * 1000)
    for name, data in (("a", old), ("b", new)):
        run("audit", policy, "--dataset", data, "--out", tmp_path / name)

    same = run("diff", tmp_path / "a", tmp_path / "a" / "evidence.json")
    assert (same.status, same.out) == (0, "no difference: both are the same bytes\n")
    result = run("diff", tmp_path / "a", tmp_path / "b")
    assert result.status == 1
    assert "beyond  dataset: `records.empty-rate`: 0% → 25% (" in result.out
    assert "told    dataset: `records.count`: 3,000 → 4,000" in result.out


def test_usage_errors(run, old, tmp_path) -> None:
    """Status 2, with what to do."""
    evidence = tmp_path / "evidence.json"
    evidence.write_text("{}")

    mixed = run("diff", old, evidence)
    assert mixed.status == 2
    assert mixed.err == (
        f"error: one of `{old}` and `{evidence}` is evidence and the other is not\n"
        "hint: name two datasets, or two evidence files\n"
    )
    column = run("diff", evidence, evidence, "--column", "label")
    assert (column.status, column.err) == (
        2,
        "error: `--column`, `--field` and `--format` are for datasets, not for evidence\n",
    )
    broken = run("diff", evidence, evidence)
    assert broken.status == 2
    unknown = run("diff", old, old, "--detectors", "nope")
    assert unknown.status == 2
    assert unknown.err.startswith("error: no detector `nope` is installed\nhint: choose from ")
    assert run("diff", old, tmp_path / "none.jsonl").status == 2
