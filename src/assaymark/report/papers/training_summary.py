"""
A draft of the public summary of training content that Article 53(1)(d) of the EU AI Act demands.

* Sections are those of the AI Office's template, by number; their wording here is ours.
* An answer is there only where a document states it or it was measured. Everything else is open and says
  what the provider has to write. "No" is never filled in: evidence about some data proves nothing about all.
* It covers the data that was audited, and says so; the duty covers all content that a model was trained on.

Source: Regulation (EU) 2024/1689, Article 53(1)(d); the AI Office's template of 24 July 2025, adopted as
C(2025) 8311 on 5 December 2025. It is no legal advice.

tests/report/papers/test_training_summary.py
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.model.evidence import Evidence
from assaymark.model.manifest import Manifest, Topic
from assaymark.model.numbers import plural
from assaymark.model.subject import SubjectKind
from assaymark.report.origin import Origin
from assaymark.report.papers.paper import (
    Answer,
    Block,
    Field,
    Heading,
    Paper,
    Paragraph,
    field,
    named,
)
from assaymark.report.papers.told import (
    MEASURED,
    Measurements,
    made_from,
    signals,
    stated,
)
from assaymark.report.papers.training_sources import sources

TEMPLATE = "the AI Office's template of 24 July 2025, C(2025) 8311 of 5 December 2025"

TO_COMPLETE = "to be completed by the provider"

_RANGES = (
    "the range for all training content of the model: less than 1 billion, 1 billion to 10 trillion, or more "
    "than 10 trillion tokens, or the size in another unit"
)


def training_summary(
    evidence: Evidence, origin: Origin, manifest: Manifest, found: Measurements
) -> Paper:
    """Return the draft.

    Args:
        evidence: What was measured.
        origin: From which bytes that is known.
        manifest: What documents say.
        found: What was measured of the data that the documents are about.
    """
    body = (*_general(evidence, manifest, found), *sources(manifest), *_processing(manifest, found))
    whole = Paper(body, TO_COMPLETE)
    return Paper((*_head(evidence, origin, whole), *body), TO_COMPLETE)


def _head(evidence: Evidence, origin: Origin, body: Paper) -> Iterator[Block]:
    yield Heading(1, "Public summary of training content: draft")
    yield Paragraph(
        "For Article 53(1)(d) of Regulation (EU) 2024/1689 (AI Act). The sections are those of "
        f"{TEMPLATE}; the wording is ours, and the official form is the one to publish."
    )
    names = [named(each.subject.name) for each in evidence.subjects]
    yield Paragraph(
        f"It speaks of the audited data alone: {', '.join(names) or 'none'}. The summary has to cover "
        "everything that the model was trained on, in all stages."
    )
    yield Paragraph(
        f"{body.open_fields} of {plural(body.fields, 'field')} are open; each says: {TO_COMPLETE}. "
        "What stands in another face comes from the documents as they are written."
    )
    yield made_from(origin)


def _general(evidence: Evidence, told: Manifest, found: Measurements) -> Iterator[Block]:
    models = [each.subject for each in evidence.subjects if each.subject.kind is SubjectKind.MODEL]
    yield Heading(2, "1. General information")
    yield field("Version of the summary and date of its last update")
    yield Heading(3, "1.1. Provider identification")
    yield field("Provider: name and contact details")
    yield field("Authorised representative: name and contact details, where there is one")
    yield Heading(3, "1.2. Model identification")
    yield field(
        "Names of the model with their versions",
        (Answer(named(each.name), MEASURED) for each in models),
        remains="every version to which the summary applies",
    )
    yield field("Models that this one modifies or was tuned from, with a link to their summaries")
    yield field("Date on which the model was placed on the Union market")
    yield Heading(3, "1.3. Modalities, size of the training data and other characteristics")
    yield from _characteristics(told, found)


def _characteristics(told: Manifest, found: Measurements) -> Iterator[Field]:
    tokens = found.of("quality.tokens-total")
    yield field("Text: size of the training data", [*found.size(), *tokens], remains=_RANGES)
    yield field("Text: types of content, such as fiction, scientific text, press, source code")
    yield field("Images, audio, video, other: size and types of content, for each that was used")
    yield field(
        "Latest date at which data was acquired or collected",
        stated(told, Topic.COLLECTED_UNTIL),
        remains="the latest date over all training data, and whether the model goes on learning after it",
    )
    yield field(
        "Linguistic characteristics of the training data",
        found.of("quality.other-language-rate"),
        remains="the languages of all training data, those of the Union in particular",
    )
    characteristics = [
        *stated(told, Topic.ORIGIN_GEOGRAPHY),
        *found.of("fairness.", "quality.near-duplicate-rate", "quality.duplicate-rate"),
    ]
    yield field(
        "Other characteristics, such as regional or demographic ones",
        characteristics,
        optional=True,
    )
    yield field("Additional comments", optional=True)


def _processing(told: Manifest, found: Measurements) -> Iterator[Block]:
    yield Heading(2, "3. Data processing aspects")
    yield Heading(3, "3.1. Respect of reservations of rights from text and data mining")
    yield field(
        "Whether the provider has signed the Code of Practice for general-purpose AI models with its "
        "commitments on reservations of rights"
    )
    recorded = [*signals(told), *found.of("provenance.opt-out-faults")]
    yield field(
        "Measures to respect reservations of rights, before and during collection",
        recorded,
        remains="which opt-out protocols were honoured, by the provider or by those from whom data was had",
    )
    yield field("Additional comments, such as a link to the copyright policy", optional=True)
    yield Heading(3, "3.2. Removal of illegal content")
    removal = found.of("harm.row-rate", "pii.row-rate")
    yield field(
        "Measures to avoid or remove illegal content",
        removal,
        remains="the measures; the numbers say what detectors saw in the audited data, not what is illegal",
    )
    yield Heading(3, "3.3. Other information (optional)")
    other = [*stated(told, Topic.ANONYMISATION), *found.of("quality.contaminated-rate")]
    yield field("Other aspects of the processing", other, optional=True)
    for problem in told.problems:
        yield Paragraph(
            f"A document was not understood, so something may be missing here: {problem}."
        )
    if not told.documents:
        yield Paragraph(
            "No document was given with `--manifest`, so only numbers could be filled in."
        )
