"""The main job on real data: audit, decide, sign, verify, gate, against a recount that shares no code."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ENTITIES = (
    *("CREDIT_CARD", "IBAN_CODE", "CRYPTO", "US_SSN", "US_ITIN"),
    *("EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS"),
)

SUBJECTS = {
    "pii/presidio_synth_v2.jsonl.gz": 1,
    "pii/pii_syn_nano_en.jsonl.gz": 1,
    "benign/gsm8k_test.jsonl.gz": 0,
    "benign/self_instruct_seed.jsonl.gz": 1,
    "tabular/german_credit.csv.gz": 0,
}
"""Subject to the exit status that the baseline gives it."""


def run(
    *arguments: str | Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the real command."""
    command = [sys.executable, "-m", "assaymark", *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={**os.environ, "ASSAYMARK_KEY_PASSPHRASE": "correct horse", **(env or {})},
    )


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signing key with a passphrase."""
    path = tmp_path_factory.mktemp("key") / "auditor.key"
    done = run("keys", "new", path)
    assert done.returncode == 0, done.stderr
    return path


def rows_of(path: Path) -> list[list[str]]:
    """Read the texts of every record, sharing no code with the product."""
    # Short whole numbers are counts and ids to an audit: Presidio takes 1640 to 1699 and 16400 to 16999
    # for German telephone numbers, which would count sums of credit as personal data.
    short = re.compile(r"\s*[-+]?[0-9]{1,6}\s*")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        if path.name.endswith(".csv.gz"):
            rows = list(csv.reader(file))[1:]
            return [[cell for cell in row if not short.fullmatch(cell)] for row in rows]
        return [list(texts_in(json.loads(line))) for line in file]


def texts_in(value: object) -> Iterator[str]:
    """Yield every string anywhere in a record, since an audit reads them all."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)
    elif isinstance(value, str):
        yield value


def recount(rows: list[list[str]]) -> Counter[str]:
    """Count rows by entity with Presidio's own engine, set up from its documentation."""
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Blank(SpacyNlpEngine):
        """Words without a trained model."""

        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
            self.nlp = {"en": spacy.blank("en")}

        def load(self) -> None:
            """Nothing to fetch."""

    # Presidio asks for the public suffix list over the network unless told to use the one it ships.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])
    counts: Counter[str] = Counter()
    for texts in rows:
        found = {
            each.entity_type
            for text in texts
            if text
            for each in engine.analyze(text, "en", entities=list(ENTITIES), score_threshold=0.4)
        }
        counts.update(found)
    return counts


def measured(evidence: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Index the results of the only subject by metric and entity."""
    (subject,) = evidence["subjects"]
    return {(each["metric"], each["labels"].get("entity", "")): each for each in subject["results"]}


@pytest.mark.parametrize(("name", "status"), SUBJECTS.items(), ids=[*SUBJECTS])
def test_the_whole_turn_on_public_data(
    name: str, status: int, shared: Path, key: Path, tmp_path: Path
) -> None:
    """Counts equal the recount; the report verifies; the gate admits exactly what passed."""
    subject, out = shared / name, tmp_path / "out"

    audit = run(
        "audit", "policies/baseline.yaml", "--dataset", subject, "--out", out, "--key", key,
    )  # fmt: skip

    assert audit.returncode == status, audit.stdout + audit.stderr
    rows = rows_of(subject)
    results = measured(json.loads((out / "evidence.json").read_bytes()))
    assert results["records.count", ""]["value"] == len(rows)
    expected = recount(rows)
    for entity in ENTITIES:
        assert results["pii.row-rate", entity]["counts"] == {
            "hits": expected[entity],
            "judged": len(rows),
            "unjudged": 0,
        }, entity

    report = out / "report.sigstore.json"
    public = Path(f"{key}.pub")
    assert run("verify", report, "--key", public).returncode == 0

    trust = tmp_path / "trust.yaml"
    digest = json.loads(run("policy", "check", "policies/baseline.yaml", "--json").stdout)[
        "policy"
    ]["sha256"]
    trust.write_text(
        "apiVersion: assaymark/v1\nkind: Trust\n"
        f"keys:\n  - name: auditor\n    publicKey: {public}\n    roles: [auditor]\n"
        f"policies:\n  allow: ['sha256:{digest}']\n"
    )
    gate = run("gate", report, "--trust", trust, "--subject", subject)
    assert gate.returncode == status, gate.stdout + gate.stderr

    data = bytearray(report.read_bytes())
    for at in range(100, len(data), max(1, len(data) // 6)):
        broken = tmp_path / "broken.json"
        broken.write_bytes(bytes([*data[:at], data[at] ^ 1, *data[at + 1 :]]))
        assert run("gate", broken, "--trust", trust, "--subject", subject).returncode in (2, 4), at
