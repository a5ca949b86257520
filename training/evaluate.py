"""
Tables of quality: one row per measured set, unseen sets marked, published numbers beside them.

The same code measures the float32 network, the exported file, and runs that held sources out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assaymark.detectors.embedded.labels import SCORES
from assaymark.detectors.embedded.scorer import Network, Read, read_tokens
from assaymark.detectors.embedded.sentences import raised_by_sentences
from assaymark.detectors.embedded.tokens import tokenize
from training.measured_sets import CLEAN_SETS, NAME_SETS, SETS, MeasuredSet, measured_rows
from training.metrics import average_precision, calibration_error, recall_at, roc_auc, span_f1
from training.sources import Manifest

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

_LIMIT = 700  # rows of one set; enough for the second digit
_WHOLE = frozenset(
    {"hatecheck_en", "toxicchat_train", "toxicity_bias_madlibs", "toxicity_identity_templates"}
)
"""Small or templated sets, of which every row is needed for the rate of each group."""
_RATE = 0.01


class Evaluation:
    """Scores each measured set once and makes the tables."""

    def __init__(self, network: Network, tokenizer: Tokenizer, manifest: Manifest) -> None:
        self._network, self._tokenizer, self._manifest = network, tokenizer, manifest
        self._held: dict[str, tuple[list[dict[str, Any]], NDArray[np.float64]]] = {}

    def scored(self, name: str) -> tuple[list[dict[str, Any]], NDArray[np.float64]]:
        """Return the rows of a set and their logits (rows, scores); empty texts score lowest."""
        if name not in self._held:
            limit = None if name in _WHOLE else _LIMIT
            rows = [dict(each) for each in measured_rows(self._manifest, name, limit)]
            read = self._read([each["text"] for each in rows])
            self._held[name] = rows, np.nan_to_num(read.logits.astype(np.float64), nan=-20.0)
        return self._held[name]

    def _read(self, texts: Sequence[str], *, tags: bool = False) -> Read:
        tokens = tokenize(self._tokenizer, texts)
        read = read_tokens(self._network, tokens, tags=tags)
        return raised_by_sentences(self._network, texts, tokens, read)

    def scores(self, held_out: Collection[str] = ()) -> list[dict[str, Any]]:
        """Return one line for each measured set and score."""
        return [self._line(each, held_out) for each in SETS]

    def _line(self, measured: MeasuredSet, held_out: Collection[str]) -> dict[str, Any]:
        column = SCORES.index(measured.score)
        rows, logits = self.scored(measured.name)
        known = [(row, measured.truth(row)) for row in rows]
        kept = np.array([truth is not None for _, truth in known])
        truth = np.array([bool(truth) for _, truth in known])[kept]
        values = logits[kept, column]
        for name in measured.negatives:
            more = self.scored(name)[1][:, column]
            values = np.concatenate((values, more))
            truth = np.concatenate((truth, np.zeros(len(more), bool)))
        return {
            "set": measured.name,
            "score": measured.score,
            "rows": len(truth),
            "positive": round(float(truth.mean()), 3),
            "roc_auc": round(roc_auc(truth, values), 4),
            "average_precision": round(average_precision(truth, values), 4),
            "recall_at_1_percent": round(recall_at(truth, values, _RATE), 4),
            "unseen": measured.unseen or measured.name in held_out,
            "published": measured.published,
        }

    def calibration(
        self, slopes: NDArray[np.float64], shifts: NDArray[np.float64]
    ) -> list[dict[str, Any]]:
        """Return how far probabilities are from what is true, for sets without added negatives."""
        lines = []
        for each in SETS:
            if each.negatives:
                continue
            column = SCORES.index(each.score)
            rows, logits = self.scored(each.name)
            truths = [each.truth(row) for row in rows]
            kept = np.array([one is not None for one in truths])
            truth = np.array([bool(one) for one in truths])[kept]
            chances = 1.0 / (
                1.0 + np.exp(-(logits[kept, column] * slopes[column] + shifts[column]))
            )
            lines.append(
                {
                    "set": each.name,
                    "score": each.score,
                    "rows": len(truth),
                    "unseen": each.unseen,
                    "said": round(float(chances.mean()), 3),
                    "true": round(float(truth.mean()), 3),
                    "calibration_error": round(calibration_error(truth, chances), 3),
                }
            )
        return lines

    def false_positives(self, thresholds: Mapping[str, float]) -> list[dict[str, Any]]:
        """Return the share of each benign set that reaches a logit threshold."""
        lines = []
        for name in CLEAN_SETS:
            _, logits = self.scored(name)
            shares = {
                score: round(float((logits[:, SCORES.index(score)] >= threshold).mean()), 4)
                for score, threshold in thresholds.items()
            }
            lines.append({"set": name, "rows": len(logits), **shares})
        return lines

    def hatecheck(self, threshold: float, score: str) -> dict[str, float]:
        """Return the accuracy for each functionality of HateCheck, and overall."""
        rows, logits = self.scored("hatecheck_en")
        said = logits[:, SCORES.index(score)] >= threshold
        right: dict[str, list[bool]] = defaultdict(list)
        for row, flag in zip(rows, said, strict=True):
            hit = bool(flag) == bool(row["harmful"])
            right["overall"].append(hit)
            right[row["labels"]["functionality"]].append(hit)
        return {name: round(float(np.mean(each)), 3) for name, each in sorted(right.items())}

    def over_refusal(self, threshold: float) -> dict[str, float]:
        """Return which share of XSTest's safe and unsafe prompts is flagged as harmful."""
        rows, logits = self.scored("xstest")
        said = logits[:, SCORES.index("harmful")] >= threshold
        unsafe = np.array([bool(each["harmful"]) for each in rows])
        return {
            "safe_flagged": round(float(said[~unsafe].mean()), 3),
            "unsafe_flagged": round(float(said[unsafe].mean()), 3),
        }

    def names(self) -> list[dict[str, Any]]:
        """Return precision, recall and F1 of exact spans for each set with names."""
        lines = []
        for name, entities in NAME_SETS:
            rows = list(measured_rows(self._manifest, name, _LIMIT))
            read = self._read([each["text"] for each in rows], tags=True)
            gold = [
                {(s["start"], s["end"], _TYPE.get(s["type"], s["type"])) for s in row["spans"]}
                for row in rows
            ]
            wanted = [{each for each in row if each[2] in entities} for row in gold]
            found = [
                {(each.start, each.end, each.entity) for each in row if each.entity in entities}
                for row in read.tags
            ]
            line: dict[str, Any] = {"set": name, "rows": len(rows)}
            for key, value in zip(
                ("precision", "recall", "f1"), span_f1(wanted, found), strict=True
            ):
                line[key] = round(value, 3)
            for entity in sorted(entities):
                one = span_f1(
                    [{each for each in row if each[2] == entity} for row in wanted],
                    [{each for each in row if each[2] == entity} for row in found],
                )
                line[f"f1_{entity}"] = round(one[2], 3)
            lines.append(line)
        return lines


_TYPE = {"DATE_TIME": "DATE"}


def torch_network(path: Path) -> Network:
    """Return the float32 network that `train` saved."""
    import torch

    from training.encoder import load

    encoder = load(path)

    def run(ids: NDArray[np.int64], letters: NDArray[np.int64]) -> tuple[Any, Any]:
        with torch.inference_mode():
            given = torch.from_numpy(ids)
            scores, tags = encoder(given, torch.from_numpy(letters), given != 0)
        return scores.numpy(), tags.numpy()

    return run


def write_lines(lines: object, path: Path) -> None:
    """Write tables as JSON, readable in a diff."""
    path.write_text(json.dumps(lines, indent=1) + "\n", "utf-8")
