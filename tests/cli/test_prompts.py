"""`audit --prompts`: what would be asked goes into a file, and comes back as a recording."""

from __future__ import annotations

import json
from pathlib import Path

from assaymark.inputs.targets.recorded import to_be_recorded

POLICY = """\
apiVersion: assaymark/v1
kind: Policy
metadata: {name: alike, version: 1.0.0, owner: o@example.org}
checks:
  - {id: counterfactual-decisions, axes: [gender], per_context: 4, repeats: 2, temperature: 0.5}
  - {id: counterfactual-language, axes: [gender], per_context: 4}
  - {id: counterfactual-toxicity, axes: [gender], per_context: 4}
requirements:
  - {id: alike, metric: bias.decision-gap, on: model, at_most: 0.5, severity: high, enforce: deny}
"""


def test_prompts_are_written_answered_and_judged(run, tmp_path: Path) -> None:
    """Each once, whoever asks it; with answers, every one of them is found again."""
    (tmp_path / "p.yaml").write_text(POLICY)
    file = tmp_path / "prompts.jsonl"

    written = run(
        "audit", tmp_path / "p.yaml", "--prompts", file, "--out", tmp_path / "out", "--json"
    )
    records = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps({**each, "response": "Yes."}) + "\n" for each in records))
    judged = run(
        "audit", tmp_path / "p.yaml", "--model", f"recorded:{file}", "--out", tmp_path / "out"
    )

    # 24 cases about three people: two decisions each, and one text for two checks.
    assert written.json == {"asked": 0, "prompts": 216, "file": str(file)}
    assert not {each["asked"]["seed"] for each in records[:2]} - {0, 1}
    assert records[0]["asked"] == {
        "ids": ["counterfactual-decisions:hiring/librarian/gender/woman"],
        "temperature": 0.5,
        "max_tokens": 16,
        "seed": 0,
    }
    assert {len(each["asked"]["ids"]) for each in records} == {1, 2}
    assert judged.status == 0, judged.out + judged.err
    evidence = json.loads((tmp_path / "out/evidence.json").read_text())
    unanswered = [
        each["value"]
        for each in evidence["subjects"][0]["results"]
        if each["metric"] == "bias.decision-unanswered"
    ]
    assert unanswered == [0.0] * 5


def test_what_is_written_is_said(run, tmp_path: Path) -> None:
    """With the way on, and nothing but the file is left."""
    (tmp_path / "p.yaml").write_text(POLICY)
    file = tmp_path / "prompts.jsonl"

    first = run("audit", tmp_path / "p.yaml", "--prompts", file, "--out", tmp_path / "out")
    again = run("audit", tmp_path / "p.yaml", "--prompts", file, "--out", tmp_path / "out")
    both = run(
        "audit",
        tmp_path / "p.yaml",
        "--prompts",
        file,
        "--model",
        "ollama:m",
        "--out",
        tmp_path / "o",
    )

    assert first.out == (
        f"216 prompts in {file}\n"
        "put the answer to each into `response`, and audit them with `--model recorded:FILE`\n"
        "nothing was asked\n"
    )
    assert (again.status, again.err) == (
        2,
        f"error: `{file}` exists already\nhint: choose another name, or remove the file first\n",
    )
    assert (both.status, both.err) == (
        2,
        "error: `--prompts` writes what any model would be asked\nhint: leave out `--model`\n",
    )
    assert {each.name for each in tmp_path.iterdir()} == {"p.yaml", "prompts.jsonl"}


def test_a_policy_that_asks_nothing_writes_nothing(run, tmp_path: Path) -> None:
    """An empty file would look like a finished one."""
    text = POLICY.partition("checks:")[0] + (
        "requirements: [{id: enough, metric: records.count, at_least: 1, on: dataset}]\n"
    )
    (tmp_path / "p.yaml").write_text(text)

    result = run(
        "audit", tmp_path / "p.yaml", "--prompts", tmp_path / "f", "--out", tmp_path / "out"
    )

    assert result.status == 2
    assert result.err.startswith("error: no check of the policy puts prompts to a model\n")
    assert not (tmp_path / "f").exists()


def test_no_prompt_is_no_record() -> None:
    """Nothing in, nothing out."""
    assert to_be_recorded([]) == []
