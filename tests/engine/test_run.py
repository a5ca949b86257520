from __future__ import annotations

import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assaymark.engine.run import Progress, audit
from assaymark.errors import DetectorError, InputError, RegistryError, UsageError
from assaymark.model.decision import Verdict
from assaymark.model.evidence import Evidence
from assaymark.model.measurement import Measured, NotMeasured
from assaymark.model.subject import Sha256, SubjectKind
from assaymark.policy.decide import decide

from .fakes import (
    Row,
    RowsSource,
    bytes_of,
    failing_catalog,
    fake_catalog,
    other_catalog,
    policy,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ROWS: list[Row] = [["ax", "y"], ["b"], None, ["", " "], ["c?"], ["xx y"], [], ["x?"], ["d"], None]


def run(rules: Any, *sources: RowsSource, **options: Any) -> Evidence:
    """An audit with the fakes."""
    return audit(rules, sources, fake_catalog(), open_catalog=fake_catalog, **options)


def test_everything_that_happened_is_in_the_evidence() -> None:
    """Rows, unreadable ones, empty ones, rates with their counts, and findings with their places."""
    evidence = run(policy("marks", "size"), RowsSource({"f": ROWS}))

    (subject,) = evidence.subjects
    assert subject.coverage.rows == 10
    assert subject.coverage.read == 8
    assert subject.coverage.empty == 2
    assert subject.coverage.texts == 9
    assert subject.coverage.skipped == {"invalid JSON": 2}
    assert subject.coverage.fields == {"messages[*].content": 9}
    rate, _, _, rows = subject.results
    assert isinstance(rate, Measured)
    assert rate.counts is not None
    assert (rate.counts.hits, rate.counts.judged, rate.counts.unjudged) == (3, 7, 3)
    assert isinstance(rows, Measured)
    assert rows.value == 10
    assert subject.findings.total == 6
    assert [each.location.row for each in subject.findings.sample] == [0, 5, 5, 7, 0, 5]
    assert [each.id for each in evidence.detectors] == ["mark"]
    assert [each.id for each in evidence.checks] == ["marks", "size"]
    assert evidence.tool.startswith("assaymark ")


TEXTS = st.text("xy? a", max_size=4)
SUBJECTS = st.lists(st.none() | st.lists(TEXTS, max_size=3), max_size=12)


@given(SUBJECTS, SUBJECTS, st.integers(1, 7), st.integers(1, 7))
def test_batches_and_the_order_of_subjects_change_no_byte(
    one: list[Row], two: list[Row], small: int, large: int
) -> None:
    """Evidence depends on what the subjects hold and on nothing about how they were read."""
    rules = policy("marks", "scores", "size", "broken")
    sources = [
        RowsSource({"f": one, "g": two}, name="a"),
        RowsSource({"f": two}, name="b", kind=SubjectKind.OUTPUTS),
    ]

    first = run(rules, *(replace(each, per_batch=small) for each in sources))
    second = run(rules, *(replace(each, per_batch=large) for each in sources[::-1]))

    assert bytes_of(first) == bytes_of(second)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Any]:
    """Evidence and findings of a run in one process with small batches."""
    path = tmp_path_factory.mktemp("alone") / "findings.parquet"
    rules = policy("marks", "scores", "size")
    evidence = run(rules, *_two_subjects(1), findings_path=path, workers=1)
    return bytes_of(evidence), pq.read_table(path)


def _two_subjects(per_batch: int) -> list[RowsSource]:
    return [
        RowsSource({"f": ROWS * 9, "g": ROWS}, name="a", per_batch=per_batch),
        RowsSource({"f": ROWS * 3}, name="b", per_batch=per_batch, size=None),
    ]


@pytest.mark.parametrize(("workers", "per_batch"), [(1, 50), (2, 1), (3, 7)])
def test_workers_change_no_byte(
    alone: tuple[bytes, Any], tmp_path: Path, workers: int, per_batch: int
) -> None:
    """One process or three, the evidence and the table of findings are the same."""
    path = tmp_path / "findings.parquet"
    sources = _two_subjects(per_batch)[::-1]

    evidence = run(policy("marks", "scores", "size"), *sources, findings_path=path, workers=workers)

    assert bytes_of(evidence) == alone[0]
    assert pq.read_table(path).equals(alone[1])
    assert [each.name for each in tmp_path.iterdir()] == ["findings.parquet"]
    assert multiprocessing.active_children() == []


def test_the_number_of_workers_follows_the_size() -> None:
    """A small subject is read in this process; one of unknown size may use all that there are."""
    small = run(policy("marks"), RowsSource({"f": ROWS}, size=1_999_999))
    unknown = run(policy("marks"), RowsSource({"f": ROWS}, size=None))

    assert bytes_of(small) == bytes_of(unknown)


@pytest.mark.parametrize("word", ["raise", "refuse"])
def test_a_detector_that_fails_never_passes(word: str) -> None:
    """What it was asked about is unjudged, with a reason that quotes nothing."""
    rules = policy("raising")
    clean = run(rules, RowsSource({"f": [["fine"]] * 4}, per_batch=1))
    failed = run(rules, RowsSource({"f": [["fine"], [f"my {word} card"], ["fine"]]}, per_batch=1))

    assert decide(rules, clean, [], NOW).verdict is Verdict.PASS
    rate = failed.subjects[0].result("raising.row-rate", ())
    assert isinstance(rate, Measured)
    assert rate.counts is not None
    assert rate.counts.unjudged == 1
    assert rate.interval.high == 1 / 3
    assert b"card" not in bytes_of(failed)


def test_a_detector_that_always_fails_measures_nothing() -> None:
    """No row judged is no number, and undecided."""
    rules = policy("raising")

    evidence = run(rules, RowsSource({"f": [["raise"]] * 3}))

    assert evidence.subjects[0].result("raising.row-rate", ()) == NotMeasured(
        metric="raising.row-rate",
        check="raising",
        labels=(),
        reason="none of 3 rows could be judged",
    )
    assert decide(rules, evidence, [], NOW).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("where", ["update", "merge", "find", "finish"])
def test_a_check_that_raises_measures_nothing(where: str) -> None:
    """The run goes on, the reason names the exception without its content, and nothing passes."""
    rules = policy("marks", "broken", broken={"where": where})

    evidence = run(rules, RowsSource({"f": [["a"], ["b"]]}, per_batch=1))

    (subject,) = evidence.subjects
    assert subject.result("broken.row-rate", ()) == NotMeasured(
        metric="broken.row-rate", check="broken", labels=(), reason="the check raised KeyError"
    )
    assert isinstance(subject.result("marks.row-rate", ()), Measured)
    assert decide(rules, evidence, [], NOW).verdict is Verdict.UNDECIDED
    assert b"secret" not in bytes_of(evidence)


def test_a_check_of_the_subject_that_raises_measures_nothing() -> None:
    """Likewise for a check that reads no rows."""
    evidence = run(policy("size", size={"broken": True}), RowsSource({"f": [["a"]]}))

    (subject,) = evidence.subjects
    assert subject.results == (
        NotMeasured(
            metric="size.rows", check="size", labels=(), reason="the check raised KeyError"
        ),
    )
    assert subject.findings.total == 0


def test_a_killed_worker_ends_the_run_and_leaves_nothing(tmp_path: Path) -> None:
    """An error, no process, no file."""
    rows: list[Row] = [["fine"]] * 20 + [["die"]]

    with pytest.raises(DetectorError) as error:
        run(
            policy("raising"),
            RowsSource({"f": rows}),
            findings_path=tmp_path / "findings.parquet",
            workers=2,
        )

    assert error.value.message == "a worker process died"
    assert error.value.hint == "the system may have run out of memory; try fewer `--workers`"
    assert multiprocessing.active_children() == []
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_loads_something_else_is_not_believed() -> None:
    """Evidence names the detectors of the main process, so all processes must have the same."""
    with pytest.raises(DetectorError) as error:
        audit(
            policy("marks"),
            [RowsSource({"f": ROWS})],
            fake_catalog(),
            workers=2,
            open_catalog=other_catalog,
        )

    assert error.value.message == "a worker process loaded other detectors than the main process"
    assert error.value.hint == "the installation changed while it ran, or differs between machines"


def test_a_worker_that_cannot_start_says_why() -> None:
    """The error of the worker process arrives whole, with its hint."""
    with pytest.raises(DetectorError) as error:
        audit(
            policy("marks"),
            [RowsSource({"f": ROWS})],
            fake_catalog(),
            workers=2,
            open_catalog=failing_catalog,
        )

    assert error.value.message == "the weights are gone"
    assert error.value.hint == "download them again"


def test_an_error_of_the_caller_stops_the_workers(tmp_path: Path) -> None:
    """A callback that raises, such as on an interrupt, leaves neither process nor file."""

    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(
            policy("marks"),
            RowsSource({"f": ROWS * 20}),
            workers=2,
            on_progress=interrupt,
            findings_path=tmp_path / "findings.parquet",
        )

    assert multiprocessing.active_children() == []
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_fails_midway_leaves_no_file(tmp_path: Path) -> None:
    """What was found until then is not offered as if it were all."""

    class Torn(RowsSource):
        def batches(self) -> Any:
            yield from super().batches()
            raise InputError("`s` ends in the middle of a record")

    with pytest.raises(InputError):
        run(policy("marks"), Torn({"f": ROWS}), findings_path=tmp_path / "f.parquet")

    assert list(tmp_path.iterdir()) == []


def test_an_old_table_of_findings_survives_a_failed_run(tmp_path: Path) -> None:
    """It is replaced only by a complete one."""
    path = tmp_path / "f.parquet"
    path.write_bytes(b"old")

    with pytest.raises(InputError):
        run(
            policy("marks"),
            RowsSource({"f": ROWS}, name="a"),
            RowsSource({"f": ROWS}, name="b"),
            findings_path=path,
        )

    assert path.read_bytes() == b"old"


def test_a_table_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A missing folder is a mistake of the caller."""
    path = tmp_path / "none" / "f.parquet"

    with pytest.raises(UsageError) as error:
        run(policy("marks"), RowsSource({"f": ROWS}), findings_path=path)

    assert error.value.message == f"`{path}` cannot be written: No such file or directory"


def test_the_same_bytes_twice_are_one_subject_too_many() -> None:
    """Two names for one digest would count everything twice."""
    with pytest.raises(InputError) as error:
        run(policy("marks"), RowsSource({"f": ROWS}, name="b"), RowsSource({"f": ROWS}, name="a"))

    assert error.value.message == "`b` holds the same bytes as `a`"
    assert error.value.hint == "name each subject once"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "expected at least 1 worker, got 0"),
        ({"sample": 0}, "expected a sample of at least 1 row, got 0"),
        ({"executor": "cloud"}, "expected the executor `local` or `ray`, got `cloud`"),
        ({"nonce": "n"}, "a nonce is for sampling, and no sample is asked for"),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    """Before anything is loaded or read."""
    with pytest.raises(UsageError) as error:
        run(policy("marks"), RowsSource({"f": ROWS}), **options)

    assert error.value.message == message


def test_nothing_to_judge_is_refused() -> None:
    """An audit of nothing would be a PASS about nothing."""
    with pytest.raises(UsageError) as error:
        run(policy("marks"))

    assert error.value.message == "there is nothing to judge"
    assert error.value.hint == "name a subject, such as `--dataset PATH`"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"checks": {"nowhere": {}}}, "the check `nowhere` is not installed"),
        ({"detectors": {}}, "the policy has no settings for the detector `mark`"),
    ],
)
def test_a_policy_for_another_installation_is_refused(change: dict[str, Any], message: str) -> None:
    """A policy that was type-checked elsewhere may name what is not here."""
    with pytest.raises(RegistryError) as error:
        run(replace(policy("marks"), **change), RowsSource({"f": ROWS}))

    assert error.value.message == message


def test_a_detector_that_is_not_installed_is_named() -> None:
    """Likewise for what a check reads."""
    catalog = replace(fake_catalog(), detectors={})

    with pytest.raises(RegistryError) as error:
        audit(policy("marks"), [RowsSource({"f": ROWS})], catalog)

    assert error.value.message == "the detector `mark` is not installed"


def test_progress_is_told_after_every_batch() -> None:
    """Rows, readable or not, and findings so far, by the subject's name."""
    told: list[Progress] = []

    run(policy("marks"), RowsSource({"f": ROWS}, per_batch=4), on_progress=told.append)

    assert told == [
        Progress(subject="s", rows=4, findings=2),
        Progress(subject="s", rows=8, findings=6),
        Progress(subject="s", rows=10, findings=6),
    ]


def test_a_check_runs_only_on_the_kinds_it_is_for() -> None:
    """A check for datasets reports nothing about a model."""
    evidence = run(policy("marks", "size"), RowsSource({"f": ROWS}, kind=SubjectKind.MODEL))

    assert evidence.subjects[0].results == ()


def test_an_empty_subject_is_not_measured() -> None:
    """No rows are no rate, and no PASS."""
    rules = policy("marks")

    evidence = run(rules, RowsSource({"f": []}))

    assert decide(rules, evidence, [], NOW).verdict is Verdict.UNDECIDED
    rate = evidence.subjects[0].result("marks.row-rate", ())
    assert isinstance(rate, NotMeasured)
    assert rate.reason == "there are no rows"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([["x"], ["y"], ["z?"], ["xy"], None]))
def test_losing_rows_to_unreadable_ones_only_withholds(rows: list[Row]) -> None:
    """A record that cannot be read never makes a verdict better than the same record read."""
    rules = policy("marks")
    full = decide(rules, run(rules, RowsSource({"f": rows})), [], NOW).verdict

    for index in range(len(rows)):
        torn = [None if place == index else row for place, row in enumerate(rows)]
        less = decide(rules, run(rules, RowsSource({"f": torn})), [], NOW).verdict

        assert less in (full, Verdict.UNDECIDED)


def test_evidence_says_which_detector_answered() -> None:
    """Its version, digest and settings as used."""
    (record,) = run(policy("scores"), RowsSource({"f": ROWS})).detectors

    assert record.id == "logged"
    assert record.settings == {"log": "", "pause": 0.0, "version": 1}
    assert record.digest == Sha256(
        "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    )
