"""
What the Dataset and AI profiles of SPDX 3 say of a package beyond any other, and what they demand of it.

Presence of sensitive data is answered only where documents and detectors do not contradict each other. A day
is written as its first moment in UTC, because SPDX knows moments alone; a month or a year is left out.

Source: SPDX 3.0.1, model/Dataset/Dataset.md and model/AI/AI.md: what a conforming package must have.

tests/report/test_spdx.py
"""

from __future__ import annotations

from assaymark.model.evidence import SubjectEvidence
from assaymark.model.manifest import Manifest, Topic
from assaymark.model.measurement import Measured
from assaymark.report.declared_fields import day_of
from assaymark.report.measured_text import key_of, value_text
from assaymark.report.spdx_graph import Json

DATASET = (
    "dataset_DatasetPackage",
    ("builtTime", "originatedBy", "releaseTime", "software_downloadLocation"),
)
AI = (
    "ai_AIPackage",
    ("suppliedBy", "releaseTime", "software_downloadLocation", "software_packageVersion"),
)

_LEVELS = frozenset({"red", "amber", "green", "clear"})  # of the Traffic Light Protocol
_PII = "pii.row-rate"


def missing_in(package: Json) -> list[str]:
    """Return the fields that its profile demands and `package` has not."""
    demanded = dict((DATASET, AI))[package["type"]]
    return [each.rpartition("_")[2] for each in demanded if each not in package]


def dataset_fields(found: SubjectEvidence, told: Manifest) -> Json:
    """Return the fields of a `DatasetPackage`."""
    level = next(iter(told.values(Topic.CONFIDENTIALITY)), "").lower().removeprefix("tlp:")
    measured = [each for each in found.results if isinstance(each, Measured)]
    noise = [f"{key_of(each)}: {value_text(each)}" for each in measured if _is(each, "quality")]
    return {
        **_times(told),
        "dataset_datasetType": ["text" if found.coverage.texts else "noAssertion"],
        "dataset_datasetSize": found.subject.size,
        "dataset_dataCollectionProcess": "; ".join(told.values(Topic.COLLECTION_METHOD)),
        "dataset_anonymizationMethodUsed": list(told.values(Topic.ANONYMISATION)),
        "dataset_intendedUse": "; ".join(told.values(Topic.INTENDED_USE)),
        "dataset_confidentialityLevel": level if level in _LEVELS else "",
        "dataset_hasSensitivePersonalInformation": _presence(found, told),
        "dataset_datasetNoise": "; ".join(noise),
        "dataset_knownBias": [
            f"{key_of(each)}: {value_text(each)}"
            for each in measured
            if _is(each, "fairness", "bias")
        ],
    }


def ai_fields(found: SubjectEvidence, told: Manifest) -> Json:
    """Return the fields of an `AIPackage`."""
    times = _times(told)
    return {
        "releaseTime": times["releaseTime"],
        "ai_informationAboutApplication": "; ".join(told.values(Topic.INTENDED_USE)),
        "ai_useSensitivePersonalInformation": _presence(found, told),
        "ai_metric": [
            {"type": "DictionaryEntry", "key": key_of(each), "value": value_text(each)}
            for each in found.results
        ],
    }


def _is(result: Measured, *families: str) -> bool:
    return result.metric.partition(".")[0] in families


def _times(told: Manifest) -> dict[str, str]:
    found = {}
    for key, topic in (
        ("builtTime", Topic.COLLECTED_UNTIL),
        ("releaseTime", Topic.ISSUED),
    ):
        days = {day_of(each) for each in told.values(topic)}
        day = days.pop() if len(days) == 1 else None
        found[key] = f"{day}T00:00:00Z" if day else ""
    return found


def _presence(found: SubjectEvidence, told: Manifest) -> str:
    said = set(told.values(Topic.PERSONAL_DATA))
    if said == {"yes"}:
        return "yes"
    is_found = any(
        isinstance(each, Measured) and each.metric == _PII and each.interval.high > 0
        for each in found.results
    )
    return "no" if said == {"no"} and not is_found else "noAssertion"
