"""
Evidence and the documents of a dataset as a Croissant 1.1 description, with the Responsible AI vocabulary.

* What documents state stands in the field of schema.org, Croissant or RAI that is made for it; what was
  measured stands under RAI where there is a term, and in full under `assaymark:measurement`.
* Found personal data is under `rai:personalSensitiveInformation`, as a kind and a number, never a value.
* A file has to have a well-formed SHA-256 to be listed, because Croissant files are fetched by it.
* There is no verdict, no record set and no clock in it: nothing says which columns mean what.

The specification says `dataCollectionTimeframe`, the reference library reads `dataCollectionTimeFrame`: both
are written. Source: mlcommons/croissant, docs/croissant-spec-1.1.md and docs/croissant-rai-spec.md.
tests/report/test_croissant.py reads it back with mlcroissant, and with our own reader.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import quote

from assaymark.model.evidence import Evidence, SubjectEvidence
from assaymark.model.manifest import LicenceStatement, Manifest, Scope, SourceStatement, Topic
from assaymark.model.measurement import Measured
from assaymark.model.numbers import plural
from assaymark.report.croissant_context import (
    BYTES,
    CONTEXT,
    CROISSANT,
    MEDIA_TYPES,
    RESPONSIBLE,
)
from assaymark.report.cyclonedx_fields import Json
from assaymark.report.declared_fields import day_of, expression_of, is_address, well_formed
from assaymark.report.measured_text import key_of, value_text
from assaymark.report.origin import Origin

_PII = "pii.row-rate"
_BIASES = frozenset({"fairness", "bias"})
_LIMITATIONS = frozenset({"quality", "records", "tables"})


def render(evidence: Evidence, origin: Origin, manifest: Manifest, found: SubjectEvidence) -> str:
    """Return the description as JSON-LD.

    Args:
        evidence: What was measured.
        origin: From which bytes that is known.
        manifest: What documents say.
        found: The dataset of `evidence` that is described.
    """
    fields: Json = {
        "@context": dict(CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": [CROISSANT, RESPONSIBLE],
        "name": next(iter(manifest.values(Topic.NAME)), found.subject.name),
        "description": _description(found, origin),
        **_stated(manifest),
        **_responsible(found, manifest),
        "distribution": list(_files(manifest)),
        "prov:wasDerivedFrom": [_source(each, manifest) for each in manifest.sources],
        "prov:wasGeneratedBy": _activity(manifest),
        "assaymark:tool": evidence.tool,
        "assaymark:madeFrom": [
            {"assaymark:what": name, "assaymark:digest": digest}
            for name, digest in origin.digests()
        ],
        "assaymark:measurement": [
            {"assaymark:metric": key_of(each), "assaymark:value": value_text(each)}
            for each in found.results
        ],
    }
    held = {key: value for key, value in fields.items() if value not in ("", [], {}, None)}
    return json.dumps(held, indent=2, ensure_ascii=False) + "\n"


def _description(found: SubjectEvidence, origin: Origin) -> str:
    rows = plural(found.coverage.rows, "record")
    files = plural(found.subject.files, "file")
    return f"{rows} in {files}; measured as evidence {origin.evidence}"


def _stated(told: Manifest) -> Json:
    issued = [day for each in told.values(Topic.ISSUED) if (day := day_of(each))]
    return {
        "license": list(_licences(each for each in told.licences if each.scope is Scope.SUBJECT)),
        "url": next(filter(is_address, told.values(Topic.URL)), ""),
        "version": next(iter(told.values(Topic.VERSION)), ""),
        "datePublished": next(iter(issued), ""),
        "citeAs": "; ".join(told.values(Topic.ATTRIBUTION)),
        "creator": [
            {"@type": "sc:Organization", "name": each} for each in told.values(Topic.ORIGINATOR)
        ],
    }


def _licences(declared: Iterator[LicenceStatement]) -> Iterator[Json | str]:
    """Yield each licence once: the address of an SPDX id, an expression, or what was declared."""
    told = [(expression_of(each.claimed), each) for each in declared]
    yield from dict.fromkeys(_address(expression) for expression, _ in told if expression)
    others = [each for expression, each in told if not expression]
    for claimed, link in dict.fromkeys((each.claimed, each.link) for each in others):
        if claimed or link:
            work = {"@type": "sc:CreativeWork", "name": claimed}
            yield work | ({"url": link} if is_address(link) else {})


def _address(expression: str) -> str:
    is_one = " " not in expression and not expression.startswith("LicenseRef-")
    return f"https://spdx.org/licenses/{expression}" if is_one else expression


def _responsible(found: SubjectEvidence, told: Manifest) -> Json:
    period = [
        day
        for topic in (Topic.COLLECTED_FROM, Topic.COLLECTED_UNTIL)
        for each in told.values(topic)
        if (day := day_of(each))
    ]
    # Days that documents disagree on are no period.
    days = period if len(period) <= 2 and period == sorted(period) else []  # noqa: PLR2004 - from, until
    measured = [each for each in found.results if isinstance(each, Measured)]

    def lines(families: frozenset[str]) -> list[str]:
        return [
            f"{key_of(each)}: {value_text(each)}"
            for each in measured
            if each.metric.partition(".")[0] in families
        ]

    return {
        "rai:dataCollection": "; ".join(told.values(Topic.COLLECTION_METHOD)),
        "rai:dataCollectionTimeframe": days,
        "rai:dataCollectionTimeFrame": days,
        "rai:personalSensitiveInformation": list(_personal(measured, told)),
        "rai:dataUseCases": list(told.values(Topic.INTENDED_USE)),
        "rai:dataAnnotationProtocol": list(told.values(Topic.ANNOTATORS)),
        "rai:dataBiases": lines(_BIASES),
        "rai:dataLimitations": [*lines(_LIMITATIONS), *map(_unread, told.problems)],
    }


def _unread(problem: str) -> str:
    return f"a document was not understood: {problem}"


def _personal(measured: list[Measured], told: Manifest) -> Iterator[str]:
    said = told.values(Topic.PERSONAL_DATA)
    if len(said) == 1 and said[0] in ("yes", "no"):
        yield said[0]
    else:
        yield from (f"declared: {word}" for word in said)
    for each in measured:
        if each.metric == _PII and each.labels and each.counts and each.counts.hits:
            entity, counts = dict(each.labels).get("entity", ""), each.counts
            yield f"{entity}: found in {counts.hits:,} of {counts.judged:,} records"


def _files(told: Manifest) -> Iterator[Json]:
    listed: dict[str, tuple[str, int | None]] = {}
    for each in told.files:
        digests = dict(well_formed(each.digests))
        if "sha256" in digests and each.path:
            listed.setdefault(each.path, (digests["sha256"], each.size))
    for path, (digest, size) in listed.items():
        name = PurePosixPath(path).name or path
        yield {
            "@type": "cr:FileObject",
            "@id": _address_of(path),
            "name": name,
            "contentUrl": path,
            **({} if size is None else {"contentSize": f"{size} B"}),
            "encodingFormat": MEDIA_TYPES.get(PurePosixPath(path).suffix.lower(), BYTES),
            "sha256": digest,
        }


def _address_of(path: str) -> str:
    """Return an address relative to the description; none that another name of the path stands for."""
    parts = [quote(each) for each in path.split("/")]
    # Two slashes would begin the name of a host, and one that of a root.
    between = "/" if all(parts) else "%2F"
    return between.join(each.replace(".", "%2E") if set(each) == {"."} else each for each in parts)


def _source(source: SourceStatement, told: Manifest) -> Json:
    algorithm, _, digits = source.digest.partition(":")
    declared = (e for e in told.licences if e.scope is Scope.SOURCE and e.of == source.id)
    fields: Json = {
        "@type": "sc:Dataset",
        "name": source.id,
        "url": source.url if is_address(source.url) else "",
        "creator": source.originator and {"@type": "sc:Organization", "name": source.originator},
        "license": list(_licences(declared)),
        **dict(well_formed([(algorithm, digits)])),
        "assaymark:method": source.method,
        "assaymark:status": source.status,
        "assaymark:madeFrom": list(source.parents),
    }
    return {key: value for key, value in fields.items() if value}


def _activity(told: Manifest) -> Json:
    models = [each.model for each in told.generators]
    if not models:
        return {}
    agents = [{"@type": "prov:SoftwareAgent", "name": each} for each in dict.fromkeys(models)]
    return {"@type": "prov:Activity", "prov:wasAssociatedWith": agents}
