"""Everything that is installed, as the catalogue that policies are type-checked against."""

from __future__ import annotations

from assaymark.checks.registry import installed_checks
from assaymark.contracts.catalog import Catalog
from assaymark.detectors.registry import installed_detectors
from assaymark.errors import RegistryError


def installed_catalog() -> Catalog:
    """Return the catalogue of this installation.

    Raises:
        RegistryError: A plug-in does not load, an id or a metric is taken twice, or a check reads a
            detector that does not exist.
    """
    catalog = Catalog(detectors=installed_detectors(), checks=installed_checks())
    seen: dict[str, str] = {}
    for check in catalog.checks.values():
        for metric in check.meta.metrics:
            if metric.name in seen:
                raise RegistryError(
                    f"the checks `{seen[metric.name]}` and `{check.meta.id}` both report `{metric.name}`"
                )
            seen[metric.name] = check.meta.id
        for detector in check.meta.detectors:
            if detector not in catalog.detectors:
                raise RegistryError(
                    f"the check `{check.meta.id}` reads the detector `{detector}`, which is not installed"
                )
    return catalog
