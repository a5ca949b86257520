"""The datasheet of a dataset."""

from __future__ import annotations

from assaymark.model.manifest import Manifest
from assaymark.report.papers.datasheet import datasheet
from assaymark.report.papers.markdown import render
from assaymark.report.papers.paper import Field, Heading
from assaymark.report.papers.told import Measurements
from report.exported import ORIGIN, OTHER, WHOLE, evidence, subject

SHEET = datasheet(evidence(subject()), ORIGIN, WHOLE, Measurements(subject()))


def field(label: str) -> Field:
    """Return the field with this label."""
    return next(each for each in SHEET.blocks if isinstance(each, Field) and each.label == label)


def test_it_has_the_seven_sections_of_gebru_and_others() -> None:
    """In their order, under the name that documents give the data."""
    assert [each.text for each in SHEET.blocks if isinstance(each, Heading)] == [
        "Datasheet: `Birds`",
        "1. Motivation",
        "2. Composition",
        "3. Collection",
        "4. Preparation, cleaning and labelling",
        "5. Uses",
        "6. Distribution",
        "7. Maintenance",
    ]


def test_what_was_measured_stands_beside_what_is_stated() -> None:
    """Each with where it is from."""
    found = field("Data about persons")

    assert [(each.text, each.source) for each in found.answers] == [
        ("`yes`", "`assaymark.yaml`"),
        (
            "`pii.row-rate` `entity=EMAIL_ADDRESS`: 3 of 999 records; 1 record not judged",
            "measured",
        ),
    ]
    assert not found.is_open


def test_what_no_check_measured_is_open_and_says_so() -> None:
    """A person cannot fill in a number, but can audit again."""
    assert field("Overlap with tests and benchmarks").remains == (
        "no check of this audit measured it"
    )


def test_the_first_page_counts_what_is_open_and_names_the_evidence() -> None:
    """And there is no verdict anywhere."""
    text = render(SHEET)

    assert f"{SHEET.open_fields} of {SHEET.fields} questions are open" in text.split("## 1.")[0]
    assert OTHER in text.split("## 1.")[0]
    assert "PASS" not in text


def test_without_documents_it_has_the_subjects_own_name() -> None:
    """And fields where texts stand."""
    bare = datasheet(evidence(subject()), ORIGIN, Manifest(), Measurements(subject(name="rows")))

    assert "# Datasheet: `rows`" in render(bare)
