"""
How the embedded model does on sources that it was not trained on: leave one family of sources out.

One short run for each family, a part of an epoch from the base model, so all figures lie below those of the
shipped file. A family's sets are measured on their held-out rows by the run that never saw them; beside it
stands the mean of the runs that did.

    python benchmarks/embedded_left_out.py --base FOLDER [--work build/left_out] [--share 0.25]

A run takes 10 to 20 minutes on two cores; those that are there already are read.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "wikipedia": (
        "jigsaw_toxic_multilabel",
        "jigsaw_toxic_balanced",
        "jigsaw_toxic_natural",
        "jigsaw_nontoxic",
        "wikipedia_talk_cat",
        "wikipedia_identity_neutral",
        "toxic_spans_semeval21",
    ),
    "short_posts": (
        "davidson_tweets",
        "gab_hate_corpus",
        "hatexplain",
        "edos_sexism",
        "deepset_prompt_injections",
        "giskard_prompt_injections",
        "bipia_train",
    ),
    "forums": (
        "contextual_abuse_reddit",
        "social_bias_frames_dev",
        "toxigen_seed_statements",
        "redditbias",
        "diasafety",
        "wildguard_aegis_prompts",
        "aegis_unsafe_prompts",
        "ailuminate_demo_en",
        "mlc_v05_hazard_prompts",
    ),
    "requests": (
        "harmful_instructions",
        "harmfulqa",
        "trustllm_misuse",
        "hackaprompt_sample",
        "in_the_wild_jailbreaks",
        "trustllm_jailbreaks",
        "self_reminder_jailbreaks",
        "gptfuzzer_templates",
    ),
}
"""Sources that resemble one another; left out together, since one of them would give the others away."""

_FIGURES = ("roc_auc", "average_precision")


def run(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Train without a family, measure, and return the figures."""
    command = [sys.executable, "-m", "training", "evaluate"]
    command += ["--work", str(arguments.work), "--name", name, "--base", str(arguments.base)]
    command += ["--hold-out", ",".join(FAMILIES[name])]
    command += ["--epochs", "1", "--share", str(arguments.share)]
    path = arguments.work / name / "evaluation.json"
    if not path.exists():
        subprocess.run(command, check=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def compared(runs: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield one row for each score of a set that some run left out."""
    for name, found in runs.items():
        for line in found["scores"]:
            if line["set"] not in FAMILIES[name]:
                continue
            others = [
                other
                for run_of, each in runs.items()
                if run_of != name
                for other in each["scores"]
                if (other["set"], other["score"]) == (line["set"], line["score"])
            ]
            row = {"family": name, **{key: line[key] for key in ("set", "score", "rows")}}
            for key in _FIGURES:
                row[f"{key}_left_out"] = line[key]
                row[f"{key}_trained"] = round(statistics.mean(each[key] for each in others), 4)
            yield row


_PAGE = """# Sources left out

{number} short runs ({share:g} of an epoch from the base model, so all figures lie below those of the
shipped file), each without a whole family of sources. Each set of a family is measured on held-out rows by
the run that never saw the family; beside it stands the mean of the runs that had it. Made by
`benchmarks/embedded_left_out.py`.

| family | set | score | rows | ROC-AUC, left out | trained on | average precision, left out | trained on |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |
{rows}

On average over the rows, ROC-AUC is {roc_auc_left_out:.3f} where the family was left out and
{roc_auc_trained:.3f} where it was not; average precision {average_precision_left_out:.3f} and
{average_precision_trained:.3f}. Expect the former of text of a kind of your own.
"""


def page(rows: list[dict[str, Any]], share: float) -> str:
    """Return the rows as Markdown."""
    names = [f"{key}_{kind}" for key in _FIGURES for kind in ("left_out", "trained")]
    lines = [
        f"| {row['family'].replace('_', ' ')} | {row['set']} | {row['score']} | {row['rows']} | "
        + " | ".join(f"{row[name]:.3f}" for name in names)
        + " |"
        for row in rows
    ]
    means = {name: statistics.mean(row[name] for row in rows) for name in names}
    return _PAGE.format(
        number=len({row["family"] for row in rows}), share=share, rows="\n".join(lines), **means
    )


def main() -> None:
    """Run what is missing and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "left_out")
    parser.add_argument("--share", type=float, default=0.25)
    parser.add_argument("--out", type=Path, default=Path("reports/benchmarks"))
    arguments = parser.parse_args()
    rows = list(compared({name: run(name, arguments) for name in FAMILIES}))
    written = {"share_of_an_epoch": arguments.share, "left_out": FAMILIES, "rows": rows}
    text = json.dumps(written, indent=1) + "\n"
    (arguments.out / "embedded_left_out.json").write_text(text, "utf-8")
    (arguments.out / "embedded_left_out.md").write_text(page(rows, arguments.share), "utf-8")


if __name__ == "__main__":
    main()
