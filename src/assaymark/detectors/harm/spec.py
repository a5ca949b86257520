"""The `harm` detector as declared."""

from __future__ import annotations

from assaymark.contracts.detector import Detector, DetectorSpec
from assaymark.detectors.embedded import spec as embedded
from assaymark.detectors.embedded.shipped import QUALITY
from assaymark.detectors.harm.categories import CATEGORIES
from assaymark.detectors.harm.readiness import obstacles
from assaymark.detectors.harm.settings import HarmSettings, categories_of, idle_settings
from assaymark.model.evidence import Settings


def _load(settings: HarmSettings) -> Detector:
    if settings.model == "embedded":
        from assaymark.detectors.embedded.detectors import harm_scorer

        return harm_scorer(cascade=settings.cascade)
    if settings.family == "openai-moderation":
        from assaymark.detectors.harm.moderation import ModerationEndpoint

        return ModerationEndpoint(settings)
    if settings.family == "guard":
        from assaymark.detectors.harm.guard import GuardEndpoint

        return GuardEndpoint(settings)
    if settings.family == "transformers":
        from assaymark.detectors.harm.classifier import TextClassifier

        return TextClassifier(settings)
    from assaymark.detectors.harm.detoxify import DetoxifyScorer

    return DetoxifyScorer(settings)


def _blind_spots(settings: HarmSettings) -> tuple[str, ...]:
    return embedded.blind_spots(cascade=settings.cascade) if settings.model == "embedded" else ()


def _quality(settings: HarmSettings) -> Settings:
    return QUALITY["harm"] if settings.model == "embedded" else {}


HARM = DetectorSpec(
    id="harm",
    summary="toxic, hateful, threatening, sexual, violent, self-harm and illicit content",
    version="2",
    settings=HarmSettings,
    categories=CATEGORIES,
    enabled=categories_of,
    costly=True,
    load=_load,
    idle=idle_settings,
    obstacles=obstacles,
    blind_spots=_blind_spots,
    remarks=lambda settings: embedded.remarks() if settings.model == "embedded" else (),
    quality_of=_quality,
)
