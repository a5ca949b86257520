"""Croissant: read back by mlcroissant without an error, and by us."""

from __future__ import annotations

import json
from typing import Any

import mlcroissant
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assaymark.inputs.documents import Role
from assaymark.inputs.manifests.recognise import read_document
from assaymark.model.evidence import SubjectEvidence
from assaymark.model.manifest import (
    FileStatement,
    LicenceStatement,
    Manifest,
    SourceStatement,
    Topic,
)
from assaymark.report.croissant import render
from report.exported import (
    AT,
    CASES,
    DIGEST,
    ORIGIN,
    OTHER,
    WHOLE,
    evidence,
    statements,
    subject,
)

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
"""rdflib, by which mlcroissant reads JSON-LD, warns of a class of its own."""

WARNED = {
    "citeAs": "http://mlcommons.org/croissant/citeAs",
    "datePublished": "https://schema.org/datePublished",
    "license": "https://schema.org/license",
    "version": "https://schema.org/version",
}


def description(manifest: Manifest | None = None, found: SubjectEvidence | None = None) -> Any:
    """Return what is written of a dataset."""
    about = found or subject()
    return json.loads(render(evidence(about), ORIGIN, manifest or Manifest(), about))


def read_back(written: dict[str, Any]) -> Any:
    """Return what the reference library understands."""
    return mlcroissant.Dataset(jsonld=written).metadata


@pytest.mark.parametrize("case", CASES)
def test_the_reference_library_reads_it_without_an_error(case: str) -> None:
    """And warns of nothing but what no document states."""
    subjects, manifest = CASES[case]
    written = description(manifest, subjects[0])

    read = read_back(written)

    missing = [address for key, address in WARNED.items() if key not in written]
    assert not read.ctx.issues.errors
    assert sorted(read.ctx.issues.warnings) == [
        f'[Metadata({subjects[0].subject.name if manifest is None else "Birds"})] Property "{each}" '
        "is recommended, but does not exist."
        for each in sorted(missing)
    ]


def test_what_the_library_finds_in_a_documented_dataset() -> None:
    """Documents under schema.org and Croissant, findings under RAI."""
    said = statements(collected_from="2025-01-01", issued="2025-06-01", collection_method="scraped")
    whole = Manifest(
        statements=(*WHOLE.statements, *said),
        licences=WHOLE.licences,
        sources=WHOLE.sources,
        files=WHOLE.files,
        problems=WHOLE.problems,
    )
    read = read_back(description(whole))

    assert (read.name, read.version, read.url) == ("Birds", "2", "https://example.org/b")
    assert read.license == ["https://spdx.org/licenses/CC-BY-4.0"]
    assert [each.name for each in read.creators] == ["Birds Ltd", "Wings Ltd"]
    assert read.cite_as == "Birds Ltd"
    assert read.date_published.date().isoformat() == "2025-06-01"
    assert [each.date().isoformat() for each in read.data_collection_timeframe] == [
        "2025-01-01",
        "2025-05-01",
    ]
    assert read.data_collection == "scraped"
    assert read.data_use_cases == ["naming birds"]
    assert read.personal_sensitive_information == [
        "yes",
        "EMAIL_ADDRESS: found in 3 of 999 records",
    ]
    assert read.data_limitations == [
        "records.count: 1000 (from 1000 to 1000, n = 1000, exact)",
        "a document was not understood: `card.yaml` says a key twice",
    ]
    assert [(e.content_url, e.sha256, e.encoding_formats) for e in read.distribution] == [
        ("rows.jsonl", DIGEST, ["application/jsonlines"])
    ]


def test_it_names_what_it_was_made_from_and_all_that_was_measured() -> None:
    """By digest, and also what could not be measured."""
    written = description(WHOLE)

    assert written["assaymark:madeFrom"] == [
        {"assaymark:what": "evidence:sha256", "assaymark:digest": OTHER},
        {"assaymark:what": "report:statement:sha256", "assaymark:digest": DIGEST},
        {"assaymark:what": "report:bundle:sha256", "assaymark:digest": OTHER},
        {"assaymark:what": "document:assaymark.yaml:sha256", "assaymark:digest": DIGEST},
    ]
    assert [each["assaymark:metric"] for each in written["assaymark:measurement"]] == [
        "pii.row-rate{entity=EMAIL_ADDRESS}",
        "records.count",
        "x.gap",
    ]


def test_sources_are_what_it_was_derived_from() -> None:
    """With licence and digest; a model that generated part of it is an agent."""
    written = description(WHOLE)

    assert written["prov:wasDerivedFrom"] == [
        {
            "@type": "sc:Dataset",
            "name": "notes",
            "url": "https://example.org/n",
            "creator": {"@type": "sc:Organization", "name": "Field Ltd"},
            "license": [
                {
                    "@type": "sc:CreativeWork",
                    "name": "House terms",
                    "url": "https://example.org/t",
                }
            ],
            "sha256": OTHER,
            "assaymark:method": "scraped",
            "assaymark:madeFrom": ["books", "nowhere"],
        },
        {"@type": "sc:Dataset", "name": "books", "assaymark:status": "superseded"},
    ]
    assert written["prov:wasGeneratedBy"] == {
        "@type": "prov:Activity",
        "prov:wasAssociatedWith": [{"@type": "prov:SoftwareAgent", "name": "parrot-1"}],
    }


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("MIT", ["https://spdx.org/licenses/MIT"]),
        ("MIT OR CC0-1.0", ["MIT OR CC0-1.0"]),
        ("LicenseRef-house", ["LicenseRef-house"]),
        ("house terms", [{"@type": "sc:CreativeWork", "name": "house terms"}]),
    ],
)
def test_a_licence_is_an_address_only_where_it_is_one_licence_of_spdx(
    declared: str, written: list[Any]
) -> None:
    """Anything else keeps its words."""
    said = Manifest(licences=(LicenceStatement(expression=declared, place=AT),))

    assert description(said)["license"] == written


def test_one_licence_in_two_spellings_is_written_once() -> None:
    """Beside another that no document agrees on."""
    said = (LicenceStatement(expression=each, place=AT) for each in ("mit", "MIT", "x", "x"))

    assert description(Manifest(licences=tuple(said)))["license"] == [
        "https://spdx.org/licenses/MIT",
        {"@type": "sc:CreativeWork", "name": "x"},
    ]


@pytest.mark.parametrize(
    "digests",
    [(), (("sha256", "ab"),), (("md5", "ab" * 16),), (("sha256", "zz" * 32),)],
)
def test_a_file_without_a_whole_sha256_is_not_listed(digests: tuple[tuple[str, str], ...]) -> None:
    """Croissant fetches files by it."""
    said = Manifest(files=(FileStatement(path="a.csv", place=AT, digests=digests),))

    assert "distribution" not in description(said)


def test_days_that_contradict_each_other_are_no_period() -> None:
    """Two documents with two ends, or an end before the start."""
    reversed_days = statements(collected_from="2025-06-01", collected_until="2025-05-01")
    two_ends = (
        *statements(collected_until="2025-05-01"),
        *statements(collected_until="2025-06-01"),
    )

    assert "rai:dataCollectionTimeframe" not in description(Manifest(statements=reversed_days))
    both = Manifest(statements=(*two_ends, *statements(collected_from="2025-01-01")))
    assert "rai:dataCollectionTimeframe" not in description(both)


def test_our_own_reader_finds_again_what_was_written() -> None:
    """A plain answer about personal data stays plain beside the kinds that were found."""
    written = json.dumps(description(WHOLE)).encode()

    read = read_document("birds.croissant.json", Role.MANIFEST, written)

    assert read.problems == ()
    assert read.values(Topic.NAME) == ("Birds",)
    assert read.values(Topic.PERSONAL_DATA) == ("yes",)
    assert read.values(Topic.COLLECTED_UNTIL) == ("2025-05-01",)
    assert [each.id for each in read.sources] == ["notes", "books"]
    assert {(each.claimed, each.of) for each in read.licences} == {
        ("https://spdx.org/licenses/CC-BY-4.0", ""),
        ("House terms", "notes"),
    }
    assert [(each.path, dict(each.digests)) for each in read.files] == [
        ("rows.jsonl", {"sha256": DIGEST})
    ]
    assert [each.model for each in read.generators] == ["parrot-1"]


def test_equal_inputs_give_equal_bytes() -> None:
    """There is no clock in it."""
    assert render(evidence(subject()), ORIGIN, WHOLE, subject()) == render(
        evidence(subject()), ORIGIN, WHOLE, subject()
    )


@given(st.lists(st.text(max_size=12), max_size=3), st.text(max_size=12))
@example([".", "..", "a/..", "./a"], ".")
@example(["/", "//", "a//b", "?", "#"], "..")
def test_no_name_is_an_error_to_the_library(names: list[str], name: str) -> None:
    """Whatever sources, files and licences are called."""
    said = Manifest(
        sources=tuple(SourceStatement(id=each, place=AT, url=name) for each in names),
        files=tuple(
            FileStatement(path=each, place=AT, digests=(("sha256", DIGEST),)) for each in names
        ),
        licences=(LicenceStatement(expression=name, place=AT),),
    )

    assert not read_back(description(said, subject(name=name))).ctx.issues.errors
