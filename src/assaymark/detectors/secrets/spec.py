"""The `secrets` detector as declared; loading it compiles the patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assaymark.contracts.detector import DetectorSpec
from assaymark.detectors.secrets.settings import ENTITIES, SecretsSettings, enabled_entities

if TYPE_CHECKING:
    from assaymark.contracts.detector import Detector, Horizon

VERSION = "2"
"""Raise it when a weight, a threshold or a placeholder changes; patterns are in the digest themselves."""


def _load(settings: SecretsSettings) -> Detector:
    from assaymark.detectors.secrets.detector import SecretsDetector

    return SecretsDetector(settings)


def _horizon(_: SecretsSettings) -> Horizon:
    from assaymark.detectors.horizon.secrets import SecretsHorizon

    # Rules that are switched off still compete, so the horizon is that of all rules.
    return SecretsHorizon()


SECRETS = DetectorSpec(
    id="secrets",
    summary="keys, tokens, connection strings, private keys and passwords, by their structure",
    version=VERSION,
    settings=SecretsSettings,
    entities=ENTITIES,
    load=_load,
    enabled=enabled_entities,
    horizon=_horizon,
    prompt=lambda _: True,
)
