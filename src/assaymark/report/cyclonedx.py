"""
Evidence and the documents of its subject as a CycloneDX 1.6 bill of materials, with data and models in it.

* The subject that documents describe is a component with its licence, sources, files and what was measured;
  what it was made from are components that it depends on.
* Nothing is filled in: a field that no document states is absent, and a number that is not known is a
  property that says why. What has no field in CycloneDX is a property under `assaymark:`.
* A `hashes` entry is always over one file's bytes. The root digest of several files is a property, because
  nobody could compare it with the hash of anything.
* It holds no verdict: that stands in the signed report, whose evidence is named here by digest.
* There is no clock in it, so equal evidence and documents give equal bytes.

Source: ECMA-424, CycloneDX 1.6, schema/bom-1.6.schema.json. Held to it in tests/report/test_cyclonedx.py.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping

from assaymark.canonical import digest_of
from assaymark.model.codec import to_plain
from assaymark.model.evidence import Evidence, SubjectEvidence
from assaymark.model.manifest import Manifest, Scope, SourceStatement, Topic
from assaymark.model.measurement import Measured, Result
from assaymark.model.numbers import plural
from assaymark.model.subject import KnownBy, SubjectKind
from assaymark.report.cyclonedx_fields import Json, hashes_of, licences_of, property_of
from assaymark.report.declared_fields import is_address
from assaymark.report.measured_text import key_of, labels_text, number_text, value_text
from assaymark.report.origin import Origin

SPEC_VERSION = "1.6"
NAMESPACE = "https://assaymark.dev/ns/cyclonedx"

_PII = "pii.row-rate"
_OWN_FIELD = frozenset({Topic.NAME, Topic.VERSION, Topic.URL, Topic.ORIGINATOR, Topic.ATTRIBUTION})


def render(
    evidence: Evidence,
    origin: Origin,
    manifest: Manifest,
    described: SubjectEvidence | None = None,
) -> str:
    """Return the bill of materials as JSON.

    Args:
        evidence: What was measured.
        origin: From which bytes that is known.
        manifest: What documents say.
        described: The subject of `evidence` that the documents are about; `None` where there are none.
    """
    names = _Names()
    subjects = [
        (names.taken(each.subject.name), each, manifest if each is described else Manifest())
        for each in evidence.subjects
    ]
    sources = [(names.taken(each.id), each) for each in manifest.sources]
    components = [_subject(ref, each, told) for ref, each, told in subjects]
    files = [_file(names, path, digests) for path, digests in _files(manifest)]
    for component, (_, each, _) in zip(components, subjects, strict=True):
        if each is described and files:
            component["components"] = files
    listed = [_source(ref, each, manifest) for ref, each in sources]
    identity = digest_of([to_plain(manifest), [list(each) for each in origin.digests()]])
    told_by = [property_of(name, digest) for name, digest in origin.digests()]
    bom: Json = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}#{identity}").urn,
        "version": 1,
        "metadata": {
            "tools": {"components": [_tool(evidence.tool)]},
            "properties": told_by,
        },
    }
    main = components.pop() if len(components) == 1 else None
    if main is not None:
        bom["metadata"]["component"] = main
    bom["components"] = [*components, *listed]
    bom["dependencies"] = _dependencies(names, subjects, sources)
    return json.dumps(bom, indent=2, ensure_ascii=False) + "\n"


class _Names:
    """References inside one document: each is given once, and keeps the name where it can."""

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._first: dict[str, str] = {}

    def taken(self, name: str) -> str:
        """Return a reference that nothing else has."""
        # A name of this form would be taken for a link to another document.
        wanted = name if name and not name.lower().startswith("urn:cdx:") else f"component {name}"
        ref, number = wanted, 1
        while ref in self._given:
            number += 1
            ref = f"{wanted} ({number})"
        self._given.add(ref)
        self._first.setdefault(name, ref)
        return ref

    def of(self, name: str) -> str | None:
        """Return the reference of the first thing with this name."""
        return self._first.get(name)


def _tool(tool: str) -> Json:
    name, _, version = tool.partition(" ")
    return {"type": "application", "name": name, "version": version}


def _subject(ref: str, found: SubjectEvidence, told: Manifest) -> Json:
    subject = found.subject
    is_model = subject.kind is SubjectKind.MODEL
    component: Json = {
        "type": "machine-learning-model" if is_model else "data",
        "bom-ref": ref,
        "name": next(iter(told.values(Topic.NAME)), subject.name),
        **_described(told),
    }
    if subject.files == 1 and subject.tree is None:
        component["hashes"] = [{"alg": "SHA-256", "content": subject.digest}]
    if is_model:
        component["modelCard"] = _model_card(found, told)
    else:
        component["data"] = [_data(found, told)]
    component["properties"] = [*_identity(found), *_statements(told), *_measurements(found.results)]
    return component


def _described(told: Manifest) -> Json:
    fields: Json = {}
    for key, topic in (("version", Topic.VERSION), ("publisher", Topic.ORIGINATOR)):
        if said := told.values(topic):
            fields[key] = said[0]
    if attribution := told.values(Topic.ATTRIBUTION):
        fields["copyright"] = "\n".join(attribution)
    if licences := licences_of(each for each in told.licences if each.scope is Scope.SUBJECT):
        fields["licenses"] = licences
    if addresses := [each for each in told.values(Topic.URL) if is_address(each)]:
        fields["externalReferences"] = [{"type": "distribution", "url": each} for each in addresses]
    return fields


def _data(found: SubjectEvidence, told: Manifest) -> Json:
    rows = found.coverage.rows
    said: Json = {
        "type": "dataset",
        "description": f"{plural(rows, 'record')} in {plural(found.subject.files, 'file')}",
    }
    if classification := told.values(Topic.CONFIDENTIALITY):
        said["classification"] = classification[0]
    sensitive = ["personal data, as declared"] * ("yes" in told.values(Topic.PERSONAL_DATA))
    for each in found.results:
        if isinstance(each, Measured) and each.metric == _PII and each.labels and each.counts:
            counts, entity = each.counts, dict(each.labels).get("entity", "")
            if counts.hits:
                sensitive.append(f"{entity}: found in {counts.hits:,} of {counts.judged:,} records")
    if sensitive:
        said["sensitiveData"] = sensitive
    return said


def _model_card(found: SubjectEvidence, told: Manifest) -> Json:
    card: Json = {}
    metrics = [_performance(each) for each in found.results if isinstance(each, Measured)]
    if metrics:
        card["quantitativeAnalysis"] = {"performanceMetrics": metrics}
    if uses := told.values(Topic.INTENDED_USE):
        card["considerations"] = {"useCases": list(uses)}
    return card


def _performance(result: Measured) -> Json:
    low, high = result.interval.low, result.interval.high
    metric: Json = {"type": result.metric, "value": number_text(result.value)}
    if result.labels:
        metric["slice"] = labels_text(result.labels)
    metric["confidenceInterval"] = {"lowerBound": number_text(low), "upperBound": number_text(high)}
    return metric


def _identity(found: SubjectEvidence) -> Iterator[Json]:
    subject = found.subject
    yield property_of("subject:kind", subject.kind.value)
    yield property_of("subject:name", subject.name)
    if subject.declared is not None:
        yield property_of("subject:known-by", KnownBy.DECLARED.value)
        for name, value in sorted(subject.declared.items()):
            yield property_of(f"subject:declared:{name}", value)
    elif subject.tree is not None:
        yield property_of("subject:model-signing-root-sha256", subject.digest)
        yield property_of("subject:tree-sha256", subject.tree)
    if found.coverage.sample is not None:
        yield property_of("subject:rows-drawn", str(found.coverage.sample.rows))


def _statements(told: Manifest) -> Iterator[Json]:
    """Yield what documents say and CycloneDX has no field for."""
    for each in told.statements:
        if each.topic not in _OWN_FIELD:
            yield property_of(f"document:{each.topic.value}", each.value)
    for topic in (Topic.NAME, Topic.VERSION, Topic.ORIGINATOR):
        for other in told.values(topic)[1:]:
            yield property_of(f"document:{topic.value}", other)
    for model in told.generators:
        yield property_of("document:generated-by", model.model)
    for signal in told.opt_outs:
        of = f" ({signal.of})" if signal.of else ""
        yield property_of(f"document:opt-out:{signal.signal}", f"{signal.value}{of}")
    for problem in told.problems:
        yield property_of("document:not-understood", problem)


def _measurements(results: Iterable[Result]) -> Iterator[Json]:
    for each in results:
        yield property_of(f"measured:{key_of(each)}", value_text(each))


def _source(ref: str, source: SourceStatement, manifest: Manifest) -> Json:
    component: Json = {"type": "data", "bom-ref": ref, "name": source.id or ref}
    if source.originator:
        component["publisher"] = source.originator
    algorithm, _, digits = source.digest.partition(":")
    if hashes := hashes_of([(algorithm, digits)]):
        component["hashes"] = hashes
    said = (e for e in manifest.licences if e.scope is Scope.SOURCE and e.of == source.id)
    if licences := licences_of(said):
        component["licenses"] = licences
    if is_address(source.url):
        component["externalReferences"] = [{"type": "distribution", "url": source.url}]
    component["data"] = [{"type": "dataset"}]
    rest = {"url": source.url if not is_address(source.url) else ""}
    rest |= {"status": source.status, "method": source.method}
    rest |= {"digest": source.digest if not hashes else ""}
    if properties := [property_of(f"source:{key}", value) for key, value in rest.items() if value]:
        component["properties"] = properties
    return component


def _files(manifest: Manifest) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield every listed path once, with what all documents say of it."""
    listed: dict[str, dict[tuple[str, str], None]] = {}
    for each in manifest.files:
        listed.setdefault(each.path, {}).update(dict.fromkeys(each.digests))
    for path, digests in listed.items():
        yield path, list(digests)


def _file(names: _Names, path: str, digests: list[tuple[str, str]]) -> Json:
    component: Json = {"type": "file", "bom-ref": names.taken(f"file {path}"), "name": path}
    if hashes := hashes_of(digests):
        component["hashes"] = hashes
    return component


def _dependencies(
    names: _Names,
    subjects: Iterable[tuple[str, SubjectEvidence, Manifest]],
    sources: list[tuple[str, SourceStatement]],
) -> list[Json]:
    graph: Mapping[str, list[str]] = {
        **{ref: [each for each, _ in sources] if told.sources else [] for ref, _, told in subjects},
        **{
            ref: [found for each in source.parents if (found := names.of(each)) and found != ref]
            for ref, source in sources
        },
    }
    return [
        {"ref": ref, **({"dependsOn": list(dict.fromkeys(on))} if on else {})}
        for ref, on in graph.items()
    ]
