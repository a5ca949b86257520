"""The draft of the public summary of training content."""

from __future__ import annotations

import re

from assaymark.model.manifest import GeneratorStatement, Manifest, OptOutStatement, SourceStatement
from assaymark.model.subject import SubjectKind
from assaymark.report.origin import Origin
from assaymark.report.papers.markdown import render
from assaymark.report.papers.paper import Field, Heading, Paper
from assaymark.report.papers.told import Measurements
from assaymark.report.papers.training_summary import training_summary
from report.exported import AT, DIGEST, ORIGIN, WHOLE, evidence, statements, subject

SECTIONS = [
    "1. General information",
    "1.1. Provider identification",
    "1.2. Model identification",
    "1.3. Modalities, size of the training data and other characteristics",
    "2. List of data sources",
    "2.1. Publicly available datasets",
    "2.2. Private datasets obtained from third parties",
    "2.2.1. Datasets commercially licensed by rightsholders or their representatives",
    "2.2.2. Private datasets obtained from other third parties",
    "2.3. Data crawled and scraped from online sources",
    "2.4. User data",
    "2.5. Synthetic data",
    "2.6. Other sources of data",
    "3. Data processing aspects",
    "3.1. Respect of reservations of rights from text and data mining",
    "3.2. Removal of illegal content",
    "3.3. Other information (optional)",
]


def draft(manifest: Manifest = WHOLE) -> Paper:
    """Return the draft about one dataset."""
    return training_summary(evidence(subject()), ORIGIN, manifest, Measurements(subject()))


def fields(paper: Paper) -> dict[str, dict[str, Field]]:
    """Return the fields by their section's number and their label."""
    found: dict[str, dict[str, Field]] = {}
    section = ""
    for each in paper.blocks:
        if isinstance(each, Heading):
            section = each.text.partition(" ")[0].rstrip(".")
        elif isinstance(each, Field):
            found.setdefault(section, {})[each.label] = each
    return found


def answers(paper: Paper, section: str) -> list[str]:
    """Return every answer of a section."""
    return [each.text for field in fields(paper)[section].values() for each in field.answers]


def test_it_has_every_section_of_the_template_by_number() -> None:
    """In the order of the template of 24 July 2025."""
    headings = [each.text for each in draft().blocks if isinstance(each, Heading)]

    assert headings == ["Public summary of training content: draft", *SECTIONS]


def test_who_the_provider_is_stays_open() -> None:
    """No evidence knows it: an originator of data is no provider of a model."""
    assert all(
        each.is_open and not each.answers
        for section in ("1.1", "2.4")
        for each in fields(draft())[section].values()
    )


def test_nothing_is_ever_answered_with_no() -> None:
    """Evidence about some data proves nothing about all of it."""
    for each in (WHOLE, Manifest()):
        text = render(draft(each))
        assert re.search(r"^- no\b", text, re.MULTILINE) is None


def test_sources_stand_where_their_method_puts_them() -> None:
    """One of each kind, and one that nobody can place."""
    methods = {
        "2.1": "public dataset",
        "2.2.1": "licensed from the publisher",
        "2.2.2": "data broker",
        "2.3": "crawled",
        "2.4": "chat logs",
        "2.5": "synthetic",
        "2.6": "",
    }
    told = Manifest(
        documents=("assaymark.yaml",),
        sources=tuple(
            SourceStatement(id=f"of {section}", place=AT, method=method)
            for section, method in methods.items()
        ),
    )

    paper = draft(told)

    for section in methods:
        assert f"`of {section}`" in answers(paper, section)
    unplaced = fields(paper)["2.6"]["Sources that belong to none of the sections above"]
    assert unplaced.remains.startswith("to place each of these in its section")


def test_crawls_have_crawlers_a_period_and_hosts() -> None:
    """From the recorded signals and the addresses; the rest of the log stays open."""
    told = Manifest(
        documents=("assaymark.yaml",),
        statements=statements(collected_from="2025-01-01", collected_until="2025-05-01"),
        sources=(
            SourceStatement(id="a", place=AT, method="crawled", url="https://a.example.org/x"),
            SourceStatement(id="b", place=AT, method="crawled", url="https://[broken"),
        ),
        opt_outs=(
            OptOutStatement(
                signal="robots", value="allow", place=AT, crawler="birdbot", fetched="2025-01-01"
            ),
        ),
    )

    found = fields(draft(told))["2.3"]

    assert [each.text for each in found["Names or identifiers of the crawlers"].answers] == [
        "`birdbot`"
    ]
    assert not found["Period of collection"].is_open
    assert [each.text for each in found["The most relevant domain names"].answers] == [
        "`a.example.org`"
    ]
    assert found["The most relevant domain names"].is_open


def test_models_and_generators_are_named() -> None:
    """An audited model by its name, and what generated data by the documents'."""
    model = subject(SubjectKind.MODEL, "parrot", files=0, declared={"model": "parrot"})
    told = Manifest(generators=(GeneratorStatement(model="parrot-1", place=AT),))

    paper = training_summary(evidence(model), ORIGIN, told, Measurements(None))

    assert answers(paper, "1.2") == ["`parrot`"]
    assert answers(paper, "2.5") == ["yes, in the audited data", "`parrot-1`"]


def test_it_says_what_it_covers_how_much_is_open_and_from_what_it_was_made() -> None:
    """On the first page, before anything else."""
    first = render(draft()).split("## 1.")[0]

    assert "It speaks of the audited data alone: `birds`." in first
    paper = draft()
    assert f"{paper.open_fields} of {paper.fields} fields are open" in first
    assert DIGEST in first
    assert "C(2025) 8311 of 5 December 2025" in first


def test_what_was_not_understood_and_what_was_not_given_is_said() -> None:
    """A gap in the documents is no gap in the data."""
    nothing = training_summary(evidence(), Origin(evidence=DIGEST), Manifest(), Measurements(None))

    assert "so something may be missing here: `card.yaml` says a key twice" in render(draft())
    assert "No document was given with `--manifest`" in render(nothing)
    assert "the audited data alone: none." in render(nothing)
