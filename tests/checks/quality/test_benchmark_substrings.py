from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.checks.quality.benchmark_substrings import BenchmarkSubstrings
from assaymark.checks.quality.windows import reduced, windows_of
from assaymark.model.measurement import NotMeasured
from assaymark.testing import Row, Text, batch_of, case_contract

CASES = Path("tests/checks/cases/benchmark-substrings")


@pytest.mark.parametrize("case", ["fires", "quiet"])
def test_case(case: str, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check reports what the documented case says."""
    monkeypatch.chdir(repository)
    case_contract(BenchmarkSubstrings, repository / CASES / f"{case}.yaml")


texts = st.lists(st.text("abAB .é1", max_size=14), max_size=8)


@given(texts, texts, st.integers(2, 6))
def test_windows_are_equal_where_the_characters_are(
    data: list[str], items: list[str], size: int
) -> None:
    """Wherever they stand, in whichever text: what a set of substrings would say."""

    def plain(text: str) -> set[str]:
        small = reduced(text)
        return {small[at : at + size] for at in range(len(small) - size + 1)}

    ours = windows_of([reduced(each) for each in data], size)
    theirs = windows_of([reduced(each) for each in items], size)

    for number, text in enumerate(data):
        shared = np.isin(ours.hashes[ours.owners == number], theirs.hashes).any()
        wanted = any(plain(text) & plain(item) for item in items)
        assert bool(shared) is wanted


@given(texts, texts)
def test_the_rate_is_that_of_a_plain_search(
    tmp_path_factory: pytest.TempPathFactory, data: list[str], items: list[str]
) -> None:
    """Every item of which a window is a substring of one record, and no other."""
    size = 20
    padded = [each * 3 + "-" for each in items]
    path = tmp_path_factory.mktemp("b") / "items.txt"
    path.write_text("\n".join(each.replace("\r", " ") for each in padded), encoding="utf-8")
    lines = [each for each in path.read_text().split("\n") if each.strip()]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    settings = {"characters": size, "references": [{"path": str(path), "sha256": digest}]}
    check = BenchmarkSubstrings(BenchmarkSubstrings.Settings.model_validate(settings), {})
    rows = [Row(texts=(Text(text=each * 3),)) for each in data]

    state = check.merge(check.start(), check.update(check.start(), batch_of(rows), {}))

    records = [reduced(each * 3) for each in data]
    wanted = {
        number
        for number, line in enumerate(map(reduced, lines))
        if any(
            line[at : at + size] in record
            for at in range(len(line) - size + 1)
            for record in records
        )
    }
    assert state.items == wanted


def test_what_is_not_known(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without references, without rows, and where rows could not be read."""
    monkeypatch.chdir(repository)
    path = CASES / "benchmark.jsonl"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    settings = {"references": [{"path": str(path), "sha256": digest}]}
    none, named = (
        BenchmarkSubstrings(BenchmarkSubstrings.Settings.model_validate(each), {})
        for each in ({}, settings)
    )
    lost = named.update(named.start(), batch_of([Row(skipped="x"), Row()]), {})

    assert list(none.find(batch_of([Row()]), {})) == []
    results = [
        *none.finish(none.start(), sampled=False),
        *named.finish(named.start(), sampled=False),
        *named.finish(lost, sampled=False),
    ]
    assert [each.reason for each in results if isinstance(each, NotMeasured)] == [
        "the policy names no references",
        "there are no rows",
        "not all rows were read, and the others may hold any of it",
    ]
