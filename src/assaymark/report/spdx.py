"""
Evidence and the documents of its subject as an SPDX 3.0.1 document, with the Dataset and AI profiles.

* A dataset, or outputs, is a `DatasetPackage`; a model is an `AIPackage`. What it was made from are
  `DatasetPackage` elements from which it descends, or on which it was trained.
* A profile is claimed only where everything that it demands is stated. Otherwise an annotation says what is
  missing: `NOASSERTION` in the place of a supplier would be a claim that somebody looked.
* The evidence and the signed report are `File` elements with their digests, and the subjects' evidence. All
  measurements stand in one annotation of each subject, as JSON. There is no verdict in here.
* A licence that SPDX cannot write is no expression: the relationship leads to `NoAssertionLicense`, and an
  annotation keeps what was declared.

Source: SPDX 3.0.1, spdx/spdx-3-model: model/Dataset, model/AI, and what the two profiles demand.
tests/report/test_spdx.py holds it to the model of the specification, as spdx-python-model has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from assaymark.canonical import digest_of
from assaymark.model.codec import to_plain
from assaymark.model.evidence import Evidence, SubjectEvidence
from assaymark.model.manifest import LicenceStatement, Manifest, Scope, SourceStatement, Topic
from assaymark.model.numbers import plural
from assaymark.model.subject import SubjectKind
from assaymark.report.declared_fields import expression_of, is_address, well_formed
from assaymark.report.measured_text import key_of, value_text
from assaymark.report.origin import Origin
from assaymark.report.spdx_graph import Graph, Json
from assaymark.report.spdx_packages import AI, DATASET, ai_fields, dataset_fields, missing_in

NAMESPACE = "https://assaymark.dev/ns/spdx"
NO_ASSERTION = "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense"


def render(
    evidence: Evidence,
    origin: Origin,
    manifest: Manifest,
    described: SubjectEvidence | None = None,
    *,
    created: datetime,
) -> str:
    """Return the document as JSON-LD.

    Args:
        evidence: What was measured.
        origin: From which bytes that is known.
        manifest: What documents say.
        described: The subject of `evidence` that the documents are about; `None` where there are none.
        created: When the document is made, which SPDX demands.
    """
    told = [to_plain(manifest), [list(each) for each in origin.digests()], to_plain(created)]
    graph = Graph(f"{NAMESPACE}/{digest_of(told)}", created)
    name, _, version = evidence.tool.partition(" ")
    tool = graph.add(
        "SoftwareAgent", {"name": name, "description": f"version {version}"}, under="agent"
    )
    subjects = [
        _subject(graph, each, manifest if each is described else Manifest())
        for each in evidence.subjects
    ]
    about = next((at for at, each in _pairs(subjects, evidence) if each is described), None)
    if about is not None:
        is_model = described is not None and described.subject.kind is SubjectKind.MODEL
        _sources(graph, about, manifest, "trainedOn" if is_model else "descendantOf")
        graph.relate(about, "contains", _files(graph, manifest))
    proof = list(_proof(graph, origin))
    for each in subjects:
        graph.relate(each, "hasEvidence", proof)
    if not subjects:
        graph.relate(tool, "hasEvidence", proof)
    _collections(graph, evidence, subjects or [tool])
    return json.dumps(graph.document(tool), indent=2, ensure_ascii=False) + "\n"


def _pairs(addresses: list[str], evidence: Evidence) -> Iterator[tuple[str, SubjectEvidence]]:
    yield from zip(addresses, evidence.subjects, strict=True)


def _collections(graph: Graph, evidence: Evidence, subjects: list[str]) -> None:
    profiles = ["core", "software", "simpleLicensing"]
    for profile, (kind, _) in {"dataset": DATASET, "ai": AI}.items():
        packages = [each for each in graph.elements if each["type"] == kind]
        if packages and not any(missing_in(each) for each in packages):
            profiles.append(profile)
    elements = [each["spdxId"] for each in graph.elements]
    held: Json = {"element": elements, "rootElement": subjects, "profileConformance": profiles}
    bill = graph.add("software_Sbom", {**held, "software_sbomType": ["analyzed"]}, under="bom")
    name = ", ".join(each.subject.name for each in evidence.subjects) or "nothing"
    graph.add(
        "SpdxDocument",
        {"name": name, "rootElement": [bill], "element": [bill], "profileConformance": profiles},
        under="document",
    )


def _subject(graph: Graph, found: SubjectEvidence, told: Manifest) -> str:
    subject = found.subject
    is_model = subject.kind is SubjectKind.MODEL
    fields: Json = {
        "name": next(iter(told.values(Topic.NAME)), subject.name),
        "originatedBy": [graph.agent(each) for each in told.values(Topic.ORIGINATOR)],
        "software_packageVersion": next(iter(told.values(Topic.VERSION)), ""),
        "software_downloadLocation": next(filter(is_address, told.values(Topic.URL)), ""),
        "software_attributionText": list(told.values(Topic.ATTRIBUTION)),
        "software_primaryPurpose": "model" if is_model else "data",
        "externalIdentifier": list(_identifiers(found)),
    }
    if subject.files == 1 and subject.tree is None:
        fields["verifiedUsing"] = [_hash("sha256", subject.digest)]
    if is_model:
        # The profile asks who hands a model out; documents say who made it or hands it out.
        fields["suppliedBy"] = next(iter(fields["originatedBy"]), "")
        address = graph.add("ai_AIPackage", fields | ai_fields(found, told), under="model")
    else:
        rows = plural(found.coverage.rows, "record")
        kind = "recorded outputs, " if subject.kind is SubjectKind.OUTPUTS else ""
        fields["description"] = f"{kind}{rows} in {plural(subject.files, 'file')}"
        address = graph.add(
            "dataset_DatasetPackage", fields | dataset_fields(found, told), under="dataset"
        )
    if missing := missing_in(graph.elements[-1]):
        profile = "AI" if is_model else "Dataset"
        said = f"the {profile} profile is not claimed; stated by no document: {', '.join(missing)}"
        graph.note(address, said)
    _licences(graph, address, (e for e in told.licences if e.scope is Scope.SUBJECT))
    for line in _unplaced(told):
        graph.note(address, line)
    measured = {key_of(each): value_text(each) for each in found.results}
    graph.note(
        address,
        json.dumps({"measurements": measured}, ensure_ascii=False),
        content_type="application/json",
    )
    return address


def _identifiers(found: SubjectEvidence) -> Iterator[Json]:
    subject = found.subject
    named: Mapping[str, str] = {}
    if subject.declared is not None:
        named = {f"declared {key}": value for key, value in sorted(subject.declared.items())}
    elif subject.tree is not None:
        # No file has this digest, so nobody could verify one with it.
        named = {
            "OpenSSF Model Signing root digest, SHA-256": subject.digest,
            "names and digests of all files, SHA-256": subject.tree,
        }
    for comment, value in named.items():
        yield {
            "type": "ExternalIdentifier",
            "externalIdentifierType": "other",
            "identifier": value,
            "comment": comment,
        }


def _licences(graph: Graph, address: str, declared: Iterator[LicenceStatement]) -> None:
    # Documents that agree say it once, in whatever spelling.
    said = dict.fromkeys((expression_of(e.claimed), e.claimed) for e in declared)
    written = {expression or claimed: (expression, claimed) for expression, claimed in said}
    for expression, claimed in written.values():
        if expression is None:
            graph.relate(address, "hasDeclaredLicense", [NO_ASSERTION])
            graph.note(address, f"declared licence that is no SPDX expression: {claimed}")
            continue
        licence = graph.add(
            "simplelicensing_LicenseExpression",
            {"simplelicensing_licenseExpression": expression},
            under="licence",
        )
        graph.relate(address, "hasDeclaredLicense", [licence])


_PLACED = frozenset(
    {Topic.NAME, Topic.VERSION, Topic.URL, Topic.ORIGINATOR, Topic.ATTRIBUTION, Topic.ANONYMISATION}
    | {Topic.COLLECTION_METHOD, Topic.INTENDED_USE}
)


def _unplaced(told: Manifest) -> Iterator[str]:
    """Yield what documents say and SPDX has no field for."""
    for each in told.statements:
        if each.topic not in _PLACED:
            yield f"{each.topic.value}: {each.value}"
    for model in told.generators:
        yield f"generated by: {model.model}"
    for signal in told.opt_outs:
        of = f" of {signal.of}" if signal.of else ""
        yield f"opt-out signal {signal.signal}{of}: {signal.value}"
    for problem in told.problems:
        yield f"not understood: {problem}"


def _sources(graph: Graph, address: str, manifest: Manifest, relation: str) -> None:
    at: dict[str, str] = {}
    for each in manifest.sources:
        at.setdefault(each.id, _source(graph, each, manifest))
    graph.relate(address, relation, at.values())
    for each in manifest.sources:
        parents = [
            at[parent] for parent in each.parents if at.get(parent, at[each.id]) != at[each.id]
        ]
        graph.relate(at[each.id], "descendantOf", dict.fromkeys(parents))


def _source(graph: Graph, source: SourceStatement, manifest: Manifest) -> str:
    algorithm, _, digits = source.digest.partition(":")
    maker = source.originator and graph.agent(source.originator)
    fields = {
        "name": source.id,
        "originatedBy": [maker] if maker else [],
        "dataset_datasetType": ["noAssertion"],
        "dataset_dataCollectionProcess": source.method,
        "software_downloadLocation": source.url if is_address(source.url) else "",
        "verifiedUsing": [_hash(*each) for each in well_formed([(algorithm, digits)])],
        "software_primaryPurpose": "data",
    }
    address = graph.add("dataset_DatasetPackage", fields, under="source")
    declared = (e for e in manifest.licences if e.scope is Scope.SOURCE and e.of == source.id)
    _licences(graph, address, declared)
    if source.status:
        graph.note(address, f"status: {source.status}")
    return address


def _files(graph: Graph, manifest: Manifest) -> Iterator[str]:
    listed: dict[str, dict[tuple[str, str], None]] = {}
    for each in manifest.files:
        listed.setdefault(each.path, {}).update(dict.fromkeys(well_formed(each.digests)))
    for path, digests in listed.items():
        fields = {"name": path, "verifiedUsing": [_hash(*each) for each in digests]}
        yield graph.add("software_File", fields, under="file")


def _proof(graph: Graph, origin: Origin) -> Iterator[str]:
    yield _digested(graph, "evidence.json", origin.evidence, "what was measured")
    if origin.report is not None:
        said = f"signed report; SHA-256 of the signed statement: {origin.report.statement}"
        yield _digested(graph, "report.sigstore.json", origin.report.bundle, said)
    for name, digest in origin.documents:
        yield _digested(graph, name, digest, "a document that was read")


def _digested(graph: Graph, name: str, digest: str, comment: str) -> str:
    fields = {"name": name, "comment": comment, "verifiedUsing": [_hash("sha256", digest)]}
    return graph.add("software_File", fields, under="proof")


def _hash(algorithm: str, digits: str) -> Json:
    return {"type": "Hash", "algorithm": algorithm, "hashValue": digits}
