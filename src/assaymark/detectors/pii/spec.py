"""The detectors `pii`, `pii-patterns` and `pii-names` as declared; loading one imports Presidio."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from assaymark.contracts.detector import DetectorSpec
from assaymark.detectors.pii.known import NAMES_ONLY, PATTERNS_ONLY
from assaymark.detectors.pii.lean_import import without_heavy_libraries
from assaymark.detectors.pii.nlp.choice import EMBEDDED, NONE, name_obstacles
from assaymark.detectors.pii.quality import names_missed, quality_of, said_of_names
from assaymark.detectors.pii.settings import (
    NameSettings,
    PatternSettings,
    PiiSettings,
    chosen_names,
    enabled_entities,
    out_of_reach,
)
from assaymark.detectors.pii.vocabulary import COUNTRIES, ENTITIES, MODEL_ENTITIES, RECOGNIZERS
from assaymark.errors import AssaymarkError, DetectorError

if TYPE_CHECKING:
    from assaymark.contracts.detector import Detector, Horizon

VERSION = "2"

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
    """Return what was not looked for although a clean result reads as if it were."""
    return (
        *_names_left_out(settings),
        *names_missed(settings),
        *_out_of_reach(settings),
    )


def _out_of_reach(settings: PiiSettings) -> tuple[str, ...]:
    unreachable = out_of_reach(settings)
    if not unreachable:
        return ()
    listed = ", ".join(f"`{each}`" for each in unreachable)
    return (f"{listed} could not be found: none ever scores {settings.min_score} or more",)


def _names_left_out(settings: PiiSettings) -> tuple[str, ...]:
    on = enabled_entities(settings)
    if {"PERSON", "LOCATION"} <= set(on):
        return ()
    *others, last = (words for entity, words in _TAKEN_FOR_GRANTED.items() if entity not in on)
    listed = f"{', '.join(others)} and {last}" if others else last
    if isinstance(settings, PatternSettings):
        why = "patterns alone know no names"
    elif chosen_names(settings).engine == NONE:
        why = "no language model was chosen"
    else:
        why = "the policy's `entities` leave them out"
    return (f"{listed} were not looked for: {why}",)


def _load(settings: PiiSettings) -> Detector:
    # A trained model may need torch; the embedded one, and splitting texts into words, do not.
    lean = chosen_names(settings).engine in {NONE, EMBEDDED}
    with without_heavy_libraries() if lean else nullcontext():
        from assaymark.detectors.pii.detector import load_detector

    return load_detector(settings)


def _obstacles(settings: PiiSettings) -> tuple[AssaymarkError, ...]:
    of_names = name_obstacles(chosen_names(settings))
    if find_spec("presidio_analyzer") is None:
        return (DetectorError("the package `presidio_analyzer` is not installed"), *of_names)
    return of_names


def remarks(settings: PiiSettings) -> tuple[str, ...]:
    """Return what is slow, or unsure: no Hyperscan, patterns that no prefilter can stand for, names."""
    from assaymark.detectors.pii.patterns.compiled import PatternSource, unbounded_sources
    from assaymark.detectors.pii.patterns.scanner import hyperscan_version

    said = list(said_of_names(settings))
    if hyperscan_version() is None:
        said.append("Hyperscan is not installed, so texts are looked at by `regex`, row by row")
    own = {
        PatternSource(each.regex, PRESIDIO_FLAGS): f"`{each.name}` of `{recognizer.name}`"
        for recognizer in settings.recognizers
        for each in recognizer.patterns
    }
    slow = unbounded_sources(list(own)) if own else []
    said += [f"the pattern {own[each]} has to be run on every text" for each in slow]
    return tuple(said)


def _horizon(settings: PiiSettings) -> Horizon:
    with without_heavy_libraries():
        from assaymark.detectors.pii.detector import load_detector

        return load_detector(settings).horizon


def _boundless(settings: PiiSettings) -> str | None:
    if chosen_names(settings).engine == NONE:
        return None
    return "a language model tells names by the whole text"


def _prompt(settings: PiiSettings) -> bool:
    """Return whether only Presidio's patterns are run, and a scanner says which."""
    from assaymark.detectors.pii.patterns.scanner import hyperscan_version

    # Of a policy's own pattern nobody knows how long it takes.
    is_plain = chosen_names(settings).engine == NONE and not settings.recognizers
    return is_plain and hyperscan_version() is not None


PRESIDIO_FLAGS = re.DOTALL | re.MULTILINE | re.IGNORECASE
"""Those with which Presidio compiles patterns unless told otherwise."""

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
    remarks=remarks,
    quality_of=quality_of,
    horizon=_horizon,
    boundless=_boundless,
    costly=True,
    prompt=_prompt,
)

PII_PATTERNS = replace(
    PII,
    id=PATTERNS_ONLY,
    summary="personal data by Presidio's patterns and checksums alone, at the speed of the buffer",
    settings=PatternSettings,
    entities=tuple(each for each in ENTITIES if each not in MODEL_ENTITIES),
    groups={title: of for title, of in GROUPS.items() if of != MODEL_ENTITIES},
    costly=False,
)
"""`pii` without names: nothing is trained, so it is quick enough to ask again each time."""

PII_NAMES = replace(
    PII,
    id=NAMES_ONLY,
    summary="names of people, places and groups, by the model that the policy chooses",
    settings=NameSettings,
    entities=MODEL_ENTITIES,
    groups={title: of for title, of in GROUPS.items() if of == MODEL_ENTITIES},
)
"""`pii` without patterns."""
