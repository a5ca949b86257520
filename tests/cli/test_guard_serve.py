"""`guard serve --require-report`: what is served was audited, under the policy that guards it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: p, version: 1.0.0, owner: o@example.org}
requirements:
  - {id: enough, metric: records.count, on: dataset, at_least: %d, severity: low, enforce: deny}
guard:
  input: [{detector: secrets, do: block}]
"""
TRUST = """\
apiVersion: assaymark/v1
kind: Trust
keys:
  - {name: auditor, publicKey: k.pub, roles: [auditor]}
policies:
  allow: [%s]
"""
SERVE = """\
apiVersion: assaymark/v1
kind: Serve
policy: %s.yaml
upstreams: [{url: "http://127.0.0.1:1/v1"}]
"""


@pytest.fixture
def desk(tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A policy that passes with its report, one that fails with its, and settings for both."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    run("keys", "new", "k", "--no-passphrase")
    digests = []
    for name, number in (("pass", 2), ("fail", 3)):
        (tmp_path / f"{name}.yaml").write_text(POLICY % number)
        (tmp_path / f"{name}-serve.yaml").write_text(SERVE % name)
        run("audit", f"{name}.yaml", "--dataset", "d.jsonl", "--out", name, "--key", "k")
        digest = run("policy", "check", f"{name}.yaml", "--json").json["policy"]["sha256"]
        digests.append(f'"sha256:{digest}"')
    (tmp_path / "trust.yaml").write_text(TRUST % ", ".join(digests))
    return tmp_path


def words(name: str, report: str, subject: str = "d.jsonl") -> tuple[str, ...]:
    """A command that only says whether it would serve."""
    chain = ("--require-report", report, "--trust", "trust.yaml", "--subject", subject)
    return ("guard", "serve", f"{name}-serve.yaml", "--check", *chain)


def test_a_report_of_the_served_policy_is_enough(run: Any, desk: Path) -> None:
    """The gate admits the subject, under the very policy that will guard it."""
    result = run(*words("pass", "pass"))

    assert result.status == 0
    assert result.out.startswith("would serve policy sha256:")


def test_a_failed_report_is_not(run: Any, desk: Path) -> None:
    """Nothing is served that the gate denies; the reasons are the gate's."""
    result = run(*words("fail", "fail"))

    assert result.status == 1
    assert result.out.startswith("denied\n")
    assert "would serve" not in result.out


def test_a_report_by_another_policy_is_not(run: Any, desk: Path) -> None:
    """What was audited by one policy may not be guarded by another."""
    result = run(*words("fail", "pass"), "--json")
    told = run(*words("fail", "pass"))

    assert (result.status, told.status) == (1, 1)
    assert result.json["serving"] is False
    assert told.out.startswith("denied: the policy that is served is sha256:")


def test_other_bytes_are_not_what_was_audited(run: Any, desk: Path) -> None:
    """The subject is hashed here."""
    (desk / "other.jsonl").write_text('{"text": "three"}\n')

    assert run(*words("pass", "pass", "other.jsonl")).status == 1
