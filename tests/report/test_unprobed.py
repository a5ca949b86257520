"""What was not asked about is said by name."""

from __future__ import annotations

from dataclasses import replace

from assaymark.model.evidence import CheckRecord
from assaymark.model.subject import SubjectKind
from assaymark.report.gaps import gaps
from assaymark.report.unprobed import unprobed
from assaymark.report.view import Report

from .conftest import decided


def about_a_model(**settings: object) -> Report:
    """A report about a model, with one check under these settings."""
    report = decided([], [])
    (subject,) = report.evidence.subjects
    model = replace(subject, subject=replace(subject.subject, kind=SubjectKind.MODEL))
    check = CheckRecord(id="counterfactual-decisions", version="1", settings=settings, detectors=())
    checks = (check,) if settings else ()
    evidence = replace(report.evidence, subjects=(model,), checks=checks)
    return replace(report, evidence=evidence)


def test_axes_and_contexts_that_were_left_out() -> None:
    """By name, each counted; and which groups were known at all."""
    report = about_a_model(
        axes=["gender"], contexts=["hiring", "credit", "housing", "policing", "education"]
    )

    assert list(unprobed(report)) == [
        (
            (
                "`counterfactual-decisions` did not ask about the axes `ethnicity`, `religion`, `age`, "
                "`disability`, `nationality`, `orientation`, `gender identity`, `social origin`, `names`"
            ),
            9,
        ),
        (
            (
                "`counterfactual-decisions` knows no other groups than these: "
                "gender: woman, man, non-binary person"
            ),
            1,
        ),
        ("`counterfactual-decisions` did not ask about the context `medical triage`", 1),
    ]


def test_a_model_that_nobody_asked() -> None:
    """One line says it."""
    report = about_a_model()

    assert list(unprobed(report)) == [("no check asked the model about swapped people", 1)]
    titles = [each.title for each in gaps(report)]
    assert "Groups and contexts that were not probed" in titles


def test_a_table_is_not_a_model() -> None:
    """A report without a model claims nothing about probes."""
    assert list(unprobed(decided([], []))) == []


def test_settings_of_others_are_left_alone() -> None:
    """A plug-in may call its settings alike and mean something else."""
    report = about_a_model(axes=["x", "y"])

    assert list(unprobed(report)) == [("no check asked the model about swapped people", 1)]


def test_templates_that_were_left_out() -> None:
    """Whoever asks a part of each context is told so."""
    report = about_a_model(axes=["gender"], per_context=5)

    assert (
        "`counterfactual-decisions` asked about 5 templates of each context at most",
        1,
    ) in list(unprobed(report))


def test_whoever_asks_their_own_templates_alone_asks_none_of_our_contexts() -> None:
    """However many are listed."""
    report = about_a_model(axes=["gender"], contexts=["hiring"], ours=False)

    told = [line for line, _ in unprobed(report)]
    assert (
        "`counterfactual-decisions` did not ask about the contexts `hiring`, `credit`, `housing`, "
        "`medical triage`, `policing`, `education`"
    ) in told
