from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from assaymark.report import html, markdown, text
from assaymark.report.gaps import control_tables, gaps
from assaymark.report.view import Mark, Report, Vocabulary


def lines_of(report: Report) -> dict[str, tuple[str, ...]]:
    """Return the lines of each gap by title."""
    return {each.title: each.lines for each in gaps(report)}


def test_everything_that_was_not_tested_is_listed(reports: Mapping[str, Report]) -> None:
    """Controls, numbers, records, kinds and detectors: each gap has its own list."""
    assert lines_of(reports["failing"]) == {
        "Controls that need a person": (
            "`gdpr:6.1` There is a legal basis for the processing (no data tells why it may be used)",
        ),
        "Controls without a test": (
            (
                "`gdpr:9` Special categories are not processed without an exception "
                "(no installed check looks for health or belief)"
            ),
        ),
        "Controls said to be tested, without a requirement": ("`gdpr:32` Processing is secure",),
        "Numbers that could not be measured": (
            (
                "share of rows with at least one text at or above the threshold, in dataset "
                "`customers.csv`: none of 12003 rows could be judged"
            ),
        ),
        "Records that were not looked into": (
            (
                "dataset `customers.csv`: 3 of 12,003 records could not be read: "
                "a line is longer than 16 MiB (1), invalid JSON (2)"
            ),
            "dataset `customers.csv`: 41 records hold no text",
        ),
        "Records that a check could not judge": (
            "dataset `customers.csv`: 10 records could not be judged by `pii-exposure`",
        ),
        "Kinds that detectors did not look for": ("`pii`: `PERSON`, `IBAN_CODE`",),
        "Detectors without measured quality": ("`harm`",),
    }


def test_a_sample_leaves_the_rest_unjudged(reports: Mapping[str, Report]) -> None:
    """Records that were not drawn are a gap too."""
    lines = lines_of(reports["sampled"])

    assert lines["Records that were not looked into"] == (
        (
            "dataset `conversations/`: 30,000 records of 4,000,000 were drawn at random and judged, "
            "the others not"
        ),
    )
    assert lines["Records that a check could not judge"] == (
        "dataset `conversations/`: 10 records could not be judged by `pii-exposure`",
    )


def test_a_requirement_without_a_subject_is_a_gap(reports: Mapping[str, Report]) -> None:
    """What the policy demands of a model is not forgotten because no model was given."""
    assert lines_of(reports["several_subjects"])["Requirements without a subject"] == (
        "`model-was-probed`: no model was given",
    )


def test_the_same_reason_for_many_labels_is_one_line(rebuild: Callable[..., Report]) -> None:
    """Forty kinds that could not be measured do not bury the rest."""
    report = rebuild("many-missing")

    (line,) = lines_of(report)["Numbers that could not be measured"]
    assert line.endswith(
        "`KIND_11` and 28 more, in dataset `customers.csv`: the detector did not answer"
    )


def test_no_gap_is_an_empty_list(each_report: Report) -> None:
    """Kinds of which there is nothing are left out."""
    assert all(each.lines for each in gaps(each_report))


def test_where_nothing_was_left_out_no_list_is_shown(rebuild: Callable[..., Report]) -> None:
    """A whole test of everything has no gaps, and the forms say nothing or that."""
    report = rebuild("spotless")

    assert gaps(report) == ()
    assert "Not tested" not in text.render(report)
    assert "Not tested" not in markdown.render(report)
    assert "Everything that the policy names was tested on every record." in html.render(report)


def test_without_a_vocabulary_nothing_is_claimed_about_kinds(reports: Mapping[str, Report]) -> None:
    """Absence of the list means no claim, not that everything was looked for."""
    report = replace(reports["failing"], vocabulary=Vocabulary())

    assert "Kinds that detectors did not look for" not in lines_of(report)


def test_controls_show_the_worst_of_their_requirements(reports: Mapping[str, Report]) -> None:
    """A control that one requirement breaks is not met, whatever the others say."""
    gdpr, ai_act, unmapped = control_tables(reports["failing"])

    assert [(row.id, row.coverage, row.mark) for row in gdpr.rows] == [
        ("gdpr:5.1.c", "tested", Mark.BROKEN),
        ("gdpr:6.1", "person", None),
        ("gdpr:9", "not-covered", None),
        ("gdpr:32", "untested", None),
    ]
    assert [(row.id, row.mark) for row in ai_act.rows] == [("eu-ai-act:10.2", Mark.MET)]
    assert unmapped.framework is None
    assert [row.id for row in unmapped.rows] == ["owasp-llm:LLM02"]
