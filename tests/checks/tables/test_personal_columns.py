"""Columns are judged as columns: by the share of their values, with their name as context."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.checks.tables import column_tally
from assaymark.checks.tables.personal_columns import PersonalColumns, PersonalColumnsSettings
from assaymark.engine.catalog import installed_catalog
from assaymark.engine.run import audit
from assaymark.inputs.open import open_source
from assaymark.model.measurement import Measured, NotMeasured
from assaymark.model.subject import SubjectKind
from assaymark.policy.load import load_policy
from assaymark.testing import Row, Text, batch_of, case_contract, check_contract, detections_of

CASES = Path("tests/checks/cases/personal-columns")
PII = ("EMAIL_ADDRESS", "DATE_TIME", "URL", "PERSON")


def cell(column: str, text: str, entity: str = "", end: int | None = None) -> Row:
    """Return a row with one value, of which a detector says that it is `entity` up to `end`."""
    spans = ((0, len(text) if end is None else end, entity, 0.9),) if entity else ()
    return Row(texts=(Text(text=text, field=column, spans=spans),))


def judged(
    rows: list[Row], *, sampled: bool = False, **settings: Any
) -> dict[tuple[str, str], Any]:
    """Return the results by metric and value of its label."""
    check = PersonalColumns(PersonalColumnsSettings(**settings), {"pii": PII})
    state = check.update(check.start(), batch_of(rows), detections_of(rows, "pii"))
    return {
        (each.metric.partition(".")[2], "".join(value for _, value in each.labels)): each
        for each in check.finish(state, sampled=sampled)
    }


@pytest.mark.parametrize("case", ["fires", "quiet"])
def test_case(case: str, repository: Path) -> None:
    """The check reports what the documented case says."""
    case_contract(PersonalColumns, repository / CASES / f"{case}.yaml")


def test_it_is_a_monoid_with_few_columns_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the columns become too many, which depends on the whole and not on the order."""
    monkeypatch.setattr(column_tally, "MOST_COLUMNS", 0)

    check_contract(PersonalColumns, examples=100)


def test_dates_under_a_birth_are_dates_of_birth() -> None:
    """The same values under another name are not personal, though they are dates."""
    birth = judged([cell("date_of_birth", "1990-01-02", "DATE_TIME")] * 3)
    order = judged([cell("ordered_on", "1990-01-02", "DATE_TIME")] * 3)

    assert (birth["personal-columns", ""].value, order["personal-columns", ""].value) == (1, 0)
    assert order["personal-columns", "DATE_TIME"].value == 1
    assert (birth["personal-share", ""].value, order["personal-share", ""].value) == (1.0, 0.0)


def test_a_name_that_announces_needs_fewer_values() -> None:
    """One in five under `email` is a column of addresses with gaps; under `note` it is a mention."""
    values = [("a@example.org", "EMAIL_ADDRESS"), *[("none", "")] * 4]

    named = judged([cell("email", *each) for each in values])
    other = judged([cell("note", *each) for each in values])

    assert (named["personal-columns", ""].value, other["personal-columns", ""].value) == (1, 0)
    assert named["personal-columns", "EMAIL_ADDRESS"].value == 1
    assert named["personal-share", "email"].value == other["personal-share", "note"].value == 0.2


@pytest.mark.parametrize(("end", "is_one"), [(10, True), (8, True), (7, False)])
def test_value_is_what_covers_nearly_all_of_it(end: int, *, is_one: bool) -> None:
    """Four fifths of letters and digits; marks around them do not count."""
    found = judged([cell("x", "abcdefghij)...", "PERSON", end)])

    assert found["personal-columns", "PERSON"].value == is_one


def test_blank_cells_and_numbers_of_lists_do_not_count() -> None:
    """The members of a list are one column, and nothing is no value."""
    rows = [
        Row(texts=(Text(text=" ", field="x"), Text(text="", field="x"))),
        Row(texts=(Text(text="a", field="x[0]"), Text(text="b", field="x[17]"))),
    ]

    found = judged(rows)

    assert {value for metric, value in found if metric == "personal-share"} == {"", "x[*]"}
    assert found["personal-share", "x[*]"].counts.judged == 2


def test_a_value_that_is_unjudged_for_names_is_judged_for_the_rest() -> None:
    """What was seen in it counts; whether it is a name, or personal at all, stays open."""
    known = ("EMAIL_ADDRESS", "DATE_TIME", "URL")
    odd = {"unjudged": "another language", "judged_for": known, "field": "x"}
    address = Text(text="a@example.org", spans=((0, 13, "EMAIL_ADDRESS", 0.9),), **odd)
    rows = [Row(texts=(address,)), Row(texts=(Text(text="Hauptstraße", **odd),))]

    found = judged(rows)

    ends = {
        entity: (each.interval.low, each.value, each.interval.high)
        for entity in ("", *PII)
        for each in [found["personal-columns", entity]]
    }
    assert ends == {
        "": (1, 1, 1),
        "EMAIL_ADDRESS": (1, 1, 1),
        "DATE_TIME": (0, 0, 0),
        "URL": (0, 0, 0),
        "PERSON": (0, 0, 1),
    }
    counts = found["personal-share", "x"].counts
    assert (counts.hits, counts.judged, counts.unjudged) == (1, 1, 1)


def test_a_value_of_which_only_what_is_not_personal_is_open_is_judged() -> None:
    """Whether it is a date says nothing about a person where the column is not named after births."""
    known = ("EMAIL_ADDRESS", "URL", "PERSON")
    text = Text(text="soon", field="x", unjudged="too odd", judged_for=known)

    counts = judged([Row(texts=(text,))])["personal-share", "x"].counts

    assert (counts.hits, counts.judged, counts.unjudged) == (0, 1, 0)


def test_what_could_not_be_judged_may_be_one() -> None:
    """Unjudged values and unreadable rows widen the ends of every column."""
    unjudged = Row(texts=(Text(text="long", field="x", unjudged="too long"),))
    rows = [cell("x", "a@example.org", "EMAIL_ADDRESS"), cell("x", "b"), cell("x", "c"), unjudged]

    found = judged([*rows, Row(skipped="invalid JSON")])

    number = found["personal-columns", ""]
    assert (number.interval.low, number.value, number.interval.high) == (0, 0, 1)
    counts = found["personal-share", "x"].counts
    assert (counts.hits, counts.judged, counts.unjudged) == (1, 3, 2)


@given(
    st.lists(st.booleans(), min_size=1, max_size=12),
    st.lists(st.booleans(), max_size=4),
    st.sampled_from([0.1, 0.5, 1.0]),
)
def test_whatever_unjudged_values_are_the_ends_contain_it(
    known: list[bool], hidden: list[bool], bound: float
) -> None:
    """The intervals hold the numbers of the column in which every value is known."""
    unjudged = Row(texts=(Text(text="long", field="x", unjudged="too long"),))

    def rows(values: list[bool]) -> list[Row]:
        return [cell("x", "a", "PERSON" if each else "") for each in values]

    partly = judged([*rows(known), *[unjudged] * len(hidden)], share=bound)
    wholly = judged(rows([*known, *hidden]), share=bound)

    for key, part in partly.items():
        assert part.interval.low <= wholly[key].value <= part.interval.high


@pytest.mark.parametrize(
    ("labels", "rows", "sampled", "reason"),
    [
        ((), [cell("x", "a")], False, "the detector `pii` has nothing switched on"),
        (PII, [], False, "there are no values"),
        (PII, [cell("x", "a")], True, "the rows are a sample, which does not tell the columns of the others"),
    ],
)  # fmt: skip
def test_it_says_why_it_measured_nothing(
    labels: tuple[str, ...], rows: list[Row], reason: str, *, sampled: bool
) -> None:
    """Nothing is ever zero for want of knowing."""
    check = PersonalColumns(PersonalColumnsSettings(), {"pii": labels})
    state = check.update(check.start(), batch_of(rows), detections_of(rows, "pii"))

    number = next(iter(check.finish(state, sampled=sampled)))

    assert isinstance(number, NotMeasured)
    assert number.reason == reason


def test_too_many_columns_are_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records keyed by persons have a column for each, and memory has an end."""
    monkeypatch.setattr(column_tally, "MOST_COLUMNS", 1)

    found = judged([cell("x", "a"), cell("y", "b")])

    assert {each.reason for each in found.values()} == {"there are more than 10,000 columns"}


POLICY = """
apiVersion: assaymark/v1
kind: Policy
metadata: {name: tables, version: 1.0.0, owner: nobody@example.org}
detectors:
  pii: {entities: [EMAIL_ADDRESS, CREDIT_CARD, DATE_TIME]}
checks:
  - {id: personal-columns}
requirements:
  - {id: none, metric: tables.personal-columns, on: dataset, at_most: 0, severity: high, enforce: deny}
  - id: births
    metric: tables.personal-columns
    where: {entity: DATE_TIME}
    on: dataset
    at_most: 0
    severity: high
    enforce: deny
  - id: notes
    metric: tables.personal-share
    where: {column: notes}
    on: dataset
    at_most: 0.1
    severity: high
    enforce: deny
"""


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_real_table_by_the_real_detector(tmp_path: Path, suffix: str) -> None:
    """Cards, addresses and births are three columns, orders and notes are none."""
    chosen = random.Random(7)
    rows = [
        {
            "card": chosen.choice(("4111111111111111", "5555555555554444")),
            "contact": f"a{number}@example.org",
            "birthday": f"19{chosen.randrange(50, 99)}-03-{chosen.randrange(10, 28)}",
            "ordered": f"20{chosen.randrange(10, 26)}-03-{chosen.randrange(10, 28)}",
            "notes": "mail to b@example.org" if number == 3 else "nothing to say",
        }
        for number in range(30)
    ]
    path = tmp_path / f"people.{suffix}"
    if suffix == "csv":
        lines = [",".join(rows[0]), *(",".join(each.values()) for each in rows)]
        path.write_text("\n".join(lines) + "\n")
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    catalog = installed_catalog()
    policy = load_policy(str(tmp_path / "policy.yaml"), catalog)

    evidence = audit(policy, [open_source(str(path), kind=SubjectKind.DATASET)], catalog, workers=1)

    (subject,) = evidence.subjects
    values = {
        (each.metric, "".join(value for _, value in each.labels)): each.value
        for each in subject.results
        if isinstance(each, Measured)
    }
    assert values == {
        ("tables.personal-columns", ""): 3.0,
        ("tables.personal-columns", "EMAIL_ADDRESS"): 1.0,
        ("tables.personal-columns", "CREDIT_CARD"): 1.0,
        ("tables.personal-columns", "DATE_TIME"): 2.0,
        ("tables.personal-share", ""): 1.0,
        ("tables.personal-share", "card"): 1.0,
        ("tables.personal-share", "contact"): 1.0,
        ("tables.personal-share", "birthday"): 1.0,
        ("tables.personal-share", "ordered"): 0.0,
        ("tables.personal-share", "notes"): 0.0,
    }
