from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.engine.run import Progress, audit
from assaymark.engine.sampling import draw, seed_of
from assaymark.errors import InputError, UsageError
from assaymark.model.evidence import Evidence, Sample
from assaymark.model.measurement import CLOPPER_PEARSON, EXACT, Measured
from assaymark.model.subject import Sha256

from .fakes import Row, RowsSource, StoredSource, bytes_of, fake_catalog, policy

SEED = Sha256("5" * 64)
SEEDS = st.integers(0, 2**64).map(lambda each: Sha256(f"{each:064x}"))
FILES = st.dictionaries(st.text(max_size=3), st.integers(0, 30), max_size=4)


def run(*sources: RowsSource, **options: Any) -> Evidence:
    """An audit of marks and sizes."""
    catalog = fake_catalog()
    return audit(policy("marks", "size"), sources, catalog, open_catalog=fake_catalog, **options)


def rate(evidence: Evidence) -> Measured:
    """The share of rows with a mark in the first subject."""
    result = evidence.subjects[0].result("marks.row-rate", ())
    assert isinstance(result, Measured)
    return result


@given(FILES, SEEDS, st.integers(1, 60))
def test_a_draw_has_the_size_that_was_asked_for(
    files: dict[str, int], seed: Sha256, size: int
) -> None:
    """So many different records that exist, or all of them."""
    drawn = draw(files, seed=seed, size=size)

    assert sum(map(len, drawn.values())) == min(size, sum(files.values()))
    assert all(0 <= row < files[file] for file, rows in drawn.items() for row in rows)
    assert all(drawn.values())


@given(FILES, SEEDS, st.integers(1, 60))
def test_the_order_of_files_does_not_matter(files: dict[str, int], seed: Sha256, size: int) -> None:
    """A draw follows from names and numbers alone."""
    turned = dict(reversed(files.items()))

    assert draw(files, seed=seed, size=size) == draw(turned, seed=seed, size=size)


@given(FILES, SEEDS, st.integers(1, 59))
def test_a_larger_draw_holds_the_smaller_one(
    files: dict[str, int], seed: Sha256, size: int
) -> None:
    """Ranks are fixed by the seed, so a sample can be extended."""
    small, large = (draw(files, seed=seed, size=each) for each in (size, size + 1))

    assert all(rows <= large[file] for file, rows in small.items())


def test_every_row_has_the_same_chance() -> None:
    """Over 2,000 seeds each of 20 rows is drawn in a quarter of the draws, within five deviations."""
    drawn: Counter[tuple[str, int]] = Counter()
    for index in range(2_000):
        picked = draw({"a": 12, "b": 8}, seed=Sha256(f"{index:064x}"), size=5)
        drawn.update((file, row) for file, rows in picked.items() for row in rows)

    deviation = math.sqrt(2_000 * 0.25 * 0.75)
    assert len(drawn) == 20
    assert all(abs(each - 500) < 5 * deviation for each in drawn.values())


def test_names_and_numbers_cannot_be_confused() -> None:
    """A file named like another file and a row is still another file."""
    one = draw({"a": 3, "a\x00": 3}, seed=SEED, size=3)
    two = draw({"a\x00": 3, "a": 3}, seed=SEED, size=3)

    assert one == two


def test_the_seed_is_fixed_by_policy_subject_and_nonce() -> None:
    """Anyone can recompute it from the report; another part gives another seed."""
    policy_digest, subject = Sha256("a" * 64), Sha256("b" * 64)
    seeds = {
        seed_of(policy_digest, subject, None),
        seed_of(subject, policy_digest, None),
        seed_of(policy_digest, subject, ""),
        seed_of(policy_digest, subject, "n"),
    }

    assert len(seeds) == 4
    assert seed_of(policy_digest, subject, "n") == (
        "4aba7521de11557f703821c887513f274d6898a57f268bf90f5a27aad12e8cb5"
    )


ROWS: list[Row] = [["x"] if index % 7 == 0 else ["plain"] for index in range(100)]


def test_a_sampled_share_has_the_limits_of_its_sample() -> None:
    """Drawn rows are judged, the interval says so, and the subject's size is known exactly."""
    evidence = run(StoredSource({"f": ROWS}), sample=40, nonce="n")

    (subject,) = evidence.subjects
    found = rate(evidence)
    assert subject.coverage.sample == Sample(
        rows=40, seed=seed_of(Sha256("b" * 64), subject.subject.digest, "n"), nonce="n"
    )
    assert found.method == CLOPPER_PEARSON
    assert found.counts is not None
    assert found.counts.total == 40
    assert found.interval.level == 0.95
    assert subject.coverage.rows == 100
    rows = subject.result("size.rows", ())
    assert isinstance(rows, Measured)
    assert (rows.value, rows.method) == (100, EXACT)


@given(
    st.lists(st.none() | st.lists(st.text("x? ", max_size=2), max_size=3), min_size=1, max_size=30),
    st.integers(1, 12),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_batches_change_no_byte_of_a_sample(
    rows: list[Row], size: int, small: int, large: int
) -> None:
    """Which rows are drawn follows from where they stand."""
    source = StoredSource({"f": rows, "g": rows[::-1]})

    one = run(replace(source, per_batch=small), sample=size)
    two = run(replace(source, per_batch=large), sample=size)

    assert bytes_of(one) == bytes_of(two)


def test_workers_change_no_byte_of_a_sample() -> None:
    """Nor do processes."""
    source = StoredSource({"f": ROWS})

    assert bytes_of(run(source, sample=30, workers=2)) == bytes_of(run(source, sample=30))


@pytest.mark.parametrize("size", [100, 101, 10**9])
def test_a_sample_of_everything_is_exact(size: int) -> None:
    """Where the sample holds all rows, nothing is uncertain, and nothing differs."""
    source = StoredSource({"f": ROWS})

    assert bytes_of(run(source, sample=size)) == bytes_of(run(source))


def test_rows_that_were_drawn_and_cannot_be_read_are_unjudged() -> None:
    """With nine unreadable rows in ten, a clean sample proves nothing."""
    rows: list[Row] = [["plain"] if index % 10 == 0 else None for index in range(200)]

    evidence = run(StoredSource({"f": rows}), sample=50)

    found = rate(evidence)
    assert found.counts is not None
    assert found.counts.hits == 0
    assert found.counts.total == 50
    assert found.counts.unjudged > 35
    assert found.interval.high > 0.7
    assert evidence.subjects[0].coverage.skipped == {"invalid JSON": 180}


def test_rows_without_text_can_be_drawn() -> None:
    """A record that holds nothing is a record, judged and clean."""
    found = rate(run(StoredSource({"f": [["words"], *([] for _ in range(50))]}), sample=10))

    assert found.counts is not None
    assert (found.counts.hits, found.counts.judged, found.counts.unjudged) == (0, 10, 0)


def test_a_source_that_can_be_read_once_cannot_be_sampled() -> None:
    """A pipe is refused with what to do about it, before anything is read."""
    with pytest.raises(UsageError) as error:
        run(RowsSource({"f": ROWS}, name="-"), sample=5)

    assert error.value.message == "`-` can be read only once, so it cannot be sampled"
    assert error.value.hint == "store it in a file first, or judge all of it"


def test_a_subject_that_changes_between_the_readings_is_refused() -> None:
    """The rows of one file must not be judged under the digest of another."""

    class Changing(StoredSource):
        def reopen(self) -> RowsSource:
            return StoredSource({"f": [*ROWS[:-1], ["other"]]}, self.name)

    with pytest.raises(InputError) as error:
        run(Changing({"f": ROWS}), sample=5)

    assert error.value.message == "`s` changed while it was read"
    assert error.value.hint == "audit it again"


def test_records_that_are_numbered_wrongly_cannot_be_sampled() -> None:
    """A source that breaks its contract would have its rows confused."""
    with pytest.raises(InputError) as error:
        run(StoredSource({"f": ROWS}, wrong_rows=True), sample=5)

    assert error.value.message == (
        "the records of `f` are not numbered in order, so it cannot be sampled"
    )


def test_progress_counts_both_readings() -> None:
    """All rows, twice."""
    told: list[Progress] = []

    run(StoredSource({"f": ROWS}, per_batch=50), sample=10, on_progress=told.append)

    assert [each.rows for each in told] == [50, 100, 50, 100]


def test_the_interval_covers_the_truth_at_its_level() -> None:
    """Of 300 audits with different nonces, at least 95 % hold the true share, less three deviations."""
    source = StoredSource({"f": ROWS}, per_batch=100)
    truth = sum(row == ["x"] for row in ROWS) / 100

    covered = 0
    for nonce in range(300):
        interval = rate(run(source, sample=30, nonce=str(nonce))).interval
        covered += interval.low <= truth <= interval.high

    assert covered >= 300 * 0.95 - 3 * math.sqrt(300 * 0.95 * 0.05)
