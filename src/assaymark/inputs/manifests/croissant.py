"""
Croissant 0.8 to 1.1, with the Responsible AI vocabulary.

Keys are read with or without their prefix (`sc:`, `cr:`, `ml:`, `rai:`, `prov:`) and in any case, because
the specification, the vocabulary and the reference library disagree: `dataCollectionTimeframe` and
`dataCollectionTimeFrame`, `dataManipulationProtocol` and `dataDataManipulationProtocol` are the same
field. `sdLicense` is the licence of the description, not of the data, and is left alone.

Source: mlcommons/croissant, docs/croissant-spec-1.1.md, docs/croissant-rai-spec.md, croissant_rai.ttl, and
the constants of mlcroissant 1.1.

tests/inputs/manifests/test_croissant.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assaymark.inputs.manifests.notes import Notes
from assaymark.inputs.manifests.words import presence
from assaymark.marked_yaml import Node
from assaymark.model.manifest import (
    FileStatement,
    GeneratorStatement,
    Scope,
    SourceStatement,
    Topic,
)

_PREFIX = re.compile(r"^(?:sc|cr|ml|rai|prov|schema|dct|odrl):", re.IGNORECASE)
_VOCABULARY = re.compile(
    r"^https?://(?:schema\.org|mlcommons\.org/(?:schema|croissant(?:/rai)?)|www\.w3\.org/ns/prov)[/#]",
    re.IGNORECASE,
)

_TEXTS = {
    "name": Topic.NAME,
    "version": Topic.VERSION,
    "url": Topic.URL,
    "datepublished": Topic.ISSUED,
    "citeas": Topic.ATTRIBUTION,
    "citation": Topic.ATTRIBUTION,
    "credittext": Topic.ATTRIBUTION,
    "copyrightnotice": Topic.ATTRIBUTION,
    "datacollection": Topic.COLLECTION_METHOD,
    "datacollectiontype": Topic.COLLECTION_METHOD,
    "datausecases": Topic.INTENDED_USE,
    "annotatordemographics": Topic.ANNOTATORS,
    "dataannotationplatform": Topic.ANNOTATORS,
    "dataannotationprotocol": Topic.ANNOTATORS,
    "machineannotationtools": Topic.ANNOTATORS,
}
_AGENTS = ("creator", "author", "publisher", "producer", "wasattributedto")
_HUMAN = ("annotatordemographics", "dataannotationplatform", "annotationsperitem")
_DERIVED = ("isbasedon", "wasderivedfrom")
_DIGESTS = ("sha256", "sha512", "sha384", "sha1", "md5")
_SHORT = 60  # characters; personal attributes are named, not described
_DUO = re.compile(r"(?:DUO[_:]|/DUO_)(\d{7})$", re.IGNORECASE)


def read_croissant(notes: Notes, root: Node) -> None:
    """Note what a Croissant description says."""
    fields = _local(notes, root)
    for key, topic in _TEXTS.items():
        for field, node in fields.get(key, ()):
            _say_each(notes, topic, node, field)
    for each, where in _elements(notes, fields, *_AGENTS):
        notes.say(Topic.ORIGINATOR, _named(notes, each, where), where, each)
    for field, node in fields.get("license", ()):
        _licence(notes, node, field)
    for each, where in _elements(notes, fields, "usageinfo"):
        _usage(notes, each, where)
    for each, where in _elements(notes, fields, *_DERIVED):
        _source(notes, each, where)
    for field, node in fields.get("wasgeneratedby", ()):
        for each, where in notes.objects(node, field):
            _activity(notes, each, where)
    _responsible(notes, fields)
    for field, node in fields.get("distribution", ()):
        for each, where in notes.objects(node, field):
            _file(notes, each, where)


Fields = dict[str, list[tuple[str, Node]]]


def _local(notes: Notes, node: Node, field: str = "") -> Fields:
    """Return the fields of a mapping by their local names in lower case, each with its path."""
    found: Fields = {}
    if isinstance(node.value, dict):
        for key, value in node.value.items():
            local = _VOCABULARY.sub("", _PREFIX.sub("", key)).lower()
            if local.startswith("datadata"):
                local = local[len("data") :]
            name = notes.usable(key, field)
            found.setdefault(local, []).append((f"{field}.{name}" if field else name, value))
    return found


def _elements(notes: Notes, fields: Fields, *keys: str) -> Iterator[tuple[Node, str]]:
    """Yield the values of all of `keys`, those in lists one by one."""
    for key in keys:
        for field, node in fields.get(key, ()):
            yield from notes.items(node, field)


def _first(notes: Notes, fields: Fields, *keys: str) -> str:
    for key in keys:
        for field, node in fields.get(key, ()):
            if not isinstance(node.value, dict | list) and (text := notes.text(node, field)):
                return text
    return ""


def _named(notes: Notes, node: Node, field: str) -> str:
    """Return the name of a person or thing that is given by name, by address, or as an object."""
    if isinstance(node.value, dict):
        fields = _local(notes, node, field)
        if text := _first(notes, fields, "name", "url", "@id", "@value"):
            return text
        notes.problem(field, "has neither a name nor an address")
        return ""
    return notes.text(node, field)


def _say_each(notes: Notes, topic: Topic, node: Node, field: str) -> None:
    for each, where in notes.items(node, field):
        if isinstance(each.value, dict):
            notes.say(topic, _named(notes, each, where), where, each)
        else:
            notes.state(topic, each, where)


def _licence(notes: Notes, node: Node, field: str, of: str | None = None) -> None:
    scope = Scope.SUBJECT if of is None else Scope.SOURCE
    for each, where in notes.items(node, field):
        name = link = ""
        if isinstance(each.value, dict):
            fields = _local(notes, each, where)
            name = _first(notes, fields, "name")
            link = _first(notes, fields, "url", "@id")
        expression = _named(notes, each, where)
        if link and not name:
            expression = link
        notes.licence(expression, where, each, scope=scope, of=of or "", name=name, link=link)


def _usage(notes: Notes, node: Node, field: str) -> None:
    """Read a condition of use: a term of the Data Use Ontology is a licence; other policies are not read."""
    fields = _local(notes, node, field)
    text = _first(notes, fields, "@id", "url", "termcode", "identifier")
    match = _DUO.search(text or ("" if fields else notes.text(node, field)))
    if match is None:
        notes.problem(field, "holds conditions of use that are not read here")
    else:
        notes.licence(f"DUO:{match[1]}", field, node)


def _source(notes: Notes, node: Node, field: str) -> None:
    fields = _local(notes, node, field)
    name = _named(notes, node, field)
    if not name:
        return
    url = _first(notes, fields, "url", "@id") or name
    digest = _first(notes, fields, "sha256")
    notes.add(
        SourceStatement(
            id=name,
            place=notes.place(field, node),
            url=url if "://" in url else "",
            digest=f"sha256:{digest}" if digest else "",
        )
    )
    for where, licence in fields.get("license", ()):
        _licence(notes, licence, where, of=name)


def _activity(notes: Notes, node: Node, field: str) -> None:
    fields = _local(notes, node, field)
    notes.say(Topic.COLLECTION_METHOD, _first(notes, fields, "name", "description"), field, node)
    for key, topic in (
        ("startedattime", Topic.COLLECTED_FROM),
        ("endedattime", Topic.COLLECTED_UNTIL),
    ):
        notes.say(topic, _first(notes, fields, key), field, node)
    for where, agents in fields.get("wasassociatedwith", ()):
        for agent, place in notes.items(agents, where):
            kind = _first(notes, _local(notes, agent, place), "@type")
            if "softwareagent" in kind.lower():
                model = _named(notes, agent, place)
                notes.add(GeneratorStatement(model=model, place=notes.place(place, agent)))


def _responsible(notes: Notes, fields: Fields) -> None:
    for key in _HUMAN:
        for field, node in fields.get(key, ()):
            notes.say(Topic.ANNOTATION, "human", field, node)
    for field, node in fields.get("machineannotationtools", ()):
        notes.say(Topic.ANNOTATION, "machine", field, node)
    for field, node in fields.get("hassyntheticdata", ()):
        if presence(notes.text(node, field)) == "yes":
            notes.say(Topic.CREATION, "machine", field, node)
    for field, node in fields.get("datacollectiontimeframe", ()):
        _period(notes, node, field)
    for field, node in fields.get("personalsensitiveinformation", ()):
        texts = [text for text, _, _ in notes.texts(node, field)]
        said = {presence(text) for text in texts}
        # Attributes such as `Gender` are the answer yes; a sentence is not interpreted.
        if texts and said == {"unclear"} and all(len(text) <= _SHORT for text in texts):
            said = {"yes"} if len(texts) > 1 or " " not in texts[0] else {"unclear"}
        # A plain answer beside descriptions is the answer.
        said = said & {"yes", "no"} or said
        for each in sorted(said):
            notes.say(Topic.PERSONAL_DATA, each, field, node)


def _period(notes: Notes, node: Node, field: str) -> None:
    """Read a period: two dates, one date, or an interval of ISO 8601 with a slash."""
    dates = [(text, where, each) for text, where, each in notes.texts(node, field)]
    if len(dates) == 1:
        text, where, each = dates[0]
        dates = [(part.strip(), where, each) for part in text.split("/")]
    topics = (Topic.COLLECTED_FROM, Topic.COLLECTED_UNTIL)
    if len(dates) == 1:
        notes.say(Topic.COLLECTED_UNTIL, *dates[0])
    elif len(dates) == len(topics):
        for topic, (text, where, each) in zip(topics, dates, strict=True):
            notes.say(topic, text, where, each)
    elif dates:
        notes.problem(field, "is no period")


def _file(notes: Notes, node: Node, field: str) -> None:
    fields = _local(notes, node, field)
    kind = _first(notes, fields, "@type").lower()
    path = _first(notes, fields, "contenturl", "url")
    if not kind.endswith("fileobject") or not path or "containedin" in fields:
        return
    digests = tuple(_digests(notes, fields))
    notes.add(FileStatement(path=path, place=notes.place(field, node), digests=digests))


def _digests(notes: Notes, fields: Fields) -> Iterator[tuple[str, str]]:
    for algorithm in _DIGESTS:
        if digits := _first(notes, fields, algorithm):
            yield algorithm, digits
