from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from assaymark.model.measurement import Counts, share
from assaymark.report import html, markdown, text
from assaymark.report.controls import control_tables
from assaymark.report.gaps import gaps, most_important
from assaymark.report.view import Mark, Report
from assaymark.report.vocabulary import Vocabulary


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
                "rows with at least one text at or above the threshold, in dataset "
                "`customers.csv`: none of 12,003 rows could be judged"
            ),
        ),
        "Records that could not be read": (
            (
                "dataset `customers.csv`: 3 of 12,003 records: "
                "a line is longer than 16 MiB (1), invalid JSON (2)"
            ),
        ),
        "Records without text": ("dataset `customers.csv`: 41 records",),
        "Records that a check could not judge": (
            "dataset `customers.csv`: 10 records, by `pii-exposure`",
        ),
        "Kinds that detectors did not look for": ("`pii`, names: `PERSON`", "`pii`: `IBAN_CODE`"),
        "Detectors without measured quality": ("`harm`",),
    }


def test_a_sample_leaves_the_rest_unjudged(reports: Mapping[str, Report]) -> None:
    """Records that were not drawn are a gap too."""
    lines = lines_of(reports["sampled"])

    assert lines["Records that were not drawn"] == (
        "dataset `conversations/`: 3,970,000 of 4,000,000 records",
    )
    assert lines["Records that a check could not judge"] == (
        "dataset `conversations/`: 10 records, by `pii-exposure`",
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


def counts_of(report: Report) -> dict[str, int]:
    """Return the count of each gap by title."""
    return {each.title: each.count for each in gaps(report)}


def test_a_count_is_in_the_unit_that_the_title_names(reports: Mapping[str, Report]) -> None:
    """Kinds, records and detectors are counted, not the lines that list them."""
    counts = counts_of(reports["failing"])

    assert counts["Records that could not be read"] == 3
    assert counts["Records without text"] == 41
    assert counts["Records that a check could not judge"] == 10
    assert counts["Kinds that detectors did not look for"] == 2
    assert counts["Detectors without measured quality"] == 1


def covered(report: Report, **changes: Any) -> Report:
    """Return `report` with another coverage of its only subject."""
    (subject,) = report.evidence.subjects
    changed = replace(subject, coverage=replace(subject.coverage, **changes))
    return replace(report, evidence=replace(report.evidence, subjects=(changed,)))


def test_names_come_first_beside_the_verdict(reports: Mapping[str, Report]) -> None:
    """What a reader takes for granted is said before what is merely many."""
    assert most_important(reports["passing"]) == (
        "Names were not looked for: no language model was chosen.",
        "In all, 2 kinds that the detectors know were not looked for.",
        "How much these detectors miss was not measured: `harm`.",
    )


def test_what_two_detectors_say_alike_is_said_once(reports: Mapping[str, Report]) -> None:
    """And each detector has its turn before any has a second one."""
    report = reports["passing"]
    first, second = (each.id for each in report.evidence.detectors)
    spots = {first: ("only English was judged", "long texts were cut"), second: ("names were not",)}
    twice = {
        first: ("only English was judged",),
        second: ("only English was judged", "names were not"),
    }

    in_turn = replace(report, vocabulary=replace(report.vocabulary, blind_spots=spots))
    once = replace(report, vocabulary=replace(report.vocabulary, blind_spots=twice))

    assert most_important(in_turn) == (
        "Only English was judged.",
        "Names were not.",
        "Long texts were cut.",
    )
    assert most_important(once)[:2] == ("Only English was judged.", "Names were not.")


def test_what_nobody_looked_at_stands_before_what_was_switched_off(
    reports: Mapping[str, Report],
) -> None:
    """Fields and files that were not read come second, and three sentences are enough."""
    report = covered(
        reports["passing"],
        unread={f"field{k}": 7 for k in range(7)},
        unknown_files={"not readable": 1},
    )

    assert most_important(report)[1:] == (
        (
            "7 fields hold values that nobody looked at: "
            "`field0`, `field1`, `field2`, `field3`, `field4` and 2 more."
        ),
        "1 file could not be read at all.",
    )
    assert lines_of(report)["Fields with values that nobody looked at"][0] == (
        "dataset `customers.csv`: `field0`, in 7 records"
    )
    assert lines_of(report)["Files of unknown content"] == (
        "dataset `customers.csv`: 1 file: not readable (1)",
    )
    for page in (html.render(report), markdown.render(report), text.render(report)):
        assert "1 file could not be read at all." in " ".join(page.split())


def test_a_detector_that_did_not_run_has_no_blind_spot(reports: Mapping[str, Report]) -> None:
    """Only what was used is spoken of."""
    report = reports["passing"]
    harm_only = replace(report.evidence, detectors=report.evidence.detectors[:1])

    assert most_important(replace(report, evidence=harm_only)) == (
        "How much these detectors miss was not measured: `harm`.",
    )


def test_a_control_with_a_note_is_met_only_as_far_as_tested(reports: Mapping[str, Report]) -> None:
    """A note says that the test reaches a part, so a plain `met` would promise more."""
    gdpr, ai_act, unmapped = control_tables(reports["passing"])

    assert [(row.id, row.is_partly_met) for row in gdpr.rows if row.mark] == [("gdpr:5.1.c", True)]
    assert [row.is_partly_met for row in (*ai_act.rows, *unmapped.rows)] == [False, False]
    page = html.render(reports["passing"])
    assert "<p>shares of rows with card and social security numbers</p>" in page
    assert page.count("met as far as tested</span>") == 1


def test_a_control_says_which_kinds_were_not_given(reports: Mapping[str, Report]) -> None:
    """A requirement on data and outputs that saw only data has not judged outputs."""
    report = reports["passing"]
    policy = replace(
        report.policy,
        requirements=tuple(
            replace(each, controls=("eu-ai-act:10.2",)) if each.id == "little-harm" else each
            for each in report.policy.requirements
        ),
    )
    outcomes = tuple(
        replace(each, controls=("eu-ai-act:10.2",)) if each.requirement == "little-harm" else each
        for each in report.decision.outcomes
    )
    changed = replace(report, policy=policy, decision=replace(report.decision, outcomes=outcomes))

    (row,) = control_tables(changed)[1].rows

    assert row.not_given == ("outputs",)
    assert row.is_partly_met
    assert "judged without outputs: none given" in html.render(changed)


def test_records_that_two_checks_could_not_judge_are_not_added_up(
    reports: Mapping[str, Report],
) -> None:
    """Both may have failed at the same records: each check has its line, and the larger number counts."""
    report = reports["failing"]
    (subject,) = report.evidence.subjects
    counts = Counts(hits=0, judged=11_996, unjudged=7)
    other = share("harm.row-rate", "harmful-content", (), counts, sampled=False)
    results = (*(each for each in subject.results if each.metric != other.metric), other)
    changed = replace(report.evidence, subjects=(replace(subject, results=results),))

    found = replace(report, evidence=changed)

    assert lines_of(found)["Records that a check could not judge"] == (
        "dataset `customers.csv`: 10 records, by `pii-exposure`",
        "dataset `customers.csv`: 4 records, by `harmful-content`",
    )
    assert counts_of(found)["Records that a check could not judge"] == 10


def test_kinds_that_a_reader_takes_for_granted_come_first(reports: Mapping[str, Report]) -> None:
    """Names of people stand before what another detector leaves out, whatever the detectors are called."""
    report = reports["failing"]
    off = {"harm": {"": ("THREAT",)}, "pii": report.vocabulary.switched_off["pii"]}
    words = replace(report.vocabulary, switched_off=off)

    lines = lines_of(replace(report, vocabulary=words))["Kinds that detectors did not look for"]

    assert lines[0] == "`pii`, names: `PERSON`"


def test_a_control_says_how_each_of_its_requirements_came_out(
    reports: Mapping[str, Report],
) -> None:
    """Beside the worst result stands how many came out how, where they differ."""
    (gdpr, *_) = control_tables(reports["passing"])
    (failed, *_) = control_tables(reports["failing"])

    assert gdpr.rows[0].counts is None
    assert failed.rows[0].counts == "1 undecided, 1 not met"
