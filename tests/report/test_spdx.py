"""SPDX 3: valid by the specification's own model, and read back by it and by us."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import spdx_python_model
from hypothesis import given
from hypothesis import strategies as st

from assaymark.inputs.documents import Role
from assaymark.inputs.manifests.recognise import read_document
from assaymark.model.evidence import SubjectEvidence
from assaymark.model.manifest import (
    FileStatement,
    LicenceStatement,
    Manifest,
    SourceStatement,
    Statement,
    Topic,
)
from assaymark.model.measurement import Counts, share
from assaymark.model.subject import SubjectKind
from assaymark.report.spdx import NO_ASSERTION, render
from report.exported import (
    AT,
    CASES,
    DIGEST,
    EMAIL,
    ORIGIN,
    OTHER,
    WHEN,
    WHOLE,
    evidence,
    statements,
    subject,
)
from report.spdx_schema import schema_bytes


def document(*subjects: SubjectEvidence, manifest: Manifest | None = None) -> dict[str, Any]:
    """Return the document; documents are about the first subject."""
    described = subjects[0] if manifest is not None else None
    told = manifest or Manifest()
    written = render(evidence(*subjects), ORIGIN, told, described, created=WHEN)
    found = json.loads(written)
    assert isinstance(found, dict)
    return found


def of_type(written: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the elements of one class."""
    return [each for each in written["@graph"] if each["type"] == kind]


def related(written: dict[str, Any], start: str, kind: str) -> list[str]:
    """Return the addresses to which `start` is related."""
    return [
        end
        for each in of_type(written, "Relationship")
        if (each["from"], each["relationshipType"]) == (start, kind)
        for end in each["to"]
    ]


def round_trip(written: dict[str, Any]) -> dict[str, Any]:
    """Return what the specification's own model makes of a document, and writes again."""
    _, read = spdx_python_model.load_data(written)
    again = io.BytesIO()
    # Writing demands what reading forgives: every field that a class must have.
    spdx_python_model.v3_0_1.JSONLDSerializer().write(read, again)
    found = json.loads(again.getvalue())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_model_of_the_specification_reads_and_writes_it(case: str) -> None:
    """spdx-python-model is generated from the classes and shapes of SPDX 3.0.1, and knows every field."""
    subjects, manifest = CASES[case]
    written = document(*subjects, manifest=manifest)

    again = round_trip(written)

    def addresses(graph: dict[str, Any]) -> set[str]:
        return {each["spdxId"] for each in graph["@graph"] if "spdxId" in each}

    assert addresses(again) == addresses(written)


def test_the_official_schema_accepts_it(shared: Path, tmp_path: Path) -> None:
    """Every document that is written here, and nothing that was bent."""
    found = schema_bytes(shared, tmp_path)
    if isinstance(found, str):
        pytest.skip(found)
    schema = json.loads(found)
    validator = jsonschema.validators.validator_for(schema)(schema)

    written = [document(*subjects, manifest=manifest) for subjects, manifest in CASES.values()]

    for each in written:
        validator.validate(each)
    written[0]["@graph"][-1]["type"] = "dataset_Dataset"
    assert not validator.is_valid(written[0])


def test_a_documented_dataset() -> None:
    """Each statement stands in the field that SPDX has for it."""
    written = document(subject(), manifest=WHOLE)

    main = of_type(written, "dataset_DatasetPackage")[0]
    agents = {each["spdxId"]: each["name"] for each in of_type(written, "Agent")}
    assert main == {
        "type": "dataset_DatasetPackage",
        "spdxId": main["spdxId"],
        "creationInfo": "_:creation",
        "name": "Birds",
        "description": "1,000 records in 1 file",
        "originatedBy": main["originatedBy"],
        "builtTime": "2025-05-01T00:00:00Z",
        "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": DIGEST}],
        "software_packageVersion": "2",
        "software_downloadLocation": "https://example.org/b",
        "software_attributionText": ["Birds Ltd"],
        "software_primaryPurpose": "data",
        "dataset_datasetType": ["text"],
        "dataset_datasetSize": 9,
        "dataset_intendedUse": "naming birds",
        "dataset_hasSensitivePersonalInformation": "yes",
    }
    assert [agents[each] for each in main["originatedBy"]] == ["Birds Ltd", "Wings Ltd"]
    assert [each["simplelicensing_licenseExpression"] for each in of_type(
        written, "simplelicensing_LicenseExpression"
    )] == ["CC-BY-4.0"]  # fmt: skip


def test_what_has_no_field_is_an_annotation() -> None:
    """Also what could not be understood, and every measurement."""
    written = document(subject(), manifest=WHOLE)

    main = of_type(written, "dataset_DatasetPackage")[0]["spdxId"]
    notes = [
        each["statement"] for each in of_type(written, "Annotation") if each["subject"] == main
    ]
    assert notes[:-1] == [
        "the Dataset profile is not claimed; stated by no document: releaseTime",
        "confidentiality: public",
        "personal-data: yes",
        "collected-until: 2025-05-01",
        "generated by: parrot-1",
        "opt-out signal tdmrep of notes: 0",
        "not understood: `card.yaml` says a key twice",
    ]
    assert json.loads(notes[-1]) == {
        "measurements": {
            "pii.row-rate{entity=EMAIL_ADDRESS}": (
                "0.003003003003003003 (from 0.003 to 0.004, n = 1000, exact)"
            ),
            "records.count": "1000 (from 1000 to 1000, n = 1000, exact)",
            "x.gap": "not measured: the policy names no columns",
        }
    }


def test_sources_are_datasets_from_which_it_descends() -> None:
    """With licence, digest and parents; a licence that SPDX cannot write is an assertion of nothing."""
    written = document(subject(), manifest=WHOLE)

    main, notes, books = of_type(written, "dataset_DatasetPackage")
    assert related(written, main["spdxId"], "descendantOf") == [notes["spdxId"], books["spdxId"]]
    assert related(written, notes["spdxId"], "descendantOf") == [books["spdxId"]]
    assert notes["verifiedUsing"] == [{"type": "Hash", "algorithm": "sha256", "hashValue": OTHER}]
    assert "verifiedUsing" not in books
    assert related(written, notes["spdxId"], "hasDeclaredLicense") == [NO_ASSERTION]
    assert "declared licence that is no SPDX expression: House terms" in [
        each["statement"] for each in of_type(written, "Annotation")
    ]


def test_one_licence_and_one_maker_are_one_element_each() -> None:
    """Whatever the spelling, and however many sources they made."""
    said = Manifest(
        statements=statements(originator="Birds Ltd"),
        licences=tuple(
            LicenceStatement(expression=each, place=AT) for each in ("mit", "MIT", "MIT")
        ),
        sources=(SourceStatement(id="a", place=AT, originator="Birds Ltd"),),
    )

    written = document(subject(), manifest=said)

    assert len(of_type(written, "simplelicensing_LicenseExpression")) == 1
    assert [each["name"] for each in of_type(written, "Agent")] == ["Birds Ltd"]


def test_it_names_the_evidence_the_report_and_the_documents_by_digest() -> None:
    """Each subject has them as evidence, and none of them is a file of the data."""
    written = document(subject(), subject(SubjectKind.MODEL, "m"), manifest=WHOLE)

    files = {each["spdxId"]: each for each in of_type(written, "software_File")}
    main, model = of_type(written, "dataset_DatasetPackage")[0], of_type(written, "ai_AIPackage")[0]
    proof = related(written, main["spdxId"], "hasEvidence")
    assert [(files[e]["name"], files[e]["verifiedUsing"][0]["hashValue"]) for e in proof] == [
        ("evidence.json", OTHER),
        ("report.sigstore.json", OTHER),
        ("assaymark.yaml", DIGEST),
    ]
    assert files[proof[1]]["comment"] == (
        f"signed report; SHA-256 of the signed statement: {DIGEST}"
    )
    assert related(written, model["spdxId"], "hasEvidence") == proof
    assert not set(proof) & set(related(written, main["spdxId"], "contains"))


@pytest.mark.parametrize(
    ("missing", "profiles"),
    [
        ("", ["core", "software", "simpleLicensing", "dataset"]),
        *(
            (each, ["core", "software", "simpleLicensing"])
            for each in ("url", "issued", "originator", "collected_until")
        ),
    ],
)
def test_a_profile_is_claimed_only_where_all_that_it_demands_is_stated(
    missing: str, profiles: list[str]
) -> None:
    """One field less, and the document says so instead."""
    said = {
        "url": "https://example.org/b",
        "issued": "2025-06-01",
        "originator": "Birds Ltd",
        "collected_until": "2025-05-01",
    }
    said.pop(missing, None)

    written = document(subject(), manifest=Manifest(statements=statements(**said)))

    assert of_type(written, "SpdxDocument")[0]["profileConformance"] == profiles
    claims = [e for e in of_type(written, "Annotation") if "profile" in e["statement"]]
    assert bool(claims) == bool(missing)


def test_a_model_is_an_ai_package_with_its_metrics() -> None:
    """What it was made from is what it was trained on; no digest is invented for what is only declared."""
    model = subject(SubjectKind.MODEL, "m", files=0, declared={"endpoint": "e", "model": "m"})
    written = document(model, manifest=WHOLE)

    main = of_type(written, "ai_AIPackage")[0]
    sources = [each["spdxId"] for each in of_type(written, "dataset_DatasetPackage")]
    assert "verifiedUsing" not in main
    assert [each["identifier"] for each in main["externalIdentifier"]] == ["e", "m"]
    assert main["ai_metric"][1] == {
        "type": "DictionaryEntry",
        "key": "records.count",
        "value": "1000 (from 1000 to 1000, n = 1000, exact)",
    }
    assert related(written, main["spdxId"], "trainedOn") == sources


@pytest.mark.parametrize(
    ("declared", "hits", "presence"),
    [
        (["yes"], 0, "yes"),
        (["no"], 0, "no"),
        (["no"], 3, "noAssertion"),
        (["yes", "no"], 0, "noAssertion"),
        ([], 3, "noAssertion"),
    ],
)
def test_sensitive_data_is_answered_only_without_contradiction(
    declared: list[str], hits: int, presence: str
) -> None:
    """A document that says no, and a detector that found some, are no answer."""
    said = tuple(Statement(topic=Topic.PERSONAL_DATA, value=each, place=AT) for each in declared)
    found = share(
        "pii.row-rate", "p", EMAIL, Counts(hits=hits, judged=9, unjudged=0), sampled=False
    )

    written = document(subject(results=(found,)), manifest=Manifest(statements=said))

    main = of_type(written, "dataset_DatasetPackage")[0]
    assert main["dataset_hasSensitivePersonalInformation"] == presence


@pytest.mark.parametrize("date", ["2025", "2025-05", "last spring", "2025-02-30"])
def test_a_date_that_is_no_day_is_left_out(date: str) -> None:
    """SPDX knows moments alone, and a month has none."""
    written = document(subject(), manifest=Manifest(statements=statements(issued=date)))

    assert "releaseTime" not in of_type(written, "dataset_DatasetPackage")[0]


def test_our_own_reader_finds_again_what_was_written() -> None:
    """Name, licence, sources, their parents and the data's files; the evidence is no file of the data."""
    written = json.dumps(document(subject(), manifest=WHOLE)).encode()

    read = read_document("birds.spdx.json", Role.MANIFEST, written)

    assert read.problems == ()
    assert read.values(Topic.NAME) == ("Birds",)
    assert read.values(Topic.ORIGINATOR) == ("Birds Ltd", "Wings Ltd")
    assert read.values(Topic.PERSONAL_DATA) == ("yes",)
    assert [len(each.parents) for each in read.sources] == [1, 0]
    assert {(each.claimed, bool(each.of)) for each in read.licences} == {
        ("CC-BY-4.0", False),
        ("NOASSERTION", True),
    }
    assert [(each.path, dict(each.digests)) for each in read.files] == [
        ("rows.jsonl", {"sha256": DIGEST})
    ]


def test_equal_inputs_give_equal_bytes_under_an_address_of_their_own() -> None:
    """Another time of making is another document."""
    one = render(evidence(subject()), ORIGIN, Manifest(), created=WHEN)
    again = render(evidence(subject()), ORIGIN, Manifest(), created=WHEN)
    later = render(evidence(subject()), ORIGIN, Manifest(), created=WHEN.replace(hour=13))

    assert one == again
    assert json.loads(one)["@graph"][1]["spdxId"] != json.loads(later)["@graph"][1]["spdxId"]


def test_evidence_of_nothing_is_a_document_about_its_maker() -> None:
    """SPDX demands a root."""
    written = document()

    assert of_type(round_trip(written), "software_Sbom")[0]["rootElement"] == [
        of_type(written, "SoftwareAgent")[0]["spdxId"]
    ]


@given(st.lists(st.text(max_size=12), max_size=4), st.text(max_size=12))
def test_no_name_breaks_the_model(names: list[str], name: str) -> None:
    """Whatever sources, files, licences and parents are called."""
    said = Manifest(
        sources=tuple(
            SourceStatement(
                id=each, place=AT, url=name, digest=f"sha256:{each}", parents=tuple(names)
            )
            for each in names
        ),
        files=tuple(FileStatement(path=each, place=AT) for each in names),
        licences=(LicenceStatement(expression=name, place=AT),),
    )

    written = document(subject(name=name), manifest=said)

    round_trip(written)
    addresses = [each["spdxId"] for each in written["@graph"] if "spdxId" in each]
    assert len(set(addresses)) == len(addresses)
