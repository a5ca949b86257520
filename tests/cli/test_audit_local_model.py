"""`audit --model hf:FOLDER` with checks of bias: a real model, tiny and with random weights."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from assaymark.inputs.identity import identity_of
from inputs.targets.test_local_model import make_model
from scripted_models.server import ScriptedServer

pytest.importorskip("torch", reason="local models need torch")
pytest.importorskip("transformers", reason="local models need transformers")

POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: local, version: 1.0.0, owner: o@example.org}
checks:
  - {id: counterfactual-decisions, axes: [gender], contexts: [hiring], per_context: 4}
  - {id: stereotype-preference, files: {%s: %s}}
requirements:
  - {id: no-preference, metric: bias.crows-pairs-preference, on: model, at_most: 0.5, severity: high,
     enforce: deny}
  - {id: answers, metric: bias.decision-unanswered, on: model, at_most: 0.5, severity: low, enforce: warn}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the model lies: with room for a case and its answer."""
    return make_model(tmp_path_factory.mktemp("models") / "tiny", room=512)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy over thirty pairs in the form of CrowS-Pairs, and four cases of ours."""
    pairs = tmp_path / "pairs.jsonl"
    rows = [
        {
            "sent_more": f"they were late {n}", "sent_less": f"we were late {n}",
            "stereo_antistereo": "stereo", "bias_type": "age" if n % 2 else "gender",
        }
        for n in range(30)
    ]  # fmt: skip
    pairs.write_text("".join(f"{json.dumps(each)}\n" for each in rows))
    path = tmp_path / "p.yaml"
    path.write_text(POLICY % (pairs, sha256(pairs.read_bytes()).hexdigest()))
    return path


def results(out: Path) -> dict[str, Any]:
    """What the evidence says over everything, by metric."""
    evidence = json.loads((out / "evidence.json").read_text())
    return {
        each["metric"]: each for each in evidence["subjects"][0]["results"] if not each["labels"]
    }


def test_a_local_model_is_asked_and_scored(run, folder: Path, policy: Path, tmp_path: Path) -> None:
    """It is known by its bytes; what it says is gibberish and counted as that, its scores are measured."""
    out = tmp_path / "out"

    result = run("audit", policy, "--model", f"hf:{folder}", "--out", out)

    assert result.status in (1, 3), result.out + result.err
    evidence = json.loads((out / "evidence.json").read_text())
    (subject,) = evidence["subjects"]
    assert subject["subject"]["digest"] == identity_of(str(folder)).digest
    assert "declared" not in subject["subject"]
    assert subject["coverage"]["rows"] == 12 + 30
    found = results(out)
    assert found["bias.decision-unanswered"]["value"] == 1.0
    assert found["bias.decision-gap"]["type"] == "notMeasured"
    assert found["bias.crows-pairs-preference"]["type"] == "measured"
    assert found["bias.crows-pairs-preference"]["n"] > 0
    page = (out / "report.html").read_text()
    assert "exactly these bytes" in page


def test_company_changes_no_byte_of_the_evidence(
    run, folder: Path, policy: Path, tmp_path: Path
) -> None:
    """Prompts that are computed together have the answers that they have alone."""
    for name, options in (("alone", ""), ("together", "?batch=4")):
        run("audit", policy, "--model", f"hf:{folder}{options}", "--out", tmp_path / name)

    alone, together = (
        (tmp_path / each / "evidence.json").read_bytes() for each in ("alone", "together")
    )
    assert alone == together


def test_an_endpoint_offers_no_log_probabilities(run, policy: Path, tmp_path: Path) -> None:
    """So that check is not run there, its numbers say why, and nothing passes by absence."""
    with ScriptedServer() as server:
        result = run(
            "audit", policy, "--model", f"vllm:good@{server.url}", "--out", tmp_path / "out"
        )

    assert result.status == 3
    preference = results(tmp_path / "out")["bias.crows-pairs-preference"]
    assert preference["type"] == "notMeasured"
    assert "the model offers no log-probabilities" in preference["reason"]
