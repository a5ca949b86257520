"""`init` and `doctor`: the first and the last resort of a newcomer."""

from __future__ import annotations

import importlib.metadata
import re

import pytest
import yaml

from assaymark.cli.commands import doctor


def test_init_writes_what_a_project_starts_from(run, tmp_path) -> None:
    """Policy, data and workflows are there, and the next command is shown."""
    result = run("init", tmp_path / "new")

    names = sorted(str(p.relative_to(tmp_path / "new")) for p in (tmp_path / "new").rglob("*.*"))
    assert result.status == 0
    assert names == [
        ".github",
        ".github/workflows/assaymark.yml",
        "assaymark.gitlab-ci.yml",
        "data/support.jsonl",
        "policy.yaml",
        "trust.yaml",
    ]
    assert result.out.endswith("  assaymark audit policy.yaml --dataset data --out report\n")


def test_init_touches_nothing_that_exists(run, tmp_path) -> None:
    """One file in the way, and nothing is written."""
    (tmp_path / "policy.yaml").write_text("mine")

    result = run("init", tmp_path)

    assert result.status == 2
    assert result.err == (
        f"error: `{tmp_path}/policy.yaml` exists\nhint: nothing was written; name another folder\n"
    )
    assert [each.name for each in tmp_path.iterdir()] == ["policy.yaml"]


def test_init_needs_a_folder(run, tmp_path) -> None:
    """A file cannot be filled."""
    (tmp_path / "f").write_text("x")

    assert run("init", tmp_path / "f").err == f"error: `{tmp_path}/f` is not a folder\n"


def test_the_starter_is_denied_then_admitted(run, tmp_path, monkeypatch) -> None:
    """The starter policy is sound and tested, its sample is denied, and mending the sample helps."""
    run("init", tmp_path)
    monkeypatch.chdir(tmp_path)
    checked = run("policy", "check", "policy.yaml")
    tested = run("policy", "test", "policy.yaml")
    denied = run("audit", "policy.yaml", "--dataset", "data", "--out", "report", "--json")
    data = tmp_path / "data" / "support.jsonl"
    data.write_text(re.sub(r"\S+@example\.org|4111[ \d]+1111", "[removed]", data.read_text()))
    run("keys", "new", "signing-key.pem", "--no-passphrase")
    words = ("--dataset", "data", "--out", "report", "--key", "signing-key.pem", "--quiet")
    admitted = run("audit", "policy.yaml", *words)
    gated = run("gate", "report", "--trust", "trust.yaml", "--subject", "data")

    assert (checked.status, tested.status, denied.status) == (0, 0, 1)
    assert (admitted.status, gated.status) == (0, 0)
    broken = {each["requirement"] for each in denied.json["notMet"] if each["status"] == "broken"}
    assert {"few-email-addresses", "no-card-numbers"} <= broken


@pytest.mark.parametrize("name", [".github/workflows/assaymark.yml", "assaymark.gitlab-ci.yml"])
def test_workflows_run_audit_verify_and_gate(run, tmp_path, name) -> None:
    """The workflows are YAML, and run what the README says."""
    run("init", tmp_path)

    text = (tmp_path / name).read_text()
    assert yaml.safe_load(text)
    for command in ("policy check", "audit policy.yaml", "verify report", "gate report"):
        assert f"assaymark {command}" in text
    assert all(re.search(r"@[0-9a-f]{40} # v", each) for each in re.findall(r"uses: .*", text))


def test_doctor_is_content_here(run) -> None:
    """Where everything is installed, nothing is broken."""
    result = run("doctor")
    data = run("doctor", "--json").json

    assert result.status == 0
    assert {each["state"] for each in data} <= {"ok", "absent"}
    assert {"policy packs", "checks", "network", "extra detoxify"} <= {e["topic"] for e in data}


def test_doctor_names_what_is_missing(run, monkeypatch, tmp_path) -> None:
    """A missing part is named with the line that installs it; only a needed one is a failure."""
    real = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata,
        "version",
        lambda name: (
            real(name)
            if name not in ("pyarrow", "torch")
            else (_ for _ in ()).throw(importlib.metadata.PackageNotFoundError(name))
        ),
    )
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    result = run("doctor")

    assert result.status == 3
    assert re.search(r"^broken  pyarrow +not installed$", result.out, re.MULTILINE)
    assert re.search(r"^absent  extra detoxify ", result.out, re.MULTILINE)
    assert "hint: extra detoxify: pip install 'assaymark[detoxify]'" in result.out
    assert "model downloads are off (HF_HUB_OFFLINE)" in result.out


def test_doctor_survives_a_broken_installation(run, monkeypatch, tmp_path) -> None:
    """A plug-in that does not load, missing packs and a full disk are findings, not crashes."""
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[assaymark.checks]\nx = no_such_module:Check\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("assaymark.policy.packs.pack_names", lambda: ())
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)

    result = run("doctor")

    assert result.status == 3
    assert "the plug-in `x` of `assaymark.checks` does not load: ModuleNotFoundError" in result.out
    assert "hint: plug-ins: repair or uninstall the package that provides" in result.out
    assert "none found" in result.out
    assert "read only" in result.out
