"""Bills of materials: valid by the official schema, and read back by the reference library and by us."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from referencing import Registry, Resource

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
from assaymark.model.subject import SubjectKind
from assaymark.report.cyclonedx import render
from assaymark.report.origin import Origin
from report.exported import AT, CASES, DIGEST, ORIGIN, OTHER, WHOLE, evidence, subject


def bom(*subjects: SubjectEvidence, manifest: Manifest | None = None) -> dict[str, Any]:
    """Return the bill of materials; documents are about the first subject."""
    described = subjects[0] if manifest is not None else None
    written = render(evidence(*subjects), ORIGIN, manifest or Manifest(), described)
    found = json.loads(written)
    assert isinstance(found, dict)
    return found


def properties(component: dict[str, Any]) -> dict[str, str]:
    """Return our properties without their prefix."""
    return {
        each["name"].removeprefix("assaymark:"): each["value"] for each in component["properties"]
    }


@pytest.fixture(scope="session")
def validator(shared: Path) -> Any:
    """A validator for the published schema of CycloneDX 1.6."""
    schemas = shared / "vectors/schemas"

    def published(name: str) -> Any:
        return json.loads(gzip.decompress((schemas / f"{name}.schema.json.gz").read_bytes()))

    parts = {
        "http://cyclonedx.org/schema/spdx.schema.json": published("cyclonedx-spdx"),
        "http://cyclonedx.org/schema/jsf-0.82.schema.json": published("cyclonedx-jsf-0.82"),
    }
    registry: Any = Registry().with_resources(
        (name, Resource.from_contents(each)) for name, each in parts.items()
    )
    schema = published("cyclonedx-bom-1.6")
    return jsonschema.validators.validator_for(schema)(schema, registry=registry)


@pytest.mark.parametrize("case", CASES)
def test_the_official_schema_accepts_it(case: str, validator: Any) -> None:
    """Whatever was judged and documented."""
    subjects, manifest = CASES[case]

    validator.validate(bom(*subjects, manifest=manifest))


@pytest.mark.parametrize("case", CASES)
def test_the_reference_library_reads_it(case: str) -> None:
    """cyclonedx-python-lib finds every component under its name."""
    library = pytest.importorskip("cyclonedx.model.bom", reason="needs cyclonedx-python-lib")
    subjects, manifest = CASES[case]
    written = bom(*subjects, manifest=manifest)

    read = library.Bom.from_json(written)

    main = [read.metadata.component] if read.metadata.component else []
    written_main = [written["metadata"]["component"]] if "component" in written["metadata"] else []
    assert {each.bom_ref.value for each in [*main, *read.components]} == {
        each["bom-ref"] for each in [*written_main, *written["components"]]
    }


def test_a_documented_dataset() -> None:
    """Each statement stands in the field that CycloneDX has for it."""
    written = bom(subject(), manifest=WHOLE)

    main = written["metadata"]["component"]
    assert (main["type"], main["bom-ref"], main["name"], main["version"]) == (
        "data",
        "birds",
        "Birds",
        "2",
    )
    assert main["hashes"] == [{"alg": "SHA-256", "content": DIGEST}]
    assert main["licenses"] == [{"expression": "CC-BY-4.0"}]
    assert (main["publisher"], main["copyright"]) == ("Birds Ltd", "Birds Ltd")
    assert main["externalReferences"] == [{"type": "distribution", "url": "https://example.org/b"}]
    assert main["data"] == [
        {
            "type": "dataset",
            "description": "1,000 records in 1 file",
            "classification": "public",
            "sensitiveData": [
                "personal data, as declared",
                "EMAIL_ADDRESS: found in 3 of 999 records",
            ],
        }
    ]
    assert main["components"] == [
        {
            "type": "file",
            "bom-ref": "file rows.jsonl",
            "name": "rows.jsonl",
            "hashes": [{"alg": "SHA-256", "content": DIGEST}],
        }
    ]
    assert properties(main) == {
        "subject:kind": "dataset",
        "subject:name": "birds",
        "document:personal-data": "yes",
        "document:confidentiality": "public",
        "document:collected-until": "2025-05-01",
        "document:intended-use": "naming birds",
        "document:originator": "Wings Ltd",
        "document:generated-by": "parrot-1",
        "document:opt-out:tdmrep": "0 (notes)",
        "document:not-understood": "`card.yaml` says a key twice",
        "measured:pii.row-rate{entity=EMAIL_ADDRESS}": (
            "0.003003003003003003 (from 0.003 to 0.004, n = 1000, exact)"
        ),
        "measured:records.count": "1000 (from 1000 to 1000, n = 1000, exact)",
        "measured:x.gap": "not measured: the policy names no columns",
    }


def test_sources_are_components_that_it_depends_on() -> None:
    """With their own licence, digest and parents; what CycloneDX cannot hold is a property."""
    written = bom(subject(), manifest=WHOLE)

    notes, books = written["components"]
    assert notes == {
        "type": "data",
        "bom-ref": "notes",
        "name": "notes",
        "publisher": "Field Ltd",
        "hashes": [{"alg": "SHA-256", "content": OTHER}],
        "licenses": [{"license": {"name": "House terms", "url": "https://example.org/t"}}],
        "externalReferences": [{"type": "distribution", "url": "https://example.org/n"}],
        "data": [{"type": "dataset"}],
        "properties": [{"name": "assaymark:source:method", "value": "scraped"}],
    }
    assert properties(books) == {
        "source:url": "shelf 3",
        "source:status": "superseded",
        "source:digest": "crc:12",
    }
    assert written["dependencies"] == [
        {"ref": "birds", "dependsOn": ["notes", "books"]},
        {"ref": "notes", "dependsOn": ["books"]},
        {"ref": "books"},
    ]


def test_a_model_has_a_card_with_what_was_measured() -> None:
    """Numbers with their interval, and the intended use; nothing that is not known."""
    model = subject(SubjectKind.MODEL, "m", files=0, declared={"endpoint": "e", "model": "m"})
    main = bom(model, manifest=WHOLE)["metadata"]["component"]

    assert main["type"] == "machine-learning-model"
    assert "hashes" not in main
    assert main["modelCard"] == {
        "quantitativeAnalysis": {
            "performanceMetrics": [
                {
                    "type": "pii.row-rate",
                    "value": "0.003003003003003003",
                    "slice": "entity=EMAIL_ADDRESS",
                    "confidenceInterval": {"lowerBound": "0.003", "upperBound": "0.004"},
                },
                {
                    "type": "records.count",
                    "value": "1000",
                    "confidenceInterval": {"lowerBound": "1000", "upperBound": "1000"},
                },
            ]
        },
        "considerations": {"useCases": ["naming birds"]},
    }
    assert properties(main)["subject:known-by"] == "declared"
    assert properties(main)["subject:declared:endpoint"] == "e"


def test_the_digest_of_several_files_is_no_hash_of_a_file() -> None:
    """Nobody could compare it with one."""
    main = bom(subject(files=3, tree=OTHER))["metadata"]["component"]

    assert "hashes" not in main
    assert properties(main)["subject:model-signing-root-sha256"] == DIGEST
    assert properties(main)["subject:tree-sha256"] == OTHER


def test_several_subjects_are_components_under_names_of_their_own() -> None:
    """Two subjects of one name are two components, and neither is the main one."""
    written = bom(subject(), subject(SubjectKind.OUTPUTS))

    assert "component" not in written["metadata"]
    assert [each["bom-ref"] for each in written["components"]] == ["birds", "birds (2)"]


@pytest.mark.parametrize(
    ("declared", "licenses"),
    [
        (["MIT OR (Apache-2.0 AND CC0-1.0)"], [{"expression": "MIT OR (Apache-2.0 AND CC0-1.0)"}]),
        (["mit", "MIT"], [{"expression": "MIT"}]),
        (
            ["mit", "house terms"],
            [{"license": {"name": "MIT"}}, {"license": {"name": "house terms"}}],
        ),
        (["cc"], [{"license": {"name": "cc"}}]),
    ],
)
def test_a_licence_is_an_expression_only_where_it_is_one(
    declared: list[str], licenses: list[Any]
) -> None:
    """What names no licence stays a name, and documents that disagree are both kept."""
    said = Manifest(
        licences=tuple(LicenceStatement(expression=each, place=AT) for each in declared)
    )

    assert bom(subject(), manifest=said)["metadata"]["component"]["licenses"] == licenses


def test_our_own_reader_finds_again_what_was_written() -> None:
    """Licence, sources, their parents and the files survive the way through CycloneDX."""
    written = json.dumps(bom(subject(), manifest=WHOLE)).encode()

    read = read_document("bom.json", Role.MANIFEST, written)

    assert read.problems == ()
    assert read.values(Topic.NAME) == ("Birds",)
    assert read.values(Topic.ORIGINATOR) == ("Birds Ltd",)
    assert [each.id for each in read.sources] == ["notes", "books"]
    assert [each.parents for each in read.sources] == [("books",), ()]
    assert {(each.claimed, each.of) for each in read.licences} == {
        ("CC-BY-4.0", ""),
        ("House terms", "notes"),
    }
    assert [(each.path, dict(each.digests)) for each in read.files] == [
        ("rows.jsonl", {"sha256": DIGEST})
    ]


def test_it_says_what_it_was_made_from() -> None:
    """By the digests of the evidence, the signed report and the documents."""
    assert properties(bom(subject())["metadata"]) == {
        "evidence:sha256": OTHER,
        "report:statement:sha256": DIGEST,
        "report:bundle:sha256": OTHER,
        "document:assaymark.yaml:sha256": DIGEST,
    }


def test_equal_inputs_give_equal_bytes_and_others_another_serial_number() -> None:
    """A document is known by what it says."""
    once, again = (render(evidence(subject()), ORIGIN, Manifest()) for _ in range(2))
    other = json.loads(render(evidence(subject()), Origin(evidence=DIGEST), Manifest()))

    assert once == again
    assert json.loads(once)["serialNumber"] != other["serialNumber"]


@given(st.lists(st.text(max_size=12), max_size=4), st.text(max_size=12))
def test_no_name_breaks_the_schema(validator: Any, names: list[str], name: str) -> None:
    """References stay unique, whatever sources and files are called."""
    said = Manifest(
        sources=tuple(
            SourceStatement(id=each, place=AT, url=name, digest=f"sha256:{each}") for each in names
        ),
        files=tuple(FileStatement(path=each, place=AT) for each in names),
        licences=(LicenceStatement(expression=name, place=AT),),
    )

    written = bom(subject(name=name), manifest=said)

    validator.validate(written)
    main = written["metadata"]["component"]
    listed = [main, *main.get("components", ()), *written["components"]]
    refs = [each["bom-ref"] for each in listed]
    assert len(set(refs)) == len(refs)
