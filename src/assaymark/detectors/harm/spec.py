"""The `harm` detector as declared."""

from __future__ import annotations

from assaymark.contracts.detector import Detector, DetectorSpec
from assaymark.detectors.harm.categories import CATEGORIES
from assaymark.detectors.harm.readiness import obstacles
from assaymark.detectors.harm.settings import HarmSettings, categories_of


def _load(settings: HarmSettings) -> Detector:
    if settings.model == "openai-moderation":
        from assaymark.detectors.harm.moderation import ModerationEndpoint

        return ModerationEndpoint(settings)
    from assaymark.detectors.harm.detoxify import DetoxifyScorer

    return DetoxifyScorer(settings)


HARM = DetectorSpec(
    id="harm",
    summary="toxic, hateful, threatening, sexual, violent, self-harm and illicit content",
    version="1",
    settings=HarmSettings,
    categories=CATEGORIES,
    enabled=categories_of,
    costly=True,
    load=_load,
    obstacles=obstacles,
)
