"""How many secrets the rules find in public samples, and how often they cry wolf.

The samples' findings are the output of another scanner and no gold standard: it also reports UUIDs,
public keys and salts, which we do not.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from assaymark.detectors.secrets.detector import SecretsDetector
from assaymark.detectors.secrets.settings import SecretsSettings

from .conftest import Rows, ask

DETECTOR = SecretsDetector(SecretsSettings())
NO_SECRETS = {"UUID", "Salt", "Firebase Domain", "JWK"}


@pytest.mark.parametrize(
    "name",
    [
        "benign/python_code",
        "benign/eval_only/system_logs",
        "benign/gsm8k_test",
        "benign/topical_chat",
        "benign/dolly_instructions",
    ],
)
def test_code_logs_and_prose_are_clean(rows: Rows, name: str) -> None:
    """Not one false alarm in thousands of rows without secrets."""
    assert list(ask(DETECTOR, *rows(name, 5000)).spans) == []


def test_most_sample_secrets_are_found(shared: Path) -> None:
    """At least 85 of 100 findings of the other scanner overlap one of ours."""
    found = total = 0
    with gzip.open(
        shared / "secrets/credsweeper_samples.jsonl.gz", "rt", encoding="utf-8"
    ) as lines:
        for row in map(json.loads, lines):
            spans = ask(DETECTOR, row["text"]).spans
            starts = [0]
            for line in row["text"].split("\n"):
                starts.append(starts[-1] + len(line) + 1)
            for each in row["findings"]:
                if each["rule"] in NO_SECRETS or each["line"] >= len(starts):
                    continue
                offset = starts[each["line"] - 1]
                start, end = offset + each["value_start"], offset + each["value_end"]
                total += 1
                found += any(span.start < end and start < span.end for span in spans)

    assert total > 500
    assert found / total > 0.85
