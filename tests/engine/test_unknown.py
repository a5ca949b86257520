"""What was not looked at is shown, and carries no verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from assaymark.contracts.source import Batch, Skipped
from assaymark.engine.run import audit
from assaymark.model.decision import Verdict
from assaymark.model.measurement import Measured, NotMeasured
from assaymark.policy.decide import decide

from .fakes import RowsSource, fake_catalog, policy

RULES = policy("marks")


class HalfOpen(RowsSource):
    """A folder of readable files, and one of which nothing is known."""

    def batches(self) -> Iterator[Batch]:
        """Yield the readable records, then the unknown file."""
        yield from super().batches()
        yield Batch(
            file="sheet.xlsx",
            rows=0,
            empty=0,
            texts=pa.record_batch(
                {
                    "row": pa.array([], pa.int64()),
                    "line": pa.array([], pa.int64()),
                    "field": pa.array([], pa.string()),
                    "text": pa.array([], pa.large_string()),
                }
            ),
            skipped=(Skipped(0, None, "unknown format", whole_file=True),),
        )


class PartlyRead(RowsSource):
    """Records with a field that nobody looks at."""

    def batches(self) -> Iterator[Batch]:
        """Yield the records, each with an image."""
        for batch in super().batches():
            yield replace(batch, unread={"image": batch.rows})


@pytest.mark.parametrize("marked", [0, 3])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_cannot_be_opened_withholds_every_share(marked: int, workers: int) -> None:
    """It may hold any number of records, so no share is known, however clean the others are."""
    rows = [["mark" if number < marked else "clean"] for number in range(20)]

    evidence = audit(
        RULES, [HalfOpen({"f": rows})], fake_catalog(), workers=workers, open_catalog=fake_catalog
    )

    (subject,) = evidence.subjects
    reason = "1 file could not be read at all, so the number of records is not known"
    assert {each.reason for each in subject.results if isinstance(each, NotMeasured)} == {reason}
    assert not any(isinstance(each, Measured) for each in subject.results)
    assert (subject.coverage.rows, dict(subject.coverage.skipped)) == (20, {})
    assert dict(subject.coverage.unknown_files) == {"unknown format": 1}
    verdict = decide(RULES, evidence, (), datetime.now(UTC)).verdict
    assert verdict is Verdict.UNDECIDED


def test_records_without_any_text_measure_nothing() -> None:
    """A detector that was given nothing has nothing to be silent about."""
    evidence = audit(RULES, [RowsSource({"f": [[], [" "], []]})], fake_catalog())

    (subject,) = evidence.subjects
    assert {each.reason for each in subject.results if isinstance(each, NotMeasured)} == {
        "no record holds any text"
    }


def test_fields_that_were_not_looked_at_are_counted() -> None:
    """Which fields, and in how many records."""
    evidence = audit(RULES, [PartlyRead({"f": [["a"]] * 7})], fake_catalog())

    assert dict(evidence.subjects[0].coverage.unread) == {"image": 7}
