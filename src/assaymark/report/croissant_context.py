"""
The names that a Croissant 1.1 description uses, as its specification maps them to vocabularies.

Source: mlcommons/croissant, docs/croissant-spec-1.1.md, appendix on the JSON-LD context, and
docs/croissant-rai-spec.md; the prefixes `prov` and `assaymark` are added for what neither has a term for.

tests/report/test_croissant.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CROISSANT = "http://mlcommons.org/croissant/1.1"
RESPONSIBLE = "http://mlcommons.org/croissant/RAI/1.0"
NAMESPACE = "https://assaymark.dev/ns/croissant#"

_OWN = (  # terms of Croissant that need no more than their name
    "arrayShape citeAs column containedIn equivalentProperty extract field fileProperty fileObject fileSet "
    "format includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex "
    "repeated replace samplingRate separator source subField transform"
)

CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{each: f"cr:{each}" for each in _OWN.split()},
    "assaymark": NAMESPACE,
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}

MEDIA_TYPES: Mapping[str, str] = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".ndjson": "application/jsonlines",
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.file",
    ".gz": "application/gzip",
    ".zst": "application/zstd",
    ".zip": "application/zip",
    ".tar": "application/x-tar",
}
"""Ending to the media type; what is not here is bytes."""

BYTES = "application/octet-stream"
