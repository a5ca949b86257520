"""The `pii` detector as declared; loading it imports Presidio."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from assaymark.contracts.detector import DetectorSpec
from assaymark.detectors.pii.lean_import import without_heavy_libraries
from assaymark.detectors.pii.settings import PiiSettings, enabled_entities
from assaymark.detectors.pii.vocabulary import ENTITIES

if TYPE_CHECKING:
    from assaymark.contracts.detector import Detector

VERSION = "1"


def _load(settings: PiiSettings) -> Detector:
    # A trained spaCy model may need torch; splitting texts into words does not.
    with without_heavy_libraries() if settings.nlp == "blank" else nullcontext():
        from assaymark.detectors.pii.detector import load_detector

    return load_detector(settings)


PII = DetectorSpec(
    id="pii",
    summary="personal data by Presidio's recognizers: patterns, checksums and words nearby",
    version=VERSION,
    settings=PiiSettings,
    entities=ENTITIES,
    load=_load,
    enabled=enabled_entities,
    costly=True,
)
