"""Every check over documents answers for every public document, and what it could not tell is counted."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assaymark.checks.registry import BUILTIN
from assaymark.checks.statements import StatementCheck
from assaymark.inputs.documents import Role
from assaymark.inputs.manifest import manifest_of
from assaymark.inputs.manifests.recognise import read_document
from assaymark.model.manifest import Manifest
from assaymark.model.measurement import Measured
from checks.judged import COVERAGE, SUBJECT

STATED = [each for each in BUILTIN if issubclass(each, StatementCheck)]


def _records(path: Path, step: int = 1) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % step == 0:
                yield json.loads(line)


def _documents(shared: Path, name: str) -> list[Manifest]:
    if name == "cards":
        cards = _records(shared / "provenance/hf_dataset_cards_2022.jsonl.gz")
        return [manifest_of({"README.md": (each["card"] or "").encode()}) for each in cards]
    if name == "croissant":
        every = _records(shared / "provenance/croissant_examples.jsonl.gz")
        return [
            manifest_of({"croissant.json": json.dumps(each["metadata"]).encode()}) for each in every
        ]
    every = _records(shared / "provenance/data_provenance_summaries.jsonl.gz", step=7)
    return [
        read_document("s.json", Role.MANIFEST, json.dumps(each["summary"]).encode())
        for each in every
    ]


@pytest.mark.parametrize("name", ["cards", "croissant", "summaries"])
def test_every_check_answers(shared: Path, name: str) -> None:
    """One result for each metric; findings point into the document."""
    rules: Counter[str] = Counter()
    for manifest in _documents(shared, name):
        for check in STATED:
            found, results = check(check.Settings()).inspect(SUBJECT, COVERAGE, manifest)
            assert {each.metric for each in results} == {each.name for each in check.meta.metrics}
            rules.update(each.rule.partition(":")[0] for each in found)

    assert len(rules) > 5


def test_licences_of_public_cards_are_told_apart(shared: Path) -> None:
    """Of 569 cards nearly half state no licence, or `unknown`; of the others nearly all can be told.

    What nobody can tell are names without a version, such as `cc`.
    """
    check = next(each for each in STATED if each.meta.id == "licence-purpose")
    answers: Counter[str] = Counter()
    for manifest in _documents(shared, "cards"):
        _, results = check(check.Settings()).inspect(SUBJECT, COVERAGE, manifest)
        for each in results:
            if not isinstance(each, Measured):
                answers["no licence"] += 1
            elif each.interval.low > 0:
                answers["refused"] += 1
            else:
                answers["open" if each.interval.high > 0 else "permitted"] += 1

    assert answers.total() == 569
    assert answers["permitted"] > 250
    assert answers["refused"] > 30
    assert answers["no licence"] < 280
    assert answers["open"] < 10


def test_licence_texts_are_read_and_counted(shared: Path) -> None:
    """Of 551 licence texts as files, all are there; each is its licence, one of some, or named as unknown."""
    with gzip.open(shared / "licence/spdx_license_texts.jsonl.gz", "rt") as lines:
        texts = [json.loads(line) for line in lines]
    found = {each["id"]: manifest_of({"LICENSE": each["text"].encode()}) for each in texts}

    assert len(found) == 551
    assert [each.problems for each in found.values() if each.problems] == []
    own_words = [each.licences[0] for each in found.values() if not each.licences[0].place.line]
    assert all(len(each.text_digest) == 64 for each in own_words)
    said = {name: each.licences[0].expression for name, each in found.items()}
    answers = Counter("right" if said[name] == name else said[name] for name in said)
    assert answers.pop("right") >= 430
    assert answers.pop("LicenseRef-unrecognised-text") <= 115
    assert answers.pop("LicenseRef-ambiguous-text") <= 60
    # The NetBSD Foundation's has other words in its notice alone; another quotes an identifier.
    assert answers == {"BSD-2-Clause": 1, "CC-BY-4.0": 1}
