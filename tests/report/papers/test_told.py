"""Answers, each with where it is from."""

from __future__ import annotations

from assaymark.model.manifest import LicenceStatement, Manifest
from assaymark.model.measurement import Counts, share
from assaymark.report.papers.paper import Answer
from assaymark.report.papers.told import Measurements, licences, made_from, period, signals
from report.exported import AT, DIGEST, EMAIL, ORIGIN, OTHER, WHOLE, statements, subject

FILE = "`assaymark.yaml`"


def test_measurements_are_in_the_words_of_their_checks() -> None:
    """With the name behind them, and of how many; what could not be measured is no answer."""
    words = {"records.count": "records in the data"}

    found = list(Measurements(subject(), words).of("records.", "pii.row-rate", "x.gap"))

    assert [each.text for each in found] == [
        "`pii.row-rate` `entity=EMAIL_ADDRESS`: 3 of 999 records; 1 record not judged",
        "records in the data (`records.count`): 1000",
    ]
    assert {each.source for each in found} == {"measured"}


def test_a_label_that_was_never_seen_is_left_out() -> None:
    """The share of all labels says so too."""
    none = share("p.r", "p", EMAIL, Counts(hits=0, judged=9, unjudged=0), sampled=False)
    plain = share("p.r", "p", (), Counts(hits=0, judged=9, unjudged=0), sampled=False)
    some = share("p.r", "p", EMAIL, Counts(hits=3, judged=9, unjudged=0), sampled=False)

    found = Measurements(subject(results=(none, plain, some))).of("p.r")

    assert [each.text for each in found] == [
        "`p.r`: 0 of 9 records",
        "`p.r` `entity=EMAIL_ADDRESS`: 3 of 9 records",
    ]


def test_a_number_that_may_be_another_shows_between_what() -> None:
    """An interval is not left out where it is wider than the number."""
    wide = share("p.r", "p", (), Counts(hits=3, judged=9, unjudged=0), sampled=True)
    object.__setattr__(wide, "counts", None)

    (answer,) = Measurements(subject(results=(wide,))).of("p.r")

    assert answer.text.startswith("`p.r`: 0.333")
    assert "(between 0.0" in answer.text


def test_without_a_subject_nothing_was_measured() -> None:
    """No answer, and no size."""
    nothing = Measurements(None)

    assert [*nothing.of("records."), *nothing.size()] == []


def test_a_licence_that_spdx_cannot_write_says_so() -> None:
    """And keeps its words."""
    said = (LicenceStatement(expression=each, place=AT) for each in ("mit", "house terms"))

    assert list(licences(said)) == [
        Answer("`MIT`", FILE),
        Answer("`house terms`, which is no SPDX expression", FILE),
    ]


def test_periods_and_signals_are_told_as_they_were_written() -> None:
    """Whatever words a document has for them."""
    dates = Manifest(statements=statements(collected_from="spring", collected_until="2025"))

    assert list(period(dates)) == [Answer("from `spring`", FILE), Answer("until `2025`", FILE)]
    assert list(signals(WHOLE)) == [Answer("`tdmrep` for `notes`: `0`", FILE)]


def test_the_table_of_digests() -> None:
    """Evidence, report with the time of its decision, documents."""
    assert made_from(ORIGIN).rows == (
        ("evidence, `evidence.json`", f"`{OTHER}`"),
        ("signed report, decided 2026-11-21 12:00 UTC: the statement", f"`{DIGEST}`"),
        ("signed report: the bundle's file", f"`{OTHER}`"),
        ("document `assaymark.yaml`", f"`{DIGEST}`"),
    )
