"""What `guard serve` needs from reports: the numbers that drift is measured against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assaymark.cli.operating import audited_in
from assaymark.cli.trusting import DEFAULT_OPENING
from assaymark.guard.watch.baseline import audited_rates
from assaymark.model.subject import SubjectKind
from assaymark.policy.guarding import guard_rules
from guard.life.policies import KEY

POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: p, version: 1.0.0, owner: o@example.org}
requirements:
  - {id: few, metric: secrets.row-rate, on: dataset, at_most: 0.9}
  - {id: few-keys, metric: secrets.row-rate, where: {entity: AWS_ACCESS_KEY}, on: dataset, at_most: 0.9}
guard:
  input: [{detector: secrets, do: redact}]
"""
SERVE = """\
apiVersion: assaymark/v1
kind: Serve
policy: policy.yaml
upstreams: [{url: "http://127.0.0.1:1/v1"}]
alerts: {drift: {margin: 0.01}}
"""
TRUST = """\
apiVersion: assaymark/v1
kind: Trust
keys:
  - {name: auditor, publicKey: k.pub, roles: [auditor]}
"""


@pytest.fixture
def desk(tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A policy, data with a key in one of four rows, and a signed report about it."""
    monkeypatch.chdir(tmp_path)
    rows = [f"Use {KEY} please.", "one", "two", "three"]
    (tmp_path / "d.jsonl").write_text("".join(f'{{"text": "{each}"}}\n' for each in rows))
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "serve.yaml").write_text(SERVE)
    (tmp_path / "trust.yaml").write_text(TRUST)
    run("keys", "new", "k", "--no-passphrase")
    made = run("audit", "policy.yaml", "--dataset", "d.jsonl", "--out", "out", "--key", "k")
    assert made.status == 0, made.err
    return tmp_path


def test_drift_needs_a_report(desk: Path, run: Any) -> None:
    """Without one there is nothing to drift from, and the server does not pretend to look."""
    refused = run("guard", "serve", "serve.yaml")

    assert refused.status == 2
    assert refused.err == (
        "error: drift is measured against a report, and none is given\n"
        "hint: give `--require-report`, `--trust` and `--subject`, or leave `drift` out\n"
    )


def test_what_a_report_measured(desk: Path) -> None:
    """The shares of a signed report, and where the guard finds the same."""
    rules = guard_rules({"input": [{"detector": "secrets", "do": "redact"}]})

    subjects = audited_in([desk / "out"], desk / "trust.yaml", DEFAULT_OPENING)
    rates = audited_rates(subjects, rules)

    assert [kind for kind, _ in subjects] == [SubjectKind.DATASET]
    assert [(each.side, each.detectors, each.sample) for each in rates if each.sample.hits] == [
        ("request", ("secrets",), (1, 4))
    ]
    assert audited_in([desk / "out"], None, DEFAULT_OPENING) == []
