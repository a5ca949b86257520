"""
A datasheet for a dataset: the seven sections of Gebru and others, in our own words, filled in from an audit.

What was measured stands beside what documents state, each with where it is from; questions that only whoever
made the data can answer stay open. There is no verdict: the signed report has it.

Source: Gebru et al., "Datasheets for Datasets", Communications of the ACM 64(12), 2021: the sections and what
each is for.

tests/report/papers/test_datasheet.py
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.model.evidence import Evidence
from assaymark.model.manifest import Manifest, Scope, SourceStatement, Topic
from assaymark.model.numbers import plural
from assaymark.report.origin import Origin
from assaymark.report.papers.paper import (
    Answer,
    Block,
    Heading,
    Paper,
    Paragraph,
    field,
    named,
    said,
)
from assaymark.report.papers.told import (
    MEASURED,
    Measurements,
    licences,
    made_from,
    period,
    signals,
    stated,
)

TO_COMPLETE = "to be completed by whoever made the data"

_UNMEASURED = "no check of this audit measured it"


def datasheet(evidence: Evidence, origin: Origin, manifest: Manifest, found: Measurements) -> Paper:
    """Return the datasheet.

    Args:
        evidence: What was measured.
        origin: From which bytes that is known.
        manifest: What documents say.
        found: What was measured of the dataset.
    """
    body = Paper(
        (
            *_motivation(manifest),
            *_composition(manifest, found),
            *_collection(manifest, found),
            *_preparation(manifest, found),
            *_uses(manifest, found),
            *_distribution(manifest, found),
            *_maintenance(manifest),
        ),
        TO_COMPLETE,
    )
    own = found.found.subject.name if found.found else ""
    name = next(iter(manifest.values(Topic.NAME)), own)
    head: tuple[Block, ...] = (
        Heading(1, f"Datasheet: {named(name)}"),
        Paragraph(
            f"Measured by {evidence.tool}. {body.open_fields} of {plural(body.fields, 'question')} are "
            f"open; each says: {TO_COMPLETE}. What stands in another face "
            "comes from documents as they are written."
        ),
        made_from(origin),
    )
    return Paper((*head, *body.blocks), TO_COMPLETE)


def _motivation(told: Manifest) -> Iterator[Block]:
    yield Heading(2, "1. Motivation")
    yield field("What the data was made for", stated(told, Topic.INTENDED_USE))
    yield field("Who made it, and on whose behalf", stated(told, Topic.ORIGINATOR))
    yield field("Who paid for it")


def _composition(told: Manifest, found: Measurements) -> Iterator[Block]:
    yield Heading(2, "2. Composition")
    yield field("What a record stands for")
    yield field("How many there are", found.size())
    lost = found.of("records.")
    yield field("What is missing, empty or could not be read", [*lost, *found.of("tables.")])
    yield field("Which fields the texts stand in", _fields(found))
    yield field(
        "Whether it is a sample of something larger, and how it was drawn",
        stated(told, Topic.ORIGIN),
        remains="what it is a sample of, and for whom it stands",
    )
    yield field("Labels: who gave them", stated(told, Topic.ANNOTATION, Topic.ANNOTATORS))
    yield _counted("Balance of labels and groups", found, "fairness.", "tables.label-balance")
    yield _counted("Errors, noise and repetition", found, "quality.")
    yield field("How it relates to other data", (_source(each) for each in told.sources))
    personal = [*stated(told, Topic.PERSONAL_DATA), *found.of("pii.row-rate")]
    yield field("Data about persons", personal)
    yield _counted("What may offend or harm", found, "harm.row-rate", "harm.unjudged-rate")
    secrets = found.of("secrets.row-rate")
    yield field("Confidential content", [*stated(told, Topic.CONFIDENTIALITY), *secrets])


def _counted(label: str, found: Measurements, *metrics: str) -> Block:
    answers = list(found.of(*metrics))
    return field(label, answers, remains="" if answers else _UNMEASURED)


def _fields(found: Measurements) -> Iterator[Answer]:
    for name, texts in (found.found.coverage.fields if found.found else {}).items():
        yield Answer(f"{named(name)}: {plural(texts, 'text')}", MEASURED)


def _source(source: SourceStatement) -> Answer:
    parts = [said(each) for each in (source.originator, source.url, source.status) if each]
    text = named(source.id) + (f": {', '.join(parts)}" if parts else "")
    return Answer(text, named(source.place.file))


def _collection(told: Manifest, found: Measurements) -> Iterator[Block]:
    yield Heading(2, "3. Collection")
    methods = [
        Answer(f"{named(each.id)}: {said(each.method)}", named(each.place.file))
        for each in told.sources
        if each.method
    ]
    yield field("How it was collected", [*stated(told, Topic.COLLECTION_METHOD), *methods])
    yield field("Who collected it, and how they were paid")
    yield field("When", period(told))
    yield field("Where", stated(told, Topic.ORIGIN_GEOGRAPHY))
    basis = stated(told, Topic.LAWFUL_BASIS, Topic.CONSENT)
    yield field("Lawful basis, and where consents are documented", basis)
    recorded = [*signals(told), *found.of("provenance.opt-out-faults")]
    yield field("Opt-outs that were recorded", recorded)
    yield field("Review by an ethics board, and assessment of what it may do to persons")


def _preparation(told: Manifest, found: Measurements) -> Iterator[Block]:
    yield Heading(2, "4. Preparation, cleaning and labelling")
    yield field("What was done to the raw data, and with which software")
    yield field("Anonymisation", stated(told, Topic.ANONYMISATION))
    share = [*stated(told, Topic.CREATION, Topic.SYNTHETIC_SHARE)]
    models = [Answer(named(each.model), named(each.place.file)) for each in told.generators]
    yield field("What a model generated", [*share, *models])
    overlap = ("quality.contaminated-rate", "quality.leaked-rate")
    yield _counted("Overlap with tests and benchmarks", found, *overlap)
    yield field("Whether the raw data is kept, and where")


def _uses(told: Manifest, found: Measurements) -> Iterator[Block]:
    yield Heading(2, "5. Uses")
    yield field("What it has been used for")
    yield field("What it is for", stated(told, Topic.INTENDED_USE))
    yield field("What it must not be used for", stated(told, Topic.USE_RESTRICTIONS))
    yield field(
        "What users should know of its composition before they rely on it",
        found.of("quality.near-duplicate-rate", "quality.other-language-rate", "bias."),
    )


def _distribution(told: Manifest, found: Measurements) -> Iterator[Block]:
    yield Heading(2, "6. Distribution")
    yield field("Where it can be had", stated(told, Topic.URL, Topic.DISTRIBUTED))
    yield field("Since when", stated(told, Topic.ISSUED))
    yield field("Licence", licences(each for each in told.licences if each.scope is Scope.SUBJECT))
    yield _counted("What checks say about licences", found, "licence.")
    yield field("Whom to name", stated(told, Topic.ATTRIBUTION))
    geography = (Topic.STORAGE_ALLOWED, Topic.STORAGE_FORBIDDEN)
    rest = (Topic.PROCESSING_ALLOWED, Topic.PROCESSING_FORBIDDEN)
    yield field("Where it may be kept and processed", stated(told, *geography, *rest))


def _maintenance(told: Manifest) -> Iterator[Block]:
    yield Heading(2, "7. Maintenance")
    yield field("Which version this is", stated(told, Topic.VERSION))
    yield field("Whether it is current, superseded or revoked", stated(told, Topic.STATUS))
    yield field("How long it is kept, and data about persons in it", stated(told, Topic.RETENTION))
    yield field("Who looks after it, how to reach them, and how errors are reported")
    yield field("Whether and how it is updated, and what happens to older versions")
    for problem in told.problems:
        yield Paragraph(
            f"A document was not understood, so something may be missing here: {problem}."
        )
