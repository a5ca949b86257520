"""The engine with what is shipped: real files, real detectors and real checks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from assaymark.engine.catalog import installed_catalog
from assaymark.engine.run import audit
from assaymark.errors import UsageError
from assaymark.inputs.open import open_source
from assaymark.model.decision import Verdict
from assaymark.model.measurement import CLOPPER_PEARSON, Measured
from assaymark.model.subject import SubjectKind
from assaymark.policy.decide import decide
from assaymark.policy.policy import Policy

from .fakes import bytes_of, policy

CATALOG = installed_catalog()
CHECKS = ("record-health", "pii-exposure", "secret-exposure", "hidden-characters")


def rules(checks: tuple[str, ...] = CHECKS) -> Policy:
    """Checks with their defaults."""
    detectors = {name for each in checks for name in CATALOG.checks[each].meta.detectors}
    return replace(
        policy(),
        checks={each: CATALOG.checks[each].Settings().model_dump(mode="json") for each in checks},
        detectors={
            each: CATALOG.detectors[each].settings().model_dump(mode="json") for each in detectors
        },
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of 180 records: some with data of a person, some torn, some empty, some twice."""
    folder = tmp_path_factory.mktemp("dataset")
    lines = []
    for index in range(120):
        text = {
            0: f"write to user{index}@example.org about order {index}",
            1: "the card 4111 1111 1111 1111 was declined",
            2: "",
            3: "hidden\u200bcharacters",
        }.get(index % 10, f"plain words {index % 25}")
        lines.append("{torn" if index % 17 == 5 else json.dumps({"text": text, "other": index}))
    (folder / "a.jsonl").write_text("\n".join(lines) + "\n")
    rows = "".join(f"{index},nothing to see {index % 9}\n" for index in range(60))
    (folder / "b.csv").write_text("id,text\n" + rows)
    return folder


def run(
    folder: Path, batch_rows: int = 1000, checks: tuple[str, ...] = CHECKS, **options: Any
) -> bytes:
    """`evidence.json` of one audit."""
    source = open_source(str(folder), kind=SubjectKind.DATASET, batch_rows=batch_rows)
    return bytes_of(audit(rules(checks), [source], CATALOG, **options))


@pytest.fixture(scope="module")
def plain(dataset: Path) -> bytes:
    """Evidence of the simplest run."""
    return run(dataset, workers=1)


def test_the_numbers_are_those_of_the_data(plain: bytes) -> None:
    """An independent count of the rows, and of the planted addresses and cards."""
    (subject,) = json.loads(plain)["subjects"]
    rates = {
        (each["metric"], *each["labels"].values()): each.get("counts")
        for each in subject["results"]
    }
    torn = sum(index % 17 == 5 for index in range(120))
    mails = sum(index % 10 == 0 and index % 17 != 5 for index in range(120))
    cards = sum(index % 10 == 1 and index % 17 != 5 for index in range(120))

    assert subject["coverage"]["rows"] == 180
    assert sum(subject["coverage"]["skipped"].values()) == torn
    assert rates["pii.row-rate", "EMAIL_ADDRESS"]["hits"] == mails
    assert rates["pii.row-rate", "CREDIT_CARD"]["hits"] == cards
    assert rates["pii.row-rate", "CREDIT_CARD"]["unjudged"] == torn


def test_no_value_is_in_the_evidence(plain: bytes) -> None:
    """Neither the card nor an address, in any form."""
    for canary in (b"4111", b"1111 1111", b"user0@", b"user110@", b"example.org"):
        assert canary not in plain


@pytest.mark.parametrize("batch_rows", [1, 7])
def test_batches_change_no_byte(dataset: Path, plain: bytes, batch_rows: int) -> None:
    """With real detectors as with small ones."""
    assert run(dataset, batch_rows) == plain


def test_workers_change_no_byte_either(dataset: Path) -> None:
    """Worker processes find what is installed; without Presidio, which each would take long to load."""
    light = tuple(each for each in CHECKS if each != "pii-exposure")

    assert run(dataset, 30, light, workers=2) == run(dataset, 1000, light, workers=1)


def test_the_cache_changes_no_byte(dataset: Path, plain: bytes, tmp_path: Path) -> None:
    """Cold and warm."""
    path = tmp_path / "cache.sqlite"

    assert run(dataset, cache_path=path) == plain
    assert run(dataset, cache_path=path, batch_rows=11) == plain
    assert path.exists()


def test_every_finding_is_in_the_table(dataset: Path, plain: bytes, tmp_path: Path) -> None:
    """The sample in the evidence is a part of the table, which holds as many as were counted."""
    path = tmp_path / "findings.parquet"
    run(dataset, findings_path=path)

    rows = pq.read_table(path).to_pylist()
    (subject,) = json.loads(plain)["subjects"]

    assert len(rows) == subject["findings"]["total"]
    assert {each["fingerprint"] for each in subject["findings"]["sample"]} <= {
        each["fingerprint"] for each in rows
    }


@pytest.mark.parametrize("batch_rows", [1, 13, 1000])
def test_a_sample_of_real_files_is_drawn_by_place(dataset: Path, batch_rows: int) -> None:
    """Over two files and formats, with torn and empty records among the rows."""
    source = open_source(str(dataset), kind=SubjectKind.DATASET, batch_rows=batch_rows)

    evidence = audit(rules(), [source], CATALOG, sample=60, nonce="n")

    (subject,) = evidence.subjects
    found = subject.result("pii.row-rate", ())
    assert isinstance(found, Measured)
    assert found.method == CLOPPER_PEARSON
    assert found.counts is not None
    assert found.counts.total == 60
    assert subject.coverage.rows == 180
    known = subject.result("records.unreadable-rate", ())
    assert isinstance(known, Measured)
    assert known.method == "exact"
    assert known.counts is not None
    assert known.counts.total == 180
    assert evidence == audit(
        rules(),
        [open_source(str(dataset), kind=SubjectKind.DATASET)],
        CATALOG,
        sample=60,
        nonce="n",
    )


def test_standard_input_cannot_be_sampled(monkeypatch: pytest.MonkeyPatch, dataset: Path) -> None:
    """A pipe has no second reading."""
    with (dataset / "a.jsonl").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        source = open_source("-", kind=SubjectKind.DATASET)

        with pytest.raises(UsageError) as error:
            audit(rules(), [source], CATALOG, sample=5)

    assert error.value.message == "`-` can be read only once, so it cannot be sampled"


def test_an_audit_without_requirements_decides_nothing(dataset: Path) -> None:
    """Measuring is not demanding."""
    source = open_source(str(dataset / "b.csv"), kind=SubjectKind.DATASET)

    evidence = audit(rules(), [source], CATALOG)

    verdict = decide(rules(), evidence, [], datetime(2026, 6, 1, tzinfo=UTC)).verdict
    assert verdict is Verdict.UNDECIDED
