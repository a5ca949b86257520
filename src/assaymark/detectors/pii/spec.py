"""The `pii` detector as declared; loading it imports Presidio."""

from __future__ import annotations

from contextlib import nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING

from assaymark.contracts.detector import DetectorSpec
from assaymark.detectors.pii.lean_import import without_heavy_libraries
from assaymark.detectors.pii.settings import PiiSettings, enabled_entities
from assaymark.detectors.pii.vocabulary import COUNTRIES, ENTITIES, MODEL_ENTITIES, RECOGNIZERS
from assaymark.errors import AssaymarkError, DetectorError

if TYPE_CHECKING:
    from assaymark.contracts.detector import Detector

VERSION = "1"

GROUPS = {
    "names, places and groups of people": MODEL_ENTITIES,
    "of no single country": tuple(each.entity for each in RECOGNIZERS if each.country is None),
    **{
        f"of the country `{country}`": tuple(
            dict.fromkeys(each.entity for each in RECOGNIZERS if each.country == country)
        )
        for country in COUNTRIES
    },
}
"""What a report lists together."""

_TAKEN_FOR_GRANTED = {
    "PERSON": "people's names",
    "LOCATION": "places",
    "ORGANIZATION": "organisations",
}


def blind_spots(settings: PiiSettings) -> tuple[str, ...]:
    """Return that names were not looked for, where they were not; a clean result reads as if they were."""
    on = enabled_entities(settings)
    if {"PERSON", "LOCATION"} <= set(on):
        return ()
    *others, last = (words for entity, words in _TAKEN_FOR_GRANTED.items() if entity not in on)
    listed = f"{', '.join(others)} and {last}" if others else last
    why = (
        "no language model was chosen"
        if settings.nlp == "blank"
        else "the policy's `entities` leave them out"
    )
    return (f"{listed} were not looked for: {why}",)


def _load(settings: PiiSettings) -> Detector:
    # A trained spaCy model may need torch; splitting texts into words does not.
    with without_heavy_libraries() if settings.nlp == "blank" else nullcontext():
        from assaymark.detectors.pii.detector import load_detector

    return load_detector(settings)


def _obstacles(settings: PiiSettings) -> tuple[AssaymarkError, ...]:
    needed = ["presidio_analyzer"]
    if settings.nlp != "blank":
        needed.append(settings.nlp.partition(":")[2])
    return tuple(
        DetectorError(f"the package `{each}` is not installed")
        for each in needed
        if find_spec(each) is None
    )


PII = DetectorSpec(
    id="pii",
    summary="personal data by Presidio's recognizers: patterns, checksums and words nearby",
    version=VERSION,
    settings=PiiSettings,
    entities=ENTITIES,
    load=_load,
    enabled=enabled_entities,
    obstacles=_obstacles,
    groups=GROUPS,
    blind_spots=blind_spots,
    costly=True,
)
