"""
SPDX 3.0 in JSON-LD: the Dataset and AI profiles.

Elements are read from `@graph`, or from a document that is one element. The subject is what the roots of
the document lead to; other datasets and models are sources. Keys are those of the published context
(`dataset_…`, `ai_…`, `software_…`) and are accepted without their profile's prefix, as early drafts have
them.

Source: spdx/spdx-3-model 3.0.1, model/Dataset, model/AI, model/Software, model/SimpleLicensing,
model/Core/Vocabularies/RelationshipType.

tests/inputs/manifests/test_spdx3.py
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from assaymark.inputs.manifests.notes import Notes
from assaymark.inputs.manifests.words import presence
from assaymark.marked_yaml import Node
from assaymark.model.manifest import FileStatement, Scope, SourceStatement, Topic

_SUBJECTS = frozenset({"datasetpackage", "aipackage", "package"})
_COLLECTIONS = frozenset({"spdxdocument", "sbom", "bom", "bundle"})
_LICENCES = ("hasDeclaredLicense", "hasConcludedLicense", "declaredLicense", "concludedLicense")
_INDIVIDUALS = {"NoAssertionLicense": "NOASSERTION", "NoneLicense": "NONE"}
_PARENTS = frozenset(
    {
        "descendantOf",
        "trainedOn",
        "testedOn",
        "dependsOn",
        "contains",
        "generatedFrom",
        "copiedFrom",
    }
    | {"hasInput", "modifiedFrom"}
)
_CHILDREN = frozenset({"ancestorOf", "generates", "copiedTo", "hasOutput", "modifiedBy"})
_TEXTS = {
    "name": Topic.NAME,
    "packageVersion": Topic.VERSION,
    "downloadLocation": Topic.URL,
    "releaseTime": Topic.ISSUED,
    "attributionText": Topic.ATTRIBUTION,
    "copyrightText": Topic.ATTRIBUTION,
    "dataCollectionProcess": Topic.COLLECTION_METHOD,
    "anonymizationMethodUsed": Topic.ANONYMISATION,
    "confidentialityLevel": Topic.CONFIDENTIALITY,
    "intendedUse": Topic.INTENDED_USE,
    "informationAboutApplication": Topic.INTENDED_USE,
}
_PRESENCE = ("hasSensitivePersonalInformation", "useSensitivePersonalInformation")
_PREFIXES = (
    *("", "dataset_", "ai_", "software_", "simplelicensing_", "expandedlicensing_"),
    *("core_", "dataset:", "ai:", "software:"),
)


@dataclass(slots=True)
class _Graph:
    """The elements of a document, by their ids."""

    notes: Notes
    elements: dict[str, tuple[Node, str]] = field(default_factory=dict)

    def kind(self, name: str) -> str:
        """Return the class of an element in lower case, without its profile."""
        node, where = self.elements[name]
        kind = self.notes.text(node.at("type") or node.at("@type"), f"{where}.type")
        return kind.rpartition("_")[2].rpartition("/")[2].lower()

    def get(self, node: Node, key: str) -> tuple[Node | None, str]:
        """Return the value of `key`, and under which name it stands."""
        for prefix in _PREFIXES:
            if (value := node.at(prefix + key)) is not None:
                return value, prefix + key
        return None, key

    def relations(self) -> Iterator[tuple[str, str, str, Node, str]]:
        """Yield subject, kind, object, node and place of every relationship."""
        for name, (node, where) in self.elements.items():
            if not self.kind(name).endswith("relationship"):
                continue
            kind = self.notes.text(node.at("relationshipType"), f"{where}.relationshipType")
            start = self.notes.text(node.at("from"), f"{where}.from")
            for end, place, _ in self.notes.texts(node.at("to"), f"{where}.to"):
                yield start, kind, end, node, place

    def roots(self) -> set[str]:
        """Return the elements that the document's roots lead to, past its collections."""
        found: set[str] = set()
        waiting = {name for name in self.elements if self.kind(name) in _COLLECTIONS}
        for name in waiting:
            node, where = self.elements[name]
            key = f"{where}.rootElement"
            found |= {text for text, _, _ in self.notes.texts(node.at("rootElement"), key)}
        return {each for each in found if each in self.elements and self.kind(each) in _SUBJECTS}


def read_spdx3(notes: Notes, root: Node) -> None:
    """Note what an SPDX 3 document says."""
    graph = _Graph(notes)
    listed = root.at("@graph")
    nodes = [(root, "")] if listed is None else list(notes.objects(listed, "@graph"))
    for node, where in nodes:
        name = notes.text(node.at("spdxId") or node.at("@id"), f"{where}.spdxId") or where
        graph.elements[name] = (node, where)
    packages = [each for each in graph.elements if graph.kind(each) in _SUBJECTS]
    subjects = graph.roots() or (set(packages) if len(packages) == 1 else set())
    if packages and not subjects:
        notes.problem("", "does not say which of its packages it describes")
    relations = list(graph.relations())
    for name in packages:
        if name in subjects:
            _subject(graph, name)
        else:
            _source(graph, name, relations)
    _licences(graph, relations, subjects)
    # What proves something about the subject is no part of it.
    proof = {end for _, kind, end, _, _ in relations if kind == "hasEvidence"}
    for name in graph.elements:
        if graph.kind(name) == "file" and name not in proof:
            _file(graph, name)


def _subject(graph: _Graph, name: str) -> None:
    node, where = graph.elements[name]
    notes = graph.notes
    for key, topic in _TEXTS.items():
        value, written = graph.get(node, key)
        for text, place, each in notes.texts(value, f"{where}.{written}"):
            if text.upper() not in ("NOASSERTION", "NONE"):
                notes.say(topic, text, place, each)
    value, written = graph.get(node, "builtTime")
    notes.state(Topic.COLLECTED_UNTIL, value, f"{where}.{written}")
    for key in _PRESENCE:
        value, written = graph.get(node, key)
        if text := notes.text(value, f"{where}.{written}"):
            notes.say(Topic.PERSONAL_DATA, presence(text), f"{where}.{written}", value)
    for key in ("originatedBy", "suppliedBy"):
        for text, place, each in notes.texts(node.at(key), f"{where}.{key}"):
            notes.say(Topic.ORIGINATOR, _agent(graph, text), place, each)


def _agent(graph: _Graph, name: str) -> str:
    if name not in graph.elements:
        return "" if "noassertion" in name.lower() else name
    node, where = graph.elements[name]
    return graph.notes.text(node.at("name"), f"{where}.name") or name


def _source(graph: _Graph, name: str, relations: list[tuple[str, str, str, Node, str]]) -> None:
    node, where = graph.elements[name]
    notes = graph.notes
    value, written = graph.get(node, "downloadLocation")
    originators = [
        _agent(graph, text)
        for text, _, _ in notes.texts(node.at("originatedBy"), f"{where}.originatedBy")
    ]
    digests = [f"{algorithm}:{digits}" for algorithm, digits in _digests(notes, node, where)]
    parents = {end for start, kind, end, _, _ in relations if start == name and kind in _PARENTS}
    parents |= {start for start, kind, end, _, _ in relations if end == name and kind in _CHILDREN}
    notes.add(
        SourceStatement(
            id=name,
            place=notes.place(where, node),
            url=notes.text(value, f"{where}.{written}"),
            originator=next(iter(originators), ""),
            digest=next(iter(sorted(digests, reverse=True)), ""),
            parents=tuple(sorted(each for each in parents if each in graph.elements)),
        )
    )


def _licences(
    graph: _Graph, relations: list[tuple[str, str, str, Node, str]], subjects: set[str]
) -> None:
    notes = graph.notes
    for start, kind, end, node, place in relations:
        if kind not in _LICENCES:
            continue
        is_subject = start in subjects
        is_file = start in graph.elements and graph.kind(start) == "file"
        scope = Scope.SUBJECT if is_subject else (Scope.FILE if is_file else Scope.SOURCE)
        of = "" if is_subject else start
        if end not in graph.elements:
            # Listed licences may be meant by their address alone.
            known = _INDIVIDUALS.get(end.rpartition("/")[2].rpartition("_")[2], end)
            notes.licence(known, place, node, scope=scope, of=of)
            continue
        licence, where = graph.elements[end]
        expression, written = graph.get(licence, "licenseExpression")
        text, _ = graph.get(licence, "licenseText")
        whole = text.value if text is not None and isinstance(text.value, str) else ""
        name = notes.text(licence.at("name"), f"{where}.name")
        links, link_key = graph.get(licence, "seeAlso")
        found = [each for each, _, _ in notes.texts(links, f"{where}.{link_key}")]
        shown = notes.text(expression, f"{where}.{written}") or end.rpartition("/")[2] or end
        notes.licence(
            shown,
            f"{where}.{written}",
            expression or licence,
            scope=scope,
            of=of,
            name=name,
            link=next(iter(found), ""),
            text_digest=hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()
            if whole
            else "",
        )


def _file(graph: _Graph, name: str) -> None:
    node, where = graph.elements[name]
    notes = graph.notes
    path = notes.text(node.at("name"), f"{where}.name").removeprefix("./")
    if path:
        digests = tuple(_digests(notes, node, where))
        notes.add(FileStatement(path=path, place=notes.place(where, node), digests=digests))


def _digests(notes: Notes, node: Node, where: str) -> Iterator[tuple[str, str]]:
    for each, place in notes.objects(node.at("verifiedUsing"), f"{where}.verifiedUsing"):
        algorithm = notes.text(each.at("algorithm"), f"{place}.algorithm")
        digits = notes.text(each.at("hashValue"), f"{place}.hashValue")
        if algorithm or digits:
            yield algorithm.lower(), digits
