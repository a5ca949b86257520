"""The pipeline's one command. Each step is skipped where its result is there already."""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from training.train import Plan

if TYPE_CHECKING:
    from training.export import Exported

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "assaymark" / "detectors" / "embedded"


def main() -> None:
    """Run the steps in order up to the one asked for."""
    arguments = parser_of_steps().parse_args()
    steps = ("corpus", "train", "evaluate" if arguments.step == "evaluate" else "ship")
    for step in steps[: steps.index(arguments.step) + 1]:
        _STEPS[step](arguments)


def parser_of_steps() -> argparse.ArgumentParser:
    """Return the command line of the pipeline."""
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("step", choices=("corpus", "train", "evaluate", "ship"))
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "training")
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--name", default="full", help="folder of this run inside the work folder")
    parser.add_argument("--epochs", type=int, default=usual.epochs)
    parser.add_argument("--minutes", type=float, help="end after this time instead of by epochs")
    parser.add_argument("--share", type=float, default=usual.share, help="of each source's draw")
    parser.add_argument("--rate", type=float, default=usual.rate, help="of the encoder's weights")
    parser.add_argument(
        "--start", type=Path, help="weights of an earlier run to go on from, or a shipped .onnx"
    )
    parser.add_argument(
        "--keep",
        type=float,
        default=usual.keep,
        help="how much of --start stays in the result, 0 to 1",
    )
    parser.add_argument("--hold-out", default="", help="sources to leave out, with commas")
    parser.add_argument("--threads", type=int, default=usual.threads)
    return parser


def _without(arguments: argparse.Namespace) -> list[str]:
    return [each for each in arguments.hold_out.split(",") if each]


def _corpus(arguments: argparse.Namespace) -> None:
    from training.corpus import build

    arguments.work.mkdir(parents=True, exist_ok=True)
    if not (arguments.work / "corpus.parquet").exists():
        build(arguments.data, arguments.work / "corpus.parquet")


def plan_of(arguments: argparse.Namespace) -> Plan:
    """Return what was asked for on the command line."""
    return Plan(
        epochs=arguments.epochs,
        minutes=arguments.minutes,
        share=arguments.share,
        without=_without(arguments),
        threads=arguments.threads,
        rate=arguments.rate,
        start=None if arguments.start is None else str(arguments.start),
        keep=arguments.keep,
    )


def _train(arguments: argparse.Namespace) -> None:
    from training.train import train

    folder = arguments.work / arguments.name
    if arguments.start is not None and arguments.start.suffix == ".onnx":
        from training.unpack import unpack

        arguments.start = unpack(arguments.start, arguments.base, arguments.work / "shipped")
    plan = plan_of(arguments)
    train(plan, arguments.work / "corpus.parquet", arguments.base, folder)


def _evaluate(arguments: argparse.Namespace) -> None:
    """Measure the float32 network of a run; of one that held sources out, on those as well."""
    from assaymark.detectors.embedded.tokens import build_tokenizer
    from training.evaluate import Evaluation, torch_network, write_lines
    from training.sources import Manifest

    folder = arguments.work / arguments.name
    vocabulary = (arguments.base / "vocab.txt").read_text("utf-8").splitlines()
    evaluation = Evaluation(
        torch_network(folder / "model.pt"),
        build_tokenizer(vocabulary),
        Manifest.load(arguments.data),
    )
    held_out = _without(arguments)
    write_lines(
        {"held_out": held_out, "scores": evaluation.scores(held_out), "names": evaluation.names()},
        folder / "evaluation.json",
    )


def _ship(arguments: argparse.Namespace) -> None:
    """Export into the package, and write what belongs beside it."""
    import yaml

    from training.export import export
    from training.provenance import provenance
    from training.sources import Manifest

    corpus, without = arguments.work / "corpus.parquet", _without(arguments)
    checkpoint = arguments.work / arguments.name / "model.pt"
    target = PACKAGE / "model.onnx"
    exported = export(checkpoint, corpus, arguments.data, arguments.base, target, without)
    code = PACKAGE / "shipped.py"
    code.write_text(pinned(code.read_text("utf-8"), exported), "utf-8")
    target.with_suffix(".json").write_text(json.dumps(asdict(exported), indent=1) + "\n", "utf-8")
    rows = json.loads(corpus.with_suffix(".json").read_text("utf-8"))
    origin = provenance(Manifest.load(arguments.data), rows, without)
    _write(
        "docs/models/embedded.manifest.yaml",
        yaml.safe_dump(origin, sort_keys=False, allow_unicode=True, width=110),
    )


def pinned(code: str, exported: Exported) -> str:
    """Return the module that names the shipped file, for another file."""
    for name, value in (
        ("SHA256", f'"{exported.sha256}"'),
        ("FLAGGED", exported.cascade["flagged"]),
        ("CLEARED", exported.cascade["missed"]),
        ("CLEARED_AT_MOST", round(exported.cascade["miss_rate_upper"], 5)),
    ):
        code = re.sub(rf"^{name} = .*$", f"{name} = {value}", code, flags=re.MULTILINE)
    return code


def _write(name: str, content: str) -> None:
    path = ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")


_STEPS = {"corpus": _corpus, "train": _train, "evaluate": _evaluate, "ship": _ship}


if __name__ == "__main__":
    main()
