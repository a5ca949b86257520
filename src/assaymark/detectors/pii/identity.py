"""
The digest of the `pii` detector: over everything that can change an answer.

Patterns, scores, context words and checksums come from installed packages, so their versions count; so
do the recognizers as they were built, the list of public suffixes, the tables of Unicode and the files
of a trained model. Where a recognizer lies in memory, and the order of loading, do not.

tests/detectors/test_contract.py compares it between processes and between settings.
"""

from __future__ import annotations

import hashlib
import unicodedata
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tldextract

from assaymark.canonical import digest_of, sha256_of
from assaymark.detectors.pii.settings import enabled_entities
from assaymark.detectors.pii.spec import VERSION

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

    from assaymark.detectors.pii.settings import PiiSettings
    from assaymark.model.subject import Sha256

_PACKAGES = ("phonenumbers", "presidio-analyzer", "regex", "spacy", "tldextract")


def digest_detector(analyzer: AnalyzerEngine, settings: PiiSettings) -> Sha256:
    """Return the digest of `analyzer` under `settings`."""
    recognizers = [_described(each) for each in analyzer.registry.recognizers]
    return digest_of(
        {
            "detector": f"pii {VERSION}",
            "entities": list(enabled_entities(settings)),
            "languages": sorted(settings.languages),
            "min_score": settings.min_score,
            "packages": {each: version(each) for each in _PACKAGES},
            "unicode": unicodedata.unidata_version,
            "suffixes": _suffix_list(),
            "recognizers": sorted(recognizers),
            "nlp": settings.nlp,
            "models": _models(analyzer, settings),
        }
    )


def _described(recognizer: Any) -> Sha256:
    described = recognizer.to_dict()
    for name in ("supported_regions", "leniency", "global_regex_flags", "context"):
        described[name] = getattr(recognizer, name, None)
    # A spaCy recognizer takes its entities from a set, in any order.
    for name, value in described.items():
        if name in {"supported_entities", "supported_regions"} and value is not None:
            described[name] = sorted(value)
    return digest_of(described)


def _suffix_list() -> Sha256:
    return sha256_of((Path(tldextract.__file__).parent / ".tld_set_snapshot").read_bytes())


def _models(analyzer: AnalyzerEngine, settings: PiiSettings) -> dict[str, str]:
    if settings.nlp == "blank":
        return {}
    return {
        language: _digest_folder(Path(pipeline.path))
        for language, pipeline in analyzer.nlp_engine.nlp.items()
    }


def _digest_folder(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return total.hexdigest()
